"""Which columns are the text, the second text and the label: by their names, then by what they hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from warmstart.errors import UserError, examples
from warmstart.messages import _
from warmstart.table import names, several
from warmstart.table.columns import Column

LONG_LABEL = 100  # characters on average; beyond it a column named "target" is a text to be written, not a class
SHORT = 40  # characters on average; a label nobody named as such is at most that long
PROSE = 20  # characters on average; a column of text worth mentioning is at least that long


@dataclass(frozen=True)
class Choice:
    """Column names, and one phrase for each."""

    text: str
    pair: str | None
    label: str
    reasons: tuple[str, ...]


def choose(columns: Sequence[Column], text_name: str | None, pair: str | None, label: str | None) -> Choice:
    """The columns of the task; those that are named are kept. Raises UserError where a guess would be a gamble."""
    if label is None:
        label, why_label = _label([column for column in columns if column.name not in (text_name, pair)])
    else:
        why_label = _("label: {label!r}, as asked").format(label=label)
    rest = [column for column in columns if column.name != label]
    if text_name is None:
        text_name, pair, why_text = _texts(rest, pair)
    else:
        both = text_name if pair is None else f"{text_name} + {pair}"
        why_text = [_("text: {both}, as asked").format(both=both)]
    used = [name for name in (text_name, pair, label) if name is not None]
    if len(set(used)) < len(used):
        raise used_twice(text_name, pair, label)
    return Choice(text_name, pair, label, (*why_text, why_label))


def used_twice(text: str, pair: str | None, label: str) -> UserError:
    """For a column that is named twice."""
    return UserError(
        _("one column is used twice"),
        _("text {text_name!r}, pair {pair!r}, label {label!r}").format(text_name=text, pair=pair, label=label),
        _("name another with --text, --pair or --label"),
    )


def _label(columns: Sequence[Column]) -> tuple[str, str]:
    """The label column and why."""
    pool = [column for column in columns if not names.is_id(column.name)]
    named = [column for column in pool if _is_named_label(column) and not _is_prose(column)]
    if named:
        best = min(named, key=lambda column: names.rank(column.name, names.LABELS))
        if best.is_flag and names.rank(best.name, names.LABELS) == len(names.LABELS):  # `toxic_label`, `insult_label`
            _ask_for_several(named)
        others = [repr(column.name) for column in named if column is not best]
        also = _("; not {others}").format(others=examples(others)) if others else ""
        return best.name, _("label: {name!r}, by its name{also}").format(name=best.name, also=also)
    for likely in (
        [column for column in pool if column.holds in ("class", "list", "boolean")],
        [column for column in pool if column.holds in ("integer", "float") and not _numbers_rows(column)],
        [column for column in pool if column.holds == "text" and _repeats(column)],
    ):
        if len(likely) == 1:
            name = likely[0].name
            return name, _("label: {name!r}, by its values").format(name=name)
        if likely:
            listed = examples(repr(column.name) for column in likely)
            _ask_for_several(likely)
            raise UserError(
                _("several columns could be the label: {listed}").format(listed=listed),
                fix=_("say which with --label"),
            )
    listed = examples(repr(column.name) for column in columns)
    raise UserError(
        _("no column looks like a label"),
        _("columns {listed}").format(listed=listed),
        _("say which is with --label"),
    )


def _ask_for_several(likely: Sequence[Column]) -> None:
    """Raises UserError if several of the columns hold zeros and ones: likelier several labels of a row than one."""
    if option := several.line(likely):
        listed = examples(repr(column.name) for column in likely)
        raise UserError(
            _("several columns could be the label: {listed}").format(listed=listed),
            fix="\n".join([_("say which with --label"), option]),
        )


def _texts(columns: Sequence[Column], pair: str | None) -> tuple[str, str | None, list[str]]:
    """The text column, the second one and why. `pair` is kept if it is named."""
    strings = [
        column for column in columns if column.is_string and not names.is_id(column.name) and column.name != pair
    ]
    prose = [column for column in strings if column.holds == "text"]
    together = names.pair([column.name for column in prose] + ([pair] if pair else []))
    if together and pair in (None, together[1]):
        listed = " + ".join(together)
        why = _("text: {listed}, which belong together by their names").format(listed=listed)
        return *together, [why]
    named = [column for column in strings if names.rank(column.name, names.TEXTS) < len(names.TEXTS)]
    if named:
        best = min(named, key=lambda column: names.rank(column.name, names.TEXTS))
        why = _("text: {name!r}, by its name").format(name=best.name)
    elif prose:
        best = max(prose, key=lambda column: column.length)
        why = _("text: {name!r}, which has the longest texts").format(name=best.name)
    else:
        listed = examples(repr(column.name) for column in columns)
        raise UserError(
            _("no column holds text"),
            _("columns {listed}").format(listed=listed),
            _("say which does with --text"),
        )
    reasons = [why]
    others = [
        column for column in prose if column is not best and column.length >= PROSE and not _is_named_label(column)
    ]
    if others and pair is None:
        listed, first = examples(repr(column.name) for column in others), others[0].name
        reasons.append(
            _("{listed}: text too, not read (--pair {first} reads both, --text {first} that one instead)").format(
                listed=listed, first=first
            )
        )
    return best.name, pair, reasons


def _is_named_label(column: Column) -> bool:
    return names.rank(column.name, names.LABELS) < len(names.LABELS) or names.names_label(column.name)


def _is_prose(column: Column) -> bool:
    return column.holds == "text" and column.length > LONG_LABEL


def _numbers_rows(column: Column) -> bool:
    """Whether an unnamed column of numbers looks like an id: never the same one twice."""
    return column.holds == "integer" and column.sampled > 20 and column.distinct == column.sampled


def _repeats(column: Column) -> bool:
    return column.length <= SHORT and column.sampled > 2 and column.distinct <= max(2, column.sampled / 2)
