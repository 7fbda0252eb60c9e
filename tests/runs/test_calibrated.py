"""A run ends with a model that is as sure as it is right, and nothing else of it is otherwise."""

import csv
import json
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, load_file

from tests import tiny
from tests.runs.recipes import weights
from warmstart import Recipe
from warmstart.checkpoints import checkpoint
from warmstart.evaluation.calibration import Calibration
from warmstart.events import lines
from warmstart.runs.calibrated import _are_those
from warmstart.runs.run import Result, train
from warmstart.runs.saved import SavedRun

Rows = list[dict[str, Any]]


def doubtful(rows: Rows) -> Rows:
    """Every seventh with the other label: a model that has learnt from flawless rows is too sure of them."""
    other = {"positive": "negative", "negative": "positive"}
    return [
        {**row, "label": other[row["label"]] if number % 7 == 0 else row["label"]} for number, row in enumerate(rows)
    ]


REVIEWS = tiny.reviews(220)
TRAINED, HELD_OUT = REVIEWS[:100], doubtful(REVIEWS[100:])
PLAIN = {"epochs": 5, "lr": 3e-3, "schedule": "constant", "precision": "fp32", "baselines": False, "cpu": True}


def settings(folder: pathlib.Path, model: str, trained: Rows, held_out: Rows, **more: Any) -> dict[str, Any]:
    data = tiny.write(folder / "train.jsonl", trained)
    validation = tiny.write(folder / "validation.jsonl", held_out)
    return {"data": str(data), "validation": str(validation), "model": model, **PLAIN, **more}


