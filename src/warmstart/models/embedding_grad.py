"""The gradient of a large embedding, of which a batch reads few rows: a table that stays, zero but for those rows."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

SMALLEST = 2**20  # numbers: below that a table of zeros costs nothing


@contextlib.contextmanager
def row_gradients(model: nn.Module) -> Iterator["Embedding | None"]:
    """Inside the block the word embedding of `model` has such a gradient, if that pays: what stands there then."""
    owner, name = _word_embedding(model)
    if owner is None:
        yield None
        return
    stock = getattr(owner, name)
    ours = Embedding(stock)
    setattr(owner, name, ours)
    try:
        yield ours
    finally:
        setattr(owner, name, stock)


def _word_embedding(model: Any) -> tuple[nn.Module | None, str]:
    """(the module that has it, its name there), if it is plain, large, trained, and read by nothing else."""
    nothing = (None, "")
    if not hasattr(model, "get_input_embeddings"):
        return nothing
    try:
        found = model.get_input_embeddings()
    except NotImplementedError:
        return nothing
    if type(found) is not nn.Embedding or found.sparse or found.max_norm is not None or found.scale_grad_by_freq:
        return nothing
    weight = found.weight
    hooked = (
        found._forward_hooks or found._forward_pre_hooks or weight._backward_hooks or weight._post_accumulate_grad_hooks
    )
    if hooked or weight.numel() < SMALLEST or not weight.requires_grad or weight.device.type != "cpu":
        return nothing
    owners = [
        (owner, name)
        for owner in model.modules()
        for name, parameter in owner.named_parameters(recurse=False)
        if parameter is weight
    ]
    holders = [(owner, name) for owner in model.modules() for name, child in owner.named_children() if child is found]
    return holders[0] if len(owners) == 1 and len(holders) == 1 else nothing


class KeptGradient:
    """A gradient `[vocabulary, hidden]` that is kept from update to update. Only rows that were written are zeroed
    again, where autograd would fill a new table with zeros each time.
    """

    def __init__(self, weight: torch.Tensor) -> None:
        self._weight = weight
        self._table: torch.Tensor | None = None
        self.written: list[torch.Tensor] = []  # the rows, int64 `[n]` each, of this update
        self._version = -1  # of the table, after we wrote to it

    @property
    def is_ours(self) -> bool:
        """Whether the weight has the table for its gradient, and nobody else has written to it."""
        return self._table is not None and self._weight.grad is self._table and self._is_as_left

    def add(self, rows: torch.Tensor, gradient: torch.Tensor) -> None:
        """Add `gradient` `[n, hidden]` to the weight's gradient at `rows` (int64 `[n]`, each once)."""
        if self._table is None:
            self._table = torch.zeros_like(self._weight)
        if self._weight.grad is not self._table:
            if self._weight.grad is not None:  # somebody else put one there
                self._weight.grad.index_add_(0, rows, gradient)
                return
            if self._is_as_left:
                for written in self.written:
                    self._table.index_fill_(0, written, 0.0)
            else:  # clipped, or given something by code of the user's, in whatever rows
                self._table.zero_()
            self.written.clear()
            self._weight.grad = self._table
            self._version = self._table._version
        ours = self._is_as_left
        self.written.append(rows)
        self._table.index_add_(0, rows, gradient)
        if ours:
            self._version = self._table._version

    @property
    def _is_as_left(self) -> bool:
        return self._table is not None and self._table._version == self._version


class Embedding(nn.Module):
    """Stands in for `nn.Embedding`, with the same weight under the same name."""

    def __init__(self, stock: nn.Embedding) -> None:
        super().__init__()
        self.weight = stock.weight
        self.num_embeddings, self.embedding_dim = stock.num_embeddings, stock.embedding_dim
        self.padding_idx = stock.padding_idx
        self.kept = KeptGradient(stock.weight)
        self._stock = (stock,)  # in a tuple, so that it is no module of this one

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy is a plain embedding."""
        return _same, self._stock

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """int64 `[...]` to `[..., hidden]`."""
        return _Lookup.apply(self.weight, ids, self.padding_idx, self.kept)  # type: ignore[no-any-return, no-untyped-call]


def _same(stock: nn.Embedding) -> nn.Embedding:
    return stock


class _Lookup(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, weight: torch.Tensor, ids: torch.Tensor, padding_idx: int | None, kept: KeptGradient
    ) -> torch.Tensor:
        ctx.save_for_backward(ids)
        ctx.padding_idx, ctx.kept = padding_idx, kept
        return nn.functional.embedding(ids, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (ids,) = ctx.saved_tensors
        used, number = ids.unique(return_inverse=True)
        found = torch.ops.aten.embedding_dense_backward(gradients[0], number, len(used), -1, False)
        if ctx.padding_idx is not None:
            found.masked_fill_((used == ctx.padding_idx)[:, None], 0.0)
        ctx.kept.add(used, found)
        return None, None, None, None
