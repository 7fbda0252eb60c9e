"""Rows to strata, from which the same share goes to validation each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_BINS = 10  # of the quantiles by which numbers are stratified
Ints = NDArray[np.int64]


def numbered(keys: Ints) -> Ints:
    """Keys [rows] to numbers from 0 in the order of first appearance, whatever the keys themselves are."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    place = np.empty(len(first), np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    return place[inverse]


def quantiles(numbers: NDArray[Any], fraction: float) -> Ints:
    """The quantile bin of each number [rows]: as many bins as give each a row to validation, ten at most."""
    bins = min(max(int(len(numbers) * fraction), 1), MOST_BINS)
    place = np.empty(len(numbers), np.int64)
    place[np.argsort(numbers, kind="stable")] = np.arange(len(numbers))
    return place * bins // len(numbers)


def merge_rare(strata: Ints, fraction: float) -> Ints:
    """The strata too small to give a row to validation made one, the last [rows]."""
    rare = np.bincount(strata) * fraction < 1
    return numbered(np.where(rare[strata], len(rare), strata))
