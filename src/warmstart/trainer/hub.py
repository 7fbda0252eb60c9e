"""The Hub's side of a `Trainer`: a draft of a model card, and uploading, when it is asked for or after each save."""

import inspect
import pathlib
from typing import Any

import transformers
from transformers.trainer_utils import HubStrategy

from warmstart.checkpoints import checkpoint
from warmstart.engine.distributed.processes import Processes
from warmstart.errors import UserError, did_you_mean, first_line
from warmstart.messages import _


def create_model_card(self: Any, *args: Any, **card: Any) -> None:
    """Write README.md into `args.output_dir`: a draft of a model card, with what was trained and measured. Takes what
    `transformers.Trainer.create_model_card` takes.
    """
    check_card(args, card)
    transformers.Trainer.create_model_card(self, *args, **card)


def push_to_hub(
    self: Any,
    commit_message: str | None = "End of training",
    blocking: bool = True,
    token: str | None = None,
    revision: str | None = None,
    private: bool | None = None,
    repo_id: str | None = None,
    **card: Any,
) -> Any:
    """Save the model, write its card with what is in `card` (see `create_model_card`), and upload both with
    `huggingface_hub`. `repo_id`: by default `hub_model_id`, or the name of the output folder. Not `blocking`, it
    returns a Future. Raises UserError for what a card does not take, before anything is saved or made, and where the
    Hub cannot be used.
    """
    folder, args = pathlib.Path(self.args.output_dir).resolve(), self.args
    check_card((), card)
    self.callback_handler.on_push_begin(args, self.state, self.control)
    self.save_model(_internal_call=True)
    if not self.processes.is_main:
        return None
    self.pushes.finish()
    name = repo_id or args.hub_model_id or folder.name
    tags = card.get("tags") or []
    tags = [tags] if isinstance(tags, str) else list(tags)
    tags += [tag for tag in getattr(self.model, "model_tags", None) or [] if tag not in tags]
    card = {"model_name": name.rpartition("/")[2], **card, **({"tags": tags} if tags else {})}
    self.create_model_card(**card)
    token = token if token is not None else args.hub_token
    repo = _made(name, token, args.hub_private_repo if private is None else private)
    return _api(token).upload_folder(
        repo_id=repo,
        folder_path=folder,
        commit_message=commit_message,
        ignore_patterns=["checkpoint-*/*"],
        revision=revision if revision is not None else args.hub_revision,
        run_as_future=not blocking,
    )


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


def begin(args: Any, processes: Processes) -> str | None:
    """Make the repository that `push_to_hub` will upload to, before anything is trained; its name, on the main process.
    Raises UserError, on all of them, where the Hub cannot be used."""
    repo = None
    with processes.together():
        if processes.is_main:
            name = args.hub_model_id or pathlib.Path(args.output_dir).resolve().name
            repo = _made(name, args.hub_token, args.hub_private_repo)
    return repo


class Pushes:
    """Uploads of what is saved during training, in the background, as `hub_strategy` says."""

    def __init__(self, trainer: Any) -> None:
        self._trainer = trainer
        self._jobs: list[Any] = []
        self._folder: pathlib.Path | None = None

    @property
    def folders(self) -> set[pathlib.Path]:
        """What is being read just now: it must stay where it is."""
        running = self._folder is not None and not all(job.done() for job in self._jobs)
        return {self._folder} if running and self._folder is not None else set()

    def saved(self, folder: pathlib.Path) -> None:
        """Upload a checkpoint that has been written, unless the one before is still on its way (`hub_always_push` does
        not mind)."""
        trainer, args = self._trainer, self._trainer.args
        busy = bool(self.folders) and not args.hub_always_push
        if not args.push_to_hub or not trainer.processes.is_main or args.hub_strategy == HubStrategy.END or busy:
            return
        self.finish()  # two commits at a time would each begin from the other's parent
        trainer.callback_handler.on_push_begin(args, trainer.state, trainer.control)
        message = f"Training in progress, step {trainer.state.global_step}"
        where = {HubStrategy.CHECKPOINT: "last-checkpoint", HubStrategy.ALL_CHECKPOINTS: folder.name}
        self._folder = folder
        self._upload(folder, message, ignore_patterns=[*checkpoint.OURS, checkpoint.STATE])
        if args.hub_strategy in where:
            self._upload(folder, f"{message}, checkpoint", path_in_repo=where[args.hub_strategy])

    def _upload(self, folder: pathlib.Path, message: str, **what: Any) -> None:
        trainer, args = self._trainer, self._trainer.args
        self._jobs.append(
            _api(args.hub_token).upload_folder(
                repo_id=trainer.hub_model_id,
                folder_path=folder,
                commit_message=message,
                revision=args.hub_revision,
                run_as_future=True,
                **what,
            )
        )

    def finish(self) -> None:
        """Wait for uploads that are on their way; one that failed is told, and the model lies on the disk."""
        for job in self._jobs:
            error = job.exception()
            if error is not None:
                self._trainer.warn(_("a push to the Hub failed: {error}").format(error=first_line(error)))
        self._jobs, self._folder = [], None


def _api(token: str | None) -> Any:
    from huggingface_hub import HfApi

    return HfApi(token=token)


def _made(name: str, token: str | None, private: bool | None) -> str:
    """The repository of this name, made if there is none."""
    try:
        repo: str = _api(token).create_repo(name, exist_ok=True, private=private).repo_id
    except Exception as error:  # of the network, of the Hub, of the token: many types, and all are the user's to mend
        raise UserError(
            _("the Hub cannot be used: {error}").format(error=first_line(error)),
            where=f"push_to_hub, {name}",
            fix=_(
                "log in with: hf auth login; or leave push_to_hub out, and upload the folder another time: hf upload"
            ),
        ) from error
    return repo
