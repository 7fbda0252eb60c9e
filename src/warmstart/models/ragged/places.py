"""Where the real tokens of a padded batch lie, and the way from padded to ragged and back."""

import dataclasses
from typing import Any

import torch

FILL = 16  # tokens: matrix products are prepared for each number of rows anew, so there had better be few of them
HIDDEN = -1e4  # as a score, what models give a token that is not to be seen; most give far less
NEVER = -1e9  # as a score: its weight is exactly 0 beside any other, and not a number only beside infinities


@dataclasses.dataclass(frozen=True)
class Places:
    """The real tokens of a batch of `rows` x `width`. Ragged order is row by row, padding left out:

        mask     [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
        index    [0, 1, 2, 5, 6, 7, 8, 9]     int64 [tokens]: where each token lies in the flat padded batch
        first    [0, 3]                       int64 [rows]: the first token of each row in ragged order
        bias     what attention adds to the scores of each key: 0, or NEVER for padding; float32 [rows, 1, width], or
                 [rows * heads, 1, width] in the type that is multiplied in, which a pass makes once for all its layers

    `index` and `bias` are None where nothing is padded. Behind the `tokens` come zeros up to `filled`, which nothing
    reads.
    """

    rows: int
    width: int
    tokens: int
    filled: int
    index: torch.Tensor | None
    first: torch.Tensor
    bias: torch.Tensor | None

    def for_heads(self, heads: int, dtype: torch.dtype) -> "Places":
        """The same places for attention with `heads` heads, computed in `dtype`."""
        if self.bias is None:
            return self
        bias = self.bias.to(dtype)[:, None].expand(-1, heads, -1, -1).reshape(self.rows * heads, 1, self.width)
        return dataclasses.replace(self, bias=bias)


def places(mask: torch.Tensor) -> Places:
    """The places of a boolean mask `[rows, width]` (True: a token)."""
    rows, width = mask.shape
    lengths = mask.sum(1)
    first = lengths.cumsum(0) - lengths
    tokens = int(lengths.sum())
    filled = -(-tokens // FILL) * FILL
    if tokens == rows * width:
        return Places(rows, width, tokens, filled, None, first, None)
    index = mask.reshape(-1).nonzero().squeeze(1)
    bias = torch.zeros(mask.shape, device=mask.device).masked_fill_(~mask, NEVER)[:, None, :]
    return Places(rows, width, tokens, filled, index, first, bias)


def key_mask(mask: torch.Tensor | None, hidden: torch.Tensor) -> torch.Tensor | None:
    """The boolean mask `[rows, width]` of the tokens, from what a model hands its encoder: None (no padding), a mask
    `[rows, width]`, or one `[rows, heads, queries, keys]`, boolean or added to the scores, which is the same for every
    head and query. None for any other."""
    rows, width = hidden.shape[:2]
    if mask is None:
        return torch.ones(rows, width, dtype=torch.bool, device=hidden.device)
    if mask.ndim == 4:
        one = mask[:, :1, :1]
        if not bool((mask == one).all()):
            return None
        mask = one[:, 0, 0]
        if mask.dtype != torch.bool:
            if not bool(((mask == 0) | (mask <= HIDDEN)).all()):
                return None
            mask = mask == 0
    return mask.bool() if mask.shape == (rows, width) else None


class _Unpad(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, padded: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(index)
        ctx.size = len(padded)
        return padded.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (index,) = ctx.saved_tensors
        return scatter(gradients[0], index, ctx.size), None


class _Pad(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, ragged: torch.Tensor, index: torch.Tensor, size: int) -> torch.Tensor:
        ctx.save_for_backward(index)
        return scatter(ragged, index, size)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (index,) = ctx.saved_tensors
        return gradients[0].index_select(0, index), None, None


def scatter(ragged: torch.Tensor, index: torch.Tensor, size: int) -> torch.Tensor:
    """`[tokens, ...]` to `[size, ...]`, zero where there is no token."""
    out = ragged.new_zeros((size, *ragged.shape[1:]))
    return out.index_copy_(0, index, ragged)


def unpad(padded: torch.Tensor, at: Places) -> torch.Tensor:
    """`[rows, width, hidden]` to `[filled, hidden]`."""
    flat = padded.reshape(at.rows * at.width, padded.shape[-1])
    if at.index is not None:
        flat = _Unpad.apply(flat, at.index)  # type: ignore[no-untyped-call]
    return torch.nn.functional.pad(flat, (0, 0, 0, at.filled - at.tokens))


def pad(ragged: torch.Tensor, at: Places) -> torch.Tensor:
    """`[filled, hidden]` to `[rows, width, hidden]`, zero where there is no token."""
    ragged = ragged[: at.tokens]
    if at.index is not None:
        ragged = _Pad.apply(ragged, at.index, at.rows * at.width)  # type: ignore[no-untyped-call]
    return ragged.view(at.rows, at.width, ragged.shape[-1])
