"""Attention over ragged sequences (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2), written out.

Only in here do rows lie beside each other, as wide as the longest: that is what batched products take.
"""

from typing import Any

import torch

from warmstart.batches.ragged import RaggedBatch
from warmstart.models.ragged.dropout_masks import DropoutMasks, made_up, masked, torch_keep

NEVER = -1e9  # as a score: its weight is exactly 0 beside any other, and not a number only beside infinities


def key_bias(batch: RaggedBatch, heads: int, dtype: torch.dtype) -> torch.Tensor | None:
    """What is added to the scores of each key, 0 or NEVER where a row has ended: `[rows * heads, 1, width]`, once for
    all layers; None where no row is shorter than the longest."""
    if batch.indices is None:
        return None
    columns = torch.arange(batch.max_seqlen, device=batch.cu_seqlens.device)
    bias = torch.where(columns < batch.lengths[:, None], 0.0, NEVER).to(dtype)
    return bias[:, None, None].expand(-1, heads, -1, -1).reshape(batch.rows * heads, 1, batch.max_seqlen)


def attention(
    qkv: torch.Tensor, batch: RaggedBatch, bias: torch.Tensor | None, heads: int, p: float, masks: DropoutMasks | None
) -> torch.Tensor:
    """What each token gathers from its own row.

    `qkv`: `[filled, 3 * hidden]`, queries, keys and values side by side; `bias`: that of the keys; returns `[filled,
    hidden]`. A share `p` of the attention weights is dropped.
    """
    keep, scale = None, 1.0
    if p > 0:
        scale = made_up(p)
        keep = _keep(batch, heads, p, masks, qkv.device)
    return _Attention.apply(qkv, batch, bias, heads, keep, scale)  # type: ignore[no-any-return, no-untyped-call]


def _keep(batch: RaggedBatch, heads: int, p: float, masks: DropoutMasks | None, device: torch.device) -> torch.Tensor:
    """int16 `[rows * heads, width, width]`: which attention weights stay."""
    shape = (batch.rows * heads, batch.max_seqlen, batch.max_seqlen)
    if masks is None or not masks.active:
        return torch_keep(shape, p, device)
    return masks.keep_pairs(batch.lengths.tolist(), heads, batch.max_seqlen, p).view(shape)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        qkv: torch.Tensor,
        batch: RaggedBatch,
        bias: torch.Tensor | None,
        heads: int,
        keep: torch.Tensor | None,
        scale: float,
    ) -> torch.Tensor:
        q, k, v = _rows(qkv, batch, 3, heads)
        root = q.shape[-1] ** -0.5
        if bias is None:
            scores = torch.bmm(q, k.transpose(1, 2)).mul_(root)
        else:
            scores = torch.baddbmm(bias.expand(-1, batch.max_seqlen, -1), q, k.transpose(1, 2), alpha=root)
        weights = torch.softmax(scores, -1)
        kept = weights if keep is None else masked(weights, keep)
        ctx.save_for_backward(q, k, v, weights, kept, *([] if keep is None else [keep]))
        ctx.batch, ctx.heads, ctx.scale, ctx.root = batch, heads, scale, root
        # What is dropped is made up for here, where there are fewer numbers than there are weights.
        gathered = torch.bmm(kept, v)
        return _tokens((gathered if keep is None else gathered.mul_(scale),), batch, heads)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        q, k, v, weights, kept, *keep = ctx.saved_tensors
        (g,) = _rows(gradients[0], ctx.batch, 1, ctx.heads)
        if keep:
            g = g * ctx.scale
        dv = torch.bmm(kept.transpose(1, 2), g)
        dw = torch.bmm(g, v.transpose(1, 2))
        if keep:
            dw = masked(dw, keep[0])
        ds = torch.ops.aten._softmax_backward_data(dw, weights, -1, weights.dtype)
        dq = torch.bmm(ds, k).mul_(ctx.root)
        dk = torch.bmm(ds.transpose(1, 2), q).mul_(ctx.root)
        return _tokens((dq, dk, dv), ctx.batch, ctx.heads), None, None, None, None, None


def _rows(x: torch.Tensor, batch: RaggedBatch, parts: int, heads: int) -> tuple[torch.Tensor, ...]:
    """`[filled, parts * hidden]` to `parts` tensors `[rows * heads, width, features]`, zero where a row has ended."""
    rows, width = batch.rows, batch.max_seqlen
    if batch.indices is not None:
        x = x.new_zeros((rows * width + 1, x.shape[1])).index_copy_(0, batch.indices, x)
    x = x[: rows * width].view(rows, width, parts, heads, -1).permute(2, 0, 3, 1, 4)
    return tuple(x.reshape(parts, rows * heads, width, -1).unbind(0))


def _tokens(parts: tuple[torch.Tensor, ...], batch: RaggedBatch, heads: int) -> torch.Tensor:
    """The way back: `[filled, parts * hidden]`, zero for the filling."""
    rows, width, features = batch.rows, batch.max_seqlen, parts[0].shape[-1]
    size = rows * width
    out = parts[0].new_empty((size + 1 if batch.indices is not None else batch.filled, len(parts) * heads * features))
    out[size:].zero_()
    beside = out[:size].view(rows, width, len(parts), heads, features)
    for number, part in enumerate(parts):
        beside[:, :, number].copy_(part.view(rows, heads, width, features).transpose(1, 2))
    return out if batch.indices is None else out.index_select(0, batch.indices)
