"""Dropout from cheap bits (Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html)."""

from typing import Any

import torch
from torch import nn

from warmstart.models.ragged.door import Door
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
    """Stands in for `nn.Dropout` on tensors `[rows, features]` and `[rows, width, features]` of a padded batch."""

    def __init__(self, p: float, masks: DropoutMasks, door: Door) -> None:
        super().__init__()
        self.p = p
        self._masks, self._door = masks, door

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy is plain dropout."""
        return _plain, (self.p, self.training)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0:
            return x
        masks = self._masks
        if not masks.active or x.ndim not in (2, 3):
            return nn.functional.dropout(x, self.p)
        batch = self._door.batch
        if x.ndim == 2:
            keep = masks.keep_rows(len(x), (x.shape[1],), self.p)
        elif batch is not None:
            width = max(masks.width, batch.max_seqlen)
            keep = masks.keep_rows(batch.rows, (width, x.shape[2]), self.p)[:, : batch.max_seqlen]
            keep = keep.reshape(-1, x.shape[2])
            indices = torch.arange(batch.filled) if batch.indices is None else batch.indices
            keep = keep.index_select(0, indices.clamp(max=len(keep) - 1))[None]
        else:
            keep = masks.keep_rows(len(x), (max(masks.width, x.shape[1]), x.shape[2]), self.p)[:, : x.shape[1]]
        return _Dropout.apply(x, keep, made_up(self.p))  # type: ignore[no-any-return, no-untyped-call]


def _plain(p: float, training: bool) -> nn.Dropout:
    return nn.Dropout(p).train(training)
