"""What is behind the scores: confusion, length against error, mistakes; bounded, whatever the table is."""

import itertools
import json
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from sklearn.metrics import confusion_matrix

from warmstart.evaluation.details import (
    LONGEST,
    MOST_IN_MATRIX,
    MOST_MISTAKES,
    MOST_PAIRS,
    MOST_POINTS,
    Details,
    details,
)
from warmstart.table.task import Task


def found(kind: str, logits: Any, labels: Any, classes: int = 0, texts: list[str] | None = None) -> Details:
    names = tuple(f"c{number}" for number in range(classes))
    task = Task(kind, "text", None, "label", names, names)
    rows = Dataset.from_dict({"text": texts or [f"row {number}" for number in range(len(labels))]})
    tokens = np.arange(len(labels)) % 17 + 2
    learnt = np.zeros(classes, np.int64)
    return details(task, logits, task.head.decide(logits), labels, rows, tokens, learnt)


def classes(count: int, rows: int = 400) -> Details:
    draw = np.random.default_rng(0)
    return found("classes", draw.normal(size=(rows, count)), draw.integers(count, size=rows), count)


def test_the_matrix_is_that_of_scikit_learn_and_pairs_are_its_cells() -> None:
    draw = np.random.default_rng(0)
    logits, labels = draw.normal(size=(400, 4)), draw.integers(4, size=400)
    one = found("classes", logits, labels, 4)
    matrix = confusion_matrix(labels, logits.argmax(axis=1))
    assert one.matrix == tuple(map(tuple, matrix.tolist()))
    assert {(given, said): rows for given, said, rows in one.confused} == {
        (f"c{i}", f"c{j}"): matrix[i, j] for i in range(4) for j in range(4) if i != j and matrix[i, j]
    }
    assert one.wrong == matrix.sum() - np.trace(matrix)


def test_mistakes_are_the_surest_first_and_wrong_all_of_them() -> None:
    one = classes(3)
    sure = [each.certainty for each in one.mistakes]
    assert sure == sorted(sure, reverse=True)
    assert sure[0] > 1 / 3
    assert len(one.mistakes) == one.wrong == len(one.certainties)
    assert all(each.given != each.said and each.text == f"row {each.row}" for each in one.mistakes)


def test_bins_of_length_hold_each_row_once() -> None:
    bins = classes(3).lengths
    assert sum(each.rows for each in bins) == 400
    assert [each.least for each in bins] == sorted(each.least for each in bins)
    assert all(one.most < other.least for one, other in itertools.pairwise(bins))
    assert all(low <= value <= high for value, low, high in (each.error for each in bins))


def test_thousands_of_classes_make_no_matrix_and_long_texts_no_long_page() -> None:
    one = classes(3_000, rows=2_000)
    assert one.matrix is None
    assert len(one.confused) == MOST_PAIRS < one.confusions
    assert len(one.mistakes) == MOST_MISTAKES < one.wrong
    assert classes(MOST_IN_MATRIX).matrix is not None
    assert classes(MOST_IN_MATRIX + 1).matrix is None
    long = found("classes", np.eye(2), np.array([1, 0]), 2, ["x" * 10**6] * 2)
    assert all(len(each.text) <= LONGEST + 1 for each in long.mistakes)
    assert len(json.dumps(one.to_dict())) < 2_000_000


def test_of_several_labels_a_pair_is_one_missed_and_one_said_instead() -> None:
    labels = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]])
    logits = np.array([[-1, 2, -1], [1, 1, 3], [-1, -1, 1]]) * 1.0  # c1 for c0; c2 too many; right
    one = found("labels", logits, labels, 3)
    assert one.confused == (("c0", "c1", 1),)
    assert one.matrix is None
    assert [each.row for each in one.mistakes] == [1, 0]
    assert one.mistakes[0].certainty == pytest.approx(1 / (1 + np.exp(-3)))


def test_numbers_are_points_and_the_farthest_off_come_first() -> None:
    labels = np.linspace(0, 1, 5_000)
    logits = labels + np.where(np.arange(5_000) == 7, -3, 0.01)
    one = found("number", logits[:, None], labels)
    assert one.points is not None
    assert len(one.points) <= MOST_POINTS
    assert one.mistakes[0].row == 7
    assert not one.classes
    assert not one.confused
    assert json.dumps(one.to_dict(), allow_nan=False)
