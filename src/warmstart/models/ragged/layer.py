"""One encoder layer with the normalisation after each residual sum, as BERT has it (Devlin et al. 2019,
https://arxiv.org/abs/1810.04805), on ragged tokens.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from warmstart.batches.ragged import RaggedBatch
from warmstart.models.ragged.attention import attention
from warmstart.models.ragged.dropout_masks import DropoutMasks, made_up, masked, torch_keep
from warmstart.models.ragged.weight_cache import WeightCache, linear


@dataclasses.dataclass(frozen=True)
class Layer:
    """The parts of a layer, whatever its family calls them. `drop_*`: dropout of attention weights, of what attention
    gives, and of what the feed-forward part gives.
    """

    query: nn.Linear
    key: nn.Linear
    value: nn.Linear
    out: nn.Linear
    norm: nn.LayerNorm
    up: nn.Linear
    act: Callable[[torch.Tensor], torch.Tensor]
    down: nn.Linear
    last_norm: nn.LayerNorm
    heads: int
    drop_weights: float
    drop_out: float
    drop_down: float


@dataclasses.dataclass(frozen=True)
class Pass:
    """One forward pass: where its rows begin and end, which type it multiplies in, whether and by which masks it drops.
    `bias`: what attention adds to the scores of its keys.
    """

    batch: RaggedBatch
    bias: torch.Tensor | None
    dtype: torch.dtype
    training: bool
    masks: DropoutMasks | None
    weights: WeightCache


def run(layer: Layer, x: torch.Tensor, narrow: torch.Tensor, now: Pass, only: torch.Tensor | None) -> Any:
    """`x` `[filled, hidden]` through the layer; `narrow` is `x` in the type that is multiplied in. Returns both of the
    result. With `only` (int64 `[rows]`: numbers of tokens) it is computed for those tokens alone: attention still
    reads all of them.
    """
    qkv = linear(narrow, (layer.query, layer.key, layer.value), now.weights)
    gathered = attention(qkv, now.batch, now.bias, layer.heads, layer.drop_weights if now.training else 0.0, now.masks)
    if only is not None:
        gathered, x = gathered.index_select(0, only), x.index_select(0, only)
    mixed = linear(gathered, (layer.out,), now.weights)
    x, narrow = add_norm(mixed, x, layer.norm, layer.drop_out, now, only)
    wide = layer.act(linear(narrow, (layer.up,), now.weights))
    mixed = linear(wide, (layer.down,), now.weights)
    return add_norm(mixed, x, layer.last_norm, layer.drop_down, now, only)


def add_norm(
    new: torch.Tensor, x: torch.Tensor, norm: nn.LayerNorm, p: float, now: Pass, only: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """`norm(x + dropout(new))`, once in the type of `x` and once in that of `new`. `only`: which tokens these are."""
    keep, scale = None, 1.0
    if now.training and p > 0:
        scale = made_up(p)
        keep = _keep(new, p, now, only)
    return _AddNorm.apply(new, x, norm.weight, norm.bias, norm.eps, keep, scale)  # type: ignore[no-any-return, no-untyped-call]


def _keep(new: torch.Tensor, p: float, now: Pass, only: torch.Tensor | None) -> torch.Tensor:
    """Which elements of `new` stay. A token has the same mask whether or not the others are computed."""
    if now.masks is None or not now.masks.active:
        return torch_keep(new.shape, p, new.device)
    keep = now.masks.keep_tokens(now.batch.filled, new.shape[1], p)
    return keep if only is None else keep.index_select(0, only)


class _AddNorm(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        new: torch.Tensor,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        eps: float,
        keep: torch.Tensor | None,
        scale: float,
    ) -> Any:
        total = torch.add(x, new if keep is None else masked(new, keep), alpha=scale)
        out, mean, rstd = torch.native_layer_norm(total, weight.shape, weight, bias, eps)
        ctx.save_for_backward(total, mean, rstd, weight, bias, *([] if keep is None else [keep]))
        ctx.scale, ctx.dtype = scale, new.dtype
        ctx.set_materialize_grads(False)
        narrow = out.to(new.dtype) if new.dtype != out.dtype else out.view_as(out)
        return out, narrow

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor | None) -> Any:
        total, mean, rstd, weight, bias, *keep = ctx.saved_tensors
        wide, narrow = gradients
        if wide is None or narrow is None:
            g = wide if narrow is None else narrow
            assert g is not None
            g = g.to(total.dtype)
        else:
            g = wide + narrow
        needs = [True, ctx.needs_input_grad[2], ctx.needs_input_grad[3]]
        gx, gw, gb = torch.ops.aten.native_layer_norm_backward(g, total, weight.shape, mean, rstd, weight, bias, needs)
        gnew = gx.to(ctx.dtype)
        if keep:
            gnew = masked(gnew, keep[0]).mul_(ctx.scale)
        return gnew, gx, gw, gb, None, None, None
