"""The metrics are scikit-learn's and scipy's, under the right names, and quiet at the edges."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from tests.heads.helpers import best_metric, decide, headline, measure, metric_names
from warmstart.errors import UserError
from warmstart.heads.glue import TASKS
from warmstart.heads.registry import kinds

MANY = settings(max_examples=60, deadline=None)  # no deadline: the first example waits for imports
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 40)


def quietly(function: Any, *args: Any, **options: Any) -> float:
    """scikit-learn's own answer, its warnings aside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(function(*args, **options))


@MANY
@given(SEEDS, SIZES, st.integers(1, 6))
def test_decisions_are_the_most_probable(seed: int, rows: int, classes: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(rows, classes)).astype(np.float32)
    chosen = decide("classes", logits)
    assert chosen.dtype == np.int64
    assert [max(range(classes), key=row.__getitem__) for row in logits.tolist()] == chosen.tolist()
    several = decide("labels", logits)
    assert several.dtype == np.int64
    np.testing.assert_array_equal(several, 1 / (1 + np.exp(-logits.astype(np.float64))) > 0.5)
    number = decide("number", logits[:, :1])
    assert number.dtype == np.float64
    np.testing.assert_array_equal(number, logits[:, 0])
    np.testing.assert_array_equal(number, decide("number", logits[:, 0]))


@pytest.mark.parametrize("kind", kinds())
def test_a_diverged_model_decides_nothing(kind: str) -> None:
    logits = np.zeros((12, 1), dtype=np.float32)
    assert len(decide(kind, logits[:0])) == 0
    logits[[3, 7]] = np.nan
    with pytest.raises(UserError, match=r"2 of 12(.|\n)*rows 3, 7 ") as caught:
        decide(kind, logits)
    assert "learning rate" in caught.value.fix


@pytest.mark.parametrize(("kind", "shape"), [("classes", (4,)), ("labels", (4,)), ("number", (4, 2)), ("classes", ())])
def test_outputs_that_do_not_fit_the_kind(kind: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="shape"):
        decide(kind, np.zeros(shape))


@MANY
@given(SEEDS, SIZES, st.integers(2, 6), st.integers(2, 6))
def test_classes_are_scored_as_scikit_learn_scores_them(seed: int, rows: int, labels: int, predicted: int) -> None:
    generator = np.random.default_rng(seed)
    true, guess = generator.integers(labels, size=rows), generator.integers(predicted, size=rows)
    found = measure("classes", guess, true, classes=max(labels, predicted))
    assert list(found) == ["accuracy", "f1", "macro_f1"]
    assert found["accuracy"] == pytest.approx(np.mean(true == guess))
    f1 = [quietly(metrics.f1_score, true == c, guess == c, zero_division=0) for c in np.unique(np.append(true, guess))]
    assert found["macro_f1"] == pytest.approx(np.mean(f1))
    if max(labels, predicted) == 2:
        assert found["f1"] == pytest.approx(quietly(metrics.f1_score, true == 1, guess == 1, zero_division=0))
    else:
        assert found["f1"] == pytest.approx(quietly(metrics.f1_score, true, guess, average="weighted"))


def test_how_many_classes_there_are_decides_what_f1_is() -> None:
    true, guess = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    assert measure("classes", guess, true)["f1"] == pytest.approx(2 / 3)
    assert measure("classes", guess, true, classes=3)["f1"] == pytest.approx((3 * 0.8 + 2 / 3) / 4)
    nothing = np.zeros(3, dtype=np.int64)
    assert measure("classes", nothing, nothing) == {"accuracy": 1, "f1": 0, "macro_f1": 1}


@MANY
@given(SEEDS, SIZES, st.integers(1, 4))
def test_matthews_correlation_is_scikit_learns(seed: int, rows: int, classes: int) -> None:
    true, guess = np.random.default_rng(seed).integers(classes, size=(2, rows))
    found = measure("classes", guess, true, glue="cola")["matthews_correlation"]
    assert found == pytest.approx(quietly(metrics.matthews_corrcoef, true, guess))


@MANY
@given(SEEDS, SIZES, st.integers(1, 5), st.floats(0, 1))
def test_labels_are_scored_column_by_column(seed: int, rows: int, classes: int, share: float) -> None:
    true, guess = (np.random.default_rng(seed).random((2, rows, classes)) < share).astype(np.float32)
    found = measure("labels", guess, true)
    each = [quietly(metrics.f1_score, t, g, zero_division=0) for t, g in zip(true.T, guess.T, strict=True)]
    assert found["macro_f1"] == pytest.approx(np.mean(each))
    assert found["micro_f1"] == pytest.approx(quietly(metrics.f1_score, true.ravel(), guess.ravel(), zero_division=0))


