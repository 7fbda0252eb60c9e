"""How much speaks for a column as the label, and as the text: its name, its values, its place, what it lacks.

Points are added up and compared; one alone means nothing. What a name says is in `names`.
"""

import math
from dataclasses import dataclass

from warmstart.table import names
from warmstart.table.columns import Column

LONG_LABEL = 100  # characters on average; beyond it a column named "target" is a text to be written, not a class
SHORT = 40  # characters on average; a label nobody named as such is at most that long
WORDY = 16  # characters on average; longer texts are likelier to be what is read
LABEL_MARGIN, TEXT_MARGIN = 2.0, 1.5  # points; of two columns that are closer, the user says which
NAMED = 2.0  # points for its name; from there on the name may be called the reason


@dataclass(frozen=True)
class Weighed:
    """A column and what speaks for it, in points."""

    column: Column
    name: float
    values: float
    lacks: float  # of its cells, some are empty
    place: float

    @property
    def points(self) -> float:
        return self.name + self.values + self.place - self.lacks


def as_labels(columns: list[Column], last: str) -> list[Weighed]:
    """The columns that can be the label, those that most speaks for first. `last`: the last column of the table."""
    weighed = [
        Weighed(
            column,
            names.label(column.name) - names.tells_about(column.name),
            _label_values(column),
            _lacks(column),
            0.25 if column.name == last else 0.0,
        )
        for column in columns
        if _can_be_label(column)
    ]
    return sorted(weighed, key=lambda one: -one.points)


def as_texts(columns: list[Column]) -> list[Weighed]:
    """The columns that can be the text, those that most speaks for first."""
    weighed = [
        Weighed(
            column,
            names.text(column.name) - (4 if names.is_no_text(column.name) else 0),
            _text_values(column) - (3 if names.label(column.name) >= 4 else 0),
            _lacks(column),
            0.0,
        )
        for column in columns
        if column.is_string
        and not names.is_id(column.name)
        and (column.holds == "text" or names.text(column.name) >= NAMED)
    ]
    return sorted(weighed, key=lambda one: -one.points)


def _can_be_label(column: Column) -> bool:
    if names.is_id(column.name):
        return False
    if names.label(column.name) >= NAMED:
        return not (column.holds == "text" and column.length > LONG_LABEL)
    match column.holds:
        case "class" | "list" | "boolean":
            return True
        case "integer" | "float":
            return not _numbers_rows(column)
        case "text":
            return column.length <= SHORT and column.sampled > 2 and column.distinct <= max(2, column.sampled / 2)
    return False


def _label_values(column: Column) -> float:
    """Few values that come again and again are classes; words more surely than numbers, which may count something."""
    few = column.distinct
    match column.holds:
        case "class":
            return 5
        case "list":
            return 4
        case "date" | "other":
            return -3
    if few < 2:
        return -3
    if column.holds == "float" and (few > 2 or names.is_score(column.name)):
        return 2 if names.is_score(column.name) else 1
    if _numbers_rows(column) or few > column.sampled / 2:
        return 0
    if column.holds == "text":
        return 3 if few <= 20 else 2 if few <= 100 else 1
    if few == 2:
        return 3
    return 2.5 if few <= 12 else 1.5 if few <= 50 else 1


def _text_values(column: Column) -> float:
    """Long texts, each another."""
    if column.holds != "text":
        return -4
    points = min(max(math.log2(max(column.length, 1) / WORDY), -1), 4)
    return points - (3 if column.sampled > 20 and column.distinct <= column.sampled / 4 else 0)


def _lacks(column: Column) -> float:
    return 5 if column.filled < 0.1 else 2 if column.filled < 0.5 else 1 if column.filled < 0.9 else 0


def _numbers_rows(column: Column) -> bool:
    """Whether a column of numbers looks like an id: never the same one twice."""
    return column.holds == "integer" and column.sampled > 20 and column.distinct == column.sampled
