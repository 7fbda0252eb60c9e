"""Randomness is a function, not a state: dropout comes from (seed, update, process), so nothing random needs saving."""

import random

import numpy as np


def seed_of(seed: int, update: int, process: int) -> int:
    """A 64-bit seed that is independent for every (seed, update, process): NumPy's SeedSequence hash."""
    return int(np.random.SeedSequence((seed, update, process)).generate_state(1, np.uint64)[0])


def reseed(seed: int, update: int, process: int) -> None:
    """Set the generators of torch (all devices), NumPy and Python for one update on one process."""
    import torch

    number = seed_of(seed, update, process)
    torch.manual_seed(number)
    np.random.seed(number % 2**32)
    random.seed(number)
