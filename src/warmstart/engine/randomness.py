"""Randomness is a function, not a state: dropout comes from (seed, update, process), so nothing random needs saving.

Rows that are drawn or collated at random take (seed, update, process, micro-batch).
"""

import random

import numpy as np


def seed_of(seed: int, update: int, process: int, micro_batch: int | None = None) -> int:
    """A 64-bit seed that is independent for every place in a run: NumPy's SeedSequence hash. Without a micro-batch it
    is the model's."""
    place = (seed, update, process, 0 if micro_batch is None else micro_batch + 1)
    return int(np.random.SeedSequence(place).generate_state(1, np.uint64)[0])


def reseed(seed: int, update: int, process: int, micro_batch: int | None = None) -> None:
    """Set the generators of torch (all devices), NumPy and Python for one update, or micro-batch, on one process."""
    import torch

    number = seed_of(seed, update, process, micro_batch)
    torch.manual_seed(number)
    np.random.seed(number % 2**32)
    random.seed(number)
