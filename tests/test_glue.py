"""Real tasks through the same command, with no option but the data and how long to train."""

import json
import math
import pathlib

import datasets
import pytest

from warmstart.cli import main


def trained(arguments: list[str], capsys: pytest.CaptureFixture[str], folder: pathlib.Path) -> dict[str, object]:
    main(["train", *arguments, "--updates", "12", "--evaluate-every", "never", "--out", str(folder / "run"), "--json"])
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def some_rows(glue: pathlib.Path, split: str, count: int, cache: pathlib.Path) -> datasets.Dataset:
    """The first rows of a split, with the types that its file declares."""
    file = glue / f"{split}-00000-of-00001.parquet"
    return datasets.Dataset.from_parquet(str(file), cache_dir=str(cache)).select(range(count))


def test_a_score_to_predict(glue: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """STS-B, a part of it: pairs and a number from 0 to 5. Four validation rows are training rows too: published
    splits are warned of, not refused."""
    folder = tmp_path / "stsb"
    folder.mkdir()
    for split, count in (("train", 600), ("validation", 150)):
        some_rows(glue / "stsb", split, count, tmp_path).to_parquet(str(folder / f"{split}-00000-of-00001.parquet"))
    found = trained([str(folder)], capsys, tmp_path)
    assert found["rows"] == 150
    scores = found["scores"]
    assert isinstance(scores, dict)
    assert {"pearson", "rmse"} <= set(scores["model"])
    assert scores["model"]["rmse"] < 5
    assert math.isnan(scores["mean"]["pearson"] or math.nan)  # a constant has no correlation
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    losses = [entry["loss"] for entry in log if "loss" in entry]
    assert losses[-1] < losses[0]  # from guessing nothing towards the mean score
    config = json.loads((tmp_path / "run" / "model" / "config.json").read_text())
    assert config["problem_type"] == "regression"


def test_single_sentences(glue: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """2,000 rows of SST-2, as a CSV file that somebody made of them."""

    table = tmp_path / "sentences.csv"
    some_rows(glue / "sst2", "train", 2000, tmp_path).remove_columns("idx").to_csv(str(table))
    found = trained([str(table)], capsys, tmp_path)
    assert found["rows"] == 200
    scores = found["scores"]
    assert isinstance(scores, dict)
    assert scores["TF-IDF + logistic regression"]["accuracy"] > scores["most frequent class"]["accuracy"]
    config = json.loads((tmp_path / "run" / "model" / "config.json").read_text())
    assert config["id2label"] == {"0": "0", "1": "1"}
