"""What decides comes late in the texts: windows read it, and are averaged over wherever a run answers."""

import csv
import json
import pathlib
import random
from typing import Any

import numpy as np
import pytest

from tests import tiny
from warmstart import Recipe, UserError
from warmstart.events import Event, Progress
from warmstart.runs.evaluate import measure_run
from warmstart.runs.run import Result, train
from warmstart.runs.saved import SavedRun
from warmstart.table.sources import load

LENGTH, LATE = 16, 24  # tokens that are read at a time, and those before the word that decides


def rows(count: int, late: int, seed: int) -> list[dict[str, str]]:
    draw = random.Random(seed)
    found = []
    for number in range(count):
        word = ("good", "awful")[number % 2]
        before, after = draw.choices(tiny.FILLER, k=late), draw.choices(tiny.FILLER, k=4)
        found.append({"text": " ".join([*before, word, *after]), "label": ("positive", "negative")[number % 2]})
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("long")
    tiny.checkpoint(folder / "tiny")
    tiny.write(folder / "late.csv", rows(100, LATE, 0))
    tiny.write(folder / "new.csv", rows(60, LATE, 1))
    tiny.write(folder / "short.csv", rows(60, 6, 2))
    return folder


def run(place: pathlib.Path, name: str, out: str, listen: Any = lambda event: None, **settings: Any) -> Result:
    plain = {"model": str(place / "tiny"), "max_length": LENGTH, "epochs": 3, "lr": 5e-3, "cpu": True, "best": True}
    recipe = {"data": str(place / name), "out": str(place / out), "baselines": False, **plain, **settings}
    return train(Recipe.of(recipe), listen=listen)


@pytest.fixture(scope="module")
def windows(place: pathlib.Path) -> Result:
    return run(place, "late.csv", "windows", long="windows")


def accuracy(result: Result) -> float:
    assert result.report is not None
    return result.report.scores["model"]["accuracy"]


def test_windows_read_what_comes_late_and_cutting_does_not(place: pathlib.Path, windows: Result) -> None:
    cut = run(place, "late.csv", "cut")
    assert accuracy(windows) >= accuracy(cut) + 0.2
    facts = json.loads((windows.folder / "metrics.json").read_text())["long"]
    assert facts["rows"] == facts["of"] == windows.report.rows  # type: ignore[union-attr]
    assert facts["scores"]["windows"]["accuracy"] == accuracy(windows)
    gain, low, high = facts["gains"]["accuracy"]
    assert gain == pytest.approx(accuracy(windows) - facts["scores"]["cut"]["accuracy"])
    assert 0 < low <= gain <= high
    assert "long" not in json.loads((cut.folder / "metrics.json").read_text())


def test_all_ways_to_an_answer_average(place: pathlib.Path, windows: Result) -> None:
    saved = SavedRun.open(windows.folder)
    texts = windows.splits["validation"]["text"][:]
    assert np.allclose(saved.predictor.logits(texts), windows.logits, atol=1e-5)
    report, _notes = measure_run(saved, load(str(place / "new.csv"), keep=False))
    assert report.scores["model"]["accuracy"] > 0.9
    with (windows.folder / "predictions.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(texts)
    logged = [entry["eval_accuracy"] for entry in windows.history if "eval_accuracy" in entry]
    assert max(logged) == pytest.approx(accuracy(windows))


def test_a_stopped_run_goes_on_exactly(place: pathlib.Path, windows: Result) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, Progress) and event.update == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(place, "late.csv", "stopped", stop, long="windows")
    again = train(Recipe.read(place / "stopped" / "recipe.toml").changed({"out": str(place / "stopped")}), resume=True)
    models = [(each.folder / "model" / "model.safetensors").read_bytes() for each in (windows, again)]
    assert models[0] == models[1]


def test_on_short_texts_the_bytes_are_those_of_cutting(place: pathlib.Path) -> None:
    found = {
        how: run(place, "short.csv", f"short-{how}", long=how, epochs=1) for how in ("cut", "windows", "head-tail")
    }
    for name in ("model/model.safetensors", "predictions.csv"):
        assert len({(each.folder / name).read_bytes() for each in found.values()}) == 1
    facts = json.loads((found["windows"].folder / "metrics.json").read_text())["long"]
    assert (facts["rows"], facts["gains"]) == (0, {})


def test_the_end_is_read_with_head_and_tail(place: pathlib.Path) -> None:
    assert accuracy(run(place, "late.csv", "tail", long="head-tail", epochs=8)) > 0.9


def test_a_tokenizer_without_places_is_told(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transformers.PreTrainedTokenizerFast.is_fast", False)
    with pytest.raises(UserError, match="where its tokens are") as caught:
        run(place, "late.csv", "slow", long="windows")
    assert "leave --long out" in caught.value.fix
