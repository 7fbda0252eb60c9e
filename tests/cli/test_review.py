"""From a trained run to its review, a person's decisions, and a run with them: followed as a person would."""

import csv
import json
import pathlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests import tiny
from tests.cli.helpers import Run
from warmstart.cli import main

pytest.importorskip("cleanlab")

SETTINGS = ("--model", "tiny", "--epochs", "4", "--lr", "5e-3", "--no-baselines", "--cpu")
OTHER = {"positive": "negative", "negative": "positive"}
FLIPPED = range(4, 160, 16)


def rows() -> list[dict[str, Any]]:
    """Reviews, some of them with the other label; and one text twice, with both."""
    found = [{**row, "label": OTHER[row["label"]]} if n in FLIPPED else row for n, row in enumerate(tiny.reviews(160))]
    return [*found, {"text": found[1]["text"].capitalize() + " !", "label": OTHER[found[1]["label"]]}]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    folder = tmp_path_factory.mktemp("place")
    tiny.checkpoint(folder / "tiny")
    tiny.write(folder / "reviews.csv", rows())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets.config.HF_DATASETS_CACHE", folder / "cache")
        patch.chdir(folder)
        main(["train", "reviews.csv", *SETTINGS, "--out", "run"])
        yield folder


@pytest.fixture(autouse=True)
def afresh(place: pathlib.Path) -> Iterator[None]:
    """The run as it was trained, and no other."""
    yield
    for path in (place / "run").glob("review*"):
        path.unlink()
    for name in ("again", "moved"):
        shutil.rmtree(place / name, ignore_errors=True)


