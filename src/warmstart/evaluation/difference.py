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


def difference(
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
