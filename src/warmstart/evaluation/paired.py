"""Whether one model is better than another, from what both say of the same rows."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from warmstart.heads.head import Head

Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Change:
    """`gain`: of the metric, after - before, with its 95 % interval: bootstrap draws of rows, the same for both.
    `better`, `worse`: rows that only the one or only the other got right, and by McNemar's exact test how likely so
    uneven numbers are where both are equally good; None for numbers, which are neither right nor wrong."""

    metric: str
    rows: int
    before: float
    after: float
    gain: tuple[float, float, float]
    better: int | None = None
    worse: int | None = None
    p: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**dataclasses.asdict(self), "gain": [*self.gain]}


def paired(head: Head, before: Array, after: Array, labels: Array, resamples: int = 200, seed: int = 0) -> Change:
    """Compare two models by the head's best metric. All three as for `head.measure`: rows along the first axis."""
    from scipy.stats import binomtest

    name = head.best_metric()[0]
    before, labels = head.checked(before, labels)
    after, labels = head.checked(after, labels)
    first, second = (float(head.scores(found, labels)[name]) for found in (before, after))
    right = [(found == labels).reshape(len(labels), -1).all(axis=1) for found in (before, after)]
    better, worse = int((right[1] & ~right[0]).sum()), int((right[0] & ~right[1]).sum())
    if name == "accuracy":
        shares = np.array([better, worse, len(labels) - better - worse]) / len(labels)
        drawn = np.random.default_rng(seed).multinomial(len(labels), shares, size=20 * resamples)
        gains = (drawn[:, 0] - drawn[:, 1]) / len(labels)
    else:
        gains = _drawn(head, name, after, labels, resamples, seed) - _drawn(head, name, before, labels, resamples, seed)
    low, high = np.nanquantile(gains, [0.025, 0.975]) if np.isfinite(gains).any() else (np.nan, np.nan)
    gain = (second - first, float(low), float(high))
    if not head.classes:
        return Change(name, len(labels), first, second, gain)
    p = float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
    return Change(name, len(labels), first, second, gain, better, worse, p)


def _drawn(head: Head, name: str, predictions: Array, labels: Array, resamples: int, seed: int) -> Array:
    """float64 [resamples]: the metric of draws of rows, the same rows for the same seed. (What a head of classes draws
    are no rows, but how many have each label and prediction.)"""
    draws = Head.draws if head.classes and head.dimensions == 1 else type(head).draws
    found = draws(head, predictions, labels, resamples, np.random.default_rng(seed))
    return np.concatenate([block[name] for block in found])
