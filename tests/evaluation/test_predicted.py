"""The user's rows with what was predicted for them."""

import pathlib
import tracemalloc

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from warmstart.errors import UserError
from warmstart.evaluation import predicted
from warmstart.evaluation.predicted import beside, left_out, predictions
from warmstart.heads.head import Head
from warmstart.reporting import predictions as written
from warmstart.table.task import Task


def test_the_users_columns_stand_beside_the_predictions() -> None:
    features = Features({"id": Value("int64"), "prediction": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    rows = Dataset.from_dict({"id": [7, 8], "prediction": ["a", "b"], "label": [1, -1]}, features=features)
    assert [*beside(rows, [{"prediction": "x"}, {"prediction": "y"}])] == [
        {"id": 7, "prediction (given)": "a", "label": "yes", "prediction": "x"},
        {"id": 8, "prediction (given)": "b", "label": -1, "prediction": "y"},
    ]
    assert [*beside(rows.select([]), [])] == []


def test_no_column_takes_the_place_of_another() -> None:
    given = {"text": ["t"], "prediction": ["a"], "prediction (given)": ["b"], "p(x)": ["c"], "p(x) (given)": ["d"]}
    for names in (list(given), list(given)[::-1]):
        rows = Dataset.from_dict({name: given[name] for name in names})
        found = [*beside(rows, [{"prediction": "new", "p(x)": 1.0}])]
        assert found == [
            {
                **{"text": "t", "prediction (given) (given)": "a", "prediction (given)": "b"},
                **{"p(x) (given) (given)": "c", "p(x) (given)": "d", "prediction": "new", "p(x)": 1.0},
            }
        ]


def head_of(classes: int, kind: str = "classes") -> Head:
    names = tuple(f"class {number}" for number in range(classes))
    return Task(kind, "text", None, "label", names, names).head


@pytest.mark.parametrize("kind", ["classes", "labels"])
@pytest.mark.parametrize(("classes", "top"), [(5, None), (200, None), (201, 0), (5, 0)])
def test_up_to_many_classes_each_has_its_probability(kind: str, classes: int, top: int | None) -> None:
    head, logits = head_of(classes, kind), np.random.default_rng(0).normal(size=(7, classes)).astype(np.float32)
    assert [*predictions(head, logits, top)] == head.prediction_rows(logits)
    assert (left_out(head) is None) == (classes <= 200)


@pytest.mark.parametrize("kind", ["classes", "labels"])
@pytest.mark.parametrize(("classes", "top", "shown"), [(201, None, 10), (5, 2, 2), (5, 9, 5), (3000, 1, 1)])
def test_beyond_the_likeliest_are_told(
    kind: str, classes: int, top: int | None, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicted, "BLOCK", 3 * classes)  # three rows at a time
    head, logits = head_of(classes, kind), np.random.default_rng(0).normal(size=(7, classes)).astype(np.float32)
    for row, whole in zip(predictions(head, logits, top), head.prediction_rows(logits), strict=True):
        assert len(row) == 1 + 2 * shown
        assert row["prediction"] == whole.pop("prediction")
        likeliest = sorted(whole, key=lambda name: -whole[name])[:shown]
        assert [f"p({row[f'top {place}']})" for place in range(1, shown + 1)] == likeliest
        assert [row[f"p(top {place})"] for place in range(1, shown + 1)] == [whole[name] for name in likeliest]


def test_of_equals_the_one_that_is_predicted_comes_first() -> None:
    [row] = predictions(head_of(300), np.zeros((1, 300), np.float32))
    assert row["prediction"] == row["top 1"] == "class 0"


def test_a_number_has_no_likeliest_classes_and_nan_is_refused_before_any_row() -> None:
    number = Task("number", "text", None, "score").head
    assert [*predictions(number, np.array([[1.5]], np.float32))] == [{"prediction": 1.5}]
    for head, top in ((number, 3), (head_of(4), -1)):
        with pytest.raises(UserError, match="cannot be told") as caught:
            predictions(head, np.zeros((2, head.outputs), np.float32), top)
        assert caught.value.fix == "leave it out"
    broken = np.zeros((5000, 300), np.float32)
    broken[4999, 1] = np.nan
    with pytest.raises(UserError, match="NaN"):
        predictions(head_of(300), broken)


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl"])
@pytest.mark.parametrize("top", [None, 0])
def test_memory_does_not_grow_with_the_rows(
    name: str, top: int | None, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicted, "BLOCK", 10_000)
    monkeypatch.setattr(written, "BLOCK", 20_000)
    monkeypatch.setattr(predicted, "ROWS", 50)
    peaks = []
    for many in (1, 100, 600):  # the first waits for imports
        logits = np.zeros((many, 250), np.float32)
        rows = Dataset.from_dict({"text": [f"text {row} " * 20 for row in range(many)]})
        tracemalloc.start()
        written.write_rows(tmp_path / name, beside(rows, predictions(head_of(250), logits, top)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len((tmp_path / name).read_text().splitlines()) == many + (name == "p.csv")
    assert peaks[2] < 1.7 * peaks[1]  # beside a byte or two for each logit, that look for NaN
