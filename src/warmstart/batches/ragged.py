"""A batch as it is: the tokens of its rows end to end, with no padding between them."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from warmstart.batches.tokens import TokenTable

FILL = 16  # tokens: matrix products are prepared for each number of tokens anew, so there had better be few of them


@dataclasses.dataclass(frozen=True)
class RaggedBatch:
    """Rows end to end. Two rows of 3 and 5 tokens, filled up to 10:

        input_ids       [101 7 102 101 8 9 6 102 0 0]   int64 [filled]
        token_type_ids  like input_ids; None where the table has none
        position_ids    [0 1 2 0 1 2 3 4 0 0]           int64 [filled]: counted from 0 in each row
        cu_seqlens      [0 3 8]                         int64 [rows + 1]: where each row begins, and the last one ends
        max_seqlen      5                               the longest row, or more
        indices         [0 1 2 5 6 7 8 9 10 10]         int64 [filled]: each token's place in a flat padded batch
        labels          int64 [rows], float32 [rows] or [rows, classes]; None where there are none

    What is behind the last row is one more sequence, which nothing reads: it fills up to a number of tokens that comes
    again, and its place in a padded batch is the one behind the end. `indices` is None where all rows are as long as
    `max_seqlen`. `pad_id`, `pad_left`: how a model that needs padding has it.
    """

    input_ids: torch.Tensor
    token_type_ids: torch.Tensor | None
    position_ids: torch.Tensor
    cu_seqlens: torch.Tensor
    max_seqlen: int
    indices: torch.Tensor | None
    labels: torch.Tensor | None
    pad_id: int = 0
    pad_left: bool = False

    @property
    def rows(self) -> int:
        return len(self.cu_seqlens) - 1

    @property
    def filled(self) -> int:
        """Tokens, with the filling."""
        return len(self.input_ids)

    @property
    def lengths(self) -> torch.Tensor:
        """Tokens in each row: int64 `[rows]`."""
        return self.cu_seqlens.diff()

    def to(self, device: torch.device) -> "RaggedBatch":
        return self._with({name: value.to(device, non_blocking=True) for name, value in self.tensors().items()})

    def tensors(self) -> dict[str, torch.Tensor]:
        """What is not a number, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, torch.Tensor)}

    def _with(self, tensors: dict[str, torch.Tensor]) -> "RaggedBatch":
        return dataclasses.replace(self, **tensors)  # type: ignore[arg-type]

    def part(self, start: int, stop: int) -> "RaggedBatch":
        """Rows `start` to `stop - 1`, of a batch on the CPU."""
        begin, end = self.cu_seqlens[[start, min(stop, self.rows)]].tolist()
        lengths = self.lengths[start:stop]
        return _end_to_end(
            self.input_ids[begin:end],
            None if self.token_type_ids is None else self.token_type_ids[begin:end],
            self.position_ids[begin:end],
            lengths,
            _row_of_each(lengths.numpy()),
            None if self.labels is None else self.labels[start:stop],
            self.pad_id,
            self.pad_left,
        )

    def filled_to(self, filled: int, max_seqlen: int) -> "RaggedBatch":
        """The same rows, of a batch on the CPU, in tensors whose sizes depend on `filled`, `max_seqlen` and the number
        of rows alone."""
        tokens = int(self.cu_seqlens[-1])
        at = torch.arange(tokens) if self.indices is None else self.indices[:tokens]
        at = at // self.max_seqlen * max_seqlen + at % self.max_seqlen

        def fit(values: torch.Tensor, fill: int = 0) -> torch.Tensor:
            return functional.pad(values[:tokens], (0, filled - tokens), value=fill)

        return dataclasses.replace(
            self,
            input_ids=fit(self.input_ids),
            token_type_ids=None if self.token_type_ids is None else fit(self.token_type_ids),
            position_ids=fit(self.position_ids),
            max_seqlen=max_seqlen,
            indices=fit(at, self.rows * max_seqlen),
        )

    def padded(self) -> dict[str, torch.Tensor]:
        """The batch as models of `transformers` take it, padded to `max_seqlen`. For the rows above, with padding on
        the right:

            input_ids       [[101, 7, 102, 0, 0], [101, 8, 9, 6, 102]]   int64 [rows, max_seqlen]
            attention_mask  [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]           int64 [rows, max_seqlen]
            token_type_ids  like input_ids, if there are any
            labels          as they are, if there are any
        """
        size, at = self.rows * self.max_seqlen, self.indices
        if at is not None and self.pad_left:
            shift = functional.pad(self.max_seqlen - self.lengths, (0, 1))  # none for the filling
            at = at + shift[at // self.max_seqlen]

        def spread(values: torch.Tensor, fill: int) -> torch.Tensor:
            if at is not None:
                values = values.new_full((size + 1,), fill).index_copy_(0, at, values)
            return values[:size].view(self.rows, self.max_seqlen)

        batch = {
            "input_ids": spread(self.input_ids, self.pad_id),
            "attention_mask": spread(torch.ones_like(self.input_ids), 0),
        }
        if self.token_type_ids is not None:
            batch["token_type_ids"] = spread(self.token_type_ids, 0)
        if self.labels is not None:
            batch["labels"] = self.labels
        return batch


def pad(batch: Any) -> Any:
    """The batch as models of `transformers` take it: a ragged one padded, any other as it is."""
    return batch.padded() if isinstance(batch, RaggedBatch) else batch


def ragged(table: TokenTable, rows: npt.NDArray[np.int64]) -> RaggedBatch:
    """The batch of these rows of a token table, gathered by array operations."""
    starts = table.offsets[rows]
    lengths = table.offsets[rows + 1] - starts
    before = np.cumsum(lengths) - lengths
    at = np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
    return _end_to_end(
        torch.from_numpy(table.ids[at].astype(np.int64)),
        None if table.types is None else torch.from_numpy(table.types[at].astype(np.int64)),
        None,
        torch.from_numpy(lengths),
        _row_of_each(lengths),
        None if table.labels is None else torch.from_numpy(table.labels[rows]),
        table.pad_id,
        table.pad_left,
    )


def from_padded(
    input_ids: torch.Tensor,
    mask: torch.Tensor,
    token_type_ids: torch.Tensor | None = None,
    position_ids: torch.Tensor | None = None,
) -> RaggedBatch:
    """What is a token (True in `mask`, bool `[rows, width]`) of a padded batch; the others are `[rows, width]` too.
    Positions are counted in each row's tokens unless they are given.
    """
    at = mask.reshape(-1).nonzero().squeeze(1)

    def gather(values: torch.Tensor | None) -> torch.Tensor | None:
        return None if values is None else values.reshape(-1)[at]

    ids, row = input_ids.reshape(-1)[at], at // mask.shape[1]
    return _end_to_end(ids, gather(token_type_ids), gather(position_ids), mask.sum(1), row, None, 0, False)


def _row_of_each(lengths: npt.NDArray[np.int64]) -> torch.Tensor:
    """The row that each token is of: int64 `[tokens]`. (`torch.repeat_interleave` wakes all threads for it.)"""
    return torch.from_numpy(np.repeat(np.arange(len(lengths)), lengths))


def _end_to_end(
    ids: torch.Tensor,
    types: torch.Tensor | None,
    positions: torch.Tensor | None,
    lengths: torch.Tensor,
    row: torch.Tensor,
    labels: torch.Tensor | None,
    pad_id: int,
    pad_left: bool,
) -> RaggedBatch:
    """The batch of rows of these `lengths` (int64 `[rows]`), whose tokens `[tokens]` are end to end already. `row`: the
    one that each of them is of."""
    rows, tokens, longest = len(lengths), len(ids), int(lengths.max())
    cu_seqlens = functional.pad(lengths.cumsum(0), (1, 0))
    within = torch.arange(tokens, device=ids.device) - cu_seqlens.index_select(0, row)
    filling = -tokens % FILL

    def fill(values: torch.Tensor, value: int = 0) -> torch.Tensor:
        return functional.pad(values, (0, filling), value=value)

    return RaggedBatch(
        input_ids=fill(ids),
        token_type_ids=None if types is None else fill(types),
        position_ids=fill(within if positions is None else positions),
        cu_seqlens=cu_seqlens,
        max_seqlen=longest,
        indices=None if tokens == rows * longest else fill(row * longest + within, rows * longest),
        labels=labels,
        pad_id=pad_id,
        pad_left=pad_left,
    )
