"""Shares of rows with their intervals."""

import math

from warmstart.evaluation.difference import Interval


def wilson(right: int, rows: int, z: float = 1.959964) -> Interval:
    """A share of rows with its 95 % interval (Wilson 1927): one that is sound for few rows and for shares of 0 and 1.
    NaN where there are no rows."""
    if not rows:
        return math.nan, math.nan, math.nan
    share, square = right / rows, z * z / rows
    middle_, half = share + square / 2, z * math.sqrt(share * (1 - share) / rows + square / (4 * rows))
    low, high = (middle_ - half) / (1 + square), (middle_ + half) / (1 + square)
    return share, max(low, 0.0), min(high, 1.0)
