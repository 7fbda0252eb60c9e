"""One update: its micro-batches forward and backward, gradients summed over processes, clipped, one optimiser step."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from warmstart.data.batches import Update
from warmstart.data.feeds import Batch
from warmstart.training.accelerator import Processes
from warmstart.training.losses import count_targets
from warmstart.training.randomness import reseed

Loss = Callable[[nn.Module, Batch], torch.Tensor]


def nothing() -> None:
    """The hook that does nothing."""


@dataclasses.dataclass(frozen=True)
class Hooks:
    """What a caller wants done inside an update; `transformers` callbacks look at gradients at these points."""

    after_micro_batch: Callable[[], None] = nothing
    before_optimiser: Callable[[], None] = nothing
    after_optimiser: Callable[[], None] = nothing


@dataclasses.dataclass(frozen=True)
class StepResult:
    """What one update did. `loss` (mean over the update's targets, on all processes) and `grad_norm` (before clipping;
    None when there is no clipping) stay tensors on the device, so that reading them is the caller's choice. `tokens`:
    real input tokens of the update, on all processes."""

    update: Update
    loss: torch.Tensor
    grad_norm: torch.Tensor | None
    learning_rate: float
    tokens: int


@dataclasses.dataclass(frozen=True)
class Engine:
    """What an update needs besides its batches. `loss` gives the mean loss over the targets of one micro-batch."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: Any
    processes: Processes
    loss: Loss
    label_names: Sequence[str]
    max_grad_norm: float
    seed: int
    precision: torch.dtype | None = None
    hooks: Hooks = dataclasses.field(default_factory=Hooks)


def train_step(engine: Engine, update: Update, batches: Sequence[Batch]) -> StepResult:
    """One optimiser step over the rows of `update`; `batches` are this process's micro-batches of it.

    The loss is the sum over all targets of the update divided by their number, over all micro-batches and processes: a
    micro-batch's mean loss weighs as many targets as it has. So micro-batch size, accumulation and processes change
    nothing but rounding.
    """
    engine.model.train()
    reseed(engine.seed, update.index, engine.processes.index)
    counts = [count_targets(batch, engine.label_names) for batch in batches]
    targets, tokens = engine.processes.totals(sum(counts), sum(map(count_tokens, batches)))
    total = max(targets, 1)
    loss = torch.zeros((), device=engine.processes.device)
    for number, (batch, count) in enumerate(zip(batches, counts, strict=True)):
        if count:  # the mean over no targets is NaN
            batch = engine.processes.to_device(batch)
            with engine.processes.autocast(engine.precision):
                share = engine.loss(engine.model, batch) * (count / total)
            share.backward()  # type: ignore[no-untyped-call]
            loss += share.detach().float()
        if number + 1 < len(batches):
            engine.hooks.after_micro_batch()
    parameters = [p for group in engine.optimizer.param_groups for p in group["params"] if p.requires_grad]
    engine.processes.sum_gradients(parameters)
    grad_norm = None
    if engine.max_grad_norm > 0:
        grad_norm = nn.utils.clip_grad_norm_(parameters, engine.max_grad_norm)
    engine.hooks.before_optimiser()
    learning_rate = float(engine.optimizer.param_groups[0]["lr"])
    engine.optimizer.step()
    engine.hooks.after_optimiser()
    if engine.scheduler is not None and not needs_metric(engine.scheduler):
        engine.scheduler.step()
    engine.optimizer.zero_grad(set_to_none=True)
    engine.model.zero_grad(set_to_none=True)
    return StepResult(update, engine.processes.summed(loss), grad_norm, learning_rate, tokens)


def count_tokens(batch: Batch) -> int:
    """Real input tokens of a batch; 0 where it has none."""
    mask = batch.get("attention_mask")
    if isinstance(mask, torch.Tensor):
        return int(mask.sum())
    ids = batch.get("input_ids")
    return ids.numel() if isinstance(ids, torch.Tensor) else 0


def needs_metric(scheduler: Any) -> bool:
    """Whether the schedule moves on evaluation results and not on updates."""
    return isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau) or type(scheduler).__name__ == "GreedyLR"
