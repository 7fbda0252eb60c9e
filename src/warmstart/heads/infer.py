"""Which kind of task a label column means when nobody says: one class a row, several labels a row or a number.

The functions are those that a kind itself has for the user who asks for it (see `head.Head`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from warmstart.errors import UserError, examples
from warmstart.heads import decision
from warmstart.heads.cells import DATE, Value, is_number
from warmstart.heads.classes import Classes
from warmstart.heads.decision import MANY, Decision, LabelColumn, most_values
from warmstart.heads.labels import Labels
from warmstart.heads.number import Number
from warmstart.messages import _

__all__ = ["Mixture", "most_values", "of_lists", "of_names", "of_scalars"]

FEW = 20  # different whole numbers written as fractions (1.0); beyond it they are measurements


class Mixture(UserError):
    """Numbers and words in one column. `odd`: the cells of whichever are in fewer rows."""

    def __init__(self, problem: str, fix: str, odd: list[Value]) -> None:
        super().__init__(problem, fix=fix)
        self.odd = odd


def of_names(classes: Sequence[str], is_list: bool) -> Decision | None:
    """For a column whose type gives the class names, in the order of their ids."""
    return (Labels if is_list else Classes).of_names(classes, is_list)


def of_lists(column: LabelColumn, counts: Counter[Any], lengths: Iterable[int]) -> Decision:
    """For a column of lists, as `Labels.of_lists`."""
    return Labels.of_lists(column, counts, lengths)


def of_scalars(column: LabelColumn, counts: Mapping[Value, int] | None) -> Decision:
    """For a column of one value a row. Raises UserError if it is probably no label, Mixture for numbers and words.

    `counts`: how often each value occurs, or None if there are more than `most_values(rows)` values.
    """
    if counts is None:
        return _of_many(column)
    counts = decision.filled(counts)
    if not counts:
        raise decision.no_labels(column)
    numbers = [value for value in counts if is_number(value)]
    if 0 < len(numbers) < len(counts):
        _refuse_mixture(column, counts)
    if len(numbers) == len(counts):
        return _of_numbers(column, counts)
    if all(DATE.fullmatch(str(value)) for value in counts):
        decision.not_a_label(column, _("holds dates"))
    return Classes.of_values(sorted(counts, key=str))


def _of_numbers(column: LabelColumn, counts: Mapping[Value, int]) -> Decision:
    unmarked, note = _without_marks(counts)
    if not unmarked:
        raise decision.only_marks(column)
    ordered = sorted(unmarked, key=lambda value: (float(value), str(value)))
    amounts = [float(value) for value in ordered]
    is_whole = all(amount.is_integer() for amount in amounts)
    if not is_whole:
        return _number(column)
    if column.holds == "float" and len(ordered) > FEW:
        return _number(column)
    runs_on = amounts[0] in (0, 1) and amounts[-1] - amounts[0] == len(set(amounts)) - 1
    if len(ordered) > MANY and column.is_score and not runs_on:
        return _number(column)
    return Classes.of_values(ordered, _(" (--kind number: a number)") + note)


def _without_marks(counts: Mapping[Value, int]) -> tuple[list[Value], str]:
    """The values less those that mark a missing label, and a phrase about -1, which may be either.

    -100 always marks one. -1 does beside 0, 1 ... n-1, as in GLUE's test splits; but where it is as common as a class
    is (sentiment written -1, 0, 1), and where the other numbers do not count from 0, it is a class.
    """
    values = [value for value in counts if float(value) != -100]
    others = sorted({float(value) for value in values} - {-1.0})
    minus = [value for value in values if float(value) == -1]
    if not minus or others != [float(i) for i in range(len(others))] or len(others) < 2:
        return (values if others else []), ""
    if len(others) == 2 and sum(counts[value] for value in minus) >= 0.05 * sum(counts.values()):
        return values, _("; -1 is taken for a class")
    kept = [value for value in values if value not in minus]
    return kept, _("; -1 is taken for a missing label (--kind classes: for a class)")


def _of_many(column: LabelColumn) -> Decision:
    """More values than classes can have: a number, or no label."""
    if column.holds == "float" or (column.holds == "integer" and column.is_score):
        return _number(column)
    return decision.too_many_values(column, most_values(column.rows))


def _number(column: LabelColumn) -> Decision:
    return Number.of_column(column, _(" (--kind classes: classes)"))


def _refuse_mixture(column: LabelColumn, counts: Mapping[Value, int]) -> NoReturn:
    words = sorted((value for value in counts if not is_number(value)), key=lambda value: (-counts[value], str(value)))
    digits = sorted((value for value in counts if is_number(value)), key=lambda value: (-counts[value], str(value)))
    some, others = examples(map(repr, digits), 3), examples(map(repr, words), 3)
    raise Mixture(
        _("column {name!r} mixes numbers ({some}) and words ({others})").format(
            name=column.name, some=some, others=others
        ),
        fix=_("mend the rows, or if each is the name of a class say --kind classes"),
        odd=min(words, digits, key=lambda cells: sum(counts[cell] for cell in cells)),
    )
