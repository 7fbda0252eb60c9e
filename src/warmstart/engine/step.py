"""One update: its micro-batches forward and backward, gradients summed over processes, clipped, one optimizer step."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from warmstart.batches.dataloaders import Batch
from warmstart.batches.plan import Update
from warmstart.batches.ragged import RaggedBatch
from warmstart.engine.clipping import step_clipped, total_norm
from warmstart.engine.distributed.processes import Processes
from warmstart.engine.losses import count_targets, no_gradient, one_number
from warmstart.engine.nonfinite import is_finite
from warmstart.engine.oom import RowsAtATime, count_rows, is_out_of_memory
from warmstart.engine.optimizer import needs_metric, switch
from warmstart.engine.precision import FallBack
from warmstart.engine.randomness import reseed
from warmstart.engine.signals import Signals
from warmstart.engine.techniques import FOLDED_CLIPPING, Techniques
from warmstart.errors import UserError, first_line
from warmstart.messages import _

Loss = Callable[[nn.Module, Batch], torch.Tensor]
Backward = Callable[[nn.Module, Batch, float], torch.Tensor]


def nothing() -> None:
    """The hook that does nothing."""


@dataclasses.dataclass(frozen=True)
class Hooks:
    """What a caller wants done inside an update; `transformers` callbacks look at gradients at these points."""

    after_micro_batch: Callable[[], None] = nothing
    before_optimizer: Callable[[], None] = nothing
    after_optimizer: Callable[[], None] = nothing


@dataclasses.dataclass(frozen=True)
class StepResult:
    """What one update did. `loss` (mean over the update's targets, on all processes) and `grad_norm` (before clipping)
    stay tensors on the device, so that reading them is the caller's choice. `tokens`: real input tokens of the update,
    on all processes; `padded_tokens`: with the padding that makes the rows of a micro-batch as long as its longest.
    `finite`: whether both are finite, if it is known yet; where they are not, no weight has moved.
    `told_to_stop`: whether any process has been."""

    update: Update
    loss: torch.Tensor
    grad_norm: torch.Tensor
    learning_rate: float
    tokens: int
    finite: bool | None
    told_to_stop: bool = False
    padded_tokens: int = 0


@dataclasses.dataclass(frozen=True)
class Engine:
    """What an update needs besides its batches. `loss` gives the mean loss over the targets of one micro-batch;
    `own_loss`: it is a user's code, which may do anything, such as changing weights for a while. `scaler`: scales the
    loss of fp16, whose small gradients would be zero.

    `backward(model, batch, share)`, if any, is a user's own way from a micro-batch to gradients, which it adds to those
    that are there; it gives its share of the update's loss. Of several processes the mean is taken, as the user's code
    expects. `rows_are_drawn`: with the global generators, by a loader of the user's. `weigh(batch)`: what the
    targets of a micro-batch weigh, where some weigh more than others; `loss` is their weighted mean then."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: Any
    processes: Processes
    loss: Loss
    label_names: Sequence[str]
    max_grad_norm: float
    seed: int
    precision: torch.dtype | None = None
    own_loss: bool = False
    scaler: torch.amp.GradScaler | None = None
    hooks: Hooks = dataclasses.field(default_factory=Hooks)
    techniques: Techniques = dataclasses.field(default_factory=Techniques)
    signals: Signals = dataclasses.field(default_factory=Signals)
    rows_at_a_time: RowsAtATime = dataclasses.field(default_factory=RowsAtATime)
    fall_back: FallBack = dataclasses.field(default_factory=FallBack)
    backward: Backward | None = None
    rows_are_drawn: bool = False
    weigh: Callable[[Batch], float] | None = None


def train_step(engine: Engine, update: Update, batches: Sequence[Batch]) -> StepResult:
    """One optimizer step over the rows of `update`; `batches` are this process's micro-batches of it.

    The loss is the sum over all targets of the update divided by their number, over all micro-batches and processes: a
    micro-batch's mean loss weighs as many targets as it has, or what these weigh (`Engine.weigh`). So micro-batch size,
    accumulation and processes change nothing but rounding.
    """
    engine.model.train()
    switch(engine.optimizer, "train")
    reseed(engine.seed, update.index, engine.processes.index)
    pieces = _pieces(engine, batches)
    counted = (sum(p.targets for p in pieces), sum(p.tokens for p in pieces), sum(map(padded_tokens, batches)))
    targets, tokens, padded, stop = engine.processes.totals(*counted, engine.signals.told)
    learning_rate = float(engine.optimizer.param_groups[0]["lr"])
    finite: bool | None = None
    fits = True
    if (replayed := _replayed(engine, update, batches) if targets else None) is not None:
        loss, norm = replayed
    else:
        loss = engine.processes.summed(_gradients(engine, update, batches, pieces, targets or 1))
        fits = unscale(engine)
        norm = total_norm(engine.optimizer)
        finite = is_finite(loss, norm) if fits else is_finite(loss)
        if finite and fits:
            _step(engine, norm)
    engine.hooks.after_optimizer()
    if fits and engine.scheduler is not None and not needs_metric(engine.scheduler):
        engine.scheduler.step()
    clear(engine)
    alone = engine.processes.count == 1  # several learn of each other's signals with the next update's counts
    stop_now = stop > 0 or (alone and engine.signals.told)
    return StepResult(update, loss, norm, learning_rate, int(tokens), finite, stop_now, int(padded))


def _replayed(engine: Engine, update: Update, batches: Sequence[Batch]) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Loss and gradient norm of an update done as a CUDA graph; None if it was not, and nothing has changed."""
    graphs = engine.techniques.graphs
    if graphs is None or engine.rows_at_a_time.limit is not None or not graphs.takes(batches):
        return None
    outcome = graphs.run(batches[0])
    if outcome is None:
        _start_again(engine, update)
    return outcome


@dataclasses.dataclass(frozen=True)
class Piece:
    """What is computed at a time: a micro-batch, or as many rows of it as fit. `targets`: how many, or what they weigh;
    `pairs` of tokens in the same row."""

    batch: Batch
    rows: int
    targets: float
    tokens: int
    pairs: int


def _pieces(engine: Engine, batches: Sequence[Batch]) -> list[Piece]:
    def piece(batch: Batch) -> Piece:
        lengths = lengths_of(batch)
        tokens, pairs = int(lengths.sum()), int((lengths * lengths).sum())
        targets = engine.weigh(batch) if engine.weigh else count_targets(batch, engine.label_names)
        return Piece(batch, count_rows(batch), targets, tokens, pairs)

    return [piece(batch) for micro_batch in batches for batch in engine.rows_at_a_time.pieces(micro_batch)]


def _gradients(
    engine: Engine, update: Update, batches: Sequence[Batch], pieces: Sequence[Piece], total: float
) -> torch.Tensor:
    """The update's loss on this process; its gradients, summed over all processes, are in the parameters then. `total`:
    targets of the update, on all processes. What does not fit into the memory is tried again in smaller pieces."""
    buffers = [(b, b.detach().clone()) for b in engine.model.buffers() if b.is_floating_point()]
    loss: torch.Tensor | None = None
    while loss is None:
        try:
            loss = _attempt(engine, update, pieces, total)
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                _shrink(engine, pieces, error)
            elif not engine.fall_back.takes(error, engine.precision):
                raise
        if loss is None:  # out here nothing holds what the attempt had computed
            pieces = _pieces(engine, batches)
            for buffer, before in buffers:
                buffer.data.copy_(before)
            _start_again(engine, update)
    engine.fall_back.tell()
    engine.processes.sum_gradients(trained(engine))
    if engine.backward is not None and engine.processes.count > 1:
        for parameter in trained(engine):
            if parameter.grad is not None:
                parameter.grad.div_(engine.processes.count)
    return loss


def _shrink(engine: Engine, pieces: Sequence[Piece], error: BaseException) -> None:
    """Compute less at a time. Raises UserError where that cannot be."""
    if engine.backward is not None:
        raise UserError(
            _("a micro-batch does not fit into the memory, and training_step is your own: it is not cut for you"),
            where=first_line(error)[:200],
            fix=_("halve per_device_train_batch_size and double gradient_accumulation_steps"),
        )
    engine.rows_at_a_time.shrink([piece.batch for piece in pieces], error)


def _attempt(engine: Engine, update: Update, pieces: Sequence[Piece], total: float) -> torch.Tensor:
    """The loss and the gradients of this process's micro-batches."""
    masks = engine.techniques.encoder.masks
    masks.begin(engine.seed, update.index, engine.processes.index)
    loss = torch.zeros((), device=engine.processes.device)
    rows = tokens = pairs = 0
    try:
        for number, piece in enumerate(pieces):
            masks.micro_batch(rows, tokens, pairs)
            rows, tokens, pairs = rows + piece.rows, tokens + piece.tokens, pairs + piece.pairs
            if piece.targets:  # the mean over no targets is NaN
                batch = engine.processes.to_device(piece.batch)
                loss += _one(engine, batch, piece.targets / total)
            if number + 1 < len(pieces):
                engine.hooks.after_micro_batch()
    finally:
        masks.end()
    return loss


def _one(engine: Engine, batch: Batch, share: float) -> torch.Tensor:
    """A micro-batch's part of the update's loss; its gradients are added. `share`: its part of the targets."""
    precision = None if engine.fall_back.on else engine.precision
    held = engine.techniques.encoder.weights.held(steady=not engine.own_loss)
    with held, engine.processes.autocast(precision):
        if engine.backward is not None:
            count = engine.processes.count
            return one_number(engine.backward(engine.model, batch, share * count)).detach().float() / count
        loss = one_number(engine.loss(engine.model, batch)) * share
    if not loss.requires_grad:
        raise no_gradient()
    scaled: Any = loss if engine.scaler is None else engine.scaler.scale(loss)
    scaled.backward()
    return loss.detach().float()


def unscale(engine: Engine) -> bool:
    """Give the gradients of a scaled loss the size of the loss's own; whether they fit into fp16. Where they do not,
    the next loss is scaled by less, down to 1: below that it is no matter of scale."""
    if engine.scaler is None:
        return True
    before = engine.scaler.get_scale()
    engine.scaler.unscale_(engine.optimizer)
    engine.scaler.update()
    return engine.scaler.get_scale() >= before or before < 1


def _start_again(engine: Engine, update: Update) -> None:
    """Forget an attempt that did not fit into the memory."""
    clear(engine)
    reseed(engine.seed, update.index, engine.processes.index)
    if engine.processes.device.type != "cpu":
        torch.accelerator.memory.empty_cache()


def clear(engine: Engine) -> None:
    """Forget all gradients."""
    engine.optimizer.zero_grad(set_to_none=True)
    engine.model.zero_grad(set_to_none=True)


def trained(engine: Engine) -> list[nn.Parameter]:
    """The parameters that the optimizer moves."""
    return [p for group in engine.optimizer.param_groups for p in group["params"] if p.requires_grad]


def _step(engine: Engine, norm: torch.Tensor) -> None:
    """Clip the gradients, whose norm is `norm`, and take the optimizer's step."""
    stepping = engine.techniques.live_rows.stepping
    if FOLDED_CLIPPING in engine.techniques.on and engine.max_grad_norm > 0:
        with stepping():
            step_clipped(engine.optimizer, norm, engine.max_grad_norm)
        return
    if engine.max_grad_norm > 0:
        nn.utils.clip_grads_with_norm_(trained(engine), engine.max_grad_norm, norm)
    engine.hooks.before_optimizer()
    with stepping():
        engine.optimizer.step()


def lengths_of(batch: Batch) -> torch.Tensor:
    """Real input tokens of each row: int64 `[rows]`; none where there are no ids."""
    if isinstance(batch, RaggedBatch):
        return batch.lengths
    named = batch if isinstance(batch, Mapping) else {}
    mask, ids = named.get("attention_mask"), named.get("input_ids")
    if isinstance(mask, torch.Tensor):
        return mask.sum(-1).reshape(-1).long()
    if isinstance(ids, torch.Tensor):
        return torch.full((len(ids),), ids.numel() // max(len(ids), 1))
    return torch.zeros(0, dtype=torch.int64)


def padded_tokens(batch: Batch) -> int:
    """Input ids of a micro-batch, with its padding."""
    if isinstance(batch, RaggedBatch):
        return batch.rows * int(batch.lengths.max()) if batch.rows else 0
    ids = batch.get("input_ids") if isinstance(batch, Mapping) else None
    return ids.numel() if isinstance(ids, torch.Tensor) else 0
