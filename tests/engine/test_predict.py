"""Prediction: every row once, in the order of the rows, whatever the batches, the shapes and the number of
processes.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart.batches.ragged import pad
from warmstart.batches.tokens import TokenTable
from warmstart.engine.distributed.processes import Processes
from warmstart.engine.predict import ModelRun, dataset_batches, predict, token_batches, token_plan

FEW = settings(max_examples=40, deadline=None)
ROWS = rows(29, seed=2)


class Echo(nn.Module):
    """Gives each row's sum of ids, so that a row can be told from every other."""

    def forward(self, input_ids: torch.Tensor, **_: Any) -> torch.Tensor:
        return input_ids.sum(dim=1, keepdim=True).float()


def outputs_only(model: nn.Module, batch: Any) -> tuple[None, Any]:
    return None, model(**batch)


def how(model: nn.Module | None = None, run: Any = outputs_only, **settings_: Any) -> ModelRun:
    """With the labels of the batch. `run(model, batch)` gives loss and outputs."""
    given_: dict[str, Any] = {"label_names": ["labels"], **settings_}

    def step(model: nn.Module, batch: Any) -> tuple[Any, Any, Any]:
        return *run(model, batch), batch.get("labels")

    return ModelRun(model=model or Echo(), processes=Processes(use_cpu=True), step=step, **given_)


def batches(rows: TokenTable, size: int, process: int = 0, processes: int = 1) -> Iterator[Any]:
    """Padded: the models and steps of these tests are no encoders."""
    plan = token_plan(rows, size, process, processes)
    return ((numbers, pad(batch)) for numbers, batch in token_batches(rows, plan))


def table(ids: list[list[int]], labels: Any = None) -> TokenTable:
    offsets = np.concatenate([[0], np.cumsum(list(map(len, ids)))]).astype(np.int64)
    return TokenTable(np.concatenate(ids).astype(np.int32), offsets, None, labels, 0, False, 99, "x")


