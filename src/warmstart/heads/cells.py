"""Cells of a label column: what they say, and which of them mean that there is no label."""

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Literal

from warmstart.errors import UserError
from warmstart.messages import _

OK, MISSING, UNKNOWN = 0, 1, 2  # faults of a cell
LONGEST = 100  # characters of a number in other digits than those of ASCII
ARABIC = str.maketrans({"٫": ".", "٬": ",", "٪": "%"})
MOST_ODD = 1_000  # different cells that an error keeps, to find their rows
MARKS = (-1.0, -100.0)  # numbers that mean "no label", where they are no class
INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
DATE = re.compile(
    r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([ T]\d{1,2}:\d{2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", re.ASCII
)

Value = str | int | float | bool
Holds = Literal["text", "integer", "float", "boolean", "class", "list", "date", "other"]  # what a column's cells are


class OddCells(UserError):
    """An error of some cells of a column: `odd`, by which their rows can be found."""

    def __init__(self, problem: str, fix: str, odd: Sequence[Value]) -> None:
        super().__init__(problem, fix=fix)
        self.odd = [*odd[:MOST_ODD]]


def digits(text: str) -> str:
    """The text with digits, points and signs of full width, and digits of any script, as those of ASCII."""
    if text.isascii() or len(text) > LONGEST:
        return text
    wide = unicodedata.normalize("NFKC", text).translate(ARABIC)
    return "".join(str(unicodedata.decimal(char, char)) for char in wide)


def is_number(value: object) -> bool:
    """Whether a cell is a number or text that says one."""
    if isinstance(value, str):
        return NUMBER.fullmatch(digits(value).strip()) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: Value) -> float:
    """The number that a cell is or says, where `is_number`."""
    try:
        return float(digits(value)) if isinstance(value, str) else float(value)
    except OverflowError:  # an int of more than 308 digits
        return math.inf


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
    return is_number(cell) and number(cell) in MARKS


def shown(cell: object) -> str:
    """A cell as a message shows it."""
    return _("empty") if cell is None or cell == "" else repr(cell)
