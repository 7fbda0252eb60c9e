"""How well each class is known: precision and recall with their intervals, and which classes fail."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.evaluation.difference import Interval
from warmstart.evaluation.shares import wilson
from warmstart.heads.head import Head
from warmstart.messages import N_

ENOUGH = 10  # rows of a class, below which nothing is said of it
FAR = 0.1  # how far the whole interval has to lie below what the other classes reach

FAILING_RULE = N_(
    "Rule: a class fails if it has at least 10 rows and the 95 % Wilson interval of its recall, or of its precision, "
    "lies more than 0.1 below that of all other classes together."
)


@dataclasses.dataclass(frozen=True)
class ClassScore:
    """`rows` of the class, rows `predicted` to be of it, and `right` ones, which are both; `learnt_from`: training rows
    of the class. `fails`: `"recall"` or `"precision"` where that is far below the other classes', else None."""

    name: str
    rows: int
    predicted: int
    right: int
    learnt_from: int
    fails: str | None = None

    @property
    def recall(self) -> Interval:
        return wilson(self.right, self.rows)

    @property
    def precision(self) -> Interval:
        return wilson(self.right, self.predicted)

    @property
    def f1(self) -> float:
        """0 where the class neither occurs nor is predicted, as in `Head.measure`."""
        return 2 * self.right / max(self.rows + self.predicted, 1)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "ClassScore":
        return cls(**saved)


def class_scores(
    head: Head, predictions: NDArray[Any], labels: NDArray[Any], learnt_from: NDArray[np.int64]
) -> list[ClassScore]:
    """One for each class, in their order; none where there are no classes. `learnt_from`: training rows of each."""
    classes = len(head.classes)
    if not classes:
        return []
    (rows, true), (told, said) = head.class_pairs(labels), head.class_pairs(predictions)
    both = np.intersect1d(rows * classes + true, told * classes + said) % classes
    counts = [np.bincount(each, minlength=classes).tolist() for each in (true, said, both)]
    scores = [ClassScore(*each) for each in zip(head.classes, *counts, learnt_from.tolist(), strict=True)]
    sums = _sums(scores)
    return [dataclasses.replace(score, fails=_fails(score, sums)) for score in scores]


def failing(scores: Sequence[ClassScore]) -> list[ClassScore]:
    """Those that fail, the worst first."""
    return sorted((score for score in scores if score.fails), key=lambda score: score.f1)


def _sums(scores: Sequence[ClassScore]) -> tuple[int, int, int]:
    return (
        sum(score.rows for score in scores),
        sum(score.predicted for score in scores),
        sum(score.right for score in scores),
    )


def _fails(score: ClassScore, sums: tuple[int, int, int]) -> str | None:
    rows, predicted, right = sums
    others = right - score.right
    for name, mine, all_ in (("recall", score.rows, rows), ("precision", score.predicted, predicted)):
        if mine >= ENOUGH and all_ > mine and wilson(score.right, mine)[2] < others / (all_ - mine) - FAR:
            return name
    return None
