"""A finished run, opened again: its model over new rows, in fp32, as every other tool would run it."""

import dataclasses
import functools
import json
import pathlib
import shlex
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart import paths
from warmstart.batches.tokens import tokenize
from warmstart.errors import UserError, did_you_mean, text
from warmstart.models.load import load_tokenizer, loading, quietly
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
                text(f"{folder} is not the folder of a run", f"{folder} 不是运行文件夹"),
                where=str(folder),
                fix=_known_runs(),
            )
        if not all((folder / "model" / name).is_file() for name in ("config.json", "model.safetensors")):
            raise UserError(
                text("the run has no finished model yet", "该运行尚无训练完成的模型"),
                where=str(folder / "model"),
                fix=f"warmstart resume {shlex.quote(str(folder))}",
            )
        trusted(str(folder / "model"), {})
        try:
            task = Task.from_dict(json.loads((folder / "task.json").read_text(encoding="utf-8")))
        except ValueError as error:
            raise UserError(
                text(f"task.json cannot be read: {error}", f"无法读取 task.json: {error}"),
                where=str(folder / "task.json"),
                fix=f"warmstart resume {shlex.quote(str(folder))}",
            ) from error
        return cls(folder, Recipe.read(folder / "recipe.toml"), task)

    @functools.cached_property
    def tokenizer(self) -> Any:
        return load_tokenizer(str(self.folder / "model"))

    @functools.cached_property
    def model(self) -> Any:
        from warmstart.models.auto import AutoModelForSequenceClassification

        with loading(str(self.folder / "model")), quietly():
            return AutoModelForSequenceClassification.from_pretrained(str(self.folder / "model"))

    def logits(self, rows: "Dataset", processes: int | None = None) -> npt.NDArray[np.float32]:
        """The model's outputs, float32 `[rows, outputs]`, in the order of `rows`. Raises UserError unless every row has
        the texts that the model reads (`readable` leaves the others out).
        """
        from warmstart.trainer.arguments import TrainingArguments
        from warmstart.trainer.trainer import Trainer

        rows, _ = self.readable(rows)
        length = self.tokenizer.model_max_length
        table = tokenize(rows, self._unlabelled, self.tokenizer, max_length=length, processes=processes)
        with tempfile.TemporaryDirectory() as nowhere:
            arguments = TrainingArguments(nowhere, per_device_eval_batch_size=32, report_to="none")
            trainer = Trainer(self.model, arguments, processing_class=self.tokenizer)
            found: npt.NDArray[np.float32] = trainer.predict(table).predictions
        return found

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
                    text(f"the table has no column {column!r}", f"表中没有列 {column!r}"),
                    where=text(f"the model was trained on {column!r}", f"模型是用 {column!r} 列训练的"),
                    fix=did_you_mean(column, rows.column_names),
                )
            dtype = getattr(rows.features[column], "dtype", rows.features[column])
            if dtype not in ("string", "large_string"):
                raise UserError(
                    text(f"column {column!r} holds no text", f"{column!r} 列不是文本"),
                    where=text(f"its type is {dtype}", f"其类型为 {dtype}"),
                    fix=text("write its cells as text", "请把单元格写成文本"),
                )


def _known_runs() -> str:
    found = sorted(str(path.parent) for path in pathlib.Path("runs").glob("*/recipe.toml"))
    if not found:
        return text("train one: warmstart train DATA", "请先训练: warmstart train DATA")
    return text(f"runs here: {', '.join(found[-10:])}", f"现有运行: {', '.join(found[-10:])}")
