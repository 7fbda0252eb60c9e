"""What a recipe's data becomes before anything is trained: checked rows with their validation split, and the task."""

import dataclasses
from typing import TYPE_CHECKING

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.recipe import Recipe
from warmstart.table import corrections, origin
from warmstart.table.checks import check
from warmstart.table.infer import task_of
from warmstart.table.reading import hub
from warmstart.table.sources import load
from warmstart.table.splits import by_plain_names, with_validation
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What a recipe's data has become: checked rows with their validation split, and the task. `commit`: of the Hub's
    data set, if it is one."""

    splits: "DatasetDict"
    task: Task
    notes: tuple[str, ...]
    commit: str | None = None


def prepare(recipe: Recipe) -> Prepared:
    """Load the recipe's table, work out the task, check every row, and hold out validation rows if there are none.

    Raises UserError for whatever is wrong with the table; nothing has been written then.
    """
    if not recipe.data:
        raise UserError(
            _("no data was given"),
            where="DATA",
            fix=_("warmstart train my.csv, or warmstart demo"),
        )
    splits = load(recipe.data, validation=recipe.validation, **recipe.reading())
    with origin.recalling(splits.values()):
        return _checked(recipe, splits)


def _checked(recipe: Recipe, splits: "DatasetDict") -> Prepared:
    commit = hub.commit_of(splits)
    task = dataclasses.replace(task_of(splits, recipe), long=recipe.long or "cut")
    if task.label is None:
        raise UserError(
            _("the table has no label column to learn from"),
            where=recipe.data,
            fix=_("name it with --label"),
        )
    accepted = recipe.allow_leakage or hub.published(recipe.data, recipe.config)  # of these it warns
    splits, renamed = by_plain_names(splits)
    loaded = splits
    splits, warnings = check(splits, task, on_empty=recipe.on_empty, allow_leakage=accepted, group=recipe.group)
    splits, held_out = with_validation(
        splits, task, fraction=recipe.validation_fraction, seed=recipe.seed, group=recipe.group
    )
    splits, corrected = corrections.applied(recipe.corrections, task, loaded, splits)
    notes = (renamed, *warnings, held_out, corrected)
    return Prepared(splits, task, tuple(note for note in notes if note), commit)


def learnt_from(recipe: Recipe) -> "Dataset":
    """The training rows of a recipe."""
    return prepare(recipe).splits["train"]
