"""A batch of rows end to end: each row's tokens and nothing between them, and the padded batch when it is asked for."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from warmstart.batches.ragged import FILL, RaggedBatch, from_padded, pad, ragged
from warmstart.batches.tokens import TokenTable

MANY = settings(max_examples=60, deadline=None)
LENGTHS = st.lists(st.integers(1, 20), min_size=1, max_size=9)


def table_of(lengths: list[int], types: bool = True, left: bool = False, pad_id: int = 3) -> TokenTable:
    """Random ids, some of which are the padding's, and a label for each row."""
    generator = np.random.default_rng(sum(lengths))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = generator.integers(0, 90, offsets[-1]).astype(np.int32)
    marks = generator.integers(0, 2, offsets[-1]).astype(np.uint8) if types else None
    return TokenTable(ids, offsets, marks, np.arange(len(lengths)), pad_id, left, 99, "x")


def plainly_padded(table: TokenTable, rows: npt.NDArray[np.int64]) -> dict[str, Any]:
    """The padded batch, row by row."""
    texts = [table.ids[table.offsets[row] : table.offsets[row + 1]] for row in rows]
    width = max(map(len, texts))

    def spread(values: Any, fill: int) -> torch.Tensor:
        blank = [[fill] * (width - len(row)) for row in values]
        whole = [[*b, *row] if table.pad_left else [*row, *b] for row, b in zip(values, blank, strict=True)]
        return torch.tensor(np.array(whole), dtype=torch.int64)

    batch = {"input_ids": spread(texts, table.pad_id), "attention_mask": spread([[1] * len(row) for row in texts], 0)}
    if table.types is not None:
        types = [table.types[table.offsets[row] : table.offsets[row + 1]] for row in rows]
        batch["token_type_ids"] = spread(types, 0)
    return {**batch, "labels": torch.from_numpy(np.asarray(rows))}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@MANY
@given(LENGTHS, st.booleans(), st.booleans(), st.integers(0, 99))
def test_padded_is_every_row_with_its_padding(lengths: list[int], types: bool, left: bool, seed: int) -> None:
    table = table_of(lengths, types, left)
    rows = np.random.default_rng(seed).permutation(len(lengths))[: max(len(lengths) // 2, 1)]
    batch = ragged(table, rows)
    assert same(batch.padded(), plainly_padded(table, rows))
    assert same(pad(batch), batch.padded())
    assert pad({"x": 1}) == {"x": 1}
    assert same(batch.to(torch.device("cpu")).padded(), batch.padded())


@MANY
@given(LENGTHS)
def test_rows_lie_end_to_end(lengths: list[int]) -> None:
    table = table_of(lengths)
    batch = ragged(table, np.arange(len(lengths)))
    tokens = sum(lengths)
    assert batch.filled % FILL == 0
    assert batch.filled - tokens in range(FILL)
    assert batch.input_ids[:tokens].tolist() == table.ids.tolist()
    assert not batch.input_ids[tokens:].any()
    assert batch.position_ids[:tokens].tolist() == [place for length in lengths for place in range(length)]
    assert batch.cu_seqlens.tolist() == table.offsets.tolist()
    assert (batch.rows, batch.max_seqlen, batch.lengths.tolist()) == (len(lengths), max(lengths), lengths)
    assert (batch.indices is None) == (len(set(lengths)) == 1)
    if batch.indices is not None:
        assert torch.equal(batch.padded()["input_ids"].reshape(-1)[batch.indices[:tokens]], batch.input_ids[:tokens])
        assert set(batch.indices[tokens:].tolist()) <= {len(lengths) * max(lengths)}


@MANY
@given(LENGTHS, st.booleans(), st.integers(1, 5))
def test_a_part_is_the_batch_of_its_rows(lengths: list[int], types: bool, size: int) -> None:
    table = table_of(lengths, types)
    batch = ragged(table, np.arange(len(lengths)))
    for start in range(0, len(lengths), size):
        part, wanted = batch.part(start, start + size), ragged(table, np.arange(len(lengths))[start : start + size])
        assert part.max_seqlen == wanted.max_seqlen
        assert same(part.tensors(), wanted.tensors())
        assert same(part.padded(), wanted.padded())


@MANY
@given(LENGTHS, st.booleans())
def test_there_and_back(lengths: list[int], types: bool) -> None:
    """Padded on the right, and taken from there again; ids of padding in a row are tokens all the same."""
    batch = dataclasses.replace(ragged(table_of(lengths, types), np.arange(len(lengths))), labels=None)
    padded = batch.padded()
    mask = padded.pop("attention_mask").bool()
    back = from_padded(mask=mask, **padded)
    assert back.max_seqlen == batch.max_seqlen
    assert same(back.tensors(), batch.tensors())


def test_holes_and_padding_on_the_left_are_left_out() -> None:
    mask = torch.tensor([[0, 1, 0, 1], [1, 1, 1, 0]]).bool()
    ids, columns = torch.arange(10, 18).view(2, 4), torch.arange(4).expand(2, 4)
    batch = from_padded(ids, mask)
    assert batch.input_ids[:5].tolist() == [11, 13, 14, 15, 16]
    assert batch.position_ids[:5].tolist() == [0, 1, 0, 1, 2]
    assert from_padded(ids, mask, position_ids=columns).position_ids[:5].tolist() == [1, 3, 0, 1, 2]
    assert (batch.cu_seqlens.tolist(), batch.max_seqlen) == ([0, 2, 5], 3)


@pytest.mark.parametrize("lengths", [[3, 9, 1, 20], [7] * 8, [16]])
def test_filled_to_a_size_the_rows_are_the_same(lengths: list[int]) -> None:
    """In tensors of one size, whatever the rows."""
    batch = ragged(table_of(lengths), np.arange(len(lengths)))
    filled: RaggedBatch = batch.filled_to(64, 32)
    tokens = sum(lengths)
    assert {len(filled.tensors()[name]) for name in ("input_ids", "token_type_ids", "position_ids", "indices")} == {64}
    for name, values in filled.padded().items():
        old = batch.padded()[name]
        if name != "labels":
            assert not values[:, max(lengths) :].eq(1 if name == "attention_mask" else -1).any()
            values = values[:, : max(lengths)]
        assert torch.equal(values, old), name
    assert torch.equal(filled.cu_seqlens, batch.cu_seqlens)
    assert not filled.position_ids[tokens:].any()
