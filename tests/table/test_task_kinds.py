"""Which kind of task the values of a label column mean."""

from typing import Any

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from tests.table.labelled import TEXTS, error_of, labelled, table
from warmstart.table.infer import infer_task
from warmstart.table.labels import encode_labels


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["1", "0", "1", "0"], ("0", "1")),
        (["10", "2", "1", "2"], ("1", "2", "10")),
        (["0.0", "1.0", "1.0"], ("0.0", "1.0")),
        ([0.0, 1.0, 1.0], ("0", "1")),
        ([1, 2, 3, 4, 5, 5], ("1", "2", "3", "4", "5")),
        ([True, False, True], ("False", "True")),
        (["True", "False", "True"], ("False", "True")),
        (["pos", "neg", "", None], ("neg", "pos")),
        (["正面", "负面", "正面"], ("正面", "负面")),
        ([1, -1, 1], ("-1", "1")),
        ([-1, 0, 1, 0], ("-1", "0", "1")),
        (["-1", "0", "1", "0"], ("-1", "0", "1")),
        ([0, 1, 2, -1] * 3, ("0", "1", "2")),
        ([0, 1, -100, 1], ("0", "1")),
        ([0, 1] * 30 + [-1], ("0", "1")),
        (["007", "7", "08"], ("007", "7", "08")),
    ],
)
def test_one_class_a_row(cells: list[Any], classes: tuple[str, ...]) -> None:
    task = labelled(*cells)
    assert (task.kind, task.classes) == ("classes", classes)
    assert task.problem_type == "single_label_classification"
    assert task.id2label == dict(enumerate(classes))
    known = [cell for cell in cells if cell in task.values]
    assert [task.values[number] for number in encode_labels(task, known)] == known


@pytest.mark.parametrize(
    "cells",
    [
        [0.5, 1.0, 3.75],
        ["3.75", "1.2", "4"],
        [f"{n / 7:.3f}" for n in range(200)],
        [n / 7 for n in range(200)],
        [float(n) for n in range(30)],
        [1e-3, 2.0],
    ],
)
def test_a_number_a_row(cells: list[Any]) -> None:
    task = labelled(*cells)
    assert (task.kind, task.classes, task.values, task.num_labels) == ("number", (), (), 1)
    assert task.problem_type == "regression"
    encoded = encode_labels(task, cells)
    assert encoded.dtype == np.float32
    assert np.allclose(encoded, [float(cell) for cell in cells])


def test_whole_numbers_of_a_score_are_a_number_where_they_are_many() -> None:
    many = [n * 7 % 1000 for n in range(200)]
    assert infer_task(table(200, score=many)).kind == "number"
    assert infer_task(table(200, score=[n % 5 for n in range(200)])).kind == "classes"
    assert "probably not a label" in error_of(table(200, label=many)).problem
    assert infer_task(table(200, label=many), kind="number").kind == "number"


def test_many_classes_that_come_again_are_classes() -> None:
    task = labelled(*[n % 77 for n in range(770)])
    assert len(task.classes) == 77
    assert task.classes[10] == "10"


@pytest.mark.parametrize("cells", [[f"name {n % 55}" for n in range(60)], [str(n % 55 * 3) for n in range(60)]])
def test_more_classes_than_rows_can_teach(cells: list[str]) -> None:
    error = error_of(table(60, label=cells))
    assert "more than 50 different values in 60 rows: probably not a label" in error.problem
    assert len(labelled(*cells, kind="classes").classes) == 55


def test_dates_are_no_label() -> None:
    cells = ["2024-01-05", "2024-02-05"] * 10
    assert "dates" in error_of(table(20, label=cells)).problem
    assert len(labelled(*cells, kind="classes").classes) == 2
    assert (
        "of no type"
        in error_of(DatasetDict(train=table(2, label=[0, 1])["train"].cast_column("label", Value("date64")))).problem
    )


def test_a_mixture_of_numbers_and_words() -> None:
    error = error_of(table(4, label=["0", "1", "pos", "0"]))
    assert "mixes numbers ('0', '1') and words ('pos')" in error.problem
    assert labelled("0", "1", "pos", kind="classes").classes == ("0", "1", "pos")


def test_a_kind_that_the_values_cannot_be() -> None:
    assert "holds no numbers" in error_of(table(2, label=["a", "b"]), kind="number").problem
    assert "not a list" in error_of(table(2, label=["a", "b"]), kind="labels").problem
    assert "holds lists" in error_of(table(2, label=[["a"], ["b"]]), kind="classes").problem
    nothings: list[list[Any]] = [[None, None], ["", " "], [-1, -1], [[], []]]
    for nothing in nothings:
        assert "no labels" in error_of(table(2, label=nothing)).problem
    assert labelled("1", "n/a", "2.5", kind="number").kind == "number"


def test_both_kinds_can_be_had_by_asking() -> None:
    assert labelled(0.0, 1.0).kind == "classes"
    assert labelled(0.0, 1.0, kind="number").kind == "number"
    assert labelled(0.5, 1.5, kind="classes").classes == ("0.5", "1.5")
    assert labelled(-1, 0, 1, 2, kind="classes").classes == ("-1", "0", "1", "2")


@pytest.mark.parametrize(
    ("cells", "classes", "encoded"),
    [
        ([["b", "a"], [], ["a"]], ("a", "b"), [[1, 1], [0, 0], [1, 0]]),
        ([[10, 2], [2], [10]], ("2", "10"), [[1, 1], [1, 0], [0, 1]]),
        ([[0, 1, 1], [1, 0, 0]], ("0", "1", "2"), [[0, 1, 1], [1, 0, 0]]),
        ([[0.0, 1.0], [1.0, 1.0]], ("0", "1"), [[0, 1], [1, 1]]),
        ([[True, False], [True, True]], ("0", "1"), [[1, 0], [1, 1]]),
        ([[0], [1], [0]], ("0", "1"), [[1, 0], [0, 1], [1, 0]]),
    ],
)
def test_several_labels_a_row(cells: list[Any], classes: tuple[str, ...], encoded: list[list[int]]) -> None:
    task = labelled(*cells)
    assert (task.kind, task.classes, task.problem_type) == ("labels", classes, "multi_label_classification")
    matrix = encode_labels(task, cells)
    assert matrix.dtype == np.float32
    assert matrix.tolist() == encoded


def test_lists_of_named_classes() -> None:
    features = Features({"text": Value("string"), "label": List(ClassLabel(names=["x", "y", "z"]))})
    rows = Dataset.from_dict({"text": TEXTS, "label": [[0, 2], [1], [], [2]]}, features=features)
    task = infer_task(DatasetDict(train=rows))
    assert (task.kind, task.classes) == ("labels", ("x", "y", "z"))
    assert encode_labels(task, rows["label"])[0].tolist() == [1, 0, 1]


def test_lists_that_are_no_labels() -> None:
    assert "lists of lists" in error_of(table(2, label=[[["a"]], [["b"]]])).problem
    assert "lists of fractions" in error_of(table(2, label=[[0.5], [0.25, 1.0]])).problem
