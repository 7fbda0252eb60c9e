"""Several labels in one cell of text: a list as a program writes it, or labels joined by a sign."""

import ast
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from warmstart.heads.cells import Value, is_scalar

SIGNS = ("|", ";", "；", ",", "，", "、", "/", "+", "&", ":", "\n", "\t")  # that join labels, likeliest first
NEVER_IN_NAMES = ("|", ";", "；")  # hardly: to see one part twice is enough
LONGEST = 10_000  # characters; no cell of labels is longer
MOST = 2_000  # different cells that are looked at
_LISTED = re.compile(r"\[.*\]|\(.*\)|\{.*\}", re.DOTALL)
_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_OF_NUMPY = re.compile(rf"[\[(]\s*(?:{_QUOTED})(?:\s+(?:{_QUOTED}))+\s*[\])]", re.DOTALL)  # quoted, without commas
_BARE = re.compile(r"[^'\"\[\](){}:]*")  # between the brackets of a list that was written without quotes
_FASTTEXT = re.compile(r"\s*__label__\S+(?:\s+__label__\S+)*\s*")
_DIGITS_OF_NUMPY = re.compile(r"\[\s*\d+\.?(?:\s+\d+\.?)+\s*\]", re.ASCII)


def parse(cell: str) -> list[Any] | None:
    """The items of a list in Python's, JSON's or NumPy's writing, or in brackets without quotes; else None."""
    if len(cell) > LONGEST:
        return None
    text = cell.strip()
    if not _LISTED.fullmatch(text):
        return None
    if _OF_NUMPY.fullmatch(text):  # to Python these would be pieces of one string
        return [ast.literal_eval(item) for item in re.findall(_QUOTED, text)]
    if _DIGITS_OF_NUMPY.fullmatch(text):
        return [int(item.rstrip(".")) for item in text[1:-1].split()]
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if text in ("{}", "()"):
            return []
        if isinstance(found, list | tuple | set | frozenset) and all(map(is_scalar, found)):
            return sorted(found, key=str) if isinstance(found, set | frozenset) else list(found)
    if text[0] != "(" and _BARE.fullmatch(text[1:-1]):
        return split(text[1:-1], ",")
    return None


def are_lists(cells: Sequence[str]) -> bool:
    """Whether most cells are lists written as text: some of them with quotes, empty, or of several items. (`[spam]`
    alone is a name.)"""
    found = [(cell, items) for cell in cells if (items := parse(cell)) is not None]
    return 2 * len(found) > len(cells) and any(len(items) != 1 or cell.strip()[1] in "'\"" for cell, items in found)


def split(cell: str, separator: str) -> list[str]:
    """The labels that a sign joins, without the spaces around them and without empty ones."""
    return [part for part in map(str.strip, cell.split(separator)) if part]


def joined_by(cells: Sequence[Value]) -> str | None:
    """The sign that seems to join labels: parts of cells come again, alone or in other combinations. Else None.

    A part that occurs once may be half of a name (`positive, mixed`; `New York, NY`), so most joined cells must be made
    of parts that all occur elsewhere; with signs that no name has, one part is enough. Spaces join words (`very good`,
    `good`), so there must be half as many parts as cells.
    """
    some = [cell for cell in dict.fromkeys(cells) if isinstance(cell, str) and cell.strip()][:MOST]
    if any(len(cell) > LONGEST for cell in some):
        return None
    if some and all(map(_FASTTEXT.fullmatch, some)) and any(len(cell.split()) > 1 for cell in some):
        return " "
    for sign in (*SIGNS, " "):
        parts = [{*split(cell, sign)} for cell in some if sign in cell]
        several = [one for one in parts if len(one) > 1]
        if not several:
            continue
        everywhere = [*parts, *({cell.strip()} for cell in some if sign not in cell)]
        times = Counter(part for one in everywhere for part in one)
        enough = any if sign in NEVER_IN_NAMES else all
        recurring = [one for one in several if enough(times[part] > 1 for part in one)]
        fewer = sign in NEVER_IN_NAMES or len(times) * (2 if sign == " " else 1) <= len(some)
        if fewer and 2 * len(recurring) >= len(several):
            return sign
    return None


def any_sign(cells: Sequence[Value]) -> str | None:
    """The sign in most of the cells, where the user has said that there are several labels in them."""
    times = Counter(sign for cell in cells if isinstance(cell, str) for sign in SIGNS if len(split(cell, sign)) > 1)
    return max(times, key=lambda sign: times[sign]) if times else None


def as_option(sign: str) -> str:
    """A sign as it is given to a command."""
    return {"\n": "'\\n'", "\t": "'\\t'"}.get(sign, f"'{sign}'")