def read(path: pathlib.Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def decide(path: pathlib.Path, decisions: dict[str, str]) -> None:
    found = [{**row, "decision": decisions.get(row["id"], row["decision"])} for row in read(path)]
    tiny.write(path, found)


def number(row: dict[str, str]) -> int:
    return int(row["id"].split("-")[1]) - 1


def test_planted_errors_are_in_the_first_rows(place: pathlib.Path, run: Run) -> None:
    done = run("review", "run")
    assert done.status == 0, done.err
    found = read(place / "run" / "review.csv")
    assert list(found[0]) == ["id", "text", "given", "suggested", "why", "score", "decision"]
    table = rows()
    for row in found:
        assert (table[number(row)]["text"], table[number(row)]["label"]) == (row["text"], row["given"])
        assert row["decision"] == ""
    first = [number(row) for row in found[:10]]
    assert len({*first} & {*FLIPPED}) >= 8
    assert all(row["suggested"] == OTHER[row["given"]] for row in found if "looks wrong" in row["why"])
    twice = {number(row) for row in found if "elsewhere" in row["why"]}
    assert twice == {1, 160}
    assert "--corrections run/review.csv" in done.err
    shown = found[0]["text"].split()[0]
    assert shown in done.out


def test_the_facts_are_those_of_the_file(place: pathlib.Path, run: Run) -> None:
    told = run("review", "run", "--rows", "5", "--json").json
    found = read(place / "run" / "review.csv")
    assert [row["id"] for row in told["rows"]] == [row["id"] for row in found]
    assert len(found) == 5
    saved = json.loads((place / "run" / "review.json").read_text(encoding="utf-8"))
    assert saved["rows"] == told["rows"]
    assert (saved["file"], told["file"]) == ("review.csv", "run/review.csv")
    assert told["training_rows"] + told["validation_rows"] == 161


def test_what_a_person_wrote_is_never_overwritten(place: pathlib.Path, run: Run) -> None:
    run("review", "run")
    first = place / "run" / "review.csv"
    before = first.read_bytes()
    run("review", "run")  # nothing is new
    assert not (place / "run" / "review-2.csv").exists()
    assert first.read_bytes() == before
    ids = [row["id"] for row in read(first)]
    decide(first, {ids[0]: "negative", ids[1]: "keep"})
    edited = first.read_bytes()
    told = run("review", "run", "--json").json
    assert first.read_bytes() == edited
    second = read(place / "run" / "review-2.csv")
    assert told["decided_before"] == 2
    assert {row["id"]: row["decision"] for row in second if row["decision"]} == {ids[0]: "negative", ids[1]: "keep"}
    assert [row["id"] for row in second[:-2]] == ids[2:]  # what was decided is not asked again


def test_decisions_make_another_run_and_their_gain_is_told(place: pathlib.Path, run: Run) -> None:
    run("review", "run")
    table, file = (place / "reviews.csv").read_bytes(), place / "run" / "review.csv"
    found = read(file)
    decide(file, {row["id"]: row["suggested"] for row in found if number(row) in FLIPPED} | {found[-1]["id"]: "drop"})
    done = run("train", "reviews.csv", *SETTINGS, "--corrections", "run/review.csv", "--out", "again")
    assert done.status == 0, done.err
    assert (place / "reviews.csv").read_bytes() == table
    assert "with another label, 1 dropped" in done.err
    assert "validation rows, with corrected labels" in done.err
    facts = json.loads((place / "again" / "metrics.json").read_text())["corrections"]
    assert (facts["reviewed"], facts["file"], facts["metric"]) == ("run", "review.csv", "accuracy")
    assert facts["after"] - facts["before"] == pytest.approx(facts["gain"][0])
    validated = [{row["text"] for row in read(place / each / "predictions.csv")} for each in ("run", "again")]
    assert validated[1] == validated[0] - {found[-1]["text"]}
    assert facts["rows"] == len(validated[1])

    # A run with corrections can be reviewed in turn: what was decided is carried over, for a third run.
    told = run("review", "again", "--json").json
    decided = [row for row in read(place / "again" / "review.csv") if row["decision"]]
    assert told["decided_before"] == len(decided) == sum(bool(row["decision"]) for row in read(file))

    # It goes on wherever it is moved to with what it is made of, and not with other decisions.
    moved = place / "moved"
    moved.mkdir()
    for name in ("run", "again", "tiny"):
        shutil.copytree(place / name, moved / name)
    shutil.copy(place / "reviews.csv", moved)
    for name in ("model", "metrics.json"):
        path = moved / "again" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert run("resume", "moved/again").status == 0
    assert json.loads((moved / "again" / "metrics.json").read_text())["corrections"] == facts
    decide(moved / "run" / "review.csv", {found[-1]["id"]: "keep"})
    refused = run("resume", "moved/again")
    assert refused.status == 2
    assert "the content has changed" in refused.err


@pytest.mark.parametrize("what", ["elsewhere", "another seed"])
def test_a_gain_that_cannot_be_known_is_told_and_nothing_else_changes(what: str, place: pathlib.Path, run: Run) -> None:
    run("review", "run", "--rows", "3")
    file = "run/review.csv" if what == "another seed" else "mine.csv"
    shutil.copy(place / "run" / "review.csv", place / "mine.csv")
    more: tuple[str, ...] = ("--seed", "7") if what == "another seed" else ()
    more = (*more, "--updates", "1", "--out", "again")
    done = run("train", "reviews.csv", *SETTINGS[:2], *SETTINGS[4:], "--corrections", file, *more)
    assert done.status == 0, done.err
    assert "the corrections' gain is not known" in done.err
    assert ("--seed" in done.err) == (what == "another seed")


def test_without_the_extra_it_says_how_to_get_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = run("review", "run")
    assert done.status == 2
    assert 'pip install "warmstart[review]"' in done.err


@pytest.mark.parametrize(
    ("words", "told"), [(("tiny",), "not the folder of a run"), (("run", "--rows", "0"), "--rows")]
)
def test_what_cannot_be_reviewed(words: tuple[str, ...], told: str, run: Run) -> None:
    done = run("review", *words)
    assert done.status == 2
    assert told in done.err
