"""The quick ways of scoring draws give what the slow way gives, and the intervals cover what they promise."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.heads.helpers import bootstrap, headline, measure
from warmstart.errors import UserError
from warmstart.heads import resamples as module
from warmstart.heads.resamples import score_classes, score_labels, score_numbers

MANY = settings(max_examples=40, deadline=None)  # no deadline: the first example waits for imports
SEEDS = st.integers(0, 2**32 - 1)
ROWS = st.integers(1, 60)
Values = NDArray[np.int64]


def one_hot(values: Values, classes: int) -> Values:
    return np.equal(values[:, None], np.arange(classes)).astype(np.int64)


def data(kind: str, rows: int, seed: int = 0) -> tuple[Values, Values]:
    """Predictions right four times in five, and labels."""
    generator = np.random.default_rng(seed)
    shape = (rows, 3) if kind == "labels" else (rows,)
    labels = generator.integers(2 if kind == "labels" else 3, size=shape)
    return np.where(generator.random(shape) < 0.8, labels, 1 - labels % 2), labels


@MANY
@given(SEEDS, ROWS, st.integers(2, 5))
def test_scores_of_classes_are_those_of_the_rows_drawn(seed: int, rows: int, classes: int) -> None:
    generator = np.random.default_rng(seed)
    true, guess = generator.integers(classes, size=(2, rows))
    for drawn in generator.integers(rows, size=(3, rows)):
        t, g = one_hot(true[drawn], classes), one_hot(guess[drawn], classes)
        found = score_classes(np.stack([t.sum(0), g.sum(0), (t & g).sum(0)])[None], binary=classes == 2)
        expected = measure("classes", guess[drawn], true[drawn], glue="cola", classes=classes)
        assert {name: values.item() for name, values in found.items()} == pytest.approx(expected)


@MANY
@given(SEEDS, ROWS, st.integers(1, 4), st.floats(0, 1))
def test_scores_of_labels_are_those_of_the_rows_drawn(seed: int, rows: int, classes: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    true, guess = (generator.random((2, rows, classes)) < share).astype(np.int64)
    for drawn in generator.integers(rows, size=(3, rows)):
        t, g = true[drawn], guess[drawn]
        found = score_labels(np.stack([t.sum(0), g.sum(0), (t & g).sum(0)])[None])
        assert {name: values.item() for name, values in found.items()} == pytest.approx(measure("labels", g, t))


@MANY
@given(SEEDS, ROWS, st.booleans())
def test_scores_of_numbers_are_those_of_the_rows_drawn(seed: int, rows: int, ties: bool) -> None:
    generator = np.random.default_rng(seed)
    true, guess = generator.normal(size=(2, rows))
    if ties:
        true, guess = np.round(true), np.round(guess)
    places = [np.unique(values, return_inverse=True)[1] for values in (guess, true)]
    for drawn in generator.integers(rows, size=(3, rows)):
        found = score_numbers(guess[drawn], true[drawn], (places[0][drawn], places[1][drawn]))
        expected = measure("number", guess[drawn], true[drawn])
        expected["spearmanr"] = expected["spearman"]
        assert {name: values.item() for name, values in found.items()} == pytest.approx(expected, nan_ok=True)


SLOW: dict[str, tuple[str, Callable[[Values, Values], float]]] = {
    "classes": ("accuracy", lambda guess, true: np.mean(guess == true).item()),
    "labels": ("micro_f1", lambda guess, true: 2 * np.sum(guess * true).item() / np.sum(guess + true).item()),
    "number": ("rmse", lambda guess, true: math.sqrt(np.mean((guess - true) ** 2).item())),
}


@pytest.mark.parametrize("kind", SLOW)
def test_intervals_are_those_of_drawing_rows_one_draw_at_a_time(kind: str) -> None:
    """Against the textbook's own way. 4000 draws place an end of the interval within 0.03 standard errors or so."""
    name, score = SLOW[kind]
    guess, labels = data(kind, 200)
    drawn = np.random.default_rng(1).integers(200, size=(4000, 200))
    values = [score(guess[rows], labels[rows]) for rows in drawn]
    found = bootstrap(kind, guess, labels, names=(name,), resamples=4000, level=0.9)[name]
    np.testing.assert_allclose(found, np.quantile(values, [0.05, 0.95]), rtol=0, atol=0.2 * np.std(values).item())


