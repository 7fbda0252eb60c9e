"""A finished run, opened again: what it is, and its model over new rows."""

import dataclasses
import functools
import pathlib
import shlex
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from warmstart import paths
from warmstart.batches.tokens import texts_of
from warmstart.engine.predictor import Predictor, read_task
from warmstart.errors import UserError, did_you_mean
from warmstart.messages import _
from warmstart.models.trust import trusted
from warmstart.recipe import Recipe
from warmstart.table.checks import OnEmpty, check
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import Dataset


@dataclasses.dataclass(frozen=True)
class SavedRun:
    """A run folder whose model is complete."""

    folder: pathlib.Path
    recipe: Recipe
    task: Task

    @classmethod
    def open(cls, folder: str | pathlib.Path) -> "SavedRun":
        """Raises UserError unless `folder` holds a run with a trained model, in which nothing names code."""
        folder = paths.expanded(folder)
        if folder.name == "model" and (folder.parent / "recipe.toml").is_file():
            folder = folder.parent
        if not (folder / "recipe.toml").is_file() or not (folder / "task.json").is_file():
            raise UserError(
                _("{folder} is not the folder of a run").format(folder=folder),
                where=str(folder),
                fix=_known_runs(),
            )
        if not all((folder / "model" / name).is_file() for name in ("config.json", "model.safetensors")):
            raise UserError(
                _("the run has no finished model yet"),
                where=str(folder / "model"),
                fix=f"warmstart resume {shlex.quote(str(folder))}",
            )
        trusted(str(folder / "model"), {})
        return cls(folder, Recipe.read(folder / "recipe.toml"), read_task(folder / "task.json"))

    @functools.cached_property
    def predictor(self) -> Predictor:
        """The model, loaded when it is first asked for."""
        return Predictor.load(self.folder)

    def logits(self, rows: "Dataset") -> npt.NDArray[np.float32]:
        """The model's outputs, float32 `[rows, outputs]`, in the order of `rows`. Raises UserError unless every row has
        the texts that the model reads (`readable` leaves the others out).
        """
        return self.outputs(self.readable(rows)[0])

    def outputs(self, rows: "Dataset") -> npt.NDArray[np.float32]:
        """`logits` of rows that are known to be `readable`: they are not looked through again."""
        return self.predictor.logits(*texts_of(rows, self.task))

    def readable(
        self, rows: "Dataset", split: str = "train", on_empty: OnEmpty = "error"
    ) -> tuple["Dataset", tuple[str, ...]]:
        """The rows of a split, less those without text where `on_empty` is "drop", and notes for the user. Raises
        UserError for columns as `check_columns` does, and for cells without text, empty or blank, that are to stay.
        """
        from datasets import DatasetDict

        self.check_columns(rows)
        task = self._unlabelled
        checked, notes = check(DatasetDict({split: rows}), task, on_empty=on_empty, for_training=False)
        return checked[split], notes

    @property
    def _unlabelled(self) -> Task:
        return dataclasses.replace(self.task, label=None)

    def check_columns(self, rows: "Dataset") -> None:
        """Raises UserError unless `rows` has the columns that the model reads, and they are of text."""
        for column in (self.task.text, self.task.pair):
            if column is None:
                continue
            if column not in rows.column_names:
                raise UserError(
                    _("the table has no column {column!r}").format(column=column),
                    where=_("the model was trained on {column!r}").format(column=column),
                    fix=did_you_mean(column, rows.column_names),
                )
            dtype = getattr(rows.features[column], "dtype", rows.features[column])
            if dtype not in ("string", "large_string"):
                raise UserError(
                    _("column {column!r} holds no text").format(column=column),
                    where=_("its type is {dtype}").format(dtype=dtype),
                    fix=_("write its cells as text"),
                )


def _known_runs() -> str:
    found = sorted(str(path.parent) for path in pathlib.Path("runs").glob("*/recipe.toml"))
    if not found:
        return _("train one: warmstart train DATA")
    return _("runs here: {found}").format(found=", ".join(found[-10:]))
