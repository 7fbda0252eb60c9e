"""Cells of the label column to what a loss takes, and which cells cannot be."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from warmstart.errors import MOST_EXAMPLES, UserError, examples, number_of
from warmstart.heads.cells import MISSING, UNKNOWN
from warmstart.heads.head import Encoded
from warmstart.messages import _, ngettext
from warmstart.table import columns

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

    from warmstart.table.task import Task


def cells_of(task: "Task", table: "pa.Table") -> list[Any]:
    """The cells of labels of some rows [rows]; a list a row where they are in several columns."""
    found = [columns.values(table.column(name), name) for name in task.label_columns]
    return [list(row) for row in zip(*found, strict=True)] if task.notation.columns else found[0]


def encode(task: "Task", dataset: "datasets.Dataset") -> Encoded:
    """The labels of a split, as `encode_labels` gives them."""
    return _encoded(task, (cells_of(task, table) for table in columns.batches(dataset, list(task.label_columns))), 0)


def encode_labels(task: "Task", column: Sequence[Any], first: int = 0) -> Encoded:
    """A label column as int64 class ids [rows], float32 zeros and ones [rows, classes] or float32 numbers [rows].

    Raises UserError naming the rows whose cell is missing or stands for none of the task's classes. Rows are counted
    from 1, after `first` rows before the column's.
    """
    return _encoded(task, [_plain(column)], first)


def _encoded(task: "Task", parts: Iterable[Sequence[Any]], first: int) -> Encoded:
    """The labels of rows that come in parts, so that their cells need not all be Python values at once."""
    encoded, faults = [], []
    bad: dict[int, list[Any]] = {MISSING: [], UNKNOWN: []}
    for cells in parts:
        found, fault = task.read(cells)
        for what, some in bad.items():
            some += [cells[row] for row in np.flatnonzero(fault == what)[: MOST_EXAMPLES - len(some)].tolist()]
        encoded.append(found)
        faults.append(fault)
    all_faults = np.concatenate(faults) if faults else np.empty(0, np.int8)
    for what, some in bad.items():
        if some:
            raise UserError(*phrases(task, what, first + np.flatnonzero(all_faults == what), some))
    return cast("Encoded", np.concatenate(encoded or [task.read([])[0]]))


def are_there(task: "Task", dataset: "datasets.Dataset") -> bool:
    """Whether a split has the columns of labels, if the task has any."""
    return bool(task.label_columns) and {*task.label_columns} <= {*dataset.column_names}


def has_labels(task: "Task", dataset: "datasets.Dataset") -> bool:
    """Whether a split has labels: not if the column is not there, or if every cell is missing (-1 in GLUE's tests)."""
    return are_there(task, dataset) and any(
        task.has_label(cells_of(task, table)) for table in columns.batches(dataset, list(task.label_columns))
    )


def phrases(task: "Task", fault: int, rows: npt.NDArray[np.int64], cells: Sequence[Any]) -> tuple[str, str, str]:
    """Problem, place and fix for the rows (from 0) with a fault; `cells` are the first ones'."""
    where = _("{rows}, column {label!r}").format(rows=columns.listed(rows), label=task.label)
    problem, fix = task.head.bad_cells(fault, number_of(len(rows)), cells)
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
