"""From a fact and a frame to an English sentence."""

import re
from functools import cache
from random import Random
from typing import TypeAlias, Union

from warmstart.table.sample.facts import Fact, Term, pick

_TOKEN = re.compile(r"[{|}]|\[[^]]*\]|[^{|}\[]+")
# Before these "a" becomes "an": letters that sound like a vowel, and the numbers eight, eleven, eighteen, eighty.
_AN = re.compile(r"\b([Aa]) (?=(?!eu|one|uni|use)[aeiouAEIO]|hour|8|1[18]\b)")

# A parsed frame is a row of parts: text, a slot as (name, form), or a list of alternatives, which are rows themselves.
Part: TypeAlias = Union[str, tuple[str, str], "list[Row]"]
Row: TypeAlias = list[Part]


def word(rng: Random, fact: Fact, frame: str) -> str:
    """The sentence that `frame` makes of `fact`; where there is a choice of words, it is made at random.

    In a frame, `[slot]` or `[slot.form]` stands for a wording of that slot's term, and `{bought|took over}` for one of
    its alternatives, which may hold slots and further braces: `"[buyer] {bought|took over} [seller]"`.
    """
    words: list[str] = []
    _write(rng, dict(fact.terms), _parse(frame), words)
    sentence = _AN.sub(r"\1n ", "".join(words))
    return sentence[0].upper() + sentence[1:] + ("" if sentence.endswith(".") else ".")


def _write(rng: Random, terms: dict[str, Term], row: Row, words: list[str]) -> None:
    for part in row:
        if isinstance(part, str):
            words.append(part)
        elif isinstance(part, tuple):
            slot, form = part
            words.append(pick(rng, terms[slot].ways[form]))
        else:
            _write(rng, terms, pick(rng, part), words)


@cache
def _parse(frame: str) -> Row:
    """The frame's parts, in order.

    >>> _parse("[who.full] {ran|walked}")
    [('who', 'full'), ' ', [['ran'], ['walked']]]
    """
    row: Row = []
    enclosing: list[tuple[Row, list[Row]]] = []  # for each open brace, the row it stands in and its alternatives so far
    for part in _TOKEN.findall(frame):
        if part == "{":
            enclosing.append((row, []))
            row = []
        elif part == "|":
            enclosing[-1][1].append(row)
            row = []
        elif part == "}":
            outer, alternatives = enclosing.pop()
            outer.append([*alternatives, row])
            row = outer
        elif part.startswith("["):
            slot, _, form = part[1:-1].partition(".")
            row.append((slot, form))
        else:
            row.append(part)
    return row