@FEW
@given(
    ids=st.lists(st.lists(st.integers(1, 59), min_size=1, max_size=12), min_size=1, max_size=30),
    size=st.integers(1, 12),
    processes=st.integers(1, 4),
)
def test_every_row_once_and_in_order(ids: list[list[int]], size: int, processes: int) -> None:
    found = predict(how(), batches(table(ids), size, 0, 1))
    assert found.rows == len(ids)
    assert found.outputs is not None
    assert found.outputs[:, 0].tolist() == [sum(row) for row in ids]
    assert found.labels is None
    assert found.loss is None
    shares = [list(batches(table(ids), size, process, processes)) for process in range(processes)]
    taken = np.concatenate([numbers for share in shares for numbers, _ in share])
    assert sorted(taken) == list(range(len(ids)))
    for share in shares:
        lengths = [int(batch["attention_mask"].sum(dim=1).max()) for _, batch in share]
        assert lengths == sorted(lengths, reverse=True)
        longest = max(lengths, default=0)
        assert all(len(numbers) >= 1 and batch["input_ids"].numel() <= size * longest for numbers, batch in share)
        assert len(share) <= -(-sum(len(numbers) for numbers, _ in share) // size)


class Stream(torch.utils.data.IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter(ROWS)


@pytest.mark.parametrize("dataset", [ROWS, list(ROWS), Stream()], ids=["datasets", "list", "stream"])
@pytest.mark.parametrize("processes", [1, 3])
def test_any_data_set_is_walked_through_once(dataset: Any, processes: int) -> None:
    wanted = [sum(row) for row in ROWS["input_ids"]]
    seen: dict[int, int] = {}
    for process in range(processes):
        batches = list(dataset_batches(dataset, Pad(), 4, process, processes, {}))
        for numbers, batch in batches:
            for number, total in zip(numbers.tolist(), batch["input_ids"].sum(dim=1).tolist(), strict=True):
                assert number not in seen
                seen[number] = total
    assert [seen[number] for number in range(29)] == wanted


def test_tuples_and_dictionaries_keep_their_form() -> None:
    def several(model: nn.Module, batch: Any) -> tuple[None, Any]:
        out = model(**batch)
        return None, (out, {"twice": 2 * out, "nested": (3 * out.to(torch.bfloat16),)})

    ids = [[5], [6, 7, 8], [9, 1], [2] * 9]
    found = predict(how(run=several), batches(table(ids), 2, 0, 1))
    assert found.outputs is not None
    first, second = found.outputs
    sums = np.array([[5], [21], [10], [18]], np.float32)
    np.testing.assert_array_equal(first, sums)
    np.testing.assert_array_equal(second["twice"], 2 * sums)
    np.testing.assert_array_equal(second["nested"][0], 3 * sums)
    assert second["nested"][0].dtype == np.float32


def test_outputs_of_different_lengths_are_padded_with_minus_100() -> None:
    def tokens(model: nn.Module, batch: Any) -> tuple[None, Any]:
        return None, batch["input_ids"].unsqueeze(-1).float()

    ids = [[5, 6], [7], [8, 9, 1]]
    found = predict(how(run=tokens), batches(table(ids), 1, 0, 1))
    assert found.outputs is not None
    assert found.outputs[:, :, 0].tolist() == [[5, 6, -100], [7, -100, -100], [8, 9, 1]]


def test_the_loss_is_the_mean_over_targets_and_not_over_batches() -> None:
    """Labels of -100 count for nothing, so that batches weigh as much as they have targets."""
    labels = np.array([1, -100, 2, 3, -100, -100, 7], np.int64)

    def mean_label(model: nn.Module, batch: Any) -> tuple[torch.Tensor, Any]:
        kept = batch["labels"][batch["labels"] != -100].float()
        return (kept.mean() if len(kept) else torch.tensor(float("nan"))), model(**batch)

    ids = [[1]] * 7
    found = predict(how(run=mean_label), batches(table(ids, labels), 3, 0, 1))
    assert found.labels is not None
    assert found.labels.tolist() == labels.tolist()
    assert found.loss == pytest.approx(labels[labels != -100].mean())


def test_a_batch_without_any_target_does_not_spoil_the_loss() -> None:
    def mean_label(model: nn.Module, batch: Any) -> tuple[torch.Tensor, Any]:
        return nn.functional.cross_entropy(torch.zeros(len(batch["labels"]), 2), batch["labels"]), model(**batch)

    labels = np.array([1, 0, -100, -100], np.int64)
    found = predict(how(run=mean_label), batches(table([[1]] * 4, labels), 2, 0, 1))
    assert found.loss == pytest.approx(np.log(2))


def test_a_step_may_take_the_labels_out_of_the_batch() -> None:
    """Targets are counted before it: batches still weigh as much as they have of them."""
    labels = np.array([1, -100, 2, 3, -100, -100, 7], np.int64)

    def step(model: nn.Module, batch: Any) -> tuple[torch.Tensor, Any, Any]:
        kept = batch.pop("labels")
        return kept[kept != -100].float().mean(), model(**batch), kept

    own = ModelRun(model=Echo(), processes=Processes(use_cpu=True), step=step, label_names=["labels"])
    found = predict(own, batches(table([[1]] * 7, labels), 4, 0, 1))
    assert found.loss == pytest.approx(labels[labels != -100].mean())
    assert found.labels is not None
    assert found.labels.tolist() == labels.tolist()


def test_transformed_outputs_are_what_is_kept() -> None:
    def transform(out: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return out[:, 0].long() % 7 + 10 * labels

    ids = [[5], [6, 7], [8], [9, 9]]
    found = predict(how(transform=transform), batches(table(ids, np.arange(4)), 3, 0, 1))
    assert found.outputs is not None
    assert found.outputs.tolist() == [5, 13 % 7 + 10, 8 % 7 + 20, 18 % 7 + 30]


def test_outputs_that_are_not_wanted_are_not_kept() -> None:
    counted = []
    one = how(keep_outputs=False, after_batch=lambda: counted.append(1))
    found = predict(one, batches(table([[5]] * 5, np.arange(5)), 2, 0, 1))
    assert (found.outputs, found.labels, found.rows, len(counted)) == (None, None, 5, 3)


def test_the_model_is_left_in_the_mode_it_was_in() -> None:
    def fail(model: nn.Module, batch: Any) -> Any:
        assert not model.training
        assert not torch.is_grad_enabled()
        raise RuntimeError("in the middle")

    for mode in (True, False):
        model = Echo().train(mode)
        predict(how(model), batches(table([[5]]), 2, 0, 1))
        assert model.training is mode
        with pytest.raises(RuntimeError, match="middle"):
            predict(how(model, fail), batches(table([[5]]), 2, 0, 1))
        assert model.training is mode


def test_no_rows_give_nothing() -> None:
    found = predict(how(), iter([]))
    assert (found.outputs, found.labels, found.loss, found.rows) == (None, None, None, 0)


@pytest.mark.parametrize("size", [1, 3, 29])
def test_a_real_model_says_the_same_whatever_the_batches(size: int) -> None:
    model = tiny_bert(labels=3)

    def logits(model: nn.Module, batch: Any) -> Any:
        return None, model(**batch).logits

    fast = table(list(ROWS["input_ids"]))
    by_table: Any = predict(how(model, logits), batches(fast, size, 0, 1)).outputs
    by_rows: Any = predict(how(model, logits), dataset_batches(ROWS, Pad(), size, 0, 1, {})).outputs
    with torch.no_grad():
        alone = np.concatenate([model.eval()(**Pad()([row])).logits.numpy() for row in ROWS])
    np.testing.assert_allclose(by_table, alone, atol=1e-6)
    np.testing.assert_allclose(by_rows, alone, atol=1e-6)
