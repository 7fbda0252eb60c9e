"""Whether one model is better than another, from what both say of the same rows."""

import dataclasses
from typing import Any

import numpy.typing as npt

from warmstart.evaluation.difference import difference
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


def paired(head: Head, before: Array, after: Array, labels: Array) -> Change:
    """Compare two models by the head's best metric. All three as for `head.measure`: rows along the first axis."""
    from scipy.stats import binomtest

    name = head.best_metric()[0]
    before, labels = head.checked(before, labels)
    after, labels = head.checked(after, labels)
    first, second = (float(head.scores(found, labels)[name]) for found in (before, after))
    gain = difference(head, after, before, labels, name)
    if not head.classes:
        return Change(name, len(labels), first, second, gain)
    right = [(found == labels).reshape(len(labels), -1).all(axis=1) for found in (before, after)]
    better, worse = int((right[1] & ~right[0]).sum()), int((right[0] & ~right[1]).sum())
    p = float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
    return Change(name, len(labels), first, second, gain, better, worse, p)
