"""A trained model that answers: texts in, outputs or predictions out. No trainer, no arguments, nothing on the disk."""

import dataclasses
import json
import pathlib
import shlex
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from warmstart import paths, storage
from warmstart.batches.long_texts import averaged, check_long
from warmstart.batches.tokens import tokenize_in_memory
from warmstart.engine.predict import token_batches, token_plan
from warmstart.errors import UserError
from warmstart.evaluation.predicted import predictions
from warmstart.events import Warned, tell
from warmstart.messages import _
from warmstart.models.auto import AutoModelForSequenceClassification
from warmstart.models.head_weights import check_complete, check_labels
from warmstart.models.load import load_tokenizer, loading, quietly
from warmstart.models.ragged.door import call
from warmstart.models.ragged.encoder import unpadded
from warmstart.models.sound import is_read
from warmstart.table.task import Task

BATCH = 32  # rows of the longest length; of shorter ones more


@dataclasses.dataclass(frozen=True)
class Predictor:
    """A model with its tokenizer and task, in fp32, as every other tool would run it."""

    model: Any
    tokenizer: Any
    task: Task

    @classmethod
    def load(cls, folder: str | pathlib.Path) -> "Predictor":
        """The model of a run, by the run's folder or the `model` folder in it. Raises UserError if there is none, if a
        file of it names code, and if one is not what the run wrote."""
        folder = paths.expanded(folder)
        model = folder if folder.name == "model" and not (folder / "model").is_dir() else folder / "model"
        task = read_task(model.parent / "task.json")
        name = str(model)
        resume = f"warmstart resume {shlex.quote(str(model.parent))}"
        _verify(model, resume)
        with loading(name), quietly():
            loaded, told = AutoModelForSequenceClassification.from_pretrained(name, output_loading_info=True)
        check_complete(told, name, resume)
        check_labels(loaded.config, task, str(model.parent / "task.json"), resume)
        device = torch.accelerator.current_accelerator() or torch.device("cpu")
        return cls(loaded.to(device).eval(), load_tokenizer(name), task)

    def logits(self, texts: Sequence[str], pairs: Sequence[str] | None = None) -> npt.NDArray[np.float32]:
        """The model's outputs, float32 `[rows, outputs]`, in the order of `texts`. `pairs`: the second text of each
        row, where the model reads two. Raises UserError if it does not read what is given."""
        for name, column in (("texts", texts), ("pairs", pairs)):
            if isinstance(column, str):  # whose list would be its characters
                raise UserError(
                    _("one text is given, and not a list of texts"), where=name, fix=f"{name}=[{column!r:.80}]"
                )
        columns = [list(column) for column in (texts, pairs) if column is not None]
        self._check(columns)
        check_long(self.task.long, self.tokenizer)
        most = self.tokenizer.model_max_length
        table = tokenize_in_memory(columns, self.tokenizer, max_length=most, long=self.task.long)
        found = np.zeros((len(table), self.task.num_labels), np.float32)
        device = next(self.model.parameters()).device
        with torch.inference_mode(), unpadded(self.model) as encoder, encoder.weights.held():
            for rows, batch in token_batches(table, token_plan(table, BATCH, 0, 1)):
                found[rows] = call(self.model, batch.to(device)).logits.float().cpu().numpy()
        return averaged(found, table.owners)

    def predict(
        self, texts: Sequence[str], pairs: Sequence[str] | None = None, *, top: int = 0
    ) -> list[dict[str, Any]]:
        """A dictionary for each row: `prediction` and, for classes and labels, the probability of each under its
        name, or the `top` likeliest (see `evaluation.predicted`). Raises UserError as `logits` does, and for outputs
        that are NaN."""
        return [*predictions(self.task.head, self.logits(texts, pairs), top)]

    def _check(self, columns: list[list[str]]) -> None:
        if len(columns) != (1 if self.task.pair is None else 2):
            needs = self.task.pair is not None
            raise UserError(
                _("this model reads pairs of texts") if needs else _("this model reads single texts, not pairs"),
                where="pairs",
                fix=_("give the second texts as pairs") if needs else _("leave pairs out"),
            )
        if len({len(column) for column in columns}) > 1:
            raise UserError(
                _("there are not as many second texts as first ones"),
                where=", ".join(f"{len(column):,}" for column in columns),
                fix=_("give one for each row"),
            )
        for column in columns:
            for row, value in enumerate(column):
                if not isinstance(value, str) or not _is_sound(value):
                    raise UserError(
                        _("a text is not text, or holds half a character"),
                        where=_("row {row:,}: {value!r:.80}").format(row=row + 1, value=value),
                        fix=_("give a str of whole characters"),
                    )


def read_task(path: pathlib.Path) -> Task:
    """The task that a run has left in `path`. Raises UserError if there is none, or it cannot be read."""
    if path.exists() and not path.is_file():
        raise UserError(
            _("{file} is a pipe or a device").format(file=path.name), str(path), _("use the file as it was written")
        )
    try:
        return Task.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise UserError(
            _("{parent} is not the folder of a run").format(parent=path.parent),
            where=str(path),
            fix=_("give the folder of a run, or the model folder in it"),
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            _("task.json cannot be read: {error}").format(error=error),
            where=str(path),
            fix=f"warmstart resume {shlex.quote(str(path.parent))}",
        ) from error


def _verify(model: pathlib.Path, resume: str) -> None:
    """Raises UserError unless every file of a run's model is as the run wrote it."""
    if not (model / storage.MANIFEST).exists():
        if model.is_dir():
            tell(Warned(_("{model} has no manifest: whether it is as it was written is not known").format(model=model)))
        return
    try:
        storage.verify(model, is_read)
    except storage.Damaged as error:
        raise UserError(
            _("the model of this run is not what was written: {why}").format(why=error),
            where=str(model),
            fix=_("{resume} writes it again; if it is you who changed it, remove its {manifest}").format(
                resume=resume, manifest=storage.MANIFEST
            ),
        ) from error


def _is_sound(value: str) -> bool:
    """Whether a text has no half characters (lone surrogates), which no encoding can write."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
