"""Whole updates as CUDA graphs: forward, backward, clipping and the optimiser, one graph for each number of tokens.

A small model on a large accelerator waits for kernels to be launched; a graph launches all of an update's at once
(https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs, "whole-network capture"). The first update of a
bucket runs the same operations one by one, which also warms up what they need; the second one captures them; from then
on they are replayed. Random numbers stay a function of (seed, update, process): a replay reads the generator's seed.
"""

import dataclasses
import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from warmstart.data.feeds import Batch
from warmstart.errors import text
from warmstart.models.unpadded.encoder import FIRST_TOKEN, Unpadded
from warmstart.models.unpadded.flat import COARSE, Flat, flat_inputs, flatten, position_offset
from warmstart.training.clipping import step_clipped, total_norm

CUDA_GRAPHS = "cuda-graphs"
Outcome = tuple[torch.Tensor, torch.Tensor]  # the update's loss, and its gradient norm


@dataclasses.dataclass(frozen=True)
class Bucket:
    """The buffers that a graph reads and writes. `graph` is None until the second update of this size."""

    inputs: Flat
    graph: Any = None
    outcome: Outcome | None = None


class Graphs:
    """Runs updates of one full micro-batch of `rows` rows. `width`: the longest row of the data."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        encoder: Unpadded,
        *,
        rows: int,
        width: int,
        max_grad_norm: float,
        precision: torch.dtype | None,
    ) -> None:
        self._model, self._optimizer, self._encoder = model, optimizer, encoder
        self._rows, self._width = rows, max(-(-width // 8) * 8, COARSE)
        self._max_grad_norm, self._precision = max_grad_norm, precision
        self._offset = position_offset(model)
        self._types = "token_type_ids" in _inputs_of(model)
        self._buckets: dict[tuple[int, torch.dtype], Bucket] = {}
        self._pool: Any = None
        self._rate = torch.zeros((), device=next(model.parameters()).device)
        self.broken = ""  # why capturing was given up

    def takes(self, batches: Sequence[Batch]) -> bool:
        """Whether this update can run here: one micro-batch, of the usual size, with nothing unusual in it."""
        usual = {"input_ids", "attention_mask", "token_type_ids", "labels"}
        if self.broken or self._encoder.calls.observed:
            return False
        if len(batches) != 1 or not batches[0].keys() <= usual or "labels" not in batches[0]:
            return False
        mask = batches[0]["attention_mask"]
        return len(mask) == self._rows and mask.shape[1] <= self._width and bool(mask[:, 0].all())

    def run(self, batch: Batch) -> Outcome:
        """One update over the padded `batch` (on the CPU); the optimiser has stepped then. Seed torch before."""
        flat = flatten(batch, self._width, self._offset)
        key = (flat.bucket, flat.labels.dtype)
        known = self._buckets.get(key)
        if known is None:
            device = self._rate.device
            self._buckets[key] = Bucket(Flat(*(tensor.to(device) for tensor in flat.tensors())))
            return self._eager(self._buckets[key].inputs)
        for buffer, tensor in zip(known.inputs.tensors(), flat.tensors(), strict=True):
            buffer.copy_(tensor.pin_memory() if buffer.is_cuda else tensor, non_blocking=True)
        if known.graph is None:
            known = self._captured(known)
            self._buckets[key] = known
        if known.graph is None or known.outcome is None:  # capturing failed: this update still has to be done
            return self._eager(known.inputs)
        self._rate.fill_(float(self._optimizer.param_groups[0]["lr"]))
        known.graph.replay()
        loss, norm = known.outcome
        return loss.clone(), norm.clone()

    def _eager(self, flat: Flat) -> Outcome:
        """An update, one operation after the other."""
        outcome = self._update(flat)
        self._optimizer.zero_grad(set_to_none=True)
        return outcome

    def _update(self, flat: Flat) -> Outcome:
        """The operations of an update, on whatever stream is current."""
        device = self._rate.device.type
        # A cache of casts would outlive the graph that made them.
        cast = torch.autocast(device, self._precision, self._precision is not None, cache_enabled=False)
        held = self._encoder.working.held()
        with held, flat_inputs(self._encoder, flat, self._width, self._types) as inputs, cast:
            loss = self._model(**inputs).loss
        loss.backward()
        norm = total_norm(self._optimizer)
        step_clipped(self._optimizer, norm, self._max_grad_norm)
        return loss.detach().float(), norm

    def _captured(self, bucket: Bucket) -> Bucket:
        """`bucket` with its graph; without one, and `broken` saying why, if it cannot be captured."""
        groups = self._optimizer.param_groups
        rates = [group["lr"] for group in groups]
        capturable = [group.get("capturable", False) for group in groups]
        graph, stream = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        for group in groups:
            group["lr"], group["capturable"] = self._rate, True
        self._optimizer.zero_grad(set_to_none=True)
        try:
            with torch.cuda.graph(graph, pool=self._pool):
                outcome = self._update(bucket.inputs)
        except Exception as error:
            self.broken = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            logging.getLogger(__name__).warning(
                text("CUDA graphs are off from here on: %s", "此后不再使用 CUDA 图: %s"), self.broken
            )
            torch.cuda.set_stream(stream)  # what a capture that fails does not do
            torch.cuda.synchronize()
            return bucket
        finally:
            for group, rate, was in zip(groups, rates, capturable, strict=True):
                group["lr"], group["capturable"] = rate, was
            self._optimizer.zero_grad(set_to_none=True)
        self._pool = graph.pool()
        return dataclasses.replace(bucket, graph=graph, outcome=outcome)


def why_no_graphs(
    optimizer: torch.optim.Optimizer,
    encoder: Unpadded,
    *,
    table: bool,
    micro_batches: int,
    processes: int,
    folded: bool,
    own_loss: bool,
) -> str:
    """Why updates of this run cannot be captured; empty if they can. `table`: rows come from a token table; `folded`:
    clipping is part of the optimiser's step, which no callback looks into; `own_loss`: the loss is the user's."""
    reasons = [
        (FIRST_TOKEN not in encoder.on, text("the model is not of a known family", "模型不属于已知系列")),
        (not table, text("the rows are not a token table", "数据不是 token 表")),
        (micro_batches > 1, text("an update has several micro-batches", "每次更新有多个小批")),
        (processes > 1, text("several processes share an update", "每次更新由多个进程共享")),
        (not folded, text("clipping is not folded into a fused AdamW", "梯度裁剪未并入融合的 AdamW")),
        (own_loss, text("the loss is not the model's own", "损失不是模型自带的")),
        (
            len({float(group["lr"]) for group in optimizer.param_groups}) > 1,
            text("parameters have different learning rates", "参数的学习率不一致"),
        ),
    ]
    return next((why for holds, why in reasons if holds), "")


def _inputs_of(model: nn.Module) -> list[str]:
    import inspect

    return list(inspect.signature(model.forward).parameters)
