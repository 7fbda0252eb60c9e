"""Whole updates as CUDA graphs: forward, backward, clipping and the optimizer, one graph for each size of batch.

A small model on a large accelerator waits for kernels to be launched; a graph launches all of an update's at once
(https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs, "whole-network capture"). The first update of a
bucket runs the same operations one by one, which also warms up what they need; the second one captures them; from then
on they are replayed. Random numbers stay a function of (seed, update, process): a replay reads the generator's seed.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import nn

from warmstart.batches.dataloaders import Batch
from warmstart.batches.ragged import RaggedBatch
from warmstart.engine.capturable import Steady
from warmstart.engine.clipping import step_clipped, total_norm
from warmstart.engine.oom import is_out_of_memory
from warmstart.errors import first_line
from warmstart.messages import _
from warmstart.models.ragged.door import takes
from warmstart.models.ragged.encoder import Unpadded

CUDA_GRAPHS = "cuda-graphs"
FINE, COARSE = 64, 128  # tokens: buckets of short and of long batches, some 10 % more than there are
LONG = 1024
Outcome = tuple[torch.Tensor, torch.Tensor]  # the update's loss, and its gradient norm


def bucket_of(tokens: int) -> int:
    """The smallest bucket that holds `tokens`."""
    step = FINE if tokens <= LONG else COARSE
    return -(-tokens // step) * step


def bucketed(batch: RaggedBatch) -> RaggedBatch:
    """The batch (on the CPU) filled up to a bucket, with attention as wide as its longest row, to a multiple of 128."""
    return batch.filled_to(bucket_of(int(batch.cu_seqlens[-1])), -(-batch.max_seqlen // COARSE) * COARSE)


@dataclasses.dataclass(frozen=True)
class Bucket:
    """The buffers that a graph reads and writes. `graph` is None until the second update of this size."""

    inputs: RaggedBatch
    graph: Any = None
    outcome: Outcome | None = None


class Graphs:
    """Runs updates of one full micro-batch of `rows` rows. `warn` is told when it gives up."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        encoder: Unpadded,
        *,
        rows: int,
        max_grad_norm: float,
        precision: torch.dtype | None,
        warn: Callable[[str], None] = print,
    ) -> None:
        self._warn = warn
        self._model, self._optimizer, self._encoder = model, optimizer, encoder
        self._rows, self._max_grad_norm, self._precision = rows, max_grad_norm, precision
        self._steady = Steady(model, optimizer)
        self._buckets: dict[tuple[int, int, torch.dtype], Bucket] = {}
        self._pool: Any = None
        self._rate = torch.zeros((), device=next(model.parameters()).device)
        self.broken = ""  # why capturing was given up

    @property
    def captured(self) -> int:
        """How many graphs there are by now."""
        return sum(bucket.graph is not None for bucket in self._buckets.values())

    def takes(self, batches: Sequence[Batch]) -> bool:
        """Whether this update can run here: one micro-batch, of the usual size, with nothing unusual in it, and nobody
        who wants to be called in it."""
        if self.broken or len(batches) != 1 or not isinstance(batches[0], RaggedBatch) or batches[0].labels is None:
            return False
        if self._steady.has_changed():
            self._give_up(_("the optimizer's options have changed"))
            return False
        return batches[0].rows == self._rows and takes(self._model, batches[0]) and not self._steady.is_hooked()

    def run(self, batch: RaggedBatch) -> Outcome | None:
        """One update over `batch` (on the CPU); the optimizer has stepped then. Seed torch before. None if
        it did not fit into the memory: then nothing has changed, and there will be no more graphs."""
        batch = bucketed(batch)
        assert batch.labels is not None
        key = (batch.filled, batch.max_seqlen, batch.labels.dtype)
        self._rate.fill_(float(self._optimizer.param_groups[0]["lr"]))
        known = self._buckets.get(key)
        if known is None:
            self._buckets[key] = Bucket(batch.to(self._rate.device))
            return self._eager(self._buckets[key].inputs)
        for name, tensor in batch.tensors().items():
            buffer = known.inputs.tensors()[name]
            buffer.copy_(tensor.pin_memory() if buffer.is_cuda else tensor, non_blocking=True)
        if known.graph is None:
            known = self._captured(known)
            if known.graph is None or known.outcome is None:  # this update still has to be done
                return self._eager(known.inputs)
            self._buckets[key] = known
        assert known.outcome is not None
        known.graph.replay()
        loss, norm = known.outcome
        return loss.clone(), norm.clone()

    def _eager(self, batch: RaggedBatch) -> Outcome | None:
        """An update, one operation after the other."""
        outcome: Outcome | None = None
        try:
            outcome = self._gradients(batch)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._give_up(first_line(error))
        if outcome is not None:
            with self._rate_on_device(capturable=False):  # read as a graph reads it: to the same bit
                step_clipped(self._optimizer, outcome[1], self._max_grad_norm)
        self._optimizer.zero_grad(set_to_none=True)
        return outcome

    def _gradients(self, batch: RaggedBatch) -> Outcome:
        """Forward and backward, on whatever stream is current."""
        device = self._rate.device.type
        # A cache of casts would outlive the graph that made them.
        cast = torch.autocast(device, self._precision, self._precision is not None, cache_enabled=False)
        with self._encoder.weights.held(), cast:
            loss = self._model(batch).loss
        loss.backward()
        return loss.detach().float(), total_norm(self._optimizer)

    def _captured(self, bucket: Bucket) -> Bucket:
        """`bucket` with its graph; without one, and `broken` saying why, if it cannot be captured."""
        graph, stream = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        self._optimizer.zero_grad(set_to_none=True)
        try:
            with self._rate_on_device(capturable=True), torch.cuda.graph(graph, pool=self._pool):
                outcome = self._gradients(bucket.inputs)
                step_clipped(self._optimizer, outcome[1], self._max_grad_norm)
        except Exception as error:
            torch.cuda.set_stream(stream)  # what a capture that fails does not do
            torch.cuda.synchronize()
            self._give_up(first_line(error))
            return bucket
        finally:
            self._optimizer.zero_grad(set_to_none=True)
        self._pool = graph.pool()
        return dataclasses.replace(bucket, graph=graph, outcome=outcome)

    @contextlib.contextmanager
    def _rate_on_device(self, capturable: bool) -> Iterator[None]:
        """Inside the block the optimizer reads its learning rate from where a graph can be told another one."""
        groups = self._optimizer.param_groups
        before = [(group["lr"], group.get("capturable", False)) for group in groups]
        for group in groups:
            group["lr"], group["capturable"] = self._rate, capturable
        try:
            yield
        finally:
            for group, (rate, was) in zip(groups, before, strict=True):
                group["lr"], group["capturable"] = rate, was

    def _give_up(self, why: str) -> None:
        """No graphs from here on; what they held is free."""
        self.broken = why
        self._buckets.clear()
        self._pool = None
        self._warn(_("CUDA graphs are off from here on: {why}").format(why=why))
