"""Cells of the label column to what a loss takes, and which cells cannot be."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError, examples, text
from warmstart.heads.infer import is_number
from warmstart.table import columns

if TYPE_CHECKING:
    import datasets

    from warmstart.table.task import Task

OK, MISSING, UNKNOWN = 0, 1, 2  # faults
MARKS = (-1.0, -100.0)  # numbers that mean "no label", where they are no class
Encoded = npt.NDArray[np.int64] | npt.NDArray[np.float32]


def read(task: "Task", cells: Sequence[Any]) -> tuple[Encoded, npt.NDArray[np.int8]]:
    """The encoded cells, zeros where that cannot be, and the fault of each [rows]."""
    if task.kind == "classes":
        return _classes(task, cells)
    return _labels(task, cells) if task.kind == "labels" else _numbers(cells)


def encode_labels(task: "Task", column: Sequence[Any], first: int = 0) -> Encoded:
    """A label column as int64 class ids [rows], float32 zeros and ones [rows, classes] or float32 numbers [rows].

    Raises UserError naming the rows whose cell is missing or stands for none of the task's classes. Rows are counted
    from 1, after `first` rows before the column's.
    """
    cells = _plain(column)
    encoded, faults = read(task, cells)
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
        cells = columns.values(table.column(task.label), task.label)
        if task.kind == "number":  # -1 is a number like any other, unless there is nothing else
            if any(not _is_missing(cell) and (not is_number(cell) or float(cell) not in MARKS) for cell in cells):
                return True
        elif (read(task, cells)[1] != MISSING).any():
            return True
    return False


def codes(task: "Task", encoded: Encoded) -> npt.NDArray[np.int64]:
    """A number for each encoded row [rows], the same for the same label; within a run, as `columns.text_keys`."""
    if task.kind == "labels":
        return np.fromiter((hash(row.tobytes()) for row in encoded), np.int64, len(encoded))
    return encoded.astype(np.int64) if task.kind == "classes" else encoded.view(np.int32).astype(np.int64)


def phrases(task: "Task", fault: int, rows: npt.NDArray[np.int64], cells: Sequence[Any]) -> tuple[str, str, str]:
    """Problem, place and fix for the rows (from 0) with a fault; `cells` are the first ones'."""
    where = text(f"{columns.listed(rows)}, column {task.label!r}", f"{columns.listed(rows)}, {task.label!r} 列")
    many = columns.number_of(len(rows))
    shown = examples(dict.fromkeys(map(_shown, cells)), 3)
    if fault == MISSING:
        problem = text(f"no label in {many} ({shown})", f"{many}没有标签 ({shown})")
        return problem, where, text("give one, or leave the rows out", "请补上标签, 或去掉这些行")
    if task.kind == "number":
        problem = text(f"no finite number in {many} ({shown})", f"{many}的标签不是有限的数 ({shown})")
        return problem, where, text("mend the rows", "请修正这些行")
    if task.kind == "labels" and not task.values:
        places = len(task.classes)
        problem = text(f"no vector of zeros and ones in {many} ({shown})", f"{many}的标签不是 0/1 向量 ({shown})")
        return problem, where, text(f"give {places} zeros and ones", f"请给出 {places} 个 0 或 1")
    known = examples(map(_shown, task.values))
    problem = text(f"a label of no known class in {many} ({shown})", f"{many}的标签不属于任何已知类别 ({shown})")
    return problem, where, text(f"the classes are {known}", f"已知类别为 {known}")


def absent(task: "Task", encoded: Encoded) -> list[str]:
    """The classes that none of the encoded cells is of; none where a number is predicted."""
    if task.kind == "number":
        return []
    found = set(np.unique(np.nonzero(encoded)[1] if task.kind == "labels" else encoded).tolist())
    return [name for number, name in enumerate(task.classes) if number not in found]


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


def _classes(task: "Task", cells: Sequence[Any]) -> tuple[Encoded, npt.NDArray[np.int8]]:
    ids = {value: number for number, value in enumerate(task.values)}
    try:
        found = np.fromiter((ids.get(cell, -1) for cell in cells), np.int64, len(cells))
    except TypeError:  # a list has no place among the keys, and is no label here
        found = np.fromiter((ids.get(cell, -1) if _is_scalar(cell) else -1 for cell in cells), np.int64, len(cells))
    faults = np.zeros(len(cells), np.int8)
    for row in np.flatnonzero(found < 0).tolist():
        faults[row] = MISSING if _is_missing(cells[row]) or _is_mark(cells[row]) else UNKNOWN
    return np.maximum(found, 0), faults


def _labels(task: "Task", cells: Sequence[Any]) -> tuple[Encoded, npt.NDArray[np.int8]]:
    ids = {value: number for number, value in enumerate(task.values)}
    encoded = np.zeros((len(cells), len(task.classes)), np.float32)
    faults = np.zeros(len(cells), np.int8)
    for row, cell in enumerate(cells):
        if _is_missing(cell):
            faults[row] = MISSING
        elif not isinstance(cell, (list, tuple)):
            faults[row] = UNKNOWN
        elif cell and all(item is None or (_is_mark(item) and item not in ids) for item in cell):
            faults[row] = MISSING
        elif not task.values:
            if len(cell) == len(task.classes) and all(item in (0, 1) for item in cell):
                encoded[row] = cell
            else:
                faults[row] = UNKNOWN
        elif all(_is_scalar(item) and item in ids for item in cell):
            encoded[row, [ids[item] for item in cell]] = 1
        else:
            faults[row] = UNKNOWN
    return encoded, faults


def _numbers(cells: Sequence[Any]) -> tuple[Encoded, npt.NDArray[np.int8]]:
    encoded = np.zeros(len(cells), np.float32)
    faults = np.zeros(len(cells), np.int8)
    for row, cell in enumerate(cells):
        if _is_missing(cell):
            faults[row] = MISSING
        elif not _is_scalar(cell) or not (isinstance(cell, bool) or is_number(cell)):
            faults[row] = UNKNOWN
        else:
            with np.errstate(over="ignore"):
                encoded[row] = float(cell)
    faults[~np.isfinite(encoded)] = UNKNOWN
    encoded[faults != OK] = 0
    return encoded, faults


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


def _is_scalar(cell: object) -> bool:
    return isinstance(cell, (str, int, float, bool)) or cell is None


def _is_missing(cell: object) -> bool:
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _is_mark(cell: Any) -> bool:
    return (
        _is_scalar(cell)
        and cell is not None
        and not isinstance(cell, bool)
        and is_number(cell)
        and float(cell) in MARKS
    )


def _shown(cell: object) -> str:
    return text("empty", "空") if cell is None or cell == "" else repr(cell)
