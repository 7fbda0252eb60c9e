"""One more kind of task is one file: this one, which trains, measures and predicts grades in their order."""

import csv
import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

import warmstart
from tests import tiny
from tests.cli.helpers import command
from warmstart.errors import UserError
from warmstart.heads import arrays, registry
from warmstart.heads.cells import MISSING, OK, UNKNOWN, Value, is_missing
from warmstart.heads.decision import Decision, LabelColumn
from warmstart.heads.head import Array, Encoded, Head


class Grades(Head):
    """Classes in an order, learnt as numbers: to miss by two grades is worse than to miss by one."""

    kind = "grades"
    problem_type = "regression"
    metrics = ("exact", "steps_off")
    headed_by = ("exact", "steps_off")
    chooses = "steps_off"
    errors = ("loss", "steps_off")
    constant_name, linear_name = "middle grade", "TF-IDF + rounded ridge regression"

    @classmethod
    def of_scalars(cls, column: LabelColumn, counts: Mapping[Value, int] | None) -> Decision:
        values = tuple(sorted(map(str, counts or {})))
        return Decision(cls.kind, values, values, f"grades from {values[0]} to {values[-1]}")

    def read(self, cells: Sequence[Any]) -> tuple[Encoded, Any]:
        ids = {value: number for number, value in enumerate(self.values)}
        faults = [OK if cell in ids else MISSING if is_missing(cell) else UNKNOWN for cell in cells]
        return np.array([ids.get(cell, 0) for cell in cells], np.float32), np.array(faults, np.int8)

    def codes(self, encoded: Encoded) -> Any:
        return encoded.astype(np.int64)

    def class_pairs(self, encoded: Encoded) -> Any:
        return np.arange(len(encoded)), encoded.astype(np.int64)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.label or self.kind,)

    def describe(self) -> str:
        return f"one of {len(self.classes)} grades a row"

    def decide(self, logits: Array) -> Array:
        logits = np.asarray(logits).reshape(len(logits), -1)
        arrays.check_logits(self.kind, logits, 2, "[rows, 1]")
        return np.clip(np.rint(logits[:, 0]), 0, len(self.classes) - 1).astype(np.int64)

    def probabilities(self, logits: Array) -> Array:
        return np.eye(len(self.classes))[self.decide(logits)]

    def said(self, prediction: Any) -> str:
        return self.classes[int(prediction)]

    def scores(self, predictions: Array, labels: Array) -> dict[str, float]:
        off = np.abs(predictions - labels)
        return {"exact": float(np.mean(off == 0)), "steps_off": float(np.mean(off))}

    def constant(self, labels: Array) -> Array:
        return np.asarray(np.median(labels).astype(np.int64))

    def linear(self, features: Any, labels: Array, new: Any) -> Array:
        from sklearn.linear_model import Ridge

        return self.decide(Ridge().fit(features, labels).predict(new))


GRADES = ("A", "B", "C")


@pytest.fixture
def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pathlib.Path]:
    """A folder with a table of grades and a model, where the kind is known."""
    rows = [{**row, "label": GRADES[number % 3]} for number, row in enumerate(tiny.reviews(60))]
    tiny.write(tmp_path / "graded.csv", rows)
    tiny.checkpoint(tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_HEADS", dict(registry._HEADS))
        registry.register(Grades)
        yield tmp_path


def test_a_kind_that_one_file_adds_is_trained_measured_and_predicted(
    place: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--kind", "grades", "--model", "tiny", "--epochs", "1", "--best", "--cpu", "--out", "run")
    done = command(capsys, "train", "graded.csv", *options, "--json")
    assert done.status == 0, done.err
    assert "one of 3 grades a row" in done.err
    assert "grades from A to C" in done.err
    assert "--kind classes|labels|number|grades" in done.err
    report = done.json
    assert report["headline"] == ["exact", "steps_off"]
    assert list(report["scores"]) == ["model", "middle grade", "TF-IDF + rounded ridge regression"]
    low, high = report["intervals"]["middle grade"]["steps_off"]
    assert low <= report["scores"]["middle grade"]["steps_off"] <= high
    task = json.loads((place / "run" / "task.json").read_text())
    assert (task["kind"], task["classes"]) == ("grades", ["A", "B", "C"])
    with (place / "run" / "predictions.csv").open(newline="") as file:
        predicted = list(csv.DictReader(file))
    assert {row["prediction"] for row in predicted} <= set(GRADES)
    assert all(row[f"p({row['prediction']})"] == "1.0" for row in predicted)

    assert command(capsys, "evaluate", "run", "graded.csv", "--json").json["rows"] == 60
    assert command(capsys, "predict", "run", "a good film", "--json").json["prediction"] in GRADES
    assert command(capsys, "inspect", "graded.csv", "--kind", "grades", "--model", "tiny", "--json").json["labels"] == {
        "train": {"A": 20, "B": 20, "C": 20}
    }


def test_what_nobody_added_is_answered_with_what_there_is(place: pathlib.Path) -> None:
    recipe = warmstart.Recipe.of({"data": "graded.csv", "kind": "grade", "model": "tiny"})
    with pytest.raises(UserError, match=r"--kind cannot be 'grade'(.|\n)*did you mean 'grades'"):
        warmstart.train(recipe)


def test_its_cells_and_settings_are_checked_like_any_others(
    place: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("train", "graded.csv", "--kind", "grades", "--model", "tiny")
    assert "each row has one class" in command(capsys, *words, "--label-smoothing", "0.1").err
    assert "did you mean 'exact'" in command(capsys, *words, "--best-metric", "exat").err
    rows = [{"text": f"text {number}", "label": "B"} for number in range(9)]
    tiny.write(place / "graded.csv", rows)
    assert "every row has the same label" in command(capsys, *words).err
