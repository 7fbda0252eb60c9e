"""Whether one text of a pair says as much as both: then a model need not compare them, and will not."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from warmstart.evaluation.tfidf import MOST_FEATURES, tfidf
from warmstart.heads.head import Head
from warmstart.messages import _
from warmstart.table.findings import Finding, Severity

MOST_ROWS = 8_000  # that are learnt from
MEASURED = 2_000  # rows
RESAMPLES = 300
MUCH = 0.1  # better than the constant answer by so much of what is missing to perfect, one side alone is a warning

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class OneSide:
    """Scores of a linear model of TF-IDF features of both texts, of each alone, and of the same answer for every row,
    with the 95 % interval of what one side is better than the constant and worse than both, on the same rows."""

    metric: str
    rows: int
    both: float
    constant: float
    alone: tuple[float, float]  # the first and the second text
    above_constant: tuple[tuple[float, float], tuple[float, float]]
    below_both: tuple[tuple[float, float], tuple[float, float]]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can say it."""
        return asdict(self)


def one_side(head: Head, known: Sequence[list[str]], labels: Array, new: Sequence[list[str]], others: Array) -> OneSide:
    """Learn from `known` [2][rows] and their labels, and measure on `new` with the labels `others`."""
    name, greater = head.best_metric()
    sign = 1 if greater else -1
    answers = [np.repeat(head.constant(labels)[None], len(others), axis=0)]
    for sides in ([0, 1], [0], [1]):
        features = tfidf([known[side] for side in sides], [new[side] for side in sides], MOST_FEATURES // 4)
        answers.append(head.linear(features[0], labels, features[1]))
    scores = [head.measure(answer, others)[name] for answer in answers]
    draws = [
        sign
        * np.concatenate([each[name] for each in head.draws(*head.checked(answer, others), RESAMPLES, _generator())])
        for answer in answers
    ]
    constant = np.nan_to_num(draws[0])  # a correlation of a constant is none at all

    def interval(values: Array) -> tuple[float, float]:
        low, high = np.nanquantile(values, [0.025, 0.975])
        return float(low), float(high)

    return OneSide(
        name,
        len(others),
        scores[1],
        float(np.nan_to_num(scores[0])),
        (scores[2], scores[3]),
        (interval(draws[2] - constant), interval(draws[3] - constant)),
        (interval(draws[1] - draws[2]), interval(draws[1] - draws[3])),
    )


def _generator() -> np.random.Generator:
    """The same draws of rows for each who is compared."""
    return np.random.default_rng(0)


def findings(found: OneSide, place: str, names: tuple[str, str]) -> Iterator[Finding]:
    """A finding where one side alone is better than the constant answer, and both together are not better than it."""
    for side, name in enumerate(names):
        low = found.above_constant[side][0]
        if low <= 0 or found.below_both[side][0] > 0:
            continue
        problem = _(
            "{name!r} alone tells as much as both texts: {metric} {alone:.3f}, both {both:.3f}, without reading "
            "{constant:.3f} (linear models of TF-IDF, {rows:,} rows)"
        ).format(
            name=name,
            metric=found.metric,
            alone=found.alone[side],
            both=found.both,
            constant=found.constant,
            rows=found.rows,
        )
        fix = _(
            "see whether that text was written for its label; if the other one does not matter, name this one --text"
        )
        severity: Severity = "warning" if low >= MUCH * max(1 - abs(found.constant), 0.0) + 0.05 else "note"
        yield Finding(place, (), (name,), problem, fix, severity, "--text")
