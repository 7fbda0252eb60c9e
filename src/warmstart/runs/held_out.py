"""What a run keeps of its held-out rows beside its model, sealed with it: how sure the model was of each, and whether
it was right. No text is in it."""

import shlex
from typing import TYPE_CHECKING, Any

import numpy as np

from warmstart import storage
from warmstart.checkpoints import checkpoint
from warmstart.errors import UserError, first_line
from warmstart.evaluation.budget import Budget, HeldOut, promised
from warmstart.heads.head import Head
from warmstart.messages import _
from warmstart.models.sound import HELD_OUT
from warmstart.recipe import Recipe
from warmstart.runs.saved import SavedRun
from warmstart.table.labels import encode
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import Dataset


def held_out_rows(recipe: Recipe, task: Task, logits: np.ndarray[Any, Any], rows: "Dataset") -> HeldOut | None:
    """Of the validation rows, whose outputs by the model that is saved are `logits`, float [rows, outputs]; None where
    outputs are no probabilities, or not numbers."""
    head = task.head
    if not head.probable or not np.isfinite(logits).all():
        return None
    right = head.right(head.decide(logits), encode(task, rows))
    chosen = recipe.best or recipe.patience is not None or bool(task.thresholds)
    return HeldOut(confidence_of(head, logits), right, chosen)


def confidence_of(head: Head, logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """How sure the model is of its answer to each row, float64 [rows]; as of the held-out rows."""
    return head.confidence(logits, head.decide(logits))


def budget(saved: SavedRun, max_error: float, confidence: float) -> Budget:
    """What can be promised of new rows by the run's held-out ones (`evaluation.budget`), whose bytes `saved.predictor`
    has compared with the model's seal. Raises UserError where nothing can be, and where the run has kept none."""
    if not saved.task.head.probable:
        raise UserError(
            _("a number is neither right nor wrong: no share of errors can be promised"),
            where="--max-error",
            fix=_("leave --max-error out"),
        )
    return promised(_read(saved), max_error, confidence)


def _read(saved: SavedRun) -> HeldOut:
    _unused = saved.predictor  # which compares the model's files with their manifest
    path = saved.folder / "model" / HELD_OUT
    resume = f"warmstart resume {shlex.quote(str(saved.folder))}"
    if not (saved.folder / "metrics.json").is_file():
        raise UserError(
            _("the run's validation rows had no labels: nothing is known of its errors"),
            where=str(saved.folder),
            fix=_("train with validation rows that have labels (--validation)"),
        )
    if not path.is_file():
        raise UserError(
            _("the run has not kept how sure it was of its held-out rows, as runs of earlier versions have not"),
            where=str(path),
            fix=_("{resume} writes it").format(resume=resume)
            if checkpoint.folders(saved.folder)
            else _("train again, into another folder"),
        )
    try:
        listed = storage.read_json(saved.folder / "model" / storage.MANIFEST)["files"]
        if HELD_OUT not in listed:
            raise ValueError(HELD_OUT)
        return HeldOut.from_dict(storage.read_json(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            _("whether the held-out rows are of this model is not known ({error})").format(error=first_line(error)),
            where=str(path),
            fix=_("{resume} writes the model and them again").format(resume=resume),
        ) from error
