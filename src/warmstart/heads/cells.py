"""Cells of a label column: what they say, and which of them mean that there is no label."""

import math
import re
from typing import Any, Literal

from warmstart.messages import _

OK, MISSING, UNKNOWN = 0, 1, 2  # faults of a cell
MARKS = (-1.0, -100.0)  # numbers that mean "no label", where they are no class
INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
DATE = re.compile(
    r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([ T]\d{1,2}:\d{2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", re.ASCII
)

Value = str | int | float | bool
Holds = Literal["text", "integer", "float", "boolean", "class", "list", "date", "other"]  # what a column's cells are


def is_number(value: Value) -> bool:
    """Whether a cell is a number or text that says one."""
    if isinstance(value, str):
        return NUMBER.fullmatch(value.strip()) is not None
    return not isinstance(value, bool)


def is_scalar(cell: object) -> bool:
    """Whether a cell holds one value or nothing, and no list."""
    return isinstance(cell, (str, int, float, bool)) or cell is None


def is_missing(cell: object) -> bool:
    """Whether a cell is null, NaN or blank."""
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def is_mark(cell: Any) -> bool:
    """Whether a cell is one of `MARKS`, as a number or written as text."""
    return (
        is_scalar(cell) and cell is not None and not isinstance(cell, bool) and is_number(cell) and float(cell) in MARKS
    )


def shown(cell: object) -> str:
    """A cell as a message shows it."""
    return _("empty") if cell is None or cell == "" else repr(cell)
