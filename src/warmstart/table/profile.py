"""What is in a table and what training on it would find, as plain data: what `warmstart inspect` shows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from warmstart.errors import UserError, brief
from warmstart.heads.cells import OK
from warmstart.table import columns, origin
from warmstart.table.checks import examine
from warmstart.table.findings import Finding
from warmstart.table.labels import cells_of, has_labels
from warmstart.table.missing import missing_cells
from warmstart.table.splits import by_plain_names, with_validation
from warmstart.table.task import Task

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

EXAMPLES = 3  # rows of which cells are shown
LONGEST = 1_000  # characters of a cell that are shown


@dataclass(frozen=True)
class ColumnShown:
    """The type of a column, its first cells as text, and how many rows, also as a share, have none or a blank."""

    type: str
    examples: tuple[str, ...]
    missing: int = 0
    missing_share: float = 0.0


@dataclass(frozen=True)
class Profile:
    """A table as a person wants to see it before training.

    `labels`: by split, how its labels are spread (see `Head.balance`), None where it has none. `errors`: what training
    would stop at; `warnings`: what it would warn of; `notes`: what it would say besides, if it would start.
    """

    splits: Mapping[str, int]
    columns: Mapping[str, ColumnShown]
    task: Task
    labels: Mapping[str, dict[str, int | float] | None]
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can say it; findings with whether they stop training."""
        return {
            "splits": dict(self.splits),
            "columns": {
                name: {**asdict(column), "examples": [*column.examples]} for name, column in self.columns.items()
            },
            "task": self.task.to_dict(),
            "labels": dict(self.labels),
            "findings": [
                found.to_dict(stops_training=stops)
                for stops, findings in ((True, self.errors), (False, self.warnings))
                for found in findings
            ],
            "notes": [*self.notes],
        }


def profile(
    splits: "datasets.DatasetDict",
    task: Task,
    *,
    fraction: float | None,
    seed: int,
    allow_leakage: bool = False,
    group: str | None = None,
) -> Profile:
    """Look at every row as training would, but raise nothing for what is wrong.

    `allow_leakage` and `group` are those of `checks.check`; `fraction` and `seed` are those by which training would
    hold rows out.
    """
    first = next(iter(splits.values()))
    errors, warnings, notes = _trained_on(splits, task, fraction, seed, allow_leakage, group)
    notes = (*origin.notes(splits.values()), *notes)
    return Profile(
        {str(name): len(rows) for name, rows in splits.items()},
        _columns(first),
        task,
        {str(name): _balance(rows, task) for name, rows in splits.items()},
        errors,
        warnings,
        notes,
    )


def _trained_on(
    splits: "datasets.DatasetDict",
    task: Task,
    fraction: float | None,
    seed: int,
    allow_leakage: bool,
    group: str | None,
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[str, ...]]:
    """What training would stop at, warn of, and say."""
    names = [name for name in (task.text, task.pair, *task.label_columns, group) if name is not None]
    splits, renamed = by_plain_names(_only(splits, names))
    try:
        found = examine(splits, task, on_empty="error", allow_leakage=allow_leakage, for_training=True, group=group)
    except UserError as error:  # cells that cannot even be read
        return (Finding.of(error),), (), ()
    if found.errors:
        return found.errors, found.warnings, ()
    try:
        _, held_out = with_validation(splits, task, fraction, seed, group)
    except UserError as error:  # too few rows to hold any out
        return (Finding.of(error),), found.warnings, ()
    return (), found.warnings, tuple(note for note in (renamed, held_out) if note)


def _only(splits: "datasets.DatasetDict", names: list[str]) -> "datasets.DatasetDict":
    """The splits without the columns that nobody looks at, of which the library makes copies at every step."""
    import datasets

    return datasets.DatasetDict(
        {
            split: rows.select_columns([name for name in names if name in rows.column_names])
            for split, rows in splits.items()
        }
    )


def _type(feature: Any) -> str:
    return (
        f"class of {feature.num_classes}"
        if hasattr(feature, "num_classes")
        else str(getattr(feature, "dtype", feature))
    )


def _columns(rows: "datasets.Dataset") -> dict[str, ColumnShown]:
    """Each column of the first rows, which are read once for all columns."""
    features = rows.features  # made anew by each asking
    head = rows.with_format("arrow")[: min(EXAMPLES, len(rows))]
    missing = missing_cells(rows)
    return {
        name: ColumnShown(
            _type(feature), _examples(head.column(name)), missing[name], missing[name] / max(len(rows), 1)
        )
        for name, feature in features.items()
    }


def _examples(column: "pa.ChunkedArray") -> tuple[str, ...]:
    return tuple(brief(str(cell), LONGEST) for cell in columns.legible(column, LONGEST + 1))


def _balance(rows: "datasets.Dataset", task: Task) -> dict[str, int | float] | None:
    """How the labels are spread over the rows that have a good one; None where none has."""
    try:
        if not has_labels(task, rows):
            return None
        parts = []
        for table in columns.batches(rows, list(task.label_columns)):
            encoded, faults = task.read(cells_of(task, table))
            parts.append(encoded[faults == OK])
    except UserError:  # what is wrong with them is among the findings
        return None
    good = np.concatenate(parts)
    return task.head.balance(good) if len(good) else None