@pytest.fixture(scope="module")
def asked(model: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return settings(tmp_path_factory.mktemp("asked"), model, TRAINED, HELD_OUT)


@pytest.fixture(scope="module")
def both(asked: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Result, list[str]]:
    """The run as it is, the same ended without calibration, and what the first said."""
    folder, said = tmp_path_factory.mktemp("both"), list[str]()
    with_it = train(Recipe.of({**asked, "out": str(folder / "with")}), listen=lines(said.append))
    shutil.copytree(with_it.folder, folder / "without")
    return with_it, resumed(asked, folder / "without", calibrate=False), said


def facts(result: Result) -> Any:
    return json.loads((result.folder / "metrics.json").read_text(encoding="utf-8"))


def predicted(result: Result) -> list[dict[str, str]]:
    with (result.folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_probabilities_are_calibrated_and_no_answer_changes(both: tuple[Result, Result, list[str]]) -> None:
    result, without, said = both
    found = facts(result)["calibration"]
    assert found["temperature"] > 1.2
    assert found["ece"]["change"][2] < 0
    assert found["rows_measured"] == found["rows_fitted"] == len(HELD_OUT)
    assert result.report is not None
    assert found == result.report.facts["calibration"]
    assert [line for line in said if f"by the temperature {found['temperature']:g}:" in line]
    assert result.logits is not None
    assert without.logits is not None
    np.testing.assert_allclose(result.logits * found["temperature"], without.logits, rtol=1e-4, atol=1e-5)
    assert [row["prediction"] for row in predicted(result)] == [row["prediction"] for row in predicted(without)]
    assert "calibration" not in facts(without)
    assert without.report is not None
    assert result.report.scores == without.report.scores


def test_stock_pipelines_and_predict_give_the_calibrated_probabilities(
    both: tuple[Result, Result, list[str]],
) -> None:
    from transformers import pipeline

    result, _unused, _said = both
    rows = predicted(result)
    texts = [row["text"] for row in rows]
    classify = pipeline("text-classification", model=str(result.folder / "model"), top_k=None, device="cpu")
    scores = [{each["label"]: each["score"] for each in row} for row in classify(texts)]
    again = SavedRun.open(result.folder).predictor.predict(texts)
    for row, score, answer in zip(rows, scores, again, strict=True):
        for name in ("negative", "positive"):
            assert float(row[f"p({name})"]) == pytest.approx(score[name], abs=1e-6)
            assert float(row[f"p({name})"]) == pytest.approx(answer[f"p({name})"], abs=1e-6)


def test_checkpoints_hold_the_weights_as_they_were_trained(both: tuple[Result, Result, list[str]]) -> None:
    result, without, _said = both
    trained = (checkpoint.named(result.folder)[-1] / "model.safetensors").read_bytes()
    assert weights(without.folder) == trained != weights(result.folder)
    changed = {
        name
        for name, value in load_file(result.folder / "model" / "model.safetensors").items()
        if not torch.equal(value, load(trained)[name])
    }
    assert changed == {"classifier.weight", "classifier.bias"}


def resumed(asked: dict[str, Any], folder: pathlib.Path, **more: Any) -> Result:
    return train(Recipe.of({**asked, "out": str(folder), **more}), resume=True)


def test_a_repeated_end_gives_the_same_bytes(
    both: tuple[Result, Result, list[str]], asked: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    shutil.copytree(both[0].folder, tmp_path / "run")
    again = resumed(asked, tmp_path / "run")
    for name in ("model/model.safetensors", "model/held_out.json", "model/manifest.json", "metrics.json"):
        assert (again.folder / name).read_bytes() == (both[0].folder / name).read_bytes()


def test_a_run_begun_before_there_was_calibration_ends_as_it_would_have(
    both: tuple[Result, Result, list[str]], asked: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(both[1].folder, run)
    recipe = run / "recipe.toml"
    kept = [line for line in recipe.read_text(encoding="utf-8").splitlines() if not line.startswith("calibrate")]
    assert len(kept) == len(recipe.read_text(encoding="utf-8").splitlines()) - 1
    recipe.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert weights(resumed(asked, run).folder) == weights(both[1].folder)
    assert "calibrate" not in recipe.read_text(encoding="utf-8")
    assert weights(resumed(asked, run, calibrate=True).folder) == weights(both[0].folder)  # as is asked for by name


def test_several_labels_have_one_temperature(model: str, tmp_path: pathlib.Path) -> None:
    words = ("book", "film")

    def tags(number: int, row: dict[str, Any]) -> list[str]:
        wrong = words[number % 2] if number >= 100 and number % 4 == 0 else ""
        return [word for word in words if (word in row["text"]) != (word == wrong)]

    rows = [{"text": row["text"], "tags": tags(number, row)} for number, row in enumerate(REVIEWS)]
    asked = settings(tmp_path, model, rows[:100], rows[100:], epochs=8)
    with_it = train(Recipe.of({**asked, "out": str(tmp_path / "run")}))
    found, said = facts(with_it)["calibration"], predicted(with_it)
    without = resumed(asked, tmp_path / "run", calibrate=False)
    assert found["temperature"] != 1, found["why"]
    assert found["ece"]["change"][0] < 0
    assert [row["prediction"] for row in said] == [row["prediction"] for row in predicted(without)]
    assert sum(calls for *_unused, calls in found["bins"]["after"]) == 2 * found["rows_measured"]


def test_a_number_has_nothing_to_calibrate(model: str, tmp_path: pathlib.Path) -> None:
    rows = [{"text": row["text"], "score": len(row["text"].split()) + 0.5} for row in REVIEWS]
    asked = settings(tmp_path, model, rows[:40], rows[40:60], updates=1, out=str(tmp_path / "run"), calibrate=True)
    said: list[str] = []
    result = train(Recipe.of(asked), listen=lines(said.append))
    assert [line for line in said if line.startswith("--calibrate does not count")]
    assert not {"calibration", "error_budget"} & {*facts(result)}
    assert not (result.folder / "model" / "held_out.json").exists()


def test_rounding_that_changes_an_answer_is_seen(both: tuple[Result, Result, list[str]]) -> None:
    task = both[0].task
    logits = np.array([[1.0, 2.0], [3.0, 3.0 - 1e-7]], np.float32)
    assert _are_those(task, logits / 2, logits, 2.0)
    assert not _are_those(task, logits / 2, logits, 1.9)
    tied = np.array([[0.5, 1.0], [1.5 - 1e-7, 1.5]], np.float32)
    assert not _are_those(task, tied, logits, 2.0)


def test_a_line_of_the_log_says_why_nothing_was_done() -> None:
    none = Calibration(1.0, 0, 6, {}, {}, {}, "6 rows are too few")
    assert str(none) == "probabilities are left as they are: 6 rows are too few"
