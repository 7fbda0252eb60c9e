"""Predictions as people read them: names with probabilities, and files that come back as they were."""

import csv
import datetime
import decimal
import json
import pathlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from warmstart.errors import UserError
from warmstart.evaluation.metrics import decide
from warmstart.reporting.predictions import prediction_rows, probabilities, write_rows
from warmstart.table.task import Task

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = ("坏", "good, or not", "p(x)")
CLASSES = Task("classes", "text", None, "label", NAMES, NAMES)
LABELS = Task("labels", "text", None, "label", NAMES, NAMES)
NUMBER = Task("number", "text", None, "score")
logits = arrays(np.float32, st.tuples(st.integers(1, 5), st.just(3)), elements=st.floats(-80, 80, width=32))


@FEW
@given(logits)
def test_probabilities_of_classes_are_a_softmax(found: Any) -> None:
    scores = probabilities(CLASSES, found)
    exact = np.exp(np.float64(found) - np.float64(found).max(axis=1, keepdims=True))
    np.testing.assert_allclose(scores, exact / exact.sum(axis=1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert scores.dtype == np.float64


@FEW
@given(logits)
def test_probabilities_of_labels_are_each_their_own(found: Any) -> None:
    np.testing.assert_allclose(probabilities(LABELS, found), 1 / (1 + np.exp(-np.float64(found))), rtol=1e-12)


@pytest.mark.parametrize("task", [CLASSES, LABELS])
def test_huge_logits_do_not_overflow(task: Task) -> None:
    scores = probabilities(task, np.array([[1e30, -1e30, 0.0]], np.float32))
    assert np.isfinite(scores).all()
    assert scores[0, 0] == 1
    assert scores[0, 1] == 0


def test_a_number_is_itself() -> None:
    for shape in ((4,), (4, 1)):
        numbers = np.array([-1.5, 0, 2, 1e6], np.float32).reshape(shape)
        assert prediction_rows(NUMBER, numbers) == [{"prediction": n} for n in (-1.5, 0.0, 2.0, 1e6)]


@FEW
@given(logits)
def test_what_is_written_is_what_is_measured(found: Any) -> None:
    """The names in a table of predictions are those of the decisions that metrics are computed from."""
    rows = prediction_rows(CLASSES, found)
    assert [row["prediction"] for row in rows] == [NAMES[i] for i in decide("classes", found)]
    assert [list(row) for row in rows] == [["prediction", *(f"p({name})" for name in NAMES)]] * len(rows)
    several = prediction_rows(LABELS, found)
    decided = decide("labels", found)
    for row, marks in zip(several, decided, strict=True):
        assert row["prediction"] == "|".join(name for name, mark in zip(NAMES, marks, strict=True) if mark)


def test_a_model_that_diverged_predicts_nothing() -> None:
    for task, width in ((CLASSES, 3), (LABELS, 3), (NUMBER, 1)):
        with pytest.raises(UserError, match="NaN"):
            prediction_rows(task, np.full((2, width), np.nan, np.float32))


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)


@FEW
@given(
    rows=st.lists(st.fixed_dictionaries({"text": text, "prediction": text, "p(坏)": st.floats(0, 1)}), min_size=1),
    ending=st.sampled_from([".csv", ".tsv", ".jsonl", ".ndjson"]),
)
def test_a_file_of_predictions_comes_back_as_it_was(tmp_path: pathlib.Path, rows: Any, ending: str) -> None:
    path = tmp_path / f"p{ending}"
    write_rows(path, rows)
    content = path.read_text(encoding="utf-8")
    if ending in (".jsonl", ".ndjson"):
        assert [json.loads(line) for line in content.removesuffix("\n").split("\n")] == rows
    else:
        with path.open(encoding="utf-8", newline="") as file:
            back = list(csv.DictReader(file, delimiter="\t" if ending == ".tsv" else ","))
        assert back == [{**row, "p(坏)": str(row["p(坏)"])} for row in rows]
    assert [entry.name for entry in tmp_path.iterdir() if "unfinished" in entry.name] == []


def test_no_rows_make_a_file_with_a_header(tmp_path: pathlib.Path) -> None:
    write_rows(tmp_path / "p.csv", [])
    assert (tmp_path / "p.csv").read_text() == "prediction\n"


def test_a_file_that_is_there_is_replaced_whole(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("something longer than what comes\n" * 9)
    write_rows(path, [{"prediction": "x"}])
    assert path.read_text() == "prediction\nx\n"


def test_the_users_columns_stand_beside_the_predictions() -> None:
    from datasets import ClassLabel, Dataset, Features, Value

    from warmstart.reporting.predictions import beside

    features = Features({"id": Value("int64"), "prediction": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    rows = Dataset.from_dict({"id": [7, 8], "prediction": ["a", "b"], "label": [1, -1]}, features=features)
    assert beside(rows, [{"prediction": "x"}, {"prediction": "y"}]) == [
        {"id": 7, "prediction (given)": "a", "label": "yes", "prediction": "x"},
        {"id": 8, "prediction (given)": "b", "label": -1, "prediction": "y"},
    ]
    assert beside(rows.select([]), []) == []


def test_no_column_takes_the_place_of_another() -> None:
    from datasets import Dataset

    from warmstart.reporting.predictions import beside

    given = {"text": ["t"], "prediction": ["a"], "prediction (given)": ["b"], "p(x)": ["c"], "p(x) (given)": ["d"]}
    for names in (list(given), list(given)[::-1]):
        found = beside(Dataset.from_dict({name: given[name] for name in names}), [{"prediction": "new", "p(x)": 1.0}])
        assert found == [
            {
                **{"text": "t", "prediction (given) (given)": "a", "prediction (given)": "b"},
                **{"p(x) (given) (given)": "c", "p(x) (given)": "d", "prediction": "new", "p(x)": 1.0},
            }
        ]


def test_what_json_has_no_word_for_is_still_written(tmp_path: pathlib.Path) -> None:
    when = datetime.datetime(2024, 5, 6, 7, 8)
    row = {"when": when, "day": when.date(), "price": decimal.Decimal("1.10"), "raw": b"caf\xc3\xa9 \xff"}
    write_rows(
        tmp_path / "p.jsonl", [{**row, "n": [float("nan"), {"x": float("-inf")}], "b": True, "i": 2, "no": None}]
    )
    assert json.loads((tmp_path / "p.jsonl").read_text(encoding="utf-8")) == {
        **{"when": "2024-05-06 07:08:00", "day": "2024-05-06", "price": "1.10", "raw": "café \\xff"},
        **{"n": [None, {"x": None}], "b": True, "i": 2, "no": None},
    }
