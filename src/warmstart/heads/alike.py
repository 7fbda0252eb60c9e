"""Labels that a person takes for one: `pos` and `Pos `, `1` and `1.0`, full and half width, two forms of Unicode."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from warmstart.errors import examples, number_of
from warmstart.heads.cells import OddCells, Value
from warmstart.messages import _

MOST_GROUPS = 6  # that a message lists
PLAIN_NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*?)0*)?", re.ASCII)  # zeros before a number make it a code: 007
TAGS = range(0xE0020, 0xE0080)  # by which the flags of England and of Scotland differ, though they are "format"
SELECTORS = (*range(0xFE00, 0xFE10), *range(0x180B, 0x180E))  # say how the character before is drawn
FILLERS = (0x115F, 0x1160)  # letters of Hangul that nobody sees
SAME_SIGN = str.maketrans({**dict.fromkeys("‘’ʼ`´", "'"), **dict.fromkeys("“”", '"'), "−": "-", "⠀": " "})
NO_VALUE = frozenset(
    """
    nan none null nil na n/a n.a n.a. #n/a #n/a! <na> <null> <none> (null) nat undefined missing
    - -- --- ? ?? ??? . .. ... _ * / 空值 缺失 未标注 无标签
    """.split()
) | {"", "not available", "no label"}


def key(value: Value) -> str:
    """What is left of a label without case, width, form of Unicode, what cannot be seen, and zeros behind a point.

    Labels of one key look the same or say the same number.
    """
    text = unicodedata.normalize("NFKC", str(value)).casefold()
    text = unicodedata.normalize("NFKC", text).translate(SAME_SIGN)
    if not text.isascii() or not text.isprintable():
        text = "".join(map(_seen, text))
    text = " ".join(text.split())
    number = PLAIN_NUMBER.fullmatch(text)
    if number and any(map(str.isdigit, text)):
        whole, fraction = number[2] or "0", number[3] or ""
        sign = "-" if number[1] == "-" and (whole.strip("0") or fraction) else ""
        return f"{sign}{whole}.{fraction}"
    return text


def says_nothing(value: Value) -> bool:
    """Whether a label is what people and programs write where there is none: `nan`, `N/A`, `-`, a space of no width."""
    return isinstance(value, str) and key(value) in NO_VALUE


def by_key(values: Iterable[Value]) -> dict[str, Value]:
    """The one value of each key; keys that several values have are left out."""
    found: dict[str, Value] = {}
    several = set()
    for value in values:
        if isinstance(value, str):
            one = key(value)
            several.update([one] if one in found else [])
            found[one] = value
    return {one: value for one, value in found.items() if one not in several}


def groups(counts: Mapping[Value, int]) -> list[list[Value]]:
    """The values of text that share a key with others, the most frequent of each group first."""
    found: dict[str, list[Value]] = {}
    for value in counts:
        if isinstance(value, str):
            found.setdefault(key(value), []).append(value)
    return [
        sorted(group, key=lambda value: (-counts[value], len(str(value)), str(value)))
        for group in found.values()
        if len(group) > 1
    ]


@dataclass(frozen=True)
class Settled:
    """The counts of labels of which no two look the same, or are meant to, and what is said of it."""

    counts: dict[Value, int]
    remark: str = ""


def settled(column: str, counts: Mapping[Value, int], asked: str | None) -> Settled:
    """Labels that look the same taken as one where "merge" was `asked`, and left alone where "keep" was. Raises
    OddCells, naming them with their counts, where nothing was.
    """
    found = groups(counts)
    if not found or asked == "keep":
        return Settled(dict(counts))
    listed = examples(map(_listed, found, [counts] * len(found)), MOST_GROUPS)
    if asked is None:
        raise OddCells(
            _("column {name!r} has labels that look the same: {listed}").format(name=column, listed=listed),
            _(
                "--labels merge takes each as the most frequent of its group; --labels keep takes them as different "
                "labels; or mend the rows"
            ),
            [value for group in found for value in group[1:]],
        )
    merged = dict(counts)
    for group in found:
        merged[group[0]] += sum(merged.pop(value) for value in group[1:])
    return Settled(merged, _("; taken as one, as asked: {listed}").format(listed=listed))


def hint(cells: Sequence[object], values: Sequence[Value]) -> str:
    """What ends a fix where cells look like known labels: which, and the option that takes them so; else nothing."""
    known = by_key(values)
    near = {cell: known[key(cell)] for cell in cells if isinstance(cell, str) and key(cell) in known}
    if not near:
        return ""
    pairs = (_("{cell} like {label}").format(cell=" ".join(quoted([cell, label])[:1]), label=repr(label))
             for cell, label in near.items())  # fmt: skip
    return _("; {listed} look the same: --labels merge takes them as one").format(listed=examples(pairs, 3))


def quoted(group: Sequence[Value]) -> list[str]:
    """Labels in quotes, what cannot be seen as escapes; all but ASCII where they could not be told apart."""
    drawn = [unicodedata.normalize("NFC", "".join(map(_seen, str(value)))) for value in group]
    plain = [repr(value) for value in group]
    hidden = len(set(drawn)) < len(group) and len({unicodedata.normalize("NFC", one) for one in plain}) < len(group)
    invisible = any(ord(char) in SELECTORS or ord(char) in FILLERS for value in group for char in str(value))
    return [ascii(value) for value in group] if hidden or invisible else plain


def _listed(group: list[Value], counts: Mapping[Value, int]) -> str:
    """`'pos' (120 rows) = 'pos ' (3 rows)`"""
    shown = zip(quoted(group), group, strict=True)
    return " = ".join(f"{one} ({number_of(counts[value])})" for one, value in shown)


def _seen(char: str) -> str:
    """A character as it is compared: nothing for one that cannot be seen, one dash for all of them."""
    category, code = unicodedata.category(char), ord(char)
    if category == "Pd":
        return "-"
    if code in SELECTORS or code in FILLERS or (category == "Cf" and code not in TAGS):
        return ""
    return "" if category == "Cc" and not char.isspace() else char
