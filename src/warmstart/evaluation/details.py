"""What is behind the scores, as plain data: each class, what is taken for what, length against error, mistakes."""

import dataclasses
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import brief
from warmstart.evaluation.classes import ClassScore, class_scores
from warmstart.evaluation.difference import Interval
from warmstart.evaluation.shares import wilson
from warmstart.heads.head import Head
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import Dataset

MOST_IN_MATRIX = 25  # classes: of more the pairs that are confused most often are told
MOST_PAIRS = 100
MOST_MISTAKES = 500
MOST_POINTS = 2_000  # of a scatter plot, drawn evenly
LONGEST = 600  # characters of a text
BINS = 6  # of lengths


@dataclasses.dataclass(frozen=True)
class LengthBin:
    """Rows of `least` to `most` tokens: their mean error (the share that is wrong, or how far off) and its interval."""

    least: int
    most: int
    rows: int
    error: Interval


@dataclasses.dataclass(frozen=True)
class Mistake:
    """A row that is wrong. `row`: its number among the validation rows, from 0; `certainty`: as `Head.certainty`."""

    row: int
    text: str
    pair: str | None
    given: str
    said: str
    certainty: float


@dataclasses.dataclass(frozen=True)
class Details:
    """`confused`: (class, class said instead, rows), the commonest first, of classes that differ; `matrix`: rows by
    class and by what was said [classes][classes], None where there are too many classes or rows have several;
    `points`: given and predicted number, where labels are numbers; `wrong`: rows that are wrong in all, of which
    `mistakes` are the surest. `certainties`: of all that are wrong, where they are probabilities."""

    rows: int
    classes: tuple[ClassScore, ...]
    confused: tuple[tuple[str, str, int], ...]
    confusions: int
    matrix: tuple[tuple[int, ...], ...] | None
    points: tuple[tuple[float, float], ...] | None
    lengths: tuple[LengthBin, ...]
    wrong: int
    mistakes: tuple[Mistake, ...]
    certainties: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """All but `certainties`, as JSON can hold it."""
        found = dataclasses.asdict(self)
        del found["certainties"]
        for each in found["lengths"]:
            each["error"] = [value if math.isfinite(value) else None for value in each["error"]]
        return found


def details(
    task: Task,
    logits: NDArray[Any],
    predictions: NDArray[Any],
    labels: NDArray[Any],
    rows: "Dataset",
    tokens: NDArray[np.int64],
    learnt_from: NDArray[np.int64],
) -> Details:
    """Of the validation `rows` with what the model gives and decides for them; `tokens`: of each row [rows];
    `learnt_from`: the training rows of each class."""
    head = task.head
    errors = head.row_errors(predictions, labels)
    sure = head.certainty(logits, predictions, labels)
    wrong = np.flatnonzero(errors)
    worst = wrong[np.argsort(-sure[wrong], kind="stable")][:MOST_MISTAKES]
    points = head.scatter(predictions, labels)
    pairs = _confused(head, predictions, labels)
    names = head.classes
    return Details(
        rows=len(labels),
        classes=tuple(class_scores(head, predictions, labels, learnt_from)),
        confused=tuple((names[one], names[other], count) for (one, other), count in pairs.most_common(MOST_PAIRS)),
        confusions=len(pairs),
        matrix=_matrix(head, predictions, labels),
        points=None if points is None else _drawn(points),
        lengths=tuple(_by_length(errors, tokens, bool(names))),
        wrong=len(wrong),
        mistakes=tuple(_mistakes(task, rows, worst, predictions, labels, sure)),
        certainties=tuple(sure[wrong].tolist()) if names else (),
    )


def _confused(head: Head, predictions: NDArray[Any], labels: NDArray[Any]) -> Counter[tuple[int, int]]:
    """How often a class of a row was missed and another said that the row has not."""
    found: Counter[tuple[int, int]] = Counter()
    if not head.classes:
        return found
    of = [
        {(row, name) for row, name in zip(*(each.tolist() for each in head.class_pairs(values)), strict=True)}
        for values in (labels, predictions)
    ]
    missed: dict[int, list[int]] = {}
    for row, name in sorted(of[0] - of[1]):
        missed.setdefault(row, []).append(name)
    for row, name in of[1] - of[0]:
        found.update((one, name) for one in missed.get(row, ()))
    return Counter(dict(sorted(found.items())))  # equals in the order of the classes


def _matrix(head: Head, predictions: NDArray[Any], labels: NDArray[Any]) -> tuple[tuple[int, ...], ...] | None:
    classes = len(head.classes)
    if not 1 < classes <= MOST_IN_MATRIX or head.dimensions != 1:
        return None
    (_rows, true), (_told, said) = head.class_pairs(labels), head.class_pairs(predictions)
    counts = np.bincount(true * classes + said, minlength=classes**2).reshape(classes, classes)
    return tuple(map(tuple, counts.tolist()))


def _drawn(points: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    step = max(1, math.ceil(len(points) / MOST_POINTS))
    return tuple((float(given), float(said)) for given, said in points[::step])


def _by_length(errors: NDArray[np.float64], tokens: NDArray[np.int64], are_shares: bool) -> list[LengthBin]:
    """Bins of about as many rows each; rows of one length are in one bin."""
    edges = np.unique(np.quantile(tokens, np.linspace(0, 1, BINS + 1)[1:], method="higher"))
    places = np.searchsorted(edges, tokens)
    found = []
    for place in np.unique(places):
        mine, lengths = errors[places == place], tokens[places == place]
        error = wilson(int(mine.sum()), len(mine)) if are_shares else _mean(mine)
        found.append(LengthBin(int(lengths.min()), int(lengths.max()), len(mine), error))
    return found


def _mean(values: NDArray[np.float64]) -> Interval:
    """The mean with its 95 % interval from the standard error."""
    mean = float(values.mean())
    half = 1.96 * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return mean, mean - half, mean + half


def _mistakes(
    task: Task,
    rows: "Dataset",
    chosen: NDArray[np.intp],
    predictions: NDArray[Any],
    labels: NDArray[Any],
    sure: NDArray[np.float64],
) -> list[Mistake]:
    def texts(name: str | None) -> list[str] | list[None]:
        if name is None:
            return [None] * len(chosen)
        return [brief(str(text), LONGEST) for text in rows.select(chosen)[name]]

    return [
        Mistake(
            int(row),
            text or "",
            pair,
            _said(task.head, labels[row]),
            _said(task.head, predictions[row]),
            float(sure[row]),
        )
        for row, text, pair in zip(chosen, texts(task.text), texts(task.pair), strict=True)
    ]


def _said(head: Head, value: Any) -> str:
    found = head.said(value)
    return f"{found:.4g}" if isinstance(found, float) else str(found)
