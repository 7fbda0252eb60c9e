"""What is decided of a label column, and the phrases of it that more than one kind of task has."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from warmstart import visible
from warmstart.errors import UserError, examples
from warmstart.heads.cells import Holds, Value, is_missing
from warmstart.heads.notation import PLAIN, Notation
from warmstart.messages import _

MANY = 50  # different values; beyond it they are classes only if they come again and again


@dataclass(frozen=True)
class LabelColumn:
    """What is known of the column of labels before its cells are counted. `notation`: how they are written, as the
    user has asked for it, and once `Head.written` was asked as the cells tell it."""

    name: str
    holds: Holds  # as a sample of the cells has it
    rows: int
    is_score: bool  # its name speaks of a quantity rather than of classes
    notation: Notation = PLAIN


@dataclass(frozen=True)
class Decision:
    """The kind, the classes in the order of their ids, the cell that stands for each, and one phrase."""

    kind: str
    classes: tuple[str, ...]
    values: tuple[Value, ...]
    reason: str


def named(kind: str, classes: Sequence[str]) -> Decision:
    """For a column whose type gives the class names, in the order of their ids."""
    shown = listed(classes)
    reason = _("{classes} classes, named by the data set: {shown}").format(classes=len(classes), shown=shown)
    return Decision(kind, tuple(classes), tuple(range(len(classes))), reason)


def class_names(values: Sequence[Value]) -> tuple[str, ...]:
    """The class that each cell stands for: `1.0` for the class `1`."""
    return tuple(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value) for value in values)


def most_values(rows: int) -> int:
    """How many different values there may be at most if they are classes."""
    return max(MANY, rows // 2)


def filled(counts: Mapping[Value, int]) -> dict[Value, int]:
    """The counts of the values that are not blank."""
    return {value: number for value, number in counts.items() if not (isinstance(value, str) and not value.strip())}


def some_text(values: Iterable[Value], most: int) -> list[str]:
    """The first values of text that are not blank."""
    return [value for value in itertools.islice(values, most) if isinstance(value, str) and not is_missing(value)]


def refuse_options(notation: Notation, kind: str, *options: str) -> None:
    """Raises UserError if the user has given one of the `options` that say nothing of this kind of task."""
    given = {
        "--label-separator": notation.separator,
        "--label-empty": notation.empty,
        "--decimal": notation.decimal,
    }
    for option in options:
        if given[option] is not None:
            raise UserError(
                _("{option} says nothing where the kind of task is {kind!r}").format(option=option, kind=kind),
                option,
                _("leave it out, or say another --kind"),
            )


def listed(classes: Sequence[str]) -> str:
    """The first classes, and how many more there are."""
    return examples(map(visible.line, classes), most=6)


def as_asked() -> str:
    """What ends the phrase where the user named the kind."""
    return _(", as asked")


def no_labels(column: LabelColumn) -> UserError:
    """For a column that is empty."""
    return UserError(
        _("column {name!r} has no labels at all").format(name=column.name),
        fix=_("give labels, or name another column with --label"),
    )


def only_marks(column: LabelColumn) -> UserError:
    """For a column in which every number says that there is no label."""
    return UserError(
        _("column {name!r} has no labels: all are -1 or -100").format(name=column.name),
        fix=_("give labels, or name another column with --label"),
    )


def too_many_values(column: LabelColumn, limit: int) -> NoReturn:
    """Raises UserError for a column that has more different values than classes can have."""
    not_a_label(
        column,
        _("has more than {limit:,} different values in {rows:,} rows").format(limit=limit, rows=column.rows),
    )


def not_a_label(column: LabelColumn, what: str) -> NoReturn:
    """Raises UserError for a column that is probably no label, for the reason `what`."""
    raise UserError(
        _("column {name!r} {what}: probably not a label").format(name=column.name, what=what),
        fix=_("name another column with --label; or if it is meant, say --kind classes or --kind number"),
    )
