"""Feeds: the fast path, the general path and the stream give the same rows to the same update."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import IterableDataset

from tests.trainer.helpers import Pad, rows
from warmstart.batches.dataloaders import DatasetFeed, Feed, StreamFeed, TokenFeed, in_order
from warmstart.batches.plan import BatchPlan
from warmstart.batches.ragged import pad
from warmstart.batches.tokens import TokenTable

ROWS = rows(37)
PLAN = BatchPlan(rows=37, batch_size=8, micro_batch_size=3, seed=5)


def table() -> TokenTable:
    ids = list(ROWS["input_ids"])
    offsets = np.concatenate([[0], np.cumsum(list(map(len, ids)))]).astype(np.int64)
    labels = np.array(list(ROWS["label"]), np.int64)
    return TokenTable(np.concatenate(ids).astype(np.int32), offsets, None, labels, 0, False, 99, "x")


class Stream(IterableDataset):  # type: ignore[type-arg]
    """The same rows, in their order, one after another."""

    def __init__(self, most: int = 37) -> None:
        self.most = most
        self.walked = 0

    def __iter__(self) -> Iterator[Any]:
        for i in range(self.most):
            self.walked += 1
            yield ROWS[i]


def taken(feed: Feed, start: int, stop: int, process: int = 0, processes: int = 1) -> list[Any]:
    """[(update, rows, micro-batches as lists)]"""
    return [
        (update.index, update.rows.tolist(), [{k: v.tolist() for k, v in pad(batch).items()} for batch in batches])
        for update, batches in feed.batches(start, stop, process, processes)
    ]


@pytest.mark.parametrize("processes", [1, 3])
def test_the_two_ways_in_give_the_same_batches(processes: int) -> None:
    fast, general = TokenFeed(table(), PLAN), DatasetFeed(ROWS, Pad(), PLAN)
    for process in range(processes):
        assert taken(fast, 0, 12, process, processes) == taken(general, 0, 12, process, processes)
    assert fast.updates_per_epoch == general.updates_per_epoch == 5
    assert fast.rows_before(7) == general.rows_before(7) == 37 + 16


def test_beginning_in_the_middle_walks_to_nothing() -> None:
    read: list[int] = []

    class Watched:
        def __len__(self) -> int:
            return 37

        def __getitem__(self, i: int) -> Any:
            read.append(i)
            return ROWS[i]

    feed = DatasetFeed(Watched(), Pad(), PLAN)  # type: ignore[arg-type]
    late = taken(feed, 7, 9)
    assert read == [row for _, update, _ in late for row in update]
    assert late == taken(DatasetFeed(ROWS, Pad(), PLAN), 0, 9)[7:]


def test_worker_processes_change_nothing() -> None:
    alone = taken(DatasetFeed(ROWS, Pad(), PLAN), 3, 8)
    helped = DatasetFeed(ROWS, Pad(), PLAN, {"num_workers": 2, "prefetch_factor": 2})
    assert taken(helped, 3, 8) == alone


def test_a_stream_gives_its_rows_in_order_and_begins_again() -> None:
    stream = StreamFeed(Stream(), Pad(), batch_size=8, micro_batch_size=3)
    assert stream.updates_per_epoch is None
    found = taken(stream, 0, 8)
    walked = [PLAN_IN_ORDER.update(index).rows.tolist() for index in range(8)]
    expected = taken(DatasetFeed(ROWS, Pad(), PLAN_IN_ORDER), 0, 8)
    assert [batches for _, _, batches in found] == [batches for _, _, batches in expected]
    assert [len(update) for _, update, _ in found] == list(map(len, walked))
    assert taken(stream, 5, 8) == found[5:]
    assert stream.rows_before(4) == 32


PLAN_IN_ORDER = BatchPlan(rows=37, batch_size=8, micro_batch_size=3, order="sequential")


class Shuffled(Stream):
    """Another order in each pass, and a length that it need not keep."""

    def __init__(self, says: int = 37) -> None:
        super().__init__()
        self.says, self.epoch = says, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.says

    def __iter__(self) -> Iterator[Any]:
        for i in np.random.default_rng(self.epoch).permutation(37).tolist():
            self.walked += 1
            yield ROWS[i]


@pytest.mark.parametrize("says", [None, 37, 20, 50])
def test_a_stream_shuffles_by_its_pass_and_is_walked_to_from_anywhere(says: int | None) -> None:
    plan = None if says is None else BatchPlan(rows=says, batch_size=8, micro_batch_size=3)

    def feed() -> StreamFeed:
        return StreamFeed(Shuffled(), Pad(), batch_size=8, micro_batch_size=3, plan=plan)

    per_epoch = feed().updates_per_epoch or 5
    found = [update for epoch in range(3) for update in taken(feed(), epoch * per_epoch, (epoch + 1) * per_epoch)]
    assert [index for index, _, _ in found] == list(range(3 * per_epoch))
    firsts = [batches for _, _, batches in found[::per_epoch]]
    assert firsts[0] != firsts[1] != firsts[2] != firsts[0]
    for start in range(len(found)):
        stop = (start // per_epoch + 1) * per_epoch
        assert taken(feed(), start, stop) == found[start:stop]


def test_a_stream_with_a_length_is_walked_through_from_its_pass_on() -> None:
    dataset = Shuffled()
    feed = StreamFeed(dataset, Pad(), batch_size=8, micro_batch_size=8, plan=PLAN_IN_ORDER)
    assert feed.updates_per_epoch == 5
    assert feed.rows_before(6) == 45
    taken(feed, 11, 12)
    assert dataset.walked == 16


def test_processes_share_a_stream_out() -> None:
    whole = taken(StreamFeed(Stream(), Pad(), batch_size=8, micro_batch_size=8), 0, 5)
    shares = [taken(StreamFeed(Stream(), Pad(), batch_size=8, micro_batch_size=8), 0, 5, p, 3) for p in range(3)]
    for update, parts in zip(whole, zip(*shares, strict=True), strict=True):
        labels = [label for part in parts for batch in part[2] for label in batch["labels"]]
        assert labels == update[2][0]["labels"]


def test_a_stream_without_rows_gives_nothing() -> None:
    assert taken(StreamFeed(Stream(0), Pad(), batch_size=8, micro_batch_size=8), 0, 5) == []


def test_a_stream_is_read_no_further_than_needed() -> None:
    dataset = Stream()
    taken(StreamFeed(dataset, Pad(), batch_size=8, micro_batch_size=8), 0, 2)
    assert dataset.walked == 16


def test_batches_are_tensors_that_a_model_takes() -> None:
    for feed in (TokenFeed(table(), PLAN), DatasetFeed(ROWS, Pad(), PLAN)):
        _, batches = next(feed.batches(0, 1, 0, 1))
        assert all(isinstance(value, torch.Tensor) and value.dtype == torch.int64 for value in pad(batches[0]).values())


@pytest.mark.parametrize("ahead", [0, 1, 2, 7])
def test_batches_made_ahead_come_in_order_and_are_the_same(ahead: int) -> None:
    begun: list[int] = []

    def make(number: int) -> int:
        begun.append(number)
        return number * number

    stream = in_order(make, range(20), ahead)
    assert next(stream) == 0
    assert list(stream) == [number * number for number in range(1, 20)]
    assert sorted(begun) == list(range(20))


def test_what_goes_wrong_ahead_is_told_when_it_is_asked_for() -> None:
    def make(number: int) -> float:
        return 1 / (3 - number)

    stream = in_order(make, range(9), 2)
    assert [next(stream) for _ in range(3)] == [1 / 3, 1 / 2, 1]
    with pytest.raises(ZeroDivisionError):
        next(stream)


def test_a_stream_that_is_left_early_begins_no_more() -> None:
    begun: list[int] = []
    stream = in_order(begun.append, range(1000), 2)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert len(begun) <= 4
