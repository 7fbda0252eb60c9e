"""The Hub's side of a `Trainer`: a draft of a model card, and uploading."""

import inspect
import pathlib
from typing import Any, Protocol

import transformers

from warmstart.engine.distributed.processes import Processes
from warmstart.errors import UserError, did_you_mean
from warmstart.messages import _


class Published(Protocol):
    """What uploading asks of a trainer."""

    args: Any
    state: Any
    control: Any
    callback_handler: Any
    processes: Processes

    def save_model(self) -> None: ...

    def create_model_card(self, **card: Any) -> None: ...


def check_card(args: tuple[Any, ...], card: dict[str, Any]) -> None:
    """Raises UserError for what the card of `transformers` does not take."""
    known = list(inspect.signature(transformers.Trainer.create_model_card).parameters)[1:]
    for name in card:
        if name not in known[len(args) :]:
            raise UserError(
                _("a model card takes no {name!r}").format(name=name),
                "Trainer",
                fix=did_you_mean(name, known),
            )


def push(
    trainer: Published,
    commit_message: str | None,
    blocking: bool,
    token: str | None,
    revision: str | None,
    private: bool | None,
    repo_id: str | None,
    card: dict[str, Any],
) -> Any:
    """Save the model, write its card, and upload both. Not `blocking`, it returns a Future. Raises UserError for what a
    card does not take, before anything is saved or made."""
    from huggingface_hub import HfApi

    folder = pathlib.Path(trainer.args.output_dir).resolve()
    check_card((), card)
    trainer.callback_handler.on_push_begin(trainer.args, trainer.state, trainer.control)
    trainer.save_model()
    if not trainer.processes.is_main:
        return None
    trainer.create_model_card(**{"model_name": (repo_id or folder.name).rpartition("/")[2], **card})
    api = HfApi(token=token if token is not None else trainer.args.hub_token)
    repo = api.create_repo(repo_id or folder.name, exist_ok=True, private=private).repo_id
    return api.upload_folder(
        repo_id=repo,
        folder_path=folder,
        commit_message=commit_message,
        ignore_patterns=["checkpoint-*/*"],
        revision=revision,
        run_as_future=not blocking,  # type: ignore[call-overload]  # declared for True and for False only
    )
