"""The metrics of many bootstrap draws at once.

Each gives what a head's `scores` gives for the rows drawn, with no approximation; only the way there is shorter. F1,
accuracy and Matthews' correlation need no rows, only how often each (label, prediction) was drawn; and the ranks within
a draw follow from how often each value was drawn, without sorting.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.heads.correlation import NAN, constant

Array = NDArray[Any]

BLOCK = 2_000_000  # counts held at a time, 8 bytes each: memory does not grow with the number of resamples


def draw_numbers(
    predictions: Array, labels: Array, resamples: int, generator: np.random.Generator
) -> Iterator[dict[str, Array]]:
    """The scores of one draw of rows at a time."""
    places = [np.unique(values, return_inverse=True)[1] for values in (predictions, labels)]
    for _ in range(resamples):
        rows = generator.integers(len(labels), size=len(labels))
        yield score_numbers(predictions[rows], labels[rows], (places[0][rows], places[1][rows]))


def draw_labels(
    predictions: Array, labels: Array, resamples: int, generator: np.random.Generator
) -> Iterator[dict[str, Array]]:
    """The scores of blocks of draws, from how often each row was drawn."""
    from scipy import sparse

    rows, classes = labels.shape
    found = sparse.hstack([sparse.csr_array(each) for each in (labels, predictions, labels & predictions)], "csr")
    for block in _blocks(resamples, max(labels.size, 3 * classes)):
        weights = np.stack([np.bincount(generator.integers(rows, size=rows), minlength=rows) for _ in range(block)])
        yield score_labels(np.reshape(weights @ found, (block, 3, classes)))


def draw_classes(
    predictions: Array, labels: Array, binary: bool, resamples: int, generator: np.random.Generator
) -> Iterator[dict[str, Array]]:
    """The scores of blocks of draws, from how often each (label, prediction) was drawn.

    Drawing n rows draws the filled cells of the confusion matrix from a multinomial distribution of n trials with
    their shares as probabilities, at a cost that does not depend on n.
    """
    for (found,) in _draw_cells([predictions], labels, binary, resamples, generator):
        yield found


def draw_classes_paired(
    first: Array, second: Array, labels: Array, binary: bool, resamples: int, generator: np.random.Generator
) -> Iterator[tuple[dict[str, Array], dict[str, Array]]]:
    """The same of two predictions at once, from how often each (label, first, second) was drawn."""
    for found in _draw_cells([first, second], labels, binary, resamples, generator):
        yield found[0], found[1]


def _draw_cells(
    predictions: list[Array], labels: Array, binary: bool, resamples: int, generator: np.random.Generator
) -> Iterator[list[dict[str, Array]]]:
    from scipy import sparse

    if not binary:  # which class is which matters to no metric then: number the classes that occur
        names, (labels, *predictions) = np.unique(np.stack([labels, *predictions]), return_inverse=True)
    classes = 2 if binary else len(names)
    codes = labels
    for each_prediction in predictions:
        codes = codes * classes + each_prediction
    cells, sizes = np.unique(codes, return_counts=True)
    each = np.arange(len(cells))
    of_each = [cells // classes**power % classes for power in reversed(range(1 + len(predictions)))]
    true, tables = of_each[0], []
    for predicted in of_each[1:]:
        right = np.flatnonzero(true == predicted)
        columns = np.concatenate([true, classes + predicted, 2 * classes + true[right]])
        places = np.concatenate([each, each, right]), columns
        tables.append(sparse.csr_array((np.ones_like(columns), places), shape=(len(each), 3 * classes)))
    for block in _blocks(resamples, max(len(each), 3 * classes)):
        weights = generator.multinomial(len(labels), sizes / len(labels), size=block)
        yield [score_classes(np.reshape(weights @ found, (block, 3, classes)), binary) for found in tables]


def _blocks(resamples: int, width: int) -> Iterator[int]:
    """`resamples` in parts that keep arrays [part, width] within `BLOCK`."""
    most = max(1, BLOCK // width)
    for start in range(0, resamples, most):
        yield min(most, resamples - start)


def score_classes(counts: Array, binary: bool) -> dict[str, Array]:
    """float64 [draws] for each metric of the kind "classes".

    `counts`: int [draws, 3, classes], in each draw the rows of each class by label, by prediction, and by both.
    Matthews' correlation of several classes: Gorodkin 2004, "Comparing two K-category assignments by a K-category
    correlation coefficient", as scikit-learn has it.
    """
    true, predicted, both = np.moveaxis(counts.astype(np.float64), 1, 0)
    rows, right = true.sum(axis=1), both.sum(axis=1)
    f1 = _ratio(2 * both, true + predicted)
    spread = np.sqrt(rows**2 - (true**2).sum(axis=1)) * np.sqrt(rows**2 - (predicted**2).sum(axis=1))
    return {
        "accuracy": right / rows,
        "f1": f1[:, 1] if binary else (f1 * true).sum(axis=1) / rows,
        "macro_f1": f1.sum(axis=1) / (true + predicted > 0).sum(axis=1),
        "matthews_correlation": _ratio(right * rows - (true * predicted).sum(axis=1), spread),
    }


def score_labels(counts: Array) -> dict[str, Array]:
    """float64 [draws] for each metric of the kind "labels"; `counts` as for `score_classes`."""
    true, predicted, both = np.moveaxis(counts.astype(np.float64), 1, 0)
    return {
        "micro_f1": _ratio(2 * both.sum(axis=1), (true + predicted).sum(axis=1)),
        "macro_f1": _ratio(2 * both, true + predicted).mean(axis=1),
    }


def score_numbers(predictions: Array, labels: Array, places: tuple[Array, Array]) -> dict[str, Array]:
    """float64 [1] for each metric of the kind "number", of one draw of rows.

    `predictions`, `labels`: float64 [rows], those drawn; `places`: for each of the two, int [rows], the place of each
    value among all distinct values in ascending order, as `np.unique(..., return_inverse=True)` gives it.
    """
    rank = _pearson(*(_ranks(place) for place in places))
    values = {
        "pearson": _pearson(predictions, labels),
        "spearman": rank,
        "spearmanr": rank,
        "rmse": float(np.sqrt(np.mean((predictions - labels) ** 2))),
    }
    return {name: np.array([value]) for name, value in values.items()}


def _ranks(places: Array) -> Array:
    """float64 [rows]: ranks from 1, equal values sharing the mean of theirs, as `scipy.stats.rankdata` gives them."""
    counts = np.bincount(places)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[places])


def _pearson(x: Array, y: Array) -> float:
    if constant(x) or constant(y):
        return NAN
    x, y = x - x.mean(), y - y.mean()
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def _ratio(above: Array, below: Array) -> Array:
    """above / below, and 0 where below is 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
