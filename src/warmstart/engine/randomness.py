"""Randomness is a function, not a state: dropout comes from (seed, update, process), so nothing random needs saving.

Rows that are drawn or collated at random take (seed, update, process, micro-batch).
"""

import contextlib
import random
from collections.abc import Iterator
from typing import Any

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


def states() -> dict[str, Any]:
    """Where the generators of torch (on the CPU), NumPy and Python are, as JSON holds it."""
    import torch

    name, keys, *rest = np.random.get_state(legacy=True)
    version, words, gauss = random.getstate()
    torchs = torch.get_rng_state().numpy().tobytes().hex()
    return {
        "torch": torchs,
        "numpy": [name, [int(key) for key in keys], *rest],
        "python": [version, list(words), gauss],
    }


def put_back(saved: dict[str, Any]) -> None:
    """Set the generators to where they were."""
    import torch

    name, keys, *rest = saved["numpy"]
    version, words, gauss = saved["python"]
    torch.set_rng_state(torch.frombuffer(bytearray.fromhex(saved["torch"]), dtype=torch.uint8))
    np.random.set_state((name, np.asarray(keys, np.uint32), *rest))
    random.setstate((version, tuple(words), gauss))


@contextlib.contextmanager
def untouched(wanted: bool = True) -> Iterator[None]:
    """Whatever is drawn inside the block, if it is `wanted`, those generators are afterwards where they were."""
    before = states() if wanted else None
    yield
    if before is not None:
        put_back(before)
