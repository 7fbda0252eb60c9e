"""Which kind of task a label column means when nobody says: one class a row, several labels a row or a number.

The functions are those that a kind itself has for the user who asks for it (see `head.Head`).
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from warmstart.errors import examples
from warmstart.heads import alike, decision, lists, quantities
from warmstart.heads.cells import DATE, NUMBER, OddCells, Value, is_missing, is_number, number
from warmstart.heads.classes import Classes
from warmstart.heads.decision import MANY, Decision, LabelColumn, most_values
from warmstart.heads.labels import Labels
from warmstart.heads.notation import Notation
from warmstart.heads.number import Number
from warmstart.messages import _

__all__ = ["most_values", "no_lists", "of_columns", "of_lists", "of_names", "of_scalars", "written"]

FEW = 20  # different whole numbers written as fractions (1.0); beyond it they are measurements


def written(column: LabelColumn, values: Iterable[Value]) -> Notation:
    """How the cells are written, as the kind has it that they speak for. Raises UserError where they are several labels
    joined by a sign, which may also be part of a name, and as `Head.written` does."""
    asked = column.notation
    if asked.separator is not None or asked.empty is not None:
        return Labels.written(column, values)
    if asked.decimal is not None:
        return Number.written(column, values)
    cells = decision.some_text(values, lists.MOST)
    if not cells or all(map(DATE.fullmatch, cells)):
        return asked
    if all(map(is_number, cells)):  # thousands may be rare
        rest = (value for value in values if isinstance(value, str) and not NUMBER.fullmatch(value))
        cells += [value for value in itertools.islice(rest, lists.MOST) if not is_missing(value)]
    if lists.are_lists(cells):
        return Labels.written(column, values)
    numbers = [cell for cell in cells if is_number(cell) or quantities.is_quantity(cell)]
    of_numbers = 2 * len(numbers) > len(cells) and not all(map(is_number, numbers))
    sign = lists.joined_by(cells)
    known = {*numbers}
    words = [cell for cell in cells if cell not in known]
    if sign is not None and (any(sign in word for word in words) or not (of_numbers and _has_halves(numbers, sign))):
        raise _joined(column, cells, sign, of_numbers and not words)
    if of_numbers and words:
        raise _mixture(column, numbers, words, words)
    return Number.written(column, values) if of_numbers else asked


def _has_halves(numbers: list[str], sign: str) -> bool:
    """Whether parts joined by a comma are numbers like 3,5 and 4,0, or else like nothing that lists of labels are: of
    those each would be in ascending order and have its labels once."""
    parts = [[int(part) for part in lists.split(cell, sign) if part.isdecimal()] for cell in numbers if sign in cell]
    halves = {one[-1] for one in parts if one} <= {0, 5}
    return halves or any(len(one) < 2 or one != sorted({*one}) for one in parts)


def _joined(column: LabelColumn, cells: list[str], sign: str, of_numbers: bool) -> OddCells:
    some = [cell for cell in cells if sign in cell]
    numbers = _("; --decimal comma or --decimal point reads them as numbers") if of_numbers else ""
    return OddCells(
        _("column {name!r} seems to hold several labels a row, joined by {sign!r}: {listed}").format(
            name=column.name, sign=sign, listed=examples(map(repr, some), 3)
        ),
        _(
            "--label-separator {option} reads each part as a label; --kind classes takes each cell as the name of one "
            "class"
        ).format(option=lists.as_option(sign))
        + numbers,
        some,
    )


def no_lists(column: LabelColumn, odd: list[str]) -> OddCells:
    """For cells of text that are no lists, beside others that are."""
    return OddCells(
        _("column {name!r} holds lists written as text, but also {listed}").format(
            name=column.name, listed=examples(map(repr, odd), 3)
        ),
        _("write all as lists, [] for a row without labels; or say --kind classes"),
        odd,
    )


def of_columns(column: LabelColumn, names: Sequence[str]) -> Decision:
    """For several columns of zeros and ones."""
    return Labels.of_columns(column, names)


def of_names(classes: Sequence[str], is_list: bool) -> Decision | None:
    """For a column whose type gives the class names, in the order of their ids."""
    return (Labels if is_list else Classes).of_names(classes, is_list)


def of_lists(column: LabelColumn, counts: Counter[Any], lengths: Iterable[int]) -> Decision:
    """For a column of lists, as `Labels.of_lists`."""
    return Labels.of_lists(column, counts, lengths)


def of_scalars(column: LabelColumn, counts: Mapping[Value, int] | None) -> Decision:
    """For a column of one value a row. Raises UserError if it is probably no label, OddCells for numbers beside words.

    `counts`: how often each value occurs, or None if there are more than `most_values(rows)` values.
    """
    if column.notation.decimal is not None:
        return _number(column)
    if counts is None:
        return _of_many(column)
    counts = decision.filled(counts)
    if not counts:
        raise decision.no_labels(column)
    numbers = [value for value in counts if is_number(value)]
    if 0 < len(numbers) < len(counts):
        raise _of_counts(column, counts)
    if len(numbers) == len(counts):
        return _of_numbers(column, counts)
    if all(DATE.fullmatch(str(value)) for value in counts):
        decision.not_a_label(column, _("holds dates"))
    return Classes.of_counts(column, counts)


def _of_numbers(column: LabelColumn, counts: Mapping[Value, int]) -> Decision:
    unmarked, note = _without_marks(counts)
    if not unmarked:
        raise decision.only_marks(column)
    ordered = sorted(unmarked, key=lambda value: (number(value), str(value)))
    amounts = [*map(number, ordered)]
    is_whole = all(amount.is_integer() for amount in amounts)
    if not is_whole:
        return _number(column)
    if column.holds == "float" and len(ordered) > FEW:
        return _number(column)
    runs_on = amounts[0] in (0, 1) and amounts[-1] - amounts[0] == len(set(amounts)) - 1
    if len(ordered) > MANY and column.is_score and not runs_on:
        return _number(column)
    counts = {value: counts[value] for value in ordered}
    return Classes.of_counts(column, counts, _(" (--kind number: a number)") + note)


def _without_marks(counts: Mapping[Value, int]) -> tuple[list[Value], str]:
    """The values less those that mark a missing label, and a phrase about -1, which may be either.

    -100 always marks one. -1 does beside 0, 1 ... n-1, as in GLUE's test splits; but where it is as common as a class
    is (sentiment written -1, 0, 1), and where the other numbers do not count from 0, it is a class.
    """
    values = [value for value in counts if number(value) != -100]
    others = sorted({number(value) for value in values} - {-1.0})
    minus = [value for value in values if number(value) == -1]
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


def _of_counts(column: LabelColumn, counts: Mapping[Value, int]) -> OddCells:
    in_order = sorted(counts, key=lambda value: (-counts[value], str(value)))
    words = [value for value in in_order if not is_number(value)]
    numbers = [value for value in in_order if is_number(value)]
    return _mixture(column, numbers, words, min(words, numbers, key=lambda cells: sum(counts[cell] for cell in cells)))


def _mixture(column: LabelColumn, numbers: Sequence[Value], words: Sequence[Value], odd: Sequence[Value]) -> OddCells:
    some, others = examples(map(repr, numbers), 3), examples(map(repr, words), 3)
    fix = _("mend the rows, or if each is the name of a class say --kind classes")
    if all(map(alike.says_nothing, words)):
        fix = _(
            "leave out the rows of {others} if that says that there is no label, or mend them; if each is the name of "
            "a class say --kind classes"
        ).format(others=others)
    return OddCells(
        _("column {name!r} mixes numbers ({some}) and words ({others})").format(
            name=column.name, some=some, others=others
        ),
        fix,
        odd,
    )
