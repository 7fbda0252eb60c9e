"""Cells of the label column to what a loss takes, and which cells cannot be."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError, examples, text
from warmstart.heads.cells import MISSING, UNKNOWN
from warmstart.heads.head import Encoded
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
    where = text(f"{columns.listed(rows)}, column {task.label!r}", f"{columns.listed(rows)}, {task.label!r} 列")
    problem, fix = task.head.bad_cells(fault, columns.number_of(len(rows)), cells)
    return problem, where, fix


def unmeasured(names: Sequence[str]) -> tuple[str, str]:
    """Problem and consequence for classes that have training rows and no validation rows."""
    listed = examples(map(repr, names))
    problem = text(f"{_the_classes(names)} no validation rows", f"类别 {listed} 没有验证数据")
    return problem, text("metrics of their own cannot be measured", "无法单独计算这些类别的指标")


def unlearnt(names: Sequence[str]) -> tuple[str, str]:
    """Problem and fix for classes that have validation rows and no training rows."""
    listed = examples(map(repr, names))
    problem = text(
        f"{_the_classes(names)} validation rows and no training rows", f"类别 {listed} 有验证数据而没有训练数据"
    )
    return problem, text(
        "add training rows of them, or take these rows out", "请在训练集中加入这些类别的数据, 或从验证集中去掉这些行"
    )


def _the_classes(names: Sequence[str]) -> str:
    listed = examples(map(repr, names))
    return f"the class {listed} has" if len(names) == 1 else f"the classes {listed} have"


def _plain(column: Sequence[Any]) -> Sequence[Any]:
    """The cells as Python values: of a `datasets` column in one go, which is much faster than one by one."""
    source = getattr(column, "source", None)
    if hasattr(source, "select_columns"):
        name: str = column.column_name  # type: ignore[attr-defined]
        return [cell for table in columns.batches(source, [name]) for cell in columns.values(table.column(name), name)]
    for method in ("to_pylist", "tolist"):  # of Arrow; of NumPy, pandas and torch
        if hasattr(column, method):
            plain: list[Any] = getattr(column, method)()
            return plain
    return column
