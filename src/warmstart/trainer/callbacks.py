"""A `Trainer`'s callbacks: those that come by themselves, and the state that some of them keep in a checkpoint."""

from typing import Any

from transformers.trainer_callback import ExportableState, TrainerState

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.trainer import progress
from warmstart.trainer.arguments import TrainingArguments


def default_callbacks(args: TrainingArguments) -> list[Any]:
    """Trackers that `report_to` names, and what of `transformers` shows the log. Raises UserError for a tracker that is
    not installed."""
    from transformers.integrations import get_reporting_integration_callbacks

    try:
        trackers = [make() for make in get_reporting_integration_callbacks(args.report_to)]
    except (ValueError, RuntimeError, ImportError) as error:
        raise UserError(str(error), where="report_to", fix=_("install it, or leave it out")) from error
    shown = progress.callback(hidden=args.disable_tqdm)
    return [*trackers, *([shown] if shown is not None else [])]


def exported(callbacks: list[Any]) -> Any:
    """The state of those that have one (early stopping), as a checkpoint holds it."""
    return TrainerState(stateful_callbacks=with_state(callbacks)).stateful_callbacks


def restore(callbacks: list[Any], saved: Any, *, as_made: bool) -> None:
    """Give callbacks back the state they had when a checkpoint was written. What they were made with is what the user
    asks for now, unless `as_made`."""
    left = dict(saved or {})
    for callback in with_state(callbacks):
        states = left.get(type(callback).__name__)
        if states:
            state = states.pop(0) if isinstance(states, list) else states
            for name, value in {**(state["args"] if as_made else {}), **state["attributes"]}.items():
                setattr(callback, name, value)


def with_state(callbacks: list[Any]) -> list[Any]:
    """Those that have a state to keep."""
    return [callback for callback in callbacks if isinstance(callback, ExportableState)]
