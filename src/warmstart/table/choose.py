"""Which columns are the text, the second text and the label: by their names, then by what they hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from warmstart.errors import UserError, examples, text
from warmstart.table import names
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
        why_label = text(f"label: {label!r}, as asked", f"标签列: {label!r} (由您指定)")
    rest = [column for column in columns if column.name != label]
    if text_name is None:
        text_name, pair, why_text = _texts(rest, pair)
    else:
        both = text_name if pair is None else f"{text_name} + {pair}"
        why_text = [text(f"text: {both}, as asked", f"文本列: {both} (由您指定)")]
    used = [name for name in (text_name, pair, label) if name is not None]
    if len(set(used)) < len(used):
        raise UserError(
            text("one column is used twice", "同一列被使用了两次"),
            text(
                f"text {text_name!r}, pair {pair!r}, label {label!r}",
                f"文本 {text_name!r}, 第二文本 {pair!r}, 标签 {label!r}",
            ),
            text("name another with --text, --pair or --label", "请用 --text、--pair 或 --label 指定另一列"),
        )
    return Choice(text_name, pair, label, (*why_text, why_label))


def _label(columns: Sequence[Column]) -> tuple[str, str]:
    """The label column and why."""
    pool = [column for column in columns if not names.is_id(column.name)]
    named = [column for column in pool if _is_named_label(column) and not _is_prose(column)]
    if named:
        best = min(named, key=lambda column: names.rank(column.name, names.LABELS))
        others = [repr(column.name) for column in named if column is not best]
        also = text(f"; not {examples(others)}", f"; 未选 {examples(others)}") if others else ""
        return best.name, text(f"label: {best.name!r}, by its name{also}", f"标签列: {best.name!r} (根据列名{also})")
    for likely in (
        [column for column in pool if column.holds in ("class", "list", "boolean")],
        [column for column in pool if column.holds in ("integer", "float") and not _numbers_rows(column)],
        [column for column in pool if column.holds == "text" and _repeats(column)],
    ):
        if len(likely) == 1:
            name = likely[0].name
            return name, text(f"label: {name!r}, by its values", f"标签列: {name!r} (根据取值判断)")
        if likely:
            listed = examples(repr(column.name) for column in likely)
            raise UserError(
                text(f"several columns could be the label: {listed}", f"有多列可能是标签: {listed}"),
                fix=text("say which with --label", "请用 --label 指明"),
            )
    listed = examples(repr(column.name) for column in columns)
    raise UserError(
        text("no column looks like a label", "没有哪一列像是标签"),
        text(f"columns {listed}", f"列 {listed}"),
        text("say which is with --label", "请用 --label 指明"),
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
        why = text(f"text: {listed}, which belong together by their names", f"文本列: {listed} (根据列名判断为一对)")
        return *together, [why]
    named = [column for column in strings if names.rank(column.name, names.TEXTS) < len(names.TEXTS)]
    if named:
        best = min(named, key=lambda column: names.rank(column.name, names.TEXTS))
        why = text(f"text: {best.name!r}, by its name", f"文本列: {best.name!r} (根据列名)")
    elif prose:
        best = max(prose, key=lambda column: column.length)
        why = text(f"text: {best.name!r}, which has the longest texts", f"文本列: {best.name!r} (文字最长)")
    else:
        listed = examples(repr(column.name) for column in columns)
        raise UserError(
            text("no column holds text", "没有文本列"),
            text(f"columns {listed}", f"列 {listed}"),
            text("say which does with --text", "请用 --text 指明"),
        )
    reasons = [why]
    others = [
        column for column in prose if column is not best and column.length >= PROSE and not _is_named_label(column)
    ]
    if others and pair is None:
        listed, first = examples(repr(column.name) for column in others), others[0].name
        reasons.append(
            text(
                f"{listed}: text too, not read (--pair {first} reads both, --text {first} that one instead)",
                f"未使用的其他文本列: {listed} (--pair {first} 同时使用两列, --text {first} 改用该列)",
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
