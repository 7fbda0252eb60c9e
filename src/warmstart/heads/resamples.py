"""The metrics of many bootstrap draws at once.

Each gives what `metrics.measure` gives for the rows drawn, with no approximation; only the way there is shorter. F1,
accuracy and Matthews' correlation need no rows, only how often each (label, prediction) was drawn; and the ranks within
a draw follow from how often each value was drawn, without sorting.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.heads.correlation import NAN, constant

Array = NDArray[Any]


def score_classes(counts: Array, binary: bool) -> dict[str, Array]:
    """float64 [draws] for each metric of the kind "classes".

    `counts`: int [draws, 3, classes], in each draw the rows of each class by label, by prediction, and by both.
    Matthews' correlation of several classes: Gorodkin 2004, "Comparing two K-category assignments by a K-category
    correlation coefficient", as scikit-learn has it.
    """
    true, predicted, both = np.moveaxis(counts.astype(np.float64), 1, 0)
    rows, right = true.sum(axis=1), both.sum(axis=1)
    f1 = _ratio(2 * both, true + predicted)
    spread = np.sqrt(rows**2 - (true**2).sum(axis=1)) * np.sqrt(rows**2 - (predicted**2).sum(axis=1))
    return {
        "accuracy": right / rows,
        "f1": f1[:, 1] if binary else (f1 * true).sum(axis=1) / rows,
        "macro_f1": f1.sum(axis=1) / (true + predicted > 0).sum(axis=1),
        "matthews_correlation": _ratio(right * rows - (true * predicted).sum(axis=1), spread),
    }


def score_labels(counts: Array) -> dict[str, Array]:
    """float64 [draws] for each metric of the kind "labels"; `counts` as for `score_classes`."""
    true, predicted, both = np.moveaxis(counts.astype(np.float64), 1, 0)
    return {
        "micro_f1": _ratio(2 * both.sum(axis=1), (true + predicted).sum(axis=1)),
        "macro_f1": _ratio(2 * both, true + predicted).mean(axis=1),
    }


def score_numbers(predictions: Array, labels: Array, places: tuple[Array, Array]) -> dict[str, Array]:
    """float64 [1] for each metric of the kind "number", of one draw of rows.

    `predictions`, `labels`: float64 [rows], those drawn; `places`: for each of the two, int [rows], the place of each
    value among all distinct values in ascending order, as `np.unique(..., return_inverse=True)` gives it.
    """
    rank = _pearson(*(_ranks(place) for place in places))
    values = {
        "pearson": _pearson(predictions, labels),
        "spearman": rank,
        "spearmanr": rank,
        "rmse": float(np.sqrt(np.mean((predictions - labels) ** 2))),
    }
    return {name: np.array([value]) for name, value in values.items()}


def _ranks(places: Array) -> Array:
    """float64 [rows]: ranks from 1, equal values sharing the mean of theirs, as `scipy.stats.rankdata` gives them."""
    counts = np.bincount(places)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[places])


def _pearson(x: Array, y: Array) -> float:
    if constant(x) or constant(y):
        return NAN
    x, y = x - x.mean(), y - y.mean()
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def _ratio(above: Array, below: Array) -> Array:
    """above / below, and 0 where below is 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
