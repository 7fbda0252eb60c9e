"""What a person writes who decides on the label of a row, and the cells that say the same in a table."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from warmstart.heads import alike, quantities
from warmstart.heads.cells import is_number, number
from warmstart.heads.head import Head
from warmstart.heads.notation import Notation

NONE = "none"  # of several labels


@dataclass(frozen=True)
class Decided:
    """`encoded`: what a loss takes of the row; `cells`: ways to write it in a table, the likeliest first. Where labels
    are in several columns, a way is a list with a cell for each."""

    encoded: Any
    cells: tuple[Any, ...]


def said(head: Head, prediction: Any) -> str:
    """A prediction of one row (see `Head.decide`), or its label as a loss takes it, as a person would write it."""
    found = head.said(prediction)
    return f"{found:.6g}" if isinstance(found, float) else str(found) or NONE


def decided(head: Head, notation: Notation, text: str) -> Decided | None:
    """What `text` decides; None if it is no label of this kind of task."""
    if head.dimensions == 2:
        return _several(head, notation, text)
    if not head.classes:
        return _number(notation, text)
    name = _name(head.classes, text)
    if name is None:
        return None
    return Decided(name, (head.values[name], head.classes[name]))


def _name(classes: Sequence[str], text: str) -> int | None:
    """The class of this name, or the one whose name looks the same."""
    text = text.strip()
    known = text if text in classes else alike.by_key(classes).get(alike.key(text))
    return None if known is None else classes.index(str(known))


def _several(head: Head, notation: Notation, text: str) -> Decided | None:
    found = _names(head.classes, notation, text)
    if found is None:
        return None
    encoded = np.zeros(len(head.classes), np.float32)
    encoded[found] = 1
    bits = encoded.astype(int).tolist()
    if notation.columns:
        return Decided(encoded, (bits, [*map(str, bits)], [*map(bool, bits)]))
    items = [head.values[place] for place in found] if head.values else bits
    joined = () if notation.separator is None else (notation.separator.join(map(str, items)),)
    return Decided(encoded, (*joined, items, json.dumps(items, ensure_ascii=False)))


def _names(classes: Sequence[str], notation: Notation, text: str) -> list[int] | None:
    """The classes that are named, in their order."""
    whole = _name(classes, text)
    if whole is not None:
        return [whole]
    if text.strip().casefold() == NONE:
        return []
    for sign in filter(None, (notation.separator, "|", ",", ";")):
        found = [_name(classes, part) for part in text.split(sign) if part.strip()]
        known = [place for place in found if place is not None]
        if known and len(known) == len(found):
            return sorted({*known})
    return None


def _number(notation: Notation, text: str) -> Decided | None:
    text = text.strip()
    if notation.decimal is None:
        amount = float(number(text)) if is_number(text) else None
    else:
        read = quantities.read(text, notation.decimal)
        amount = None if read is None else read.amount
    if amount is None or not np.isfinite(amount):
        return None
    plain = repr(amount).replace(".", "," if notation.decimal == "comma" else ".")
    return Decided(np.float32(amount), (text, amount, f"{text} {notation.unit}", plain, f"{plain} {notation.unit}"))
