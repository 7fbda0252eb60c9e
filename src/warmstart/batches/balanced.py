"""Rows drawn so that each class comes as often as any other, however few rows it has."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
BLOCK = 256  # rows of a class that are put in order together: a small class passes many times in an epoch


def balanced_order(groups: Sequence[Rows], rows: int, batch_size: int, seed: int, epoch: int) -> Rows:
    """The rows of an epoch in the order in which updates take them: int64 `[rows]`, a function of (seed, epoch).

    Classes (`groups`: the rows of each) take turns, so that in an update of `batch_size` rows each comes as often as
    any other, give or take one; where there are more classes than rows in an update, each turn has another order. A
    class gives its rows one after the other, each once before the first comes again, in another order each time, and
    goes on in the next epoch about where it ended: all rows of a large class are seen, over several epochs.
    """
    generator = np.random.default_rng([seed, epoch])
    count = len(groups)
    turns = -(-rows // count)
    if count > batch_size:
        turn_of = generator.permuted(np.tile(np.arange(count), (turns, 1)), axis=1).reshape(-1)[:rows]
    else:
        turn_of = np.tile(generator.permutation(count), turns)[:rows]
    places = np.argsort(turn_of, kind="stable")
    order = np.empty(rows, np.int64)
    start = 0
    for number, (group, drawn) in enumerate(zip(groups, np.bincount(turn_of, minlength=count), strict=True)):
        order[places[start : start + drawn]] = group[_stream(len(group), epoch * turns, int(drawn), seed, number)]
        start += drawn
    return order


def _stream(size: int, start: int, count: int, seed: int, group: int) -> Rows:
    """Places `start` to `start + count` of an endless row of permutations of `size` rows, found without walking."""
    passes = max(BLOCK // size, 1)
    length = passes * size
    first, last = start // length, (start + max(count, 1) - 1) // length
    blocks = [
        np.random.default_rng([seed, group, block, 1]).permuted(np.tile(np.arange(size), (passes, 1)), axis=1)
        for block in range(first, last + 1)
    ]
    begin = start - first * length
    return np.concatenate(blocks).reshape(-1)[begin : begin + count]
