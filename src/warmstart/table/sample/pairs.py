"""From a shape to two pairs of sentences: one that differs in meaning and its twin that does not."""

from dataclasses import replace
from itertools import pairwise, product
from random import Random
from typing import NamedTuple, TypeVar

from warmstart.table.sample.facts import Shape, change, draw, pick, pool
from warmstart.table.sample.wording import word

T = TypeVar("T")

SAME_FRAME = 0.3  # how many pairs have both sentences in one frame: then words differ but not their order
REPORTED = 0.1  # how many pairs, of the shapes that allow it, say who confirmed or denied the fact
WORDINGS = 4  # how many wordings of each of the twin's sentences are tried, to find those that overlap as wanted
NEAR = 0.2  # by how much the overlap of twins may differ (see `Overlap.distance`)

_SOURCES = pool(
    "the local newspaper|the local paper", "a spokeswoman|a spokesperson", "an official", "a witness|an eyewitness",
    "a television reporter|a TV reporter", "a radio report|a report on the radio", "a professor", "the evening news",
)  # fmt: skip
_STANCES = pool(
    {"that": "confirmed that|said it was true that", "adj": "true|correct"},
    {"that": "denied that|said it was not true that", "adj": "not true|untrue|not correct|false"},
)
_REPORTS = (
    "[source] [stance.that] {}",
    "according to [source], it is [stance.adj] that {}",
    "it is [stance.adj] that {}, according to [source]",
)


class Pair(NamedTuple):
    """Two sentences; `label` is 1 if they say the same and 0 if not."""

    sentence1: str
    sentence2: str
    label: int


class Overlap(NamedTuple):
    """What can be told of two sentences by comparing their words without understanding them."""

    words: float  # how many of all their words both have, from 0 to 1
    neighbours: float  # the same for pairs of neighbouring words: it depends on their order too
    longer: int  # by how many words the second sentence is longer than the first

    def distance(self, other: "Overlap") -> float:
        words, neighbours, longer = (abs(ours - theirs) for ours, theirs in zip(self, other, strict=True))
        return words + neighbours + longer / 20


def overlap(sentence1: str, sentence2: str) -> Overlap:
    one, other = sentence1.lower().split(), sentence2.lower().split()
    neighbours = _jaccard(set(pairwise(one)), set(pairwise(other)))
    return Overlap(_jaccard(set(one), set(other)), neighbours, len(other) - len(one))


def _jaccard(one: set[T], other: set[T]) -> float:
    return len(one & other) / len(one | other)


def reported(shape: Shape) -> Shape:
    """The shape of the statement that somebody confirms or denies what `shape` says."""
    frames = tuple(report.replace("{}", frame) for report in _REPORTS for frame in shape.frames)
    return replace(shape, slots={**shape.slots, "source": _SOURCES, "stance": _STANCES}, frames=frames)


def twins(rng: Random, shape: Shape) -> tuple[Pair, Pair] | None:
    """A pair that differs in meaning, and one that does not: about another fact, in the same two frames.

    Of the second pair's possible wordings those are chosen that overlap most nearly as the first pair does; None if
    no wording comes near.
    """
    if shape.reportable and rng.random() < REPORTED:
        shape = reported(shape)
    frame = pick(rng, shape.frames)
    other_frame = frame if rng.random() < SAME_FRAME else pick(rng, shape.frames)

    fact = draw(rng, shape)
    different = Pair(word(rng, fact, frame), word(rng, change(rng, shape, fact), other_frame), 0)
    wanted = overlap(different.sentence1, different.sentence2)

    fact = draw(rng, shape)
    firsts = [word(rng, fact, frame) for _ in range(WORDINGS)]
    seconds = [word(rng, fact, other_frame) for _ in range(WORDINGS)]
    pairs = [(first, second) for first, second in product(firsts, seconds) if first != second]
    off, nearest = min(((overlap(*pair).distance(wanted), pair) for pair in pairs), default=(1.0, ("", "")))
    return (different, Pair(*nearest, 1)) if off < NEAR else None
