"""How far a metric would move if other rows had been drawn: bootstrap intervals.

Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13 (the percentile interval): draw as many rows
as there are, with replacement, again and again; compute the metric of each draw; the interval holds the middle `level`
of those values. It covers the choice of evaluation rows, not of training rows or seeds.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import UserError, did_you_mean
from warmstart.heads.correlation import NAN
from warmstart.heads.head import Head
from warmstart.messages import _

Array = NDArray[Any]


def bootstrap(
    head: Head,
    predictions: Array,
    labels: Array,
    *,
    names: tuple[str, ...] | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """The `level` percentile interval (low, high) of each metric in `names` (default: those of `headline`).

    `predictions` and `labels` are those of `head.measure`. The same seed gives the same intervals. Draws in which a
    correlation is undefined (all rows equal) are left out; if it is undefined in all, both ends are NaN.

    Two limits. The interval of a metric with nothing to vary has no length: few rows, all of them right, look more
    certain than they are. And where many classes have only a few rows each, most draws miss some of them, so that the
    interval of an average over classes (`macro_f1`) lies too low.

    Raises UserError for what `measure` refuses, an unknown name, `level` outside (0, 1) or `resamples` below 1.
    """
    known = head.metric_names()
    names = head.headline() if names is None else names
    for name in names:
        if name not in known:
            raise UserError(_("there is no metric {name!r} here").format(name=name), fix=did_you_mean(name, known))
    if not 0 < level < 1 or resamples < 1:
        raise UserError(
            _("level = {level} and resamples = {resamples} make no interval").format(level=level, resamples=resamples),
            fix=_("give 0 < level < 1 and resamples >= 1, such as 0.95 and 1000"),
        )
    predictions, labels = head.checked(predictions, labels)
    scores = list(head.draws(predictions, labels, resamples, np.random.default_rng(seed)))
    return {name: middle(np.concatenate([block[name] for block in scores]), level) for name in names}


def middle(values: Array, level: float) -> tuple[float, float]:
    values = values[~np.isnan(values)]
    if not len(values):
        return NAN, NAN
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
