"""Predictions as people read them: names with probabilities."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.heads.helpers import decide
from warmstart.errors import UserError
from warmstart.table.task import Task

FEW = settings(max_examples=60, deadline=None)
NAMES = ("坏", "good, or not", "p(x)")
CLASSES = Task("classes", "text", None, "label", NAMES, NAMES)
LABELS = Task("labels", "text", None, "label", NAMES, NAMES)
NUMBER = Task("number", "text", None, "score")
logits = arrays(np.float32, st.tuples(st.integers(1, 5), st.just(3)), elements=st.floats(-80, 80, width=32))


@FEW
@given(logits)
def test_probabilities_of_classes_are_a_softmax(found: Any) -> None:
    scores = CLASSES.head.probabilities(found)
    exact = np.exp(np.float64(found) - np.float64(found).max(axis=1, keepdims=True))
    np.testing.assert_allclose(scores, exact / exact.sum(axis=1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert scores.dtype == np.float64


@FEW
@given(logits)
def test_probabilities_of_labels_are_each_their_own(found: Any) -> None:
    np.testing.assert_allclose(LABELS.head.probabilities(found), 1 / (1 + np.exp(-np.float64(found))), rtol=1e-12)


@pytest.mark.parametrize("task", [CLASSES, LABELS])
def test_huge_logits_do_not_overflow(task: Task) -> None:
    scores = task.head.probabilities(np.array([[1e30, -1e30, 0.0]], np.float32))
    assert np.isfinite(scores).all()
    assert scores[0, 0] == 1
    assert scores[0, 1] == 0


def test_a_number_is_itself() -> None:
    for shape in ((4,), (4, 1)):
        numbers = np.array([-1.5, 0, 2, 1e6], np.float32).reshape(shape)
        assert NUMBER.head.prediction_rows(numbers) == [{"prediction": n} for n in (-1.5, 0.0, 2.0, 1e6)]


@FEW
@given(logits)
def test_what_is_written_is_what_is_measured(found: Any) -> None:
    """The names in a table of predictions are those of the decisions that metrics are computed from."""
    rows = CLASSES.head.prediction_rows(found)
    assert [row["prediction"] for row in rows] == [NAMES[i] for i in decide("classes", found)]
    assert [list(row) for row in rows] == [["prediction", *(f"p({name})" for name in NAMES)]] * len(rows)
    several = LABELS.head.prediction_rows(found)
    decided = decide("labels", found)
    for row, marks in zip(several, decided, strict=True):
        assert row["prediction"] == "|".join(name for name, mark in zip(NAMES, marks, strict=True) if mark)


def test_a_model_that_diverged_predicts_nothing() -> None:
    for task, width in ((CLASSES, 3), (LABELS, 3), (NUMBER, 1)):
        with pytest.raises(UserError, match="NaN"):
            task.head.prediction_rows(np.full((2, width), np.nan, np.float32))
