"""What the built-in data set's sentences are about: terms, facts, and the shapes of sentences that state them.

A meaning is kept apart from its wording, so that the label of a pair is right by construction: two sentences say the
same if and only if they were worded from equal facts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

T = TypeVar("T")

SWAPPED = 0.12  # how many changes swap two roles, where the shape allows it
CHANGED_TWICE = 0.6  # how many changes are two
MANY = 6  # a pool of so many terms holds names, numbers or things; smaller ones "most" and "few", "passed" and "failed"


@dataclass(frozen=True)
class Term:
    """One meaning and the ways to word it, by grammatical form: `{"past": ("rose", "climbed"), "noun": ("rise",)}`.

    Terms are equal if their meanings are. The form `""` is for words that need only one.
    """

    meaning: str
    ways: Mapping[str, tuple[str, ...]] = field(compare=False)


Pool = tuple[Term, ...]


def pool(*entries: str | Mapping[str, str]) -> Pool:
    """Terms that differ in meaning, from `"big|large"` or, with several forms, `{"past": "rose|climbed", ...}`.

    The first wording of all names the meaning.
    """
    terms = []
    for entry in entries:
        forms = {"": entry} if isinstance(entry, str) else entry
        ways = {form: tuple(wordings.split("|")) for form, wordings in forms.items()}
        terms.append(Term(next(iter(ways.values()))[0], ways))
    return tuple(terms)


@dataclass(frozen=True)
class Shape:
    """A kind of fact and the frames that state it, each with other words and in another order.

    Attributes:
        name: what the column `shape` says.
        topic: what the column `topic` says.
        slots: the roles of the fact, each with the terms that can fill it.
        frames: templates (see `wording.word`); each one names every slot, so each states the whole fact.
        swaps: pairs of slots that can change places, and then say something else ("A beat B", "B beat A").
        reportable: whether it can follow "it is true that"; orders ("boil the rice") cannot.
    """

    name: str
    topic: str
    slots: Mapping[str, Pool] = field(hash=False)
    frames: tuple[str, ...]
    swaps: tuple[tuple[str, str], ...] = ()
    reportable: bool = True


@dataclass(frozen=True)
class Fact:
    """Who did what to whom, when, how often: the shape's name and one term for each of its slots."""

    shape: str
    terms: tuple[tuple[str, Term], ...]

    def with_terms(self, new: Mapping[str, Term]) -> "Fact":
        """The same fact but for the slots in `new`."""
        return Fact(self.shape, tuple((slot, new.get(slot, term)) for slot, term in self.terms))


def pick(rng: Random, items: Sequence[T]) -> T:
    """One of `items`, all equally likely. `Random.random` is the only method that Python promises never to change."""
    return items[int(rng.random() * len(items))]


def draw(rng: Random, shape: Shape) -> Fact:
    """A fact of the given shape. No term fills two slots: nobody beats himself."""
    terms: dict[str, Term] = {}
    for slot, choices in shape.slots.items():
        terms[slot] = _fresh(rng, choices, terms)
    return Fact(shape.name, tuple(terms.items()))


def change(rng: Random, shape: Shape, fact: Fact) -> Fact:
    """A fact that differs from `fact` in meaning: two roles swapped, or one term replaced, or that and another one.

    A changed fact is as likely to be drawn as the original one, so nothing in either sentence of a pair alone tells
    whether a change was made. The second change is of a name, number or thing, so that it cannot undo the first: "most
    passed" is not far from "few failed".
    """
    terms = dict(fact.terms)
    if shape.swaps and rng.random() < SWAPPED:
        one, other = pick(rng, shape.swaps)
        new = {one: terms[other], other: terms[one]}
    else:
        slot = pick(rng, tuple(shape.slots))
        new = {slot: _fresh(rng, shape.slots[slot], terms)}
    if rng.random() < CHANGED_TWICE:
        slot = pick(rng, [slot for slot, choices in shape.slots.items() if slot not in new and len(choices) >= MANY])
        new[slot] = _fresh(rng, shape.slots[slot], {**terms, **new})
    return fact.with_terms(new)


def _fresh(rng: Random, choices: Pool, used: Mapping[str, Term]) -> Term:
    """One of `choices` that is not in `used`."""
    while (term := pick(rng, choices)) in used.values():
        pass
    return term
