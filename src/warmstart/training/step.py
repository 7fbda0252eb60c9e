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
from warmstart.training.techniques import FOLDED_CLIPPING, Techniques

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
    techniques: Techniques = dataclasses.field(default_factory=Techniques)


def train_step(engine: Engine, update: Update, batches: Sequence[Batch]) -> StepResult:
    """One optimiser step over the rows of `update`; `batches` are this process's micro-batches of it.

    The loss is the sum over all targets of the update divided by their number, over all micro-batches and processes: a
    micro-batch's mean loss weighs as many targets as it has. So micro-batch size, accumulation and processes change
    nothing but rounding.
    """
    engine.model.train()
    reseed(engine.seed, update.index, engine.processes.index)
    _begin(engine, update, batches)
    counts = [count_targets(batch, engine.label_names) for batch in batches]
    targets, tokens = engine.processes.totals(sum(counts), sum(map(count_tokens, batches)))
    total = max(targets, 1)
    loss = torch.zeros((), device=engine.processes.device)
    rows = seen = 0
    for number, (batch, count) in enumerate(zip(batches, counts, strict=True)):
        if engine.techniques.bits is not None:
            engine.techniques.bits.micro_batch(rows, seen)
            rows, seen = rows + count_rows(batch), seen + count_tokens(batch)
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
    if engine.techniques.bits is not None:
        engine.techniques.bits.end()
    learning_rate = float(engine.optimizer.param_groups[0]["lr"])
    grad_norm = _clip_and_step(engine, parameters)
    engine.hooks.after_optimiser()
    if engine.scheduler is not None and not needs_metric(engine.scheduler):
        engine.scheduler.step()
    engine.optimizer.zero_grad(set_to_none=True)
    engine.model.zero_grad(set_to_none=True)
    return StepResult(update, engine.processes.summed(loss), grad_norm, learning_rate, tokens)


def _begin(engine: Engine, update: Update, batches: Sequence[Batch]) -> None:
    """Tell the techniques that weights have changed and which random bits are meant."""
    if engine.techniques.working is not None:
        engine.techniques.working.refresh()
    if engine.techniques.bits is not None:
        width = max((batch["input_ids"].shape[1] for batch in batches if "input_ids" in batch), default=0)
        engine.techniques.bits.begin(engine.seed, update.index, engine.processes.index, width)


def _clip_and_step(engine: Engine, parameters: list[nn.Parameter]) -> torch.Tensor | None:
    """Clip the gradients' norm and take the optimiser's step. Returns the norm before clipping, if there is
    clipping.
    """
    optimizer: Any = engine.optimizer
    if engine.max_grad_norm <= 0:
        engine.hooks.before_optimiser()
        optimizer.step()
        return None
    if FOLDED_CLIPPING not in engine.techniques.on:
        norm = nn.utils.clip_grad_norm_(parameters, engine.max_grad_norm)
        engine.hooks.before_optimiser()
        optimizer.step()
        return norm
    norm = nn.utils.get_total_norm(p.grad for p in parameters if p.grad is not None)
    # The factor of clip_grad_norm_, as a divisor; where gradients lie on other devices torch moves it there.
    optimizer.grad_scale = ((norm + 1e-6) / engine.max_grad_norm).clamp_(min=1.0)
    optimizer.found_inf = torch.zeros_like(norm)
    try:
        optimizer.step()
    finally:
        del optimizer.grad_scale, optimizer.found_inf
    return norm


def count_rows(batch: Batch) -> int:
    """Rows of a batch."""
    return next((len(value) for value in batch.values() if isinstance(value, torch.Tensor) and value.ndim), 0)


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
