"""A batch in tensors whose sizes do not depend on its rows: what a CUDA graph can be captured over.

Tokens lie end to end from the very beginning, embeddings included, and are filled up to a multiple of a bucket with one
more sequence that nothing reads. Nothing here waits for the device.
"""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from warmstart.models.load import POSITIONS_BEHIND_PADDING
from warmstart.models.ragged.encoder import FIRST_TOKEN, Unpadded
from warmstart.models.ragged.places import NEVER, Places

FINE, COARSE = 64, 128  # tokens: buckets of short and of long batches, some 10 % more than there are
LONG = 1024


@dataclasses.dataclass(frozen=True)
class Flat:
    """`ids`, `types`, `positions`: int64 `[1, bucket]`; `index`: int64 `[bucket]`, each token's place in a padded batch
    of `[rows + 1, width]`; `lengths`: int64 `[rows + 1]`, the filling last; `labels` as the model takes them. `width`
    is the longest row's, to a multiple of 128: room for any filling, and attention no wider than the batch needs."""

    ids: torch.Tensor
    types: torch.Tensor
    positions: torch.Tensor
    index: torch.Tensor
    lengths: torch.Tensor
    labels: torch.Tensor
    width: int = dataclasses.field(kw_only=True)

    @property
    def bucket(self) -> int:
        return self.ids.shape[1]

    def tensors(self) -> tuple[torch.Tensor, ...]:
        return (self.ids, self.types, self.positions, self.index, self.lengths, self.labels)

    def places(self) -> Places:
        """Where the tokens lie in `[rows + 1, width]`, computed on their device."""
        rows = len(self.lengths)
        first = self.lengths.cumsum(0) - self.lengths
        columns = torch.arange(self.width, device=self.lengths.device)
        bias = torch.where(columns < self.lengths[:, None], 0.0, NEVER)[:, None, :]
        return Places(rows, self.width, self.bucket, self.bucket, self.index, first[:-1], bias)


def bucket_of(tokens: int) -> int:
    """The smallest bucket that holds `tokens`."""
    step = FINE if tokens <= LONG else COARSE
    return -(-tokens // step) * step


def flatten(batch: dict[str, torch.Tensor], offset: int) -> Flat:
    """The flat form of a padded batch on the CPU. `offset`: the number of the first position (RoBERTa counts from
    behind its padding index).
    """
    mask = batch["attention_mask"].bool()
    width = -(-mask.shape[1] // COARSE) * COARSE
    rows, tokens = len(mask), int(mask.sum())
    filling = bucket_of(tokens) - tokens
    columns = torch.arange(mask.shape[1]).expand_as(mask)[mask]
    numbers = torch.arange(rows)[:, None].expand_as(mask)[mask]
    extra = torch.arange(filling)

    def filled(values: torch.Tensor, fill: torch.Tensor) -> torch.Tensor:
        return torch.cat([values.long(), fill.long()])

    ids = filled(batch["input_ids"][mask], torch.zeros(filling))
    types = batch.get("token_type_ids")
    return Flat(
        ids=ids[None],
        types=filled(torch.zeros(tokens) if types is None else types[mask], torch.zeros(filling))[None],
        positions=filled(columns, torch.zeros(filling))[None] + offset,  # a model may have no more than the longest row
        index=filled(numbers * width + columns, rows * width + extra),
        lengths=filled(mask.sum(1), torch.tensor([filling])),
        labels=batch["labels"],
        width=width,
    )


def position_offset(model: nn.Module) -> int:
    """The number of the first position in this model."""
    config: Any = model.config
    return int(config.pad_token_id) + 1 if config.model_type in POSITIONS_BEHIND_PADDING else 0


@contextlib.contextmanager
def flat_inputs(state: Unpadded, flat: Flat, types: bool) -> Iterator[dict[str, torch.Tensor]]:
    """What to call the model with inside the block, whose encoder then reads `flat`. `types`: whether the model takes
    token types.
    """
    assert FIRST_TOKEN in state.on
    state.flat.append(flat.places())
    inputs = {"input_ids": flat.ids, "position_ids": flat.positions, "labels": flat.labels}
    try:
        yield {**inputs, "token_type_ids": flat.types} if types else inputs
    finally:
        state.flat.pop()
