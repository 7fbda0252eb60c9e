"""A trained model answers by itself: what a trainer's `predict` gives, to the bit, and nothing on the disk."""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from datasets import Dataset

from tests import tiny
from warmstart import Predictor, Recipe, Trainer, TrainingArguments, UserError, train
from warmstart.batches.tokens import tokenize, tokenize_in_memory
from warmstart.cli.app import main

QUIET: dict[str, Any] = {"report_to": "none", "disable_tqdm": True, "per_device_eval_batch_size": 32}
TEXTS = [row["text"] * (1 + i % 7) for i, row in enumerate(tiny.reviews(90, seed=3))]


@pytest.fixture(scope="module", params=["single", "pairs"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A run whose model reads single texts, and one whose model reads pairs."""
    folder = tmp_path_factory.mktemp(request.param)
    rows = tiny.reviews(60)
    if request.param == "pairs":
        rows = [{"question": a["text"], "answer": b["text"], "match": a["label"]} for a, b in zip(rows, rows[::-1])]  # noqa: B905
    asked = {"data": str(tiny.write(folder / "rows.jsonl", rows)), "model": tiny.checkpoint(folder / "tiny")}
    train(Recipe.of({**asked, "out": str(folder / "run"), "updates": 4, "baselines": False, "cpu": True}))
    return folder / "run"


def given(predictor: Predictor, texts: list[str]) -> list[list[str]]:
    return [texts] if predictor.task.pair is None else [texts, texts[::-1]]


def test_logits_are_those_of_a_trainer_to_the_bit(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    predictor = Predictor.load(run)
    columns = given(predictor, TEXTS)
    names = [name for name in (predictor.task.text, predictor.task.pair) if name]
    rows = Dataset.from_dict(dict(zip(names, columns, strict=True)))
    table = tokenize(rows, predictor.task, predictor.tokenizer, max_length=predictor.tokenizer.model_max_length)
    trainer = Trainer(predictor.model, TrainingArguments(str(tmp_path), **QUIET), processing_class=predictor.tokenizer)
    np.testing.assert_array_equal(predictor.logits(*columns), trainer.predict(table).predictions)
    in_memory = tokenize_in_memory(columns, predictor.tokenizer, max_length=table.max_length)
    for name in ("ids", "offsets", "types", "cut"):
        one, other = getattr(table, name), getattr(in_memory, name)
        np.testing.assert_array_equal(one, other)
        assert one is None or one.dtype == other.dtype


def test_predictions_are_named_and_in_order(run: pathlib.Path) -> None:
    predictor = Predictor.load(run / "model")  # the model's own folder will do
    columns = given(predictor, TEXTS[:5])
    found = predictor.predict(*columns)
    assert [row["prediction"] in predictor.task.classes for row in found] == [True] * 5
    assert all(abs(sum(row[f"p({name})"] for name in predictor.task.classes) - 1) < 1e-6 for row in found)
    one_by_one = [predictor.predict(*([text] for text in row))[0] for row in zip(*columns, strict=True)]
    assert [row["prediction"] for row in one_by_one] == [row["prediction"] for row in found]
    assert predictor.logits(*([] for _ in columns)).shape == (0, 2)


def test_what_it_does_not_read_is_told(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    predictor = Predictor.load(run)
    single = predictor.task.pair is None
    with pytest.raises(UserError, match="single texts" if single else "pairs of texts"):
        predictor.logits(["a"], ["b"] if single else None)
    with pytest.raises(UserError, match="not a list of texts") as told:
        predictor.predict("a film") if single else predictor.predict(["a film"], "b")
    assert told.value.fix == ("texts=['a film']" if single else "pairs=['b']")
    whole = given(predictor, ["fine", "half \ud83d a character"])
    with pytest.raises(UserError, match="half a character") as told:
        predictor.logits(*whole)
    assert told.value.where.startswith("row 2:")
    if not single:
        with pytest.raises(UserError, match="as many"):
            predictor.logits(["a", "b"], ["c"])
    with pytest.raises(UserError, match="not the folder of a run"):
        Predictor.load(tmp_path)


def test_nothing_is_left_on_the_disk(run: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: Any, capsys: Any) -> None:
    """Of a text nothing at all, and of a table the predictions that were asked for."""
    for name in ("tmp", "cache"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    predictor = Predictor.load(run)
    main(["predict", str(run), "a film", *([] if predictor.task.pair is None else ["--pair", "another film"])])
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    columns = given(predictor, TEXTS)
    names = [name for name in (predictor.task.text, predictor.task.pair) if name]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    table = tiny.write(tmp_path / "new.jsonl", rows)
    main(["predict", str(run), str(table), "--out", str(tmp_path / "found.csv")])
    capsys.readouterr()
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"new.jsonl", "found.csv"}
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_nothing_is_left_in_the_users_folders(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """In a fresh interpreter, whose libraries may write where they like: of a text, a table, and measuring."""
    if "question" in (run / "task.json").read_text():
        pytest.skip("once is enough")
    table = tiny.write(tmp_path / "new.csv", tiny.reviews(30, seed=9))
    places = {"HF_HOME": tmp_path / "home", "TMPDIR": tmp_path / "tmp", "XDG_CACHE_HOME": tmp_path / "cache"}
    for place in places.values():
        place.mkdir()

    def held() -> set[pathlib.Path]:
        return {path for place in places.values() for path in place.rglob("*") if path.is_file()}

    environment = {**os.environ, **{name: str(place) for name, place in places.items()}, "HF_HUB_OFFLINE": "1"}
    environment.pop("HF_DATASETS_CACHE", None)
    code = "import json, sys; from warmstart.cli.app import main; [main(words) for words in json.loads(sys.argv[1])]"

    def does(*commands: list[str]) -> set[pathlib.Path]:
        words = [sys.executable, "-c", code, json.dumps(commands)]
        subprocess.run(words, env=environment, cwd=tmp_path, check=True, capture_output=True)
        return held()

    assert not does(["predict", str(run), "a film"], ["predict", str(run), str(table), "--out", "found.csv"])
    learnt = does(["inspect", str(run.parent / "rows.jsonl"), "--model", str(run / "model")])  # as after training here
    assert learnt
    assert does(["evaluate", str(run), str(table)]) == learnt


def test_one_text_needs_no_tables(run: pathlib.Path) -> None:
    """In a fresh interpreter: the libraries that a single text does not need are not imported."""
    pair = [] if "question" not in (run / "task.json").read_text() else ["--pair", "another film"]
    code = f"""
import sys
from warmstart.cli.app import main
main(["predict", {str(run)!r}, "a film", *{pair!r}])
unneeded = ("datasets", "pandas", "pyarrow", "rich.table", "sklearn", "transformers.training_args", "warmstart.trainer")
print(sorted(name for name in unneeded if name in sys.modules))
"""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "[]"
