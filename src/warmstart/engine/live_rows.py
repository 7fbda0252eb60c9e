"""The optimizer's step over those rows of a large embedding that have ever had a gradient: the others do not move.

Of a vocabulary of 250,000 pieces the texts of a table have some thousand. A row that was in no batch has moments of
zero, and Adam moves it by 0 / (0 + eps): leaving it out changes no bit, and the step reads and writes far less memory.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from warmstart.engine.clipping import can_fold
from warmstart.models.embedding_grad import Embedding

LARGE = 2**26  # numbers: a smaller table is stepped over as soon as its rows are gathered
LINE = 16  # numbers: in rows of a multiple of them the fused step computes each number as it does in the whole table
MOMENTS = ("exp_avg", "exp_avg_sq")


class LiveRows:
    """Steps of `optimizer`, in which `embedding` takes part with its live rows only; without one, as they are."""

    def __init__(self, optimizer: Any = None, embedding: Embedding | None = None) -> None:
        self._optimizer, self._embedding = optimizer, embedding
        self._live: torch.Tensor | None = None  # bool [vocabulary]
        self._known: tuple[Any, int] = (None, 0)  # the moment that they are of, and its updates

    @contextlib.contextmanager
    def stepping(self) -> Iterator[None]:
        """Inside the block, in which the optimizer takes a step, it sees the live rows as a parameter of their own."""
        found = self._found()
        if found is None:
            yield
            return
        weight, group, place, state = found
        rows = self._rows(weight, state)
        part = nn.Parameter(weight.detach()[rows])
        part.grad = weight.grad[rows]  # type: ignore[index] # `_found` has looked
        moments = {name: state[name][rows] for name in MOMENTS}
        group["params"][place] = part
        self._optimizer.state[part] = {**state, **moments}
        try:
            yield
            weight.detach().index_copy_(0, rows, part.detach())
            weight.grad.index_copy_(0, rows, part.grad)  # type: ignore[union-attr] # clipped, for who looks
            for name in MOMENTS:
                state[name].index_copy_(0, rows, moments[name])
            self._known = (state[MOMENTS[0]], int(state["step"]))
        finally:
            group["params"][place] = weight
            del self._optimizer.state[part]

    def _found(self) -> tuple[torch.Tensor, dict[str, Any], int, dict[str, Any]] | None:
        """The weight, its group and place there, and its state; None where the step is to be as it is: the first one,
        which makes the state, and one with a gradient that somebody else has put there."""
        if self._embedding is None or not self._embedding.kept.is_ours:
            return None
        weight = self._embedding.weight
        state = self._optimizer.state.get(weight)
        for group in self._optimizer.param_groups if state else ():
            for place, parameter in enumerate(group["params"]):
                if parameter is weight:
                    return (weight, group, place, state) if _is_plain(group) else None
        return None

    def _rows(self, weight: torch.Tensor, state: dict[str, Any]) -> torch.Tensor:
        """The numbers of the live rows, in order."""
        assert self._embedding is not None
        moment, updates = self._known
        if self._live is None or moment is not state[MOMENTS[0]] or updates != int(state["step"]):
            # A run that goes on finds them in the moments, and so does one where somebody else took a step.
            self._live = torch.zeros(len(weight), dtype=torch.bool)
            for name in MOMENTS:
                self._live |= state[name].any(1)
        for written in self._embedding.kept.written:
            self._live[written] = True
        return self._live.nonzero().flatten()


def live_rows(optimizer: torch.optim.Optimizer, embedding: Embedding | None) -> LiveRows | None:
    """Steps over the live rows of `embedding`; None where that does not pay, or would not be the same."""
    if embedding is None or embedding.weight.numel() < LARGE or embedding.embedding_dim % LINE:
        return None
    if not can_fold(optimizer):
        return None
    hooks = [getattr(optimizer, name, None) for name in ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")]
    mine = [group for group in optimizer.param_groups if any(p is embedding.weight for p in group["params"])]
    if any(hooks) or len(mine) != 1 or not _is_plain(mine[0]):
        return None
    return LiveRows(optimizer, embedding)


def _is_plain(group: dict[str, Any]) -> bool:
    """Whether a row without a gradient does not move; asked at each step too, since groups can be changed meanwhile."""
    return not (group["weight_decay"] or group["amsgrad"] or group["maximize"])
