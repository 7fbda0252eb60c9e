"""What keeps updates from being replayed as CUDA graphs: what is known before a run, and what somebody may do in it.

A graph holds numbers and addresses as they were when it was captured, and calls no Python.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn
from transformers.trainer_callback import TrainerCallback

from warmstart.messages import _
from warmstart.models.ragged.door import hooks_in
from warmstart.models.ragged.encoder import FIRST_TOKEN, Unpadded


def why_no_graphs(
    optimizer: torch.optim.Optimizer,
    encoder: Unpadded,
    callbacks: Iterable[Any],
    *,
    table: bool,
    micro_batches: int,
    processes: int,
    folded: bool,
    own_loss: bool,
) -> str:
    """Why updates of this run cannot be captured; empty if they can. `table`: rows come from a token table; `folded`:
    clipping is part of the optimizer's step; `own_loss`: the loss is the user's."""
    reasons = [
        (FIRST_TOKEN not in encoder.on, _("the model is not of a known family")),
        (not table, _("the rows are not a token table")),
        (micro_batches > 1, _("an update has several micro-batches")),
        (processes > 1, _("several processes share an update")),
        (not folded, _("clipping is not folded into a fused AdamW")),
        (own_loss, _("the loss is not the model's own")),
        (
            listens("on_optimizer_step", callbacks),
            _("a callback looks at gradients"),
        ),
        (_rates_differ(optimizer), _("parameters have different learning rates")),
    ]
    return next((why for holds, why in reasons if holds), "")


def listens(event: str, callbacks: Iterable[Any]) -> bool:
    """Whether a callback does anything at the event of this name."""
    return any(getattr(type(callback), event) is not getattr(TrainerCallback, event) for callback in callbacks)


class Steady:
    """What graphs take for granted of a model and its optimizer."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._of_modules = hooks_in(model.modules())
        self._held = list(_held(optimizer))

    def is_hooked(self) -> bool:
        """Whether somebody wants to be called in each update."""
        if any(self._of_modules):
            return True
        optimizer: Any = self._optimizer
        if optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks:
            return True
        parameters: Iterable[Any] = (p for group in optimizer.param_groups for p in group["params"])
        return any(p._backward_hooks or p._post_accumulate_grad_hooks for p in parameters)

    def has_changed(self) -> bool:
        """Whether the optimizer's options, but for one learning rate, or the weights it moves are others by now."""
        return _rates_differ(self._optimizer) or list(_held(self._optimizer)) != self._held


def _rates_differ(optimizer: torch.optim.Optimizer) -> bool:
    return len({float(group["lr"]) for group in optimizer.param_groups}) > 1


def _held(optimizer: torch.optim.Optimizer) -> Iterator[Any]:
    """What of an optimizer is part of a captured step: options and addresses."""
    for group in optimizer.param_groups:
        yield group["betas"], group["eps"], group["weight_decay"]
        yield from ((parameter.data_ptr(), parameter.requires_grad) for parameter in group["params"])
