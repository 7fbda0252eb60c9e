"""A stock model of `transformers`, padded and in fp32, whose dropout reads the masks that the fast path draws.

Masks of one's own move the training loss of a seed by 0.01 and its accuracy by a point, so two trainings with different
masks cannot be told to be the same. With the same masks they can.
"""

from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

from warmstart.models.ragged.dropout_masks import DropoutMasks, made_up

ATTENTION = "masked_attention"


def draw_alike(model: Any, masks: DropoutMasks) -> dict[str, Any]:
    """Make `model` drop by `masks`. Before each pass in training the result needs `mask`: bool `[rows, width]`, where
    its tokens are.
    """
    now: dict[str, Any] = {"masks": masks}
    AttentionInterface.register(ATTENTION, _attention)
    AttentionMaskInterface.register(ATTENTION, eager_mask)
    model.config._attn_implementation = ATTENTION
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Dropout and child.p > 0:
                setattr(parent, name, Mask(child.p, now).train(child.training))
    return now


def follow(model: Any, seed: int) -> None:
    """Make `model` draw as `warmstart train` does with `seed` in one process: each pass in training is an update."""
    masks, update = DropoutMasks(), 0
    now = draw_alike(model, masks)

    def begin(model: nn.Module, args: tuple[Any, ...], inputs: dict[str, Any]) -> None:
        nonlocal update
        if model.training:
            now["mask"] = inputs["attention_mask"].bool()
            masks.begin(seed, update, 0)
            update += 1

    model.register_forward_pre_hook(begin, with_kwargs=True)


class Mask(nn.Module):
    """Dropout whose masks are those of whole rows `[rows, features]`, or of the ragged tokens, put where these are in
    the padded batch `[rows, width, features]`."""

    def __init__(self, p: float, now: dict[str, Any]) -> None:
        super().__init__()
        self.p, self.now = p, now

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x
        return x * (self.keep(x) != 0) * made_up(self.p)

    def keep(self, x: torch.Tensor) -> torch.Tensor:
        masks, real = self.now["masks"], self.now["mask"]
        if x.ndim == 2:
            return masks.keep_rows(*x.shape, self.p)
        keep = torch.zeros(x.shape, dtype=torch.int16)
        keep[real] = masks.keep_tokens(int(real.sum()), x.shape[-1], self.p)
        return keep


def _attention(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    dropout: float = 0.0,
    scaling: Any = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention as `transformers` writes it out, with our masks."""
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    weights = torch.softmax(scores if attention_mask is None else scores + attention_mask, dim=-1)
    if dropout:
        now = next(child.now for child in module.modules() if isinstance(child, Mask))
        lengths = now["mask"].sum(1).tolist()
        keep = now["masks"].keep_pairs(lengths, weights.shape[1], weights.shape[3], dropout)
        weights = weights * (keep != 0) * made_up(dropout)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), None
