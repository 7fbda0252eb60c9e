"""What a person's corrections were worth: the new model beside the one that was reviewed, on the same held-out rows."""

import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart import paths
from warmstart.batches.tokens import texts_of
from warmstart.errors import UserError, first_line
from warmstart.evaluation.paired import Change, paired
from warmstart.events import Listener, Note
from warmstart.messages import _
from warmstart.recipe import Recipe
from warmstart.runs.saved import SavedRun
from warmstart.table.labels import encode
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


def facts(
    recipe: Recipe,
    task: Task,
    splits: "DatasetDict",
    learnt: Callable[[Recipe], "Dataset"],
    listen: Listener,
    logits: npt.NDArray[Any],
) -> dict[str, Any]:
    """Under "corrections" what came of those that a run was trained with, for `metrics.json`; nothing of a run without.

    The reviewed run is the one in whose folder the file lies. Both models are measured on the validation rows as they
    are after the corrections; `learnt` gives the training rows of a recipe. Where they cannot be compared, it is told
    why.
    """
    if recipe.corrections is None:
        return {}
    file = paths.expanded(recipe.corrections)
    try:
        change = _change(file.parent, task, splits, learnt, logits)
    except UserError as error:
        reason = "; ".join(filter(None, [first_line(error), error.fix]))
        listen(Note(_("the corrections' gain is not known: {reason}").format(reason=reason)))
        return {"corrections": {"file": file.name, "not_compared": error.problem}}
    listen(Note(_told(change, file.parent.name)))
    return {"corrections": {"file": file.name, "reviewed": file.parent.name, **change.to_dict()}}


def _change(
    reviewed: pathlib.Path,
    task: Task,
    splits: "DatasetDict",
    learnt: Callable[[Recipe], "Dataset"],
    logits: npt.NDArray[Any],
) -> Change:
    """On the validation rows that the reviewed run has not learnt from. Raises UserError where it is not there, or has
    learnt from most of them."""
    if not (reviewed / "recipe.toml").is_file():
        raise UserError(
            _("the corrections do not lie in the folder of the run that was reviewed"),
            where=str(reviewed),
            fix=_("leave the file where warmstart review wrote it"),
        )
    saved = SavedRun.open(reviewed)
    rows = splits["validation"]
    if (saved.task.kind, saved.task.classes) != (task.kind, task.classes):
        raise UserError(_("the reviewed run has other classes"), str(reviewed))
    known = {*_texts(learnt(saved.recipe), task)}
    new = np.array([text not in known for text in _texts(rows, task)], bool)
    if 2 * new.sum() < len(new):
        raise UserError(
            _("the reviewed run has learnt from rows that are validation rows now"),
            where=str(reviewed),
            fix=_("train with the same --seed, --validation and --validation-fraction"),
        )
    head, labels = task.head, encode(task, rows)
    return paired(head, head.decide(saved.logits(rows))[new], head.decide(logits)[new], labels[new])


def _texts(rows: "Dataset", task: Task) -> list[tuple[str, ...]]:
    return [*zip(*texts_of(rows, task), strict=True)]


def _told(change: Change, reviewed: str) -> str:
    value, low, high = change.gain
    line = _(
        "{metric} on the same {rows:,} validation rows, with corrected labels: {before:.3f} in {reviewed}, {after:.3f} "
        "now (gain {gain:+.3f}, 95 % interval {low:+.3f} to {high:+.3f})"
    ).format(
        metric=change.metric,
        rows=change.rows,
        before=change.before,
        reviewed=reviewed,
        after=change.after,
        gain=value,
        low=low,
        high=high,
    )
    if change.p is None:
        return line
    return line + _("; {better:,} rows right that were wrong, {worse:,} the other way (McNemar p = {p:.2g})").format(
        better=change.better, worse=change.worse, p=change.p
    )
