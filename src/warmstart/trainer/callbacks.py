"""A `Trainer`'s callbacks: those that come by themselves, and the state that some of them keep in a checkpoint."""

from typing import Any

import transformers
from transformers.trainer_callback import ExportableState, TrainerState

from warmstart.errors import UserError
from warmstart.events import Event
from warmstart.messages import _
from warmstart.trainer import progress
from warmstart.trainer.arguments import TrainingArguments


class ProgressCallback(transformers.ProgressCallback):  # type: ignore[misc]
    """Progress, in the list of callbacks under the stock name: whoever takes it out sees none. It hears events and
    shows them in its own way, so that what the stock one does at each event is nothing here."""

    def __init__(self) -> None:
        super().__init__()
        self._listeners = progress.bars()

    def hear(self, event: Event) -> None:
        for each in self._listeners:
            each(event)

    def nothing(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """What it does at an event."""

    on_train_begin = on_step_end = on_prediction_step = nothing
    on_evaluate = on_predict = on_log = on_train_end = nothing


def trackers(args: TrainingArguments) -> list[Any]:
    """Trackers that `report_to` names. Raises UserError for one that is not installed."""
    from transformers.integrations import get_reporting_integration_callbacks

    try:
        return [make() for make in get_reporting_integration_callbacks(args.report_to)]
    except (ValueError, RuntimeError, ImportError) as error:
        raise UserError(str(error), where="report_to", fix=_("install it, or leave it out")) from error


def last(args: TrainingArguments) -> type:
    """The last callback, which shows what there is to see: as in `transformers`, after the user's own."""
    return progress.callback(hidden=args.disable_tqdm) or ProgressCallback


def show(trainer: Any, event: Event) -> None:
    """Let the callbacks of a trainer that show progress hear an event."""
    handler = getattr(trainer, "callback_handler", None)
    for callback in handler.callbacks if handler is not None else ():
        if isinstance(callback, ProgressCallback):
            callback.hear(event)


def exported(callbacks: list[Any]) -> Any:
    """The state of those that have one (early stopping), as a checkpoint holds it."""
    return TrainerState(stateful_callbacks=with_state(callbacks)).stateful_callbacks


def restore(callbacks: list[Any], saved: Any, *, as_made: bool) -> str:
    """Give callbacks back the state they had when a checkpoint was written. What they were made with is what the user
    asks for now, unless `as_made`. Returns the names of those that are not there any more."""
    left = dict(saved or {})
    there = {type(callback).__name__ for callback in callbacks} | {"TrainerControl"}
    for callback in with_state(callbacks):
        states = left.get(type(callback).__name__)
        if states:
            state = states.pop(0) if isinstance(states, list) else states
            for name, value in {**(state["args"] if as_made else {}), **state["attributes"]}.items():
                setattr(callback, name, value)
    return ", ".join(name for name in left if name not in there)


def with_state(callbacks: list[Any]) -> list[Any]:
    """Those that have a state to keep."""
    return [callback for callback in callbacks if isinstance(callback, ExportableState)]
