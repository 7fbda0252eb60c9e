"""Clipping folded into the optimiser's own pass over the gradients."""

from typing import Any

import torch
from torch import nn


def can_fold(optimizer: torch.optim.Optimizer) -> bool:
    """Whether the optimiser divides gradients by `grad_scale` in its own pass: torch's fused ones do."""
    return type(optimizer) in (torch.optim.AdamW, torch.optim.Adam) and bool(optimizer.defaults.get("fused"))


def step_clipped(optimizer: Any, max_norm: float) -> torch.Tensor:
    """One optimiser step with gradients clipped to the L2 norm `max_norm` (0: not at all). Returns the norm before
    clipping. What `clip_grad_norm_` multiplies with is given to the optimiser as a divisor.
    """
    norm = nn.utils.get_total_norm(
        p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None
    )
    if max_norm <= 0:
        optimizer.step()
        return norm
    optimizer.grad_scale = ((norm + 1e-6) / max_norm).clamp_(min=1.0)
    optimizer.found_inf = torch.zeros_like(norm)
    try:
        optimizer.step()
    finally:
        del optimizer.grad_scale, optimizer.found_inf
    return norm
