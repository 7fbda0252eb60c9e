"""How far a metric would move if other rows had been drawn: bootstrap intervals.

Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13 (the percentile interval): draw as many rows
as there are, with replacement, again and again; compute the metric of each draw; the interval holds the middle `level`
of those values. It covers the choice of evaluation rows, not of training rows or seeds.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import UserError, did_you_mean, text
from warmstart.evaluation.metrics import headline, metric_names
from warmstart.heads.arrays import Kind, checked, count_classes
from warmstart.heads.correlation import NAN
from warmstart.heads.resamples import score_classes, score_labels, score_numbers

Array = NDArray[Any]

BLOCK = 2_000_000  # counts held at a time, 8 bytes each: memory does not grow with the number of resamples


def bootstrap(
    kind: Kind,
    predictions: Array,
    labels: Array,
    *,
    glue: str | None = None,
    names: tuple[str, ...] | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    classes: int | None = None,
) -> dict[str, tuple[float, float]]:
    """The `level` percentile interval (low, high) of each metric in `names` (default: those of `headline`).

    `kind`, `predictions`, `labels`, `glue` and `classes` are those of `measure`. The same seed gives the same
    intervals. Draws in which a correlation is undefined (all rows equal) are left out; if it is undefined in all, both
    ends are NaN.

    Two limits. The interval of a metric with nothing to vary has no length: few rows, all of them right, look more
    certain than they are. And where many classes have only a few rows each, most draws miss some of them, so that the
    interval of an average over classes (`macro_f1`) lies too low.

    Raises UserError for what `measure` refuses, an unknown name, `level` outside (0, 1) or `resamples` below 1.
    """
    known = metric_names(kind, glue)
    names = headline(kind, glue) if names is None else names
    for name in names:
        if name not in known:
            raise UserError(
                text(f"there is no metric {name!r} here", f"这里没有指标 {name!r}"), fix=did_you_mean(name, known)
            )
    if not 0 < level < 1 or resamples < 1:
        raise UserError(
            text(
                f"level = {level} and resamples = {resamples} make no interval",
                f"level = {level}, resamples = {resamples} 无法构成区间",
            ),
            fix=text(
                "give 0 < level < 1 and resamples >= 1, such as 0.95 and 1000",
                "请给出 0 < level < 1 且 resamples >= 1, 例如 0.95 与 1000",
            ),
        )
    predictions, labels = checked(kind, predictions, labels, glue)
    generator = np.random.default_rng(seed)
    if kind == "number":
        draws = _draw_numbers(predictions, labels, resamples, generator)
    elif kind == "labels":
        draws = _draw_labels(predictions, labels, resamples, generator)
    else:
        binary = count_classes(predictions, labels, classes) == 2
        draws = _draw_classes(predictions, labels, binary, resamples, generator)
    scores = list(draws)
    return {name: _middle(np.concatenate([block[name] for block in scores]), level) for name in names}


def _middle(values: Array, level: float) -> tuple[float, float]:
    values = values[~np.isnan(values)]
    if not len(values):
        return NAN, NAN
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _draw_numbers(
    predictions: Array, labels: Array, resamples: int, generator: np.random.Generator
) -> Iterator[dict[str, Array]]:
    """The scores of one draw of rows at a time."""
    places = [np.unique(values, return_inverse=True)[1] for values in (predictions, labels)]
    for _ in range(resamples):
        rows = generator.integers(len(labels), size=len(labels))
        yield score_numbers(predictions[rows], labels[rows], (places[0][rows], places[1][rows]))


def _draw_labels(
    predictions: Array, labels: Array, resamples: int, generator: np.random.Generator
) -> Iterator[dict[str, Array]]:
    """The scores of blocks of draws, from how often each row was drawn."""
    from scipy import sparse

    rows, classes = labels.shape
    found = sparse.hstack([sparse.csr_array(each) for each in (labels, predictions, labels & predictions)], "csr")
    for block in _blocks(resamples, max(labels.size, 3 * classes)):
        weights = np.stack([np.bincount(generator.integers(rows, size=rows), minlength=rows) for _ in range(block)])
        yield score_labels(np.reshape(weights @ found, (block, 3, classes)))


def _draw_classes(
    predictions: Array, labels: Array, binary: bool, resamples: int, generator: np.random.Generator
) -> Iterator[dict[str, Array]]:
    """The scores of blocks of draws, from how often each (label, prediction) was drawn.

    Drawing n rows draws the filled cells of the confusion matrix from a multinomial distribution of n trials with
    their shares as probabilities, at a cost that does not depend on n.
    """
    from scipy import sparse

    if not binary:  # which class is which matters to no metric then: number the classes that occur
        names, (labels, predictions) = np.unique(np.stack([labels, predictions]), return_inverse=True)
    classes = 2 if binary else len(names)
    cells, sizes = np.unique(labels * classes + predictions, return_counts=True)
    true, predicted = np.divmod(cells, classes)
    right = np.flatnonzero(true == predicted)
    each = np.arange(len(cells))
    columns = np.concatenate([true, classes + predicted, 2 * classes + true[right]])
    places = np.concatenate([each, each, right]), columns
    found = sparse.csr_array((np.ones_like(columns), places), shape=(len(cells), 3 * classes))
    for block in _blocks(resamples, max(len(cells), 3 * classes)):
        weights = generator.multinomial(len(labels), sizes / len(labels), size=block)
        yield score_classes(np.reshape(weights @ found, (block, 3, classes)), binary)


def _blocks(resamples: int, width: int) -> Iterator[int]:
    """`resamples` in parts that keep arrays [part, width] within `BLOCK`."""
    most = max(1, BLOCK // width)
    for start in range(0, resamples, most):
        yield min(most, resamples - start)
