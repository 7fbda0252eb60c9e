"""Is one prediction better than another? The difference of a metric on the same rows, with its interval.

Both predictions are measured on the same bootstrap draws: what rows are easy or hard for both cancels, so that the
interval of the difference is shorter than two intervals side by side suggest.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.evaluation.bootstrap import middle
from warmstart.heads.head import Head

Array = NDArray[Any]
Interval = tuple[float, float, float]  # value, low, high


def paired(
    head: Head,
    first: Array,
    second: Array,
    labels: Array,
    metric: str,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The metric of `first` less that of `second`, and the `level` percentile interval of that difference.

    Predictions and labels are those of `head.measure`, of the same rows in the same order. NaN where the metric is
    undefined for either. Raises UserError for what `measure` refuses.
    """
    first, labels = head.checked(first, labels)
    second, labels = head.checked(second, labels)
    value = head.measure(first, labels)[metric] - head.measure(second, labels)[metric]
    blocks = head.paired_draws(first, second, labels, resamples, np.random.default_rng(seed))
    low, high = middle(np.concatenate([one[metric] - other[metric] for one, other in blocks]), level)
    return value, low, high


def wilson(right: int, rows: int, z: float = 1.959964) -> Interval:
    """A share of rows with its 95 % interval (Wilson 1927): one that is sound for few rows and for shares of 0 and 1.
    NaN where there are no rows."""
    if not rows:
        return float("nan"), float("nan"), float("nan")
    share, square = right / rows, z * z / rows
    middle_, half = share + square / 2, z * np.sqrt(share * (1 - share) / rows + square / (4 * rows))
    low, high = (middle_ - half) / (1 + square), (middle_ + half) / (1 + square)
    return share, float(max(low, 0.0)), float(min(high, 1.0))
