"""Out of memory: the same update is computed again, from unchanged state, in smaller micro-batches."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from warmstart.batches.dataloaders import Batch, values_of
from warmstart.batches.ragged import RaggedBatch
from warmstart.errors import UserError, first_line
from warmstart.messages import _

# What allocators say. CUDA has an exception of its own; the CPU's allocator and oneDNN (the last two) raise a
# RuntimeError.
SAID = (
    *("can't allocate memory", "not enough memory", "out of memory", "bad_alloc"),
    *("could not create a memory object", "could not create a primitive"),
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in SAID)


class RowsAtATime:
    """How many rows are computed at a time: all of a micro-batch until one did not fit, then `limit`. `warn`
    is told when it becomes less."""

    def __init__(self, warn: Callable[[str], None] = print) -> None:
        self.limit: int | None = None
        self._warn = warn

    def pieces(self, batch: Batch) -> list[Batch]:
        """The batch, in pieces of at most `limit` rows."""
        rows = count_rows(batch)
        if self.limit is None or rows <= self.limit:
            return [batch]
        return [_rows(batch, start, start + self.limit, rows) for start in range(0, rows, self.limit)]

    def shrink(self, batches: list[Batch], error: BaseException) -> None:
        """Half as many rows at a time as the largest of `batches` has. Raises UserError if that is less than one."""
        rows = max((count_rows(batch) for batch in batches), default=0)
        rows = min(rows, self.limit or rows)
        if rows <= 1:
            raise UserError(
                _("one row alone does not fit into the memory"),
                where=first_line(error)[:200],
                fix=_(
                    "shorten the rows with --max-length, take a smaller --model, or give the machine "
                    "more memory; what was saved is untouched"
                ),
            )
        self.limit = rows // 2
        self._warn(
            _("out of memory with {rows} rows at a time: the update is computed again, {limit} at a time").format(
                rows=rows, limit=self.limit
            )
        )


def count_rows(batch: Batch) -> int:
    """Rows of a batch."""
    if isinstance(batch, RaggedBatch):
        return batch.rows
    return next((len(value) for value in values_of(batch) if isinstance(value, torch.Tensor) and value.ndim), 0)


def _rows(batch: Batch, start: int, stop: int, rows: int) -> Batch:
    """Rows `start` to `stop - 1` of everything that has as many entries as the batch has rows."""
    if isinstance(batch, RaggedBatch):
        return batch.part(start, stop)

    def cut(value: Any) -> Any:
        has_rows = isinstance(value, list | tuple) or (isinstance(value, torch.Tensor) and value.ndim > 0)
        return value[start:stop] if has_rows and len(value) == rows else value

    if isinstance(batch, Mapping):
        return type(batch)({name: cut(value) for name, value in batch.items()})  # type: ignore[call-arg]
    return type(batch)(cut(value) for value in batch)
