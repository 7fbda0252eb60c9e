"""Cells of the label column to what a loss takes, and which cells cannot be."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError, examples
from warmstart.heads.cells import MISSING, UNKNOWN
from warmstart.heads.head import Encoded
from warmstart.messages import _, ngettext
from warmstart.table import columns

if TYPE_CHECKING:
    import datasets

    from warmstart.table.task import Task


def encode_labels(task: "Task", column: Sequence[Any], first: int = 0) -> Encoded:
    """A label column as int64 class ids [rows], float32 zeros and ones [rows, classes] or float32 numbers [rows].

    Raises UserError naming the rows whose cell is missing or stands for none of the task's classes. Rows are counted
    from 1, after `first` rows before the column's.
    """
    cells = _plain(column)
    encoded, faults = task.head.read(cells)
    for fault in (MISSING, UNKNOWN):
        rows = np.flatnonzero(faults == fault)
        if len(rows):
            raise UserError(*phrases(task, fault, first + rows, [cells[row] for row in rows[:10]]))
    return encoded


def has_labels(task: "Task", dataset: "datasets.Dataset") -> bool:
    """Whether a split has labels: not if the column is not there, or if every cell is missing (-1 in GLUE's tests)."""
    if task.label is None or task.label not in dataset.column_names:
        return False
    for table in columns.batches(dataset, [task.label]):
        if task.head.has_label(columns.values(table.column(task.label), task.label)):
            return True
    return False


def phrases(task: "Task", fault: int, rows: npt.NDArray[np.int64], cells: Sequence[Any]) -> tuple[str, str, str]:
    """Problem, place and fix for the rows (from 0) with a fault; `cells` are the first ones'."""
    where = _("{rows}, column {label!r}").format(rows=columns.listed(rows), label=task.label)
    problem, fix = task.head.bad_cells(fault, columns.number_of(len(rows)), cells)
    return problem, where, fix


def unmeasured(names: Sequence[str]) -> tuple[str, str]:
    """Problem and consequence for classes that have training rows and no validation rows."""
    listed = examples(map(repr, names))
    problem = ngettext(
        "the class {listed} has no validation rows", "the classes {listed} have no validation rows", len(names)
    ).format(listed=listed)
    return problem, _("metrics of their own cannot be measured")


def unlearnt(names: Sequence[str]) -> tuple[str, str]:
    """Problem and fix for classes that have validation rows and no training rows."""
    listed = examples(map(repr, names))
    problem = ngettext(
        "the class {listed} has validation rows and no training rows",
        "the classes {listed} have validation rows and no training rows",
        len(names),
    ).format(listed=listed)
    return problem, _("add training rows of them, or take these rows out")


def _plain(column: Sequence[Any]) -> Sequence[Any]:
    """The cells as Python values: of a `datasets` column in one go, which is much faster than one by one."""
    source, name = getattr(column, "source", None), getattr(column, "column_name", "")
    if hasattr(source, "select_columns"):
        return [cell for table in columns.batches(source, [name]) for cell in columns.values(table.column(name), name)]
    for method in ("to_pylist", "tolist"):  # of Arrow; of NumPy, pandas and torch
        if hasattr(column, method):
            plain: list[Any] = getattr(column, method)()
            return plain
    return column
