"""The difference of two predictions on the same rows, and shares with their intervals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from warmstart.evaluation.bootstrap import bootstrap
from warmstart.evaluation.difference import difference
from warmstart.evaluation.shares import wilson
from warmstart.heads.head import Head
from warmstart.heads.registry import head_of

ROWS = 300


def rows_of(kind: str) -> tuple[Head, Any, Any, Any]:
    """A head, two predictions that err on many of the same rows, and the labels."""
    draw = np.random.default_rng(3)
    names = ("a", "b", "c")
    head = head_of(kind)(() if kind == "number" else names, ())
    if kind == "number":
        labels = draw.normal(size=ROWS)
        shared = draw.normal(size=ROWS)
        return head, labels + shared, labels + shared + draw.normal(0, 0.2, ROWS) + 0.3, labels
    shape = ROWS if kind == "classes" else (ROWS, 3)
    most = 3 if kind == "classes" else 2
    labels = draw.integers(most, size=shape)
    first = np.where(draw.random(shape) < 0.3, draw.integers(most, size=shape), labels)
    second = np.where(draw.random(shape) < 0.1, draw.integers(most, size=shape), first)
    return head, first, second, labels


BY_HAND: dict[str, Callable[[Any, Any], float]] = {
    "accuracy": lambda said, labels: np.mean(said == labels),
    "micro_f1": lambda said, labels: 2 * np.sum(said & labels) / (said.sum() + labels.sum()),
    "rmse": lambda said, labels: np.sqrt(np.mean((said - labels) ** 2)),
}
KINDS = ("classes", "labels", "number")


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_difference_of_the_metrics_with_an_interval_around_it(kind: str) -> None:
    head, first, second, labels = rows_of(kind)
    metric, _greater = head.best_metric()
    value, low, high = difference(head, first, second, labels, metric)
    assert value == pytest.approx(head.measure(first, labels)[metric] - head.measure(second, labels)[metric])
    assert low <= value <= high
    back = difference(head, second, first, labels, metric)
    assert back[0] == pytest.approx(-value)
    assert back[1:] == pytest.approx((-high, -low), abs=0.02)  # other draws
    assert difference(head, first, first, labels, metric) == (0, 0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_interval_of_rows_drawn_by_hand(kind: str) -> None:
    head, first, second, labels = rows_of(kind)
    metric, _greater = head.best_metric()
    by_hand = BY_HAND[metric]
    draw = np.random.default_rng(9)
    found = []
    for _unused in range(1_000):
        rows = draw.integers(ROWS, size=ROWS)
        found.append(by_hand(first[rows], labels[rows]) - by_hand(second[rows], labels[rows]))
    _value, low, high = difference(head, first, second, labels, metric)
    wide = high - low
    assert np.quantile(found, [0.025, 0.975]) == pytest.approx((low, high), abs=0.15 * wide)


@pytest.mark.parametrize("kind", KINDS)
def test_what_both_find_hard_cancels(kind: str) -> None:
    head, first, second, labels = rows_of(kind)
    metric, _greater = head.best_metric()
    _value, low, high = difference(head, first, second, labels, metric)
    apart = [bootstrap(head, each, labels, names=(metric,))[metric] for each in (first, second)]
    unpaired = np.hypot(*(end - begin for begin, end in apart))
    assert high - low < 0.9 * unpaired


@pytest.mark.parametrize(("right", "rows"), [(0, 5), (5, 5), (3, 10), (999, 1000), (1, 1)])
def test_shares_have_wilsons_interval(right: int, rows: int) -> None:
    known = binomtest(right, rows).proportion_ci(method="wilson")
    assert wilson(right, rows) == pytest.approx((right / rows, known.low, known.high), abs=1e-6)


def test_of_no_rows_there_is_no_share() -> None:
    assert np.isnan(wilson(0, 0)).all()
