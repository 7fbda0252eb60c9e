"""Clipping folded into the optimizer's own pass over the gradients."""

from typing import Any

import torch
from torch import nn

from warmstart.engine import row_step


def can_fold(optimizer: torch.optim.Optimizer) -> bool:
    """Whether the optimizer divides gradients by `grad_scale` in its own pass: torch's fused ones do."""
    return type(optimizer) in (torch.optim.AdamW, torch.optim.Adam) and bool(optimizer.defaults.get("fused"))


def total_norm(optimizer: torch.optim.Optimizer) -> torch.Tensor:
    """The L2 norm of all gradients that the optimizer reads."""
    return nn.utils.get_total_norm(
        p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None
    )


def step_clipped(optimizer: Any, norm: torch.Tensor, max_norm: float) -> None:
    """One step of a fused optimizer with gradients of `norm` clipped to `max_norm` (0: not at all); none at all where
    `norm` is not finite, which the device finds out by itself. What `clip_grad_norm_` multiplies with is given to the
    optimizer as a divisor.
    """
    limit = max_norm if max_norm > 0 else float("inf")
    optimizer.grad_scale = ((norm + 1e-6) / limit).clamp_(min=1.0)
    optimizer.found_inf = (~norm.isfinite()).to(norm.dtype)
    try:
        row_step.step(optimizer)
    finally:
        del optimizer.grad_scale, optimizer.found_inf
