"""Which columns are the text, the second text and the label: what speaks for each is weighed, and where two are close
the user is asked.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from warmstart.errors import UserError, examples
from warmstart.messages import _
from warmstart.table import names, several, weigh
from warmstart.table.columns import Column
from warmstart.table.weigh import Weighed

PROSE = 20  # characters on average; a column of text worth mentioning is at least that long
GENERAL = 6.0  # points for its name; `label` or `sentiment` is the label even beside other columns of zeros and ones
SEVERAL = 3  # columns of zeros and ones: likelier several labels of a row than one label and two other things
MOST_LISTED = 40  # candidates


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
        last = columns[-1].name if columns else ""
        label, why_label = _label([column for column in columns if column.name not in (text_name, pair)], last)
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


def _label(columns: list[Column], last: str) -> tuple[str, str]:
    """The label column and why."""
    weighed = weigh.as_labels(columns, last)
    if not weighed:
        listed = examples(repr(column.name) for column in columns)
        raise UserError(
            _("no column looks like a label"),
            _("columns {listed}").format(listed=listed),
            _("say which is with --label"),
        )
    best, others = weighed[0], weighed[1:]
    if _close(weighed, weigh.LABEL_MARGIN) or _is_one_of_several(best, others):
        problem = _("several columns could be the label: {listed}").format(listed=_listed(weighed))
        several_labels = several.line([one.column for one in weighed])
        fix = _options(weighed, "--label") + (f"\n{several_labels}" if several_labels else "")
        raise UserError(problem, fix=fix)
    named = [repr(other.column.name) for other in others if other.name >= weigh.NAMED]
    also = _("; not {others}").format(others=examples(named)) if named else ""
    by_name = best.name >= weigh.NAMED
    name = best.column.name
    if by_name:
        return name, _("label: {name!r}, by its name{also}").format(name=name, also=also)
    return name, _("label: {name!r}, by its values{also}").format(name=name, also=also)


def _texts(columns: list[Column], pair: str | None) -> tuple[str, str | None, list[str]]:
    """The text column, the second one and why. `pair` is kept if it is named."""
    weighed = weigh.as_texts([column for column in columns if column.name != pair])
    prose = [one.column for one in weighed if one.column.holds == "text"]
    others = [column.name for column in prose if names.text(column.name) or not names.label(column.name)]
    together = names.pairs(others + ([pair] if pair else []))
    together = [both for both in together if pair in (None, both[1])]
    if len(together) > 1:
        raise _asked_for_pair(together)
    if together:
        listed = " + ".join(together[0])
        why = _("text: {listed}, which belong together by their names").format(listed=listed)
        return *together[0], [why]
    if not weighed:
        listed = examples(repr(column.name) for column in columns)
        raise UserError(
            _("no column holds text"),
            _("columns {listed}").format(listed=listed),
            _("say which does with --text"),
        )
    if _close(weighed, weigh.TEXT_MARGIN):
        problem = _("several columns could be the text: {listed}").format(listed=_listed(weighed))
        raise UserError(problem, fix=_options(weighed, "--text"))
    best = weighed[0]
    by_name = best.name >= weigh.NAMED
    if by_name:
        reasons = [_("text: {name!r}, by its name").format(name=best.column.name)]
    else:
        reasons = [_("text: {name!r}, which has the longest texts").format(name=best.column.name)]
    left = [column.name for column in prose if column is not best.column and column.length >= PROSE]
    left = [name for name in left if names.label(name) < weigh.NAMED]
    if left and pair is None:
        listed, first = examples(map(repr, left)), left[0]
        reasons.append(
            _("{listed}: text too, not read (--pair {first} reads both, --text {first} that one instead)").format(
                listed=listed, first=shlex.quote(first)
            )
        )
    return best.column.name, pair, reasons


def _close(weighed: list[Weighed], margin: float) -> bool:
    return len(weighed) > 1 and weighed[0].points - weighed[1].points < margin


def _is_one_of_several(best: Weighed, others: list[Weighed]) -> bool:
    """Whether the label would be one of several columns of zeros and ones, as where a row can have several labels."""
    if best.name >= GENERAL or not best.column.is_flag:
        return False
    return 1 + sum(other.column.is_flag and other.name >= 0 for other in others) >= SEVERAL


def _listed(weighed: list[Weighed]) -> str:
    return examples((repr(one.column.name) for one in weighed), MOST_LISTED)


def _options(weighed: list[Weighed], option: str) -> str:
    """All columns that could be meant, the likeliest first: the option that takes each, and some of its values."""
    lines = [
        f"  {option} {shlex.quote(one.column.name)}  ({', '.join(one.column.examples)})"
        for one in weighed[:MOST_LISTED]
    ]
    return "\n".join([_("say which:"), *lines])


def _asked_for_pair(together: list[tuple[str, str]]) -> UserError:
    listed = ", ".join(f"{one!r} + {other!r}" for one, other in together)
    lines = [f"  --text {shlex.quote(one)} --pair {shlex.quote(other)}" for one, other in together]
    return UserError(
        _("several pairs of columns could be the texts: {listed}").format(listed=listed),
        fix="\n".join([_("say which:"), *lines]),
    )
