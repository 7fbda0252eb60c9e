"""What a run's folder holds."""

import csv
import json
import pathlib
from typing import Any

import numpy as np
import pytest

from tests.runs.recipes import config, log
from warmstart import Recipe
from warmstart.runs.run import Result


def test_the_folder_holds_all_that_the_run_was(finished: tuple[Result, list[str]]) -> None:
    result, said = finished
    assert {path.name for path in result.folder.iterdir()} == {
        *("recipe.toml", "task.json", "log.jsonl", "metrics.json", "predictions.csv", "row_losses.json", "model"),
        *("report.json", "report.html"),
        *("checkpoint-49", "checkpoint-56"),
    }
    files = {path.name for path in (result.folder / "model").iterdir()}
    assert files == {
        *("README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "manifest.json"),
        "held_out.json",
    }
    assert Recipe.read(result.folder / "recipe.toml").epochs == 8
    how, *history = log(result.folder)
    assert history == result.history
    assert "padding-free" in how["techniques"]
    assert how["shape"].startswith("precision ")
    assert json.loads((result.folder / "metrics.json").read_text()) == result.report.to_dict()  # type: ignore[union-attr]
    assert any("of 60 training rows are set aside" in line for line in said)
    assert any("54 training rows, 6 validation rows" in line for line in said)
    assert any(line.startswith("precision ") and "padding-free" in line for line in said)
    assert any("tokens/s" in line and "updates in about" in line for line in said)


def test_the_model_knows_its_classes(finished: tuple[Result, list[str]]) -> None:
    saved = config(finished[0].folder)
    assert saved["id2label"] == {"0": "negative", "1": "positive"}
    assert saved["label2id"] == {"negative": 0, "positive": 1}
    assert saved["problem_type"] == "single_label_classification"


def test_predictions_and_numbers_belong_together(finished: tuple[Result, list[str]]) -> None:
    result, _ = finished
    assert result.report is not None
    rows = result.splits["validation"]
    with (result.folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        predictions = list(csv.DictReader(file))
    assert len(predictions) == len(rows) == result.report.rows == 6
    right = np.mean([found["prediction"] == row["label"] for found, row in zip(predictions, rows, strict=True)])
    assert result.report.scores["model"]["accuracy"] == right == 1.0  # the label can be read off one word
    assert set(result.report.scores) == {"model", "most frequent class", "TF-IDF + logistic regression"}
    sums = [float(found["p(negative)"]) + float(found["p(positive)"]) for found in predictions]
    assert sums == pytest.approx([1] * 6)


def test_the_card_holds_the_measured_numbers_and_no_place_of_this_machine(
    finished: tuple[Result, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    result, _ = finished
    assert result.report is not None
    card = (result.folder / "model" / "README.md").read_text(encoding="utf-8")
    for who, scores in result.report.scores.items():
        assert who in card
        for name in result.report.headline:
            low, high = result.report.intervals[who][name]
            assert f"{scores[name]:.3f} ({low:.3f} to {high:.3f})" in card
    assert "`negative`, `positive`" in card
    assert "6 validation rows" in card
    assert "56 updates of 8 rows" in card
    for path in (result.folder / "model").iterdir():
        if path.suffix != ".safetensors":
            content = path.read_text(encoding="utf-8")
            assert str(tmp_path_factory.getbasetemp()) not in content, path.name
            assert str(pathlib.Path.home()) not in content, path.name


def test_the_example_of_the_card_runs(finished: tuple[Result, list[str]]) -> None:
    folder = finished[0].folder / "model"
    code = (folder / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    namespace: dict[str, Any] = {}
    exec(code.replace("PATH-OF-THIS-FOLDER", str(folder)), namespace)
    for word, label in (("good", "positive"), ("bad", "negative")):
        assert namespace["classify"](f"a {word} film was so")[0]["label"] == label
