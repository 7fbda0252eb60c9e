"""Which rows make which update: a pure function of the number of rows, the seed and the epoch."""

import dataclasses
from typing import Literal

import numpy as np
import numpy.typing as npt

from warmstart.batches.balanced import balanced_order

Rows = npt.NDArray[np.int64]
WINDOW = 50  # batches that are sorted by length together: long enough to even lengths out, short enough to stay random


@dataclasses.dataclass(frozen=True)
class Update:
    """One optimizer step. `rows`: int64 `[rows]` of the whole update; `micro_batches`: this process's part of them, in
    pieces that fit the device (there may be none: the last update of an epoch can have fewer rows than processes)."""

    index: int
    epoch: int
    rows: Rows
    micro_batches: tuple[Rows, ...]


@dataclasses.dataclass(frozen=True)
class BatchPlan:
    """The updates of a run: any of them is found without walking to it.

    `rows`: rows in the data set; `batch_size`: rows of an update over all processes; `micro_batch_size`: rows that one
    process computes at a time. `order`: `"random"`, `"sequential"`, or `"length"` (random, then sorted by length within
    windows of 50 updates, so that rows of like length meet; needs `lengths`). The last update of an epoch is short
    unless `drop_last`. Neither `micro_batch_size` nor the number of processes changes which rows an update has.

    `groups`: the rows of each class, where updates draw from these alike (`batches/balanced.py`). An epoch has as many
    rows as ever then, and those of a small class come several times.
    """

    rows: int
    batch_size: int
    micro_batch_size: int
    seed: int = 0
    order: Literal["random", "sequential", "length"] = "random"
    drop_last: bool = False
    lengths: npt.NDArray[np.int64] | None = dataclasses.field(default=None, repr=False, compare=False)
    groups: tuple[Rows, ...] = dataclasses.field(default=(), repr=False, compare=False)
    _last: dict[int, Rows] = dataclasses.field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if min(self.rows, self.batch_size, self.micro_batch_size) < 1:
            raise ValueError(f"rows and batch sizes must be at least 1: {self}")
        if self.order == "length" and self.lengths is None:
            raise ValueError("order='length' needs lengths")
        if self.groups and self.order != "random":
            raise ValueError(f"groups are drawn from at random, and not with order={self.order!r}")

    @property
    def updates_per_epoch(self) -> int:
        """At least one, also when `drop_last` would drop everything."""
        whole, rest = divmod(self.rows, self.batch_size)
        return max(whole if self.drop_last else whole + (rest > 0), 1)

    def update(self, index: int, process: int = 0, processes: int = 1) -> Update:
        """Update number `index`, counted from 0 over all epochs, with the share of process `process` of `processes`."""
        epoch, within = divmod(index, self.updates_per_epoch)
        start = within * self.batch_size
        rows = self.order_of(epoch)[start : start + self.batch_size]
        mine = np.array_split(rows, processes)[process]
        pieces = tuple(mine[i : i + self.micro_batch_size] for i in range(0, len(mine), self.micro_batch_size))
        return Update(index, epoch, rows, pieces)

    def rows_before(self, index: int) -> int:
        """How many rows the updates before `index` consume."""
        epoch, within = divmod(index, self.updates_per_epoch)
        per_epoch = min(self.updates_per_epoch * self.batch_size, self.rows)
        return epoch * per_epoch + min(within * self.batch_size, per_epoch)

    def order_of(self, epoch: int) -> Rows:
        """The rows of an epoch in the order in which updates take them: int64 `[rows]`, kept until another epoch is
        asked for.
        """
        order = self._last.get(epoch)
        if order is None:
            order = _order(self, epoch)
            self._last.clear()
            self._last[epoch] = order
        return order


def _order(plan: BatchPlan, epoch: int) -> Rows:
    """The rows of an epoch in the order in which updates take them: int64 `[rows]`, a function of (seed, epoch).

    In random order it is the very order of `transformers.Trainer` for the same seed (the seedable sampler of
    `accelerate`), so that two runs can be compared on the same batches.
    """
    if plan.groups:
        return balanced_order(plan.groups, plan.rows, plan.batch_size, plan.seed, epoch)
    if plan.order == "sequential":
        return np.arange(plan.rows)
    import torch

    seed = (plan.seed + epoch) % 2**63
    order: Rows = torch.randperm(plan.rows, generator=torch.Generator().manual_seed(seed)).numpy()
    if plan.order == "random":
        return order
    assert plan.lengths is not None
    generator = np.random.Generator(np.random.Philox(key=[plan.seed, epoch]))
    window = WINDOW * plan.batch_size
    windows = [order[i : i + window] for i in range(0, plan.rows, window)]
    order = np.concatenate([w[np.argsort(-plan.lengths[w], kind="stable")] for w in windows])
    whole = plan.rows // plan.batch_size * plan.batch_size
    batches = generator.permutation(order[:whole].reshape(-1, plan.batch_size))
    return np.concatenate([batches.reshape(-1), order[whole:]])
