"""Attention over ragged sequences (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2), written out."""

from typing import Any

import torch

from warmstart.models.ragged.dropout_masks import DropoutMasks, made_up, masked, torch_keep
from warmstart.models.ragged.places import Places, scatter


def attention(qkv: torch.Tensor, at: Places, heads: int, p: float, masks: DropoutMasks | None) -> torch.Tensor:
    """What each token gathers from its own sequence.

    `qkv`: `[filled, 3 * hidden]`, queries, keys and values side by side; `at`: its places for so many `heads`; returns
    `[filled, hidden]`. A share `p` of the attention weights is dropped.
    """
    keep, scale = None, 1.0
    if p > 0:
        scale = made_up(p)
        keep = _keep(at, heads, p, masks, qkv.device)
    return _Attention.apply(qkv, at, heads, keep, scale)  # type: ignore[no-any-return, no-untyped-call]


def _keep(at: Places, heads: int, p: float, masks: DropoutMasks | None, device: torch.device) -> torch.Tensor:
    """int16 `[rows * heads, width, width]`: which attention weights stay."""
    if masks is None or not masks.active:
        return torch_keep((at.rows * heads, at.width, at.width), p, device)
    width = max(masks.width, at.width)
    keep = masks.keep_rows(at.rows, (heads, width, width), p)
    return keep[:, :, : at.width, : at.width].reshape(at.rows * heads, at.width, at.width)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, qkv: torch.Tensor, at: Places, heads: int, keep: torch.Tensor | None, scale: float
    ) -> torch.Tensor:
        q, k, v = _sequences(qkv, at, 3, heads)
        root = q.shape[-1] ** -0.5
        if at.bias is None:
            scores = torch.bmm(q, k.transpose(1, 2)).mul_(root)
        else:
            scores = torch.baddbmm(at.bias.expand(-1, at.width, -1), q, k.transpose(1, 2), alpha=root)
        weights = torch.softmax(scores, -1)
        kept = weights if keep is None else masked(weights, keep)
        ctx.save_for_backward(q, k, v, weights, kept, *([] if keep is None else [keep]))
        ctx.at, ctx.heads, ctx.scale, ctx.root = at, heads, scale, root
        # What is dropped is made up for here, where there are fewer numbers than there are weights.
        gathered = torch.bmm(kept, v)
        return _tokens((gathered if keep is None else gathered.mul_(scale),), at, heads)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        q, k, v, weights, kept, *keep = ctx.saved_tensors
        (g,) = _sequences(gradients[0], ctx.at, 1, ctx.heads)
        if keep:
            g = g * ctx.scale
        dv = torch.bmm(kept.transpose(1, 2), g)
        dw = torch.bmm(g, v.transpose(1, 2))
        if keep:
            dw = masked(dw, keep[0])
        ds = torch.ops.aten._softmax_backward_data(dw, weights, -1, weights.dtype)
        dq = torch.bmm(ds, k).mul_(ctx.root)
        dk = torch.bmm(ds.transpose(1, 2), q).mul_(ctx.root)
        return _tokens((dq, dk, dv), ctx.at, ctx.heads), None, None, None, None


def _sequences(x: torch.Tensor, at: Places, parts: int, heads: int) -> tuple[torch.Tensor, ...]:
    """`[filled, parts * hidden]` to `parts` tensors `[rows * heads, width, features]`, zero where there is no token."""
    x = x[: at.tokens]
    if at.index is not None:
        x = scatter(x, at.index, at.rows * at.width)
    x = x.view(at.rows, at.width, parts, heads, -1).permute(2, 0, 3, 1, 4)
    return tuple(x.reshape(parts, at.rows * heads, at.width, -1).unbind(0))


def _tokens(parts: tuple[torch.Tensor, ...], at: Places, heads: int) -> torch.Tensor:
    """The way back: `[filled, parts * hidden]`."""
    x = torch.stack(parts) if len(parts) > 1 else parts[0][None]
    x = x.view(len(parts), at.rows, heads, at.width, -1).permute(1, 3, 0, 2, 4)
    x = x.reshape(at.rows * at.width, -1)
    out = x.new_empty((at.filled, x.shape[1]))
    out[at.tokens :].zero_()
    if at.index is None:
        out[: at.tokens].copy_(x)
    else:
        torch.index_select(x, 0, at.index, out=out[: at.tokens])
    return out