@MANY
@given(SEEDS, st.integers(2, 40), st.booleans())
def test_numbers_are_scored_as_scipy_scores_them(seed: int, rows: int, whole: bool) -> None:
    true, guess = np.random.default_rng(seed).normal(size=(2, rows)).astype(np.float32)
    if whole:  # ties
        true, guess = np.round(true), np.round(guess)
    found = measure("number", guess, true)
    expected = {
        "pearson": quietly(lambda: stats.pearsonr(guess.astype(np.float64), true.astype(np.float64)).statistic),
        "spearman": quietly(lambda: stats.spearmanr(guess, true).statistic),
        "rmse": math.sqrt(np.mean((guess.astype(np.float64) - true) ** 2)),
    }
    assert found == pytest.approx(expected, nan_ok=True)
    assert list(found) == list(expected)


@pytest.mark.parametrize(
    ("guess", "true"),
    [([0.1, 0.1, 0.1], [1, 2, 3]), ([1, 2, 3], [5, 5, 5]), ([1], [2]), ([1e6, 1e6 + 1e-8, 1e6], [1, 2, 3])],
)
def test_a_correlation_of_constants_is_nan(guess: list[float], true: list[float]) -> None:
    found = measure("number", np.array(guess), np.array(true))  # a warning would be an error here
    assert math.isnan(found["pearson"])
    assert math.isnan(found["spearman"]) == (len(set(guess)) == 1 or len(set(true)) == 1)
    assert found["rmse"] > 0


@pytest.mark.parametrize("task", TASKS)
def test_glue_reports_its_own_metrics_first(task: str) -> None:
    kind: str = "number" if task == "stsb" else "classes"
    values = np.array([0, 1, 1, 0]), np.array([0, 1, 0, 1])
    found = measure(kind, *values, glue=task)
    assert tuple(found) == metric_names(kind, task)
    assert tuple(found)[: len(TASKS[task].metrics)] == headline(kind, task) == TASKS[task].metrics
    assert {name.removesuffix("r") for name in metric_names(kind)} <= {name.removesuffix("r") for name in found}


@pytest.mark.parametrize(
    ("kind", "task"), [*((kind, None) for kind in kinds()), ("classes", "mrpc"), ("number", "stsb")]
)
def test_the_best_metric_says_which_way_is_up(kind: str, task: str | None) -> None:
    name, greater = best_metric(kind, task)
    assert name in headline(kind, task)
    true = np.array([[0], [1], [1], [0], [1]]) if kind == "labels" else np.array([0, 1, 1, 0, 1])
    right = measure(kind, true, true, glue=task)[name]
    wrong = measure(kind, np.abs(true - np.arange(5).reshape(true.shape) % 2), true, glue=task)[name]
    assert (right > wrong) == greater


@pytest.mark.parametrize(
    ("kind", "guess", "true", "said"),
    [
        ("classes", [0, 1], [-1, -1], "2 of 2 rows have no label"),
        ("classes", [0, 1], [0, -100], "rows 1 "),
        ("number", [0.5, 1], [math.nan, 1], "1 of 2 rows have no label"),
        ("labels", [[0, 1]], [[0, 2]], "1 of 1 rows have no label"),
        ("classes", [0.3, 1], [0, 1], "1 of 2 predictions are not"),
        ("number", [math.inf, 1], [0, 1], "1 of 2 predictions are not"),
        ("classes", [[0.3, 1], [1, 0]], [0, 1], r"predictions \[2, 2\] and labels \[2\]"),
        ("classes", [0], [0, 1], r"predictions \[1\] and labels \[2\]"),
        ("labels", [0, 1], [0, 1], "cannot be compared"),
        ("classes", [], [], "cannot be compared"),
    ],
)
def test_what_cannot_be_measured(kind: str, guess: list[Any], true: list[Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        measure(kind, np.array(guess), np.array(true))


def test_numbers_may_be_negative_but_not_in_glue() -> None:
    hidden = np.full(3, -1.0)
    assert measure("number", hidden, hidden)["rmse"] == 0
    with pytest.raises(UserError, match="3 of 3 rows have no label"):
        measure("number", np.arange(-1, 2), hidden, glue="stsb")


def test_misspelt_names_get_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'mrpc'"):
        headline("classes", "mprc")
    with pytest.raises(UserError, match="did you mean 'classes'"):
        measure("class", np.array([0]), np.array([0]))
    with pytest.raises(UserError, match="'stsb' are for the kind 'number'"):
        best_metric("classes", "stsb")


def test_errors_are_in_chinese_for_chinese_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    with pytest.raises(UserError, match="没有可比较的标签"):
        measure("classes", np.array([0]), np.array([-1]))
