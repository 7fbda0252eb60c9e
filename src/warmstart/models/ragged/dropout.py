"""Dropout from cheap bits (Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html)."""

from typing import Any

import torch
from torch import nn

from warmstart.models.ragged.dropout_masks import DropoutMasks, made_up, masked


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, keep: torch.Tensor, scale: float) -> torch.Tensor:
        ctx.save_for_backward(keep)
        ctx.scale = scale
        return masked(x, keep).mul_(scale)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (keep,) = ctx.saved_tensors
        return masked(gradients[0], keep).mul_(ctx.scale), None, None


class Dropout(nn.Module):
    """Stands in for `nn.Dropout` on rows, `[rows, features]`, and on tokens end to end, `[1, filled, features]`."""

    def __init__(self, p: float, masks: DropoutMasks) -> None:
        super().__init__()
        self.p = p
        self._masks = masks

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy is plain dropout."""
        return _plain, (self.p, self.training)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0:
            return x
        masks = self._masks
        if not masks.active or x.ndim not in (2, 3) or (x.ndim == 3 and len(x) > 1):
            return nn.functional.dropout(x, self.p)
        draw = masks.keep_rows if x.ndim == 2 else masks.keep_tokens
        keep = draw(x.shape[-2], x.shape[-1], self.p).view(x.shape)
        return _Dropout.apply(x, keep, made_up(self.p))  # type: ignore[no-any-return, no-untyped-call]


def _plain(p: float, training: bool) -> nn.Dropout:
    return nn.Dropout(p).train(training)
