"""The batch plan as a function: what holds for every number of rows, size, seed, order and number of processes."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import tiny
from warmstart.batches.plan import WINDOW, BatchPlan
from warmstart.batches.ragged import ragged
from warmstart.batches.tokens import TokenTable

MANY = settings(max_examples=150, deadline=None)


@st.composite
def plans(draw: st.DrawFn) -> BatchPlan:
    rows = draw(st.integers(1, 160))
    return BatchPlan(
        rows=rows,
        batch_size=draw(st.integers(1, 40)),
        micro_batch_size=draw(st.integers(1, 12)),
        seed=draw(st.integers(0, 2**32 - 1)),
        order=draw(st.sampled_from(["random", "sequential", "length"])),
        drop_last=draw(st.booleans()),
        lengths=np.random.default_rng(draw(st.integers(0, 9))).integers(1, 30, rows),
    )


def epoch_of(plan: BatchPlan, epoch: int) -> list[np.ndarray[Any, Any]]:
    first = epoch * plan.updates_per_epoch
    return [plan.update(first + i).rows for i in range(plan.updates_per_epoch)]


@MANY
@given(plans(), st.integers(0, 3))
def test_an_epoch_has_every_row_once(plan: BatchPlan, epoch: int) -> None:
    updates = epoch_of(plan, epoch)
    rows = np.concatenate(updates)
    if plan.drop_last and plan.rows >= plan.batch_size:
        assert len(np.unique(rows)) == len(rows) == plan.rows // plan.batch_size * plan.batch_size
        assert {len(update) for update in updates} == {plan.batch_size}
    else:
        assert sorted(rows) == list(range(plan.rows))
        assert all(len(update) == plan.batch_size for update in updates[:-1])
        assert 1 <= len(updates[-1]) <= plan.batch_size


@MANY
@given(plans(), st.integers(0, 30), st.integers(1, 5))
def test_processes_and_micro_batches_only_share_an_update_out(plan: BatchPlan, index: int, processes: int) -> None:
    whole = plan.update(index)
    other = dataclasses.replace(plan, micro_batch_size=plan.micro_batch_size + 3).update(index)
    np.testing.assert_array_equal(other.rows, whole.rows)
    shares = [plan.update(index, process, processes) for process in range(processes)]
    pieces = [piece for share in shares for piece in share.micro_batches]
    np.testing.assert_array_equal(np.concatenate(pieces), whole.rows)
    assert all(1 <= len(piece) <= plan.micro_batch_size for piece in pieces)
    sizes = [sum(map(len, share.micro_batches)) for share in shares]
    assert max(sizes) - min(sizes) <= 1
    assert all(share.rows.tolist() == whole.rows.tolist() for share in shares)
    assert {(share.index, share.epoch) for share in shares} == {(index, index // plan.updates_per_epoch)}


@MANY
@given(plans(), st.integers(0, 40))
def test_an_update_found_directly_is_the_one_that_walking_finds(plan: BatchPlan, index: int) -> None:
    walked = [plan.update(i).rows for i in range(index + 1)]
    directly = dataclasses.replace(plan)  # a plan that has found nothing yet
    np.testing.assert_array_equal(directly.update(index).rows, walked[index])
    assert plan.rows_before(index + 1) - plan.rows_before(index) == len(walked[index])
    assert plan.rows_before(index + 1) == sum(map(len, walked))


@MANY
@given(st.integers(0, 2**32 - 2), st.integers(0, 50), st.sampled_from(["random", "length"]))
def test_epochs_and_seeds_have_orders_of_their_own(seed: int, epoch: int, order: Any) -> None:
    lengths = np.random.default_rng(0).integers(1, 30, 60)
    plan = BatchPlan(rows=60, batch_size=7, micro_batch_size=7, seed=seed, order=order, lengths=lengths)
    here = np.concatenate(epoch_of(plan, epoch))
    assert (np.concatenate(epoch_of(plan, epoch + 1)) != here).any()
    assert (np.concatenate(epoch_of(dataclasses.replace(plan, seed=seed + 1), epoch)) != here).any()
    np.testing.assert_array_equal(np.concatenate(epoch_of(dataclasses.replace(plan), epoch)), here)


def test_sequential_is_the_order_of_the_rows() -> None:
    plan = BatchPlan(rows=23, batch_size=5, micro_batch_size=2, order="sequential")
    for epoch in range(2):
        assert np.concatenate(epoch_of(plan, epoch)).tolist() == list(range(23))


def test_by_length_rows_of_like_length_meet_but_not_always_the_same_ones() -> None:
    lengths = np.random.default_rng(0).geometric(0.05, WINDOW * 8 * 3)
    by_length = BatchPlan(rows=len(lengths), batch_size=8, micro_batch_size=8, order="length", lengths=lengths)
    at_random = dataclasses.replace(by_length, order="random")

    def padding(plan: BatchPlan) -> float:
        batches = [lengths[rows] for rows in epoch_of(plan, 0)]
        return 1 - float(sum(batch.sum() for batch in batches) / sum(len(batch) * batch.max() for batch in batches))

    assert padding(by_length) < 0.1 < padding(at_random)
    first, second = ({frozenset(rows.tolist()) for rows in epoch_of(by_length, epoch)} for epoch in (0, 1))
    assert len(first & second) < len(first) / 10
    longest = [int(lengths[rows].max()) for rows in epoch_of(by_length, 0)]
    assert longest != sorted(longest)
    assert longest != sorted(longest, reverse=True)  # the batches themselves come in no order


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"batch_size": 0}, {"micro_batch_size": 0}, {"order": "length"}])
def test_a_plan_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        BatchPlan(**{"rows": 8, "batch_size": 2, "micro_batch_size": 2, **wrong})


# Padding


def table_of(
    texts: list[list[int]], types: bool, labels: Any, *, pad_id: int = 0, pad_left: bool = False
) -> TokenTable:
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in texts])]).astype(np.int64)
    flat = np.concatenate([np.array(ids, np.int32) for ids in texts])
    marks = np.concatenate([np.arange(len(ids)) >= len(ids) // 2 for ids in texts]).astype(np.uint8)
    return TokenTable(flat, offsets, marks if types else None, labels, pad_id, pad_left, 99, "x")


@MANY
@given(
    texts=st.lists(st.lists(st.integers(5, 19), min_size=1, max_size=9), min_size=1, max_size=12),
    types=st.booleans(),
    left=st.booleans(),
    pad_id=st.sampled_from([0, 3]),
    seed=st.integers(0, 99),
)
def test_padded_is_what_the_tokenizer_pads(
    texts: list[list[int]], types: bool, left: bool, pad_id: int, seed: int
) -> None:
    table = table_of(texts, types, None, pad_id=pad_id, pad_left=left)
    rows = np.random.default_rng(seed).permutation(len(texts))[: max(len(texts) // 2, 1)]
    stock = tiny.tokenizer()
    stock.padding_side = "left" if left else "right"
    stock.pad_token = stock.convert_ids_to_tokens(pad_id)
    unpadded: dict[str, Any] = {"input_ids": [texts[row] for row in rows]}
    if types:
        unpadded["token_type_ids"] = [[int(i >= len(texts[row]) // 2) for i in range(len(texts[row]))] for row in rows]
    wanted = stock.pad(unpadded, padding=True, return_tensors="pt")
    found = ragged(table, rows).padded()
    assert found.keys() == wanted.keys()
    for name, tensor in found.items():
        assert tensor.dtype == torch.int64
        assert torch.equal(tensor, wanted[name])


@pytest.mark.parametrize(
    "labels",
    [np.arange(4), np.linspace(0, 1, 4, dtype=np.float32), np.eye(4, 3, dtype=np.float32)],
    ids=["classes", "number", "labels"],
)
def test_padded_takes_the_labels_of_its_rows(labels: Any) -> None:
    table = table_of([[5], [6, 7], [8], [9, 9, 9]], False, labels)
    found = ragged(table, np.array([3, 0, 2])).padded()
    assert torch.equal(found["labels"], torch.from_numpy(labels[[3, 0, 2]]))
    assert found["labels"].dtype == torch.from_numpy(labels).dtype


def test_a_tokenised_table_padded_is_the_tokenizer_called_on_the_batch(tmp_path: Any, monkeypatch: Any) -> None:
    """From texts to tensors both ways, pairs and truncation included."""
    import datasets

    from warmstart.batches.tokens import tokenize
    from warmstart.table.task import Task

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    ones = [row["text"] for row in tiny.reviews(40)]
    twos = [row["text"] for row in tiny.reviews(40, seed=1)]
    stock = tiny.tokenizer()
    task = Task(kind="classes", text="one", pair="two", label=None)
    table = tokenize(Dataset.from_dict({"one": ones, "two": twos}), task, stock, max_length=12)
    rows = np.random.default_rng(0).permutation(40)[:16]
    wanted = stock(
        [ones[row] for row in rows],
        [twos[row] for row in rows],
        truncation=True,
        max_length=12,
        padding=True,
        return_tensors="pt",
    )
    found = ragged(table, rows).padded()
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert table.truncated > 0
