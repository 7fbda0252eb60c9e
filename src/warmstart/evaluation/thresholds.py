"""Decision thresholds: from which probability a label, or the second of two classes, is given.

They are chosen for a metric on rows with labels, and what they gain is measured by cross-fitting: the rows are dealt
into folds, and each fold is decided with thresholds that the other folds chose. The final ones are chosen on all rows.
The interval of the gain is over draws of rows and over several deals.

Few rows choose badly, and three rules keep thresholds where there is no reason to move them. Of all thresholds that one
is taken which is nearest to 0.5 and not worse than the best by more than a standard error of the difference. A class
that fewer than `LEAST` rows have, or have not, keeps 0.5. And all keep 0.5 unless the 95 % interval of the cross-fitted
gain lies above 0 and, of several labels, neither micro nor macro F1 falls (`Head.spares`). `benchmarks/thresholds.py`
measures how that does.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.heads.head import Head

Array = NDArray[Any]
FOLDS = 5
LEAST = 5  # rows with a class, and without it
DEALS = 5  # times that the rows are dealt: which rows choose matters too
RESAMPLES = 1000
LEVEL = 0.95
BLOCK = 5_000_000  # of rows drawn at a time
SURE = 20.0  # log odds; beyond, a probability is not told from 0 or 1


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """Thresholds chosen for `metric`: `labels` has the probability from which each class is given. `before`, `after`:
    the metric at 0.5 and at the cross-fitted thresholds, of the same `rows`; `gain`: the difference, and its paired
    95 % bootstrap interval. Where there was no reason to move from 0.5 nothing is gained."""

    metric: str
    labels: dict[str, float]
    before: float
    after: float
    gain: tuple[float, float, float]
    rows: int

    @property
    def moved(self) -> bool:
        """Whether any threshold is another than 0.5."""
        return any(each != 0.5 for each in self.labels.values())

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**dataclasses.asdict(self), "gain": list(self.gain)}


def choose(head: Head, logits: Array, labels: Array, metric: str, seed: int = 0) -> tuple[Thresholds, Array]:
    """The thresholds for `metric` (one of `head.decides_for`), and the cross-fitted predictions of these rows, as
    `head.decide` gives them, with which the model is to be judged. `logits`: float [rows, outputs]; `labels`: as for
    `head.measure`; `head` has no thresholds yet."""
    has, usual = head.given(labels), head.decide(logits)
    before = float(head.score_counts(metric, _counts(has, head.given(usual)), len(has)))
    deals = [_crossfitted(head, logits, has, metric, seed + deal) for deal in range(DEALS)]
    gains = [*_gains(head, metric, has, head.given(usual), map(head.given, deals), seed)]
    low, high = np.quantile(np.concatenate(gains), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    decided = deals[0]
    given = head.given(decided)
    final = _with(head, _cuts(head, metric, head.log_odds(logits), has)).thresholds
    if low <= 0 or not final or _falls(head, has, given, head.given(usual)):
        still = dict.fromkeys(head.deciding, 0.5)
        return Thresholds(metric, still, before, before, (0.0, 0.0, 0.0), len(has)), usual
    after = float(head.score_counts(metric, _counts(has, given), len(has)))
    named = dict(zip(head.deciding, final, strict=True))
    return Thresholds(metric, named, before, after, (after - before, float(low), float(high)), len(has)), decided


def _crossfitted(head: Head, logits: Array, has: Array, metric: str, seed: int) -> Array:
    """The predictions of all rows, those of each fold by thresholds of the others."""
    scores, fold = head.log_odds(logits), _folds(has, seed)
    decided = head.decide(logits)
    for number in range(FOLDS):
        mine = fold == number
        decided[mine] = _with(head, _cuts(head, metric, scores[~mine], has[~mine])).decide(logits[mine])
    return decided


def _counts(has: Array, given: Array) -> Array:
    """How many rows have, are given, and both, each class: float64 [3, classes]."""
    return np.stack([has.sum(0), given.sum(0), (has & given).sum(0)]).astype(np.float64)


def _folds(has: Array, seed: int) -> Array:
    """The fold of each row [rows]: the rows of each class are shared out alike, of the rarest that a row has."""
    often = np.where(has > 0, has.sum(0), len(has) + 1)
    rarest = np.where(has.any(axis=1), often.argmin(axis=1), has.shape[1])
    order = np.lexsort((np.random.default_rng(seed).random(len(has)), rarest))
    fold = np.empty(len(has), np.int64)
    fold[order] = np.arange(len(has)) % FOLDS
    return fold


def _with(head: Head, cuts: Array) -> Head:
    """The head with thresholds at these log odds; without any where all are 0."""
    if not cuts.any():
        return head
    return dataclasses.replace(head, thresholds=tuple(float(f"{1 / (1 + np.exp(-cut)):.12g}") for cut in cuts))


def _falls(head: Head, has: Array, given: Array, usual: Array) -> bool:
    """Whether a metric that is to be spared is lower than at 0.5."""
    new, old = _counts(has, given), _counts(has, usual)
    return any(head.score_counts(name, new, len(has)) < head.score_counts(name, old, len(has)) for name in head.spares)


def _gains(head: Head, metric: str, has: Array, usual: Array, deals: Iterable[Array], seed: int) -> Iterator[Array]:
    """What the metric gains in each of `RESAMPLES` draws of the rows, in each of the deals: blocks of float64 [any]."""
    from scipy import sparse

    rows, width = has.shape
    true = sparse.csr_array(has)
    given = map(sparse.csr_array, (usual, *deals))
    parts = sparse.hstack([true, *(each for one in given for each in (one, one * true))], "csr")
    generator = np.random.default_rng(seed)
    block = max(1, min(RESAMPLES, BLOCK // max(rows, parts.shape[1])))
    for start in range(0, RESAMPLES, block):
        size = min(block, RESAMPLES - start)
        drawn = np.stack([np.bincount(generator.integers(rows, size=rows), minlength=rows) for _ in range(size)])
        counts = np.reshape(drawn @ parts, (size, -1, width)).astype(np.float64)
        scores = [
            head.score_counts(metric, counts[:, [0, place, place + 1]], rows) for place in range(1, counts.shape[1], 2)
        ]
        yield np.concatenate([score - scores[0] for score in scores[1:]])


@dataclasses.dataclass(frozen=True)
class Ranked:
    """The rows of one class, the surest first. `hits`: int [rows + 1], how many of the first rows have the class;
    `can`: where they can be cut, between unequal scores; `usual`: how many are above 0."""

    scores: Array
    hits: Array
    can: Array
    usual: int

    @classmethod
    def of(cls, scores: Array, has: Array) -> "Ranked":
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        hits = np.concatenate([[0], np.cumsum(has[order])]).astype(np.int32)
        can = np.concatenate([[True], ranked[1:] < ranked[:-1], [True]])
        usual = int((scores > 0).sum())
        can[usual] = True
        return cls(ranked, hits, can, usual)

    def sums(self, right: float, wrong: float) -> Array:
        """What the first rows add up to [rows + 1], where each that has the class gives `right`, each other `wrong`."""
        return right * self.hits + wrong * (np.arange(len(self.hits)) - self.hits)

    def best(self, right: float, wrong: float) -> int:
        """How many rows to give the class, a right one being worth `right` and a wrong one costing `wrong`."""
        return int(np.where(self.can, self.sums(right, -wrong), -np.inf).argmax())

    def nearest(self, best: int, right: float, wrong: float) -> int:
        """The number nearest to the usual one that is worse than `best` by no more than a standard error of that."""
        way = np.arange(self.usual, best + (1 if best >= self.usual else -1), 1 if best >= self.usual else -1)
        worth, squares = self.sums(right, -wrong), self.sums(right**2, wrong**2)
        lost, error = worth[best] - worth[way], np.sqrt(np.abs(squares[best] - squares[way]))
        return int(way[(self.can[way] & (lost <= error)).argmax()])

    def cut(self, count: int) -> float:
        """A threshold that gives the class to so many rows: the roundest probability that does."""
        if count == self.usual:
            return 0.0
        low = self.scores[count] if count < len(self.scores) else self.scores[-1] - 1
        high = self.scores[count - 1] if count else self.scores[0] + 1
        middle = float(np.clip((low + high) / 2, -SURE, SURE))
        share = 1 / (1 + np.exp(-middle))
        for digits in range(2, 12):
            rounded = round(float(share), digits)
            if 0 < rounded < 1 and low < (cut := float(np.log(rounded / (1 - rounded)))) < high:
                return cut
        return middle


def _cuts(head: Head, metric: str, scores: Array, has: Array) -> Array:
    """The thresholds for the metric that these rows choose, as log odds [classes]; 0 where 0.5 is to stay.

    What a metric gains from one more row is worth something only where the counts are known that it is computed from
    (Dinkelbach 1967, for ratios such as F1): both are found in turns.
    """
    often = has.sum(axis=0)
    able = np.flatnonzero((often >= LEAST) & (len(has) - often >= LEAST))
    ranked = {int(number): Ranked.of(scores[:, number], has[:, number]) for number in able}
    counts = _counts(has, (scores > 0).astype(has.dtype))
    cut = {number: each.usual for number, each in ranked.items()}
    for _turn in range(20):
        right, wrong = head.worth(metric, counts, len(has))
        found = {number: each.best(right[number], wrong[number]) for number, each in ranked.items()}
        if found == cut:
            break
        cut = found
        for number, each in ranked.items():
            counts[1:, number] = cut[number], each.hits[cut[number]]
    right, wrong = head.worth(metric, counts, len(has))
    chosen = np.zeros(has.shape[1])
    for number, each in ranked.items():
        chosen[number] = each.cut(each.nearest(cut[number], right[number], wrong[number]))
    return chosen
