"""Correlations, quiet at the edges: where scipy and scikit-learn warn, these say what they give instead."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

NAN = float("nan")


def pearson(x: NDArray[Any], y: NDArray[Any]) -> tuple[float, float]:
    """Pearson's correlation of two float64 [rows], and its p-value.

    Both are NaN where it is undefined: fewer than two rows, or one of the two constant (see `constant`).
    """
    from scipy import stats

    if len(x) < 2 or constant(x) or constant(y):
        return NAN, NAN
    result = stats.pearsonr(x, y)
    return float(result.statistic), float(result.pvalue)


def spearman(x: NDArray[Any], y: NDArray[Any]) -> tuple[float, float]:
    """Spearman's rank correlation of two float64 [rows], and its p-value.

    Both are NaN where it is undefined: fewer than two rows, or one of the two all equal; the p-value of two rows also.
    """
    from scipy import stats

    if len(x) < 2 or x.min() == x.max() or y.min() == y.max():
        return NAN, NAN
    with np.errstate(invalid="ignore"):  # two rows leave no degrees of freedom for a p-value: 0 / 0
        result = stats.spearmanr(x, y)
    return float(result.statistic), float(result.pvalue)


def matthews(predictions: NDArray[Any], labels: NDArray[Any], **options: Any) -> float:
    """Matthews' correlation of two int [rows]; 0 where it is undefined, as in scikit-learn, but without a warning.

    `options` are those of `sklearn.metrics.matthews_corrcoef`.
    """
    from sklearn.metrics import matthews_corrcoef

    if min(predictions.min(), labels.min()) == max(predictions.max(), labels.max()):  # one class is all there is
        return 0.0
    return float(matthews_corrcoef(labels, predictions, **options))


def constant(x: NDArray[Any]) -> bool:
    """Whether the float64 [rows] vary so little about their mean that a correlation would be made of rounding errors.

    The bound is the one at which `scipy.stats.pearsonr` warns of "nearly constant" input (float64 eps ** 0.75, 1.8e-12
    of the mean), rounded up.
    """
    mean = x.mean()
    return bool(np.abs(x - mean).max() <= 2e-12 * abs(mean))
