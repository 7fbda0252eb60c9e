"""Rows drawn evenly from the classes: how often each comes, and that any update is found without walking to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warmstart.batches.plan import BatchPlan, Rows


@st.composite
def plans(draw: st.DrawFn) -> BatchPlan:
    sizes = draw(st.lists(st.integers(1, 60), min_size=2, max_size=9))
    order = np.random.default_rng(draw(st.integers(0, 9))).permutation(sum(sizes))
    groups = tuple(np.split(order, np.cumsum(sizes)[:-1]))
    size = draw(st.integers(1, 24))
    return BatchPlan(
        rows=sum(sizes), batch_size=size, micro_batch_size=size, seed=draw(st.integers(0, 99)), groups=groups
    )


def class_of(plan: BatchPlan) -> Rows:
    found = np.empty(plan.rows, np.int64)
    for number, group in enumerate(plan.groups):
        found[group] = number
    return found


@settings(max_examples=100, deadline=None)
@given(plans(), st.integers(0, 3))
def test_each_update_has_each_class_alike_and_an_epoch_as_many_rows_as_ever(plan: BatchPlan, epoch: int) -> None:
    classes, count = class_of(plan), len(plan.groups)
    updates = [plan.update(epoch * plan.updates_per_epoch + number).rows for number in range(plan.updates_per_epoch)]
    assert sum(map(len, updates)) == plan.rows
    for rows in updates:
        often = np.bincount(classes[rows], minlength=count)
        assert often.max() - often.min() <= (1 if count <= plan.batch_size else 2)


@settings(max_examples=60, deadline=None)
@given(plans(), st.integers(1, 4))
def test_a_class_gives_all_its_rows_before_one_comes_again(plan: BatchPlan, epochs: int) -> None:
    order = np.concatenate([plan.order_of(epoch) for epoch in range(epochs)])
    classes = class_of(plan)[order]
    for number, group in enumerate(plan.groups):
        often = np.bincount(order[classes == number], minlength=plan.rows)[group]
        assert often.max() - often.min() <= 1 + epochs  # an epoch may leave one draw of a class out


@settings(max_examples=40, deadline=None)
@given(plans(), st.integers(0, 40))
def test_any_update_is_found_without_walking_to_it(plan: BatchPlan, index: int) -> None:
    walked = BatchPlan(plan.rows, plan.batch_size, 1, plan.seed, groups=plan.groups)
    for each in range(index):
        walked.update(each)
    np.testing.assert_array_equal(plan.update(index).rows, walked.update(index).rows)
    shares = [plan.update(index, process, 3).micro_batches for process in range(3)]
    np.testing.assert_array_equal(np.concatenate([part for each in shares for part in each]), plan.update(index).rows)


def test_seeds_and_epochs_draw_other_rows() -> None:
    groups = (np.arange(0, 190), np.arange(190, 200))
    orders = {(s, e): BatchPlan(200, 8, 8, s, groups=groups).order_of(e).tobytes() for s in (0, 1) for e in (0, 1)}
    assert len(set(orders.values())) == 4
    with pytest.raises(ValueError, match="at random"):
        BatchPlan(200, 8, 8, order="sequential", groups=groups)
