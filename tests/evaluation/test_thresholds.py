"""Thresholds: chosen for a metric, and honest about what they gain."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.thresholds import outcome
from warmstart.evaluation import thresholds
from warmstart.evaluation.thresholds import choose
from warmstart.heads.head import Head
from warmstart.heads.registry import head_of

TWO = head_of("classes")(("no", "yes"), ("no", "yes"))
SEVERAL = head_of("labels")(("a", "b", "c"), ("a", "b", "c"))
CHOICES = [(head, metric) for head in (TWO, SEVERAL) for metric in head.decides_for]
NAMED = [f"{head.kind}-{metric}" for head, metric in CHOICES]


def shifted(head: Head, rows: int = 400, by: float = -2.0, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
    """Logits and labels of a model that knows its classes and is `by` too sure that they are not there."""
    generator = np.random.default_rng(seed)
    has = generator.random((rows, len(head.deciding))) < 0.3
    odds = np.where(has, 2.0, -2.0) + generator.normal(size=has.shape) + by
    if len(head.classes) == len(head.deciding):
        return odds, has.astype(np.int64)
    return np.concatenate([-odds / 2, odds / 2], axis=1), has[:, 0].astype(np.int64)


def score(head: Head, metric: str, logits: NDArray[Any], labels: NDArray[Any]) -> float:
    has, given = head.given(labels), head.given(head.decide(logits))
    counts = np.stack([has.sum(0), given.sum(0), (has & given).sum(0)]).astype(float)
    return float(head.score_counts(metric, counts, len(has)))


@pytest.mark.parametrize(("head", "metric"), CHOICES, ids=NAMED)
def test_what_a_model_is_off_by_is_put_right(head: Head, metric: str) -> None:
    found, decided = choose(head, *shifted(head), metric)
    assert found.moved
    assert all(0.01 < each < 0.5 for each in found.labels.values()), found.labels
    assert 0 < found.gain[1] <= found.gain[0] <= found.gain[2]
    assert found.after - found.before == pytest.approx(found.gain[0])
    chosen = dataclasses.replace(head, thresholds=tuple(found.labels.values()))
    new = shifted(head, rows=5000, seed=1)
    gained = score(chosen, metric, *new) - score(head, metric, *new)
    assert found.gain[1] - 0.02 < gained < found.gain[2] + 0.02
    assert decided.shape == head.decide(new[0])[: len(decided)].shape


@pytest.mark.parametrize(("head", "metric"), CHOICES, ids=NAMED)
def test_a_metric_of_counts_is_the_metric(head: Head, metric: str) -> None:
    from sklearn.metrics import balanced_accuracy_score

    logits, labels = shifted(head)
    predictions = head.decide(logits)
    measured = dict(head.scores(predictions, labels))
    if head.dimensions == 1:
        measured["balanced_accuracy"] = balanced_accuracy_score(labels, predictions)
    assert score(head, metric, logits, labels) == pytest.approx(measured[metric])


@pytest.mark.parametrize(("head", "metric"), CHOICES, ids=NAMED)
def test_what_a_row_is_worth_is_what_it_changes(head: Head, metric: str) -> None:
    """`worth` against the difference that one more right or wrong row makes, to one common scale."""
    logits, labels = shifted(head, rows=40_000)
    has, given = head.given(labels), head.given(head.decide(logits))
    counts = np.stack([has.sum(0), given.sum(0), (has & given).sum(0)]).astype(float)
    right, wrong = head.worth(metric, counts, len(has))
    for number in range(len(head.deciding)):
        changes = []
        for both in (1, 0):
            more = counts.copy()
            more[1:, number] += 1, both
            changes.append(head.score_counts(metric, more, len(has)) - head.score_counts(metric, counts, len(has)))
        assert changes[0] / -changes[1] == pytest.approx(right[number] / wrong[number], rel=1e-2)


@pytest.mark.parametrize(("head", "metric"), CHOICES, ids=NAMED)
def test_rows_that_say_nothing_move_nothing(head: Head, metric: str) -> None:
    """Few rows; a class that hardly any row has; and probabilities that are right already."""
    for logits, labels in (shifted(head, rows=12), shifted(head, by=0.0)):
        found, decided = choose(head, logits, labels, metric)
        assert not found.moved
        assert found.gain == (0, 0, 0)
        assert found.before == found.after
        np.testing.assert_array_equal(decided, head.decide(logits))


def test_a_label_that_few_rows_have_keeps_its_half() -> None:
    logits, labels = shifted(SEVERAL)
    labels[:, 1] = 0
    labels[: thresholds.LEAST - 1, 1] = 1
    found, _decided = choose(SEVERAL, logits, labels, "macro_f1")
    assert found.labels["b"] == 0.5
    assert found.labels["a"] != 0.5
    assert found.labels["c"] != 0.5


def test_a_fold_is_decided_without_its_own_labels() -> None:
    """Other labels of one row change no prediction of that row."""
    logits, labels = shifted(SEVERAL, rows=60)
    has = SEVERAL.given(labels)
    before = thresholds._crossfitted(SEVERAL, logits, has, "micro_f1", 0)
    fold = thresholds._folds(has, 0)
    for row in range(0, 60, 7):
        mine = fold == fold[row]
        found = thresholds._cuts(SEVERAL, "micro_f1", logits[~mine], has[~mine])
        np.testing.assert_array_equal(before[row], logits[row] > found)


@pytest.mark.parametrize("seed", range(3))
def test_a_table_with_a_label_of_one_in_thirty(seed: int) -> None:
    """`benchmarks/thresholds.py` has 200 of them; here, that they hold on rows that chose nothing."""
    for metric in SEVERAL.decides_for:
        found = outcome("labels", metric, 600, seed)
        assert min(found.gains.values()) >= -0.005
        assert found.covered
