"""Pairs of rows whose texts are nearly the same: MinHash LSH finds them, their true Jaccard similarity decides.

Cost grows as n log n: a band's rows are sorted, and of rows that agree in it each is compared with the next few and the
first, not all with all. So of a template with thousands of rows not every pair is found, but a row's being in it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from warmstart.table.shingles import BAND, BANDS, Hashes, Ints, Words, shingles, signatures

ALIKE = 0.5  # least Jaccard similarity of near-duplicates: about one word in five has changed
SLACK = 0.15  # by so much may an estimate from a signature be too low; three standard deviations
NEXT, CLOSE = 8, 2  # rows that agree in a band with which a row is compared, and where more agree
MOST_LOOKED, MOST_TRIED = 100, 4  # rows of whom the signatures, and of each kind the texts, are compared with a row's
PAIRS = 20_000  # whose shingles are held at a time


@dataclass(frozen=True)
class Pairs:
    """Pairs of different texts, `first` < `second` [pairs], by number of their rows, and how alike they are."""

    first: Ints
    second: Ints
    similarity: npt.NDArray[np.float64]


def silent(_done: float) -> None:
    """Nobody is told how far it is."""


def near(sides: list[Words], kinds: Ints, tell: Callable[[float], None] = silent) -> Pairs:
    """The pairs of rows of which each text is at least `ALIKE` the other row's.

    Args:
        sides: the words of the first text of each row and, if rows are pairs, of the second.
        kinds: what a row is, such as its split and label [rows]. Of templates each kind of row is found beside each
            other one that it may be paired with, two at least of a kind.
        tell: hears which share is done.
    """
    signed = signatures(sides)
    tell(0.4)
    count = len(signed)
    short = signed.astype(np.uint8)  # a 256th of what differs agrees by chance, which is nothing beside the slack
    looked, tried = np.zeros(count, np.int64), np.zeros((count, int(kinds.max(initial=0)) + 1), np.int64)
    done, found = np.empty(0, np.int64), [np.empty((3, 0))]
    for band in range(BANDS):
        one, other = _agreeing(signed[:, band * BAND : (band + 1) * BAND], kinds)
        open_ = (looked[other] < MOST_LOOKED) & (tried[other, kinds[one]] < MOST_TRIED)
        codes = _without(distinct(one[open_] * count + other[open_]), done)
        one, other = np.divmod(codes, max(count, 1))
        looked += np.bincount(other, minlength=count)
        good = np.concatenate(
            [np.empty(0, bool), *(_estimate(short, one[some], other[some]) >= ALIKE - SLACK for some in _parts(one))]
        )
        one, other, done = one[good], other[good], np.sort(np.concatenate([done, codes[good]]))
        np.add.at(tried, (other, kinds[one]), 1)
        for some in _parts(one):
            alike = np.min([jaccard(words, one[some], other[some]) for words in sides], axis=0)
            found.append(np.stack([one[some], other[some], alike])[:, alike >= ALIKE])
        tell(0.4 + 0.6 * (band + 1) / BANDS)
    first, second, alike = np.concatenate(found, axis=1)
    return Pairs(first.astype(np.int64), second.astype(np.int64), alike)


def _agreeing(band: Hashes, kinds: Ints) -> tuple[Ints, Ints]:
    """Pairs of rows that agree in all values of a band [rows, `BAND`], the lower number first: each row with the next
    few, and where more agree with the first of each kind too."""
    keys = np.zeros(len(band), np.uint64)
    for values in band.T:
        keys = (keys ^ values) * np.uint64(0x9E3779B97F4A7C15)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    found = [np.empty((2, 0), np.int64)]
    begins = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    sizes = np.diff(np.append(begins, len(keys)))
    large = np.repeat(sizes > NEXT + 1, sizes)
    for step in range(1, min(NEXT, len(keys) - 1) + 1):
        same = keys[step:] == keys[:-step]
        if step > CLOSE:
            same &= ~large[step:]
        found.append(np.stack([order[:-step][same], order[step:][same]]))
    bucket, rows = np.repeat(np.arange(len(sizes)), sizes)[large], order[large]
    first = np.unique(np.stack([bucket, kinds[rows]]), axis=1, return_index=True)[1]
    for number in range(int(kinds.max(initial=-1)) + 1):
        leaders = first[kinds[rows[first]] == number]
        to = np.searchsorted(bucket[leaders], bucket)
        there = np.isin(bucket, bucket[leaders])
        leader = rows[leaders[to[there]]]
        found.append(np.stack([np.minimum(leader, rows[there]), np.maximum(leader, rows[there])]))
    one, other = np.concatenate(found, axis=1)
    return one[one != other], other[one != other]


def _estimate(short: npt.NDArray[np.uint8], one: Ints, other: Ints) -> npt.NDArray[np.float64]:
    estimate: npt.NDArray[np.float64] = (short[one] == short[other]).mean(axis=1)
    return estimate


def distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The different values, sorted. By sorting: `np.unique` hashes, which takes very long where keys resemble."""
    values = np.sort(values, kind="stable")
    differs: npt.NDArray[np.bool_] = np.append(True, values[1:] != values[:-1])[: len(values)]
    return values[differs]


def _without(values: Ints, known: Ints) -> Ints:
    """The values that are not among the known ones, which are sorted."""
    if not len(known):
        return values
    places = np.minimum(np.searchsorted(known, values), len(known) - 1)
    new: Ints = values[known[places] != values]
    return new


def _parts(rows: Ints) -> list[slice]:
    return [slice(start, start + PAIRS) for start in range(0, len(rows), PAIRS)]


def jaccard(found: Words, first: Ints, second: Ints) -> npt.NDArray[np.float64]:
    """The similarity of the texts of the rows `first` and `second` [pairs]; 1 for two without words."""
    sets = [_sets(found, rows) for rows in (first, second)]
    sizes = [np.bincount((each >> np.uint64(32)).astype(np.int64), minlength=len(first)) for each in sets]
    both = np.sort(np.concatenate(sets), kind="stable")  # which merges what is sorted in parts
    twice = both[1:][both[1:] == both[:-1]]
    common = np.bincount((twice >> np.uint64(32)).astype(np.int64), minlength=len(first))
    alike: npt.NDArray[np.float64] = common / np.maximum(sizes[0] + sizes[1] - common, 1)
    return alike


def _sets(found: Words, rows: Ints) -> npt.NDArray[np.uint64]:
    """The different shingles of each of the rows, with the place in `rows` before the hash."""
    hashes, offsets = shingles(found.of(rows))
    place = np.repeat(np.arange(len(rows), dtype=np.uint64), np.diff(offsets))
    return distinct(place << np.uint64(32) | hashes)