def test_nineteen_intervals_in_twenty_cover_the_truth() -> None:
    """1500 evaluations of a model that is right 80 times in 100: the share covered has a standard error of 0.6 %."""
    generator = np.random.default_rng(0)
    covered = 0
    for trial in range(1500):
        right = (generator.random(400) < 0.8).astype(np.int64)
        low, high = bootstrap("classes", right, np.ones_like(right), resamples=400, seed=trial)["accuracy"]
        covered += low <= 0.8 <= high
    assert 0.93 <= covered / 1500 <= 0.97


def test_a_lower_level_is_a_narrower_interval() -> None:
    guess, labels = data("classes", 300)
    widths = [
        np.diff(bootstrap("classes", guess, labels, level=level)["accuracy"]).item() for level in (0.99, 0.9, 0.5)
    ]
    assert widths[0] > widths[1] > widths[2] > 0


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.sampled_from(["classes", "labels", "number"]), st.integers(1, 500))
def test_the_seed_alone_decides(seed: int, kind: str, block: int) -> None:
    guess, labels = data(kind, 50)
    found = bootstrap(kind, guess, labels, resamples=60, seed=seed)
    with pytest.MonkeyPatch.context() as patch:  # how many draws are held at a time changes nothing
        patch.setattr(module, "BLOCK", block)
        assert bootstrap(kind, guess, labels, resamples=60, seed=seed) == found
    assert bootstrap(kind, guess, labels, resamples=60, seed=seed + 1) != found


def test_class_numbers_are_only_names() -> None:
    guess, labels = data("classes", 100)
    names = np.array([5, 70, 10**12])
    assert bootstrap("classes", names[guess], names[labels]) == bootstrap("classes", guess, labels, classes=3)


@pytest.mark.parametrize(
    ("kind", "glue"), [("classes", None), ("classes", "cola"), ("number", "stsb"), ("labels", None)]
)
def test_headline_numbers_get_an_interval_around_them(kind: str, glue: str | None) -> None:
    guess, labels = data(kind, 400)
    found = bootstrap(kind, guess, labels, glue=glue, resamples=300)
    assert tuple(found) == headline(kind, glue)
    point = measure(kind, guess, labels, glue=glue)
    assert all(low < point[name] < high for name, (low, high) in found.items())


def test_what_does_not_vary_has_no_width() -> None:
    ones = np.ones(20, dtype=np.int64)
    assert bootstrap("classes", ones, ones) == {"accuracy": (1, 1), "macro_f1": (1, 1)}
    low, high = bootstrap("number", ones, np.arange(20))["pearson"]
    assert math.isnan(low)
    assert math.isnan(high)


def test_draws_without_a_correlation_are_left_out() -> None:
    found = bootstrap("number", np.array([1.0, 2.0]), np.array([2.0, 5.0]))  # half of the draws repeat one row
    assert found["pearson"] == found["spearman"] == pytest.approx((1, 1))
    assert found["rmse"][0] == 1


def test_what_makes_no_interval() -> None:
    guess, labels = data("classes", 10)
    with pytest.raises(UserError, match="did you mean 'accuracy'"):
        bootstrap("classes", guess, labels, names=("acuracy",))
    for level, resamples in ((0, 10), (1, 10), (0.5, 0)):
        with pytest.raises(UserError, match="no interval"):
            bootstrap("classes", guess, labels, level=level, resamples=resamples)
    with pytest.raises(UserError, match="no label"):
        bootstrap("classes", guess, labels - 1)
