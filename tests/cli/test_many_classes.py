"""A run of more classes than anybody reads a column for: what is written, what is said of it, and how to have all."""

import csv
import json
import pathlib

import pytest

from tests import tiny
from tests.cli.helpers import Done, command
from warmstart import Recipe
from warmstart.events import Event, Note
from warmstart.runs.run import train

CLASSES = 210
LEFT_OUT = "predictions have the 10 likeliest of 210 classes for each row; warmstart predict --top 0 has all"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, list[str]]:
    """A run of a few updates, and what was said in it."""
    place = tmp_path_factory.mktemp("classes")
    tiny.checkpoint(place / "tiny")
    rows = [{"text": row["text"], "label": f"class {number % CLASSES}"} for number, row in enumerate(tiny.reviews(630))]
    tiny.write(place / "table.csv", rows)
    tiny.write(place / "new.csv", [{"text": row["text"]} for row in tiny.reviews(7, seed=1)])
    said: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Note):
            said.append(event.text)

    settings = {"model": str(place / "tiny"), "out": str(place / "run"), "updates": 1, "cpu": True, "baselines": False}
    train(Recipe.of({"data": str(place / "table.csv"), **settings, "precision": "fp32"}), listen=listen)
    return place, said


def table(path: pathlib.Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_writes_the_likeliest_and_says_so(run: tuple[pathlib.Path, list[str]]) -> None:
    place, said = run
    rows = table(place / "run" / "predictions.csv")
    assert len(rows) == 63
    tops = [name for place in range(1, 11) for name in (f"top {place}", f"p(top {place})")]
    assert list(rows[0]) == ["text", "label", "prediction", *tops]
    assert all(row["prediction"] == row["top 1"] for row in rows)
    assert LEFT_OUT in said


def test_predict_has_as_many_as_it_is_asked_for(
    run: tuple[pathlib.Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    place, _ = run

    def predict(*words: object) -> Done:
        return command(capsys, "predict", place / "run", place / "new.csv", "--out", place / "out.csv", *words)

    by_default = predict()
    assert LEFT_OUT in by_default.err
    assert len(table(place / "out.csv")[0]) == 2 + 20
    few = table(place / "out.csv")
    whole = predict("--top", 0)
    assert LEFT_OUT not in whole.err
    for row, shortened in zip(table(place / "out.csv"), few, strict=True):
        assert len(row) == 2 + CLASSES
        assert row[f"p({row['prediction']})"] == shortened["p(top 1)"] == max(list(row.values())[2:], key=float)
    assert predict("--top", 3, "--json").json["rows"] == 7
    assert list(table(place / "out.csv")[0])[-2:] == ["top 3", "p(top 3)"]
    wrong = predict("--top", -1)
    assert wrong.status == 2
    assert "leave it out" in wrong.err


def test_of_one_text_the_likeliest_are_printed(
    run: tuple[pathlib.Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    place, _ = run

    def predict(*words: object) -> Done:
        return command(capsys, "predict", place / "run", "a good film", *words)

    lines = predict().out.splitlines()
    assert len(lines) == 11
    assert lines[1].split("  ")[1] == lines[0]
    assert predict("--top", 2).out.splitlines() == lines[:3]
    assert len(predict("--top", 0).out.splitlines()) == 1 + CLASSES
    assert list(predict("--top", 1, "--json").json) == ["prediction", "top 1", "p(top 1)"]
    assert json.loads(predict("--top", 0, "--json").out)["prediction"] == lines[0]
