"""`warmstart inspect` shows what `warmstart train` would stop at or warn of, and ends well: it is for looking."""

import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from tests import tiny
from tests.bad_inputs.helpers import write
from tests.cli.helpers import Done, command

Look = Callable[..., Done]


@pytest.fixture
def look(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Look:
    """Inspect a table of these rows, in a folder with a tiny model."""
    tiny.checkpoint(tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")

    def inspect(rows: list[dict[str, Any]], *words: str) -> Done:
        write(tmp_path / "table.jsonl", rows)
        return command(capsys, "inspect", "table.jsonl", "--model", "tiny", *words)

    return inspect


def worse_than_notes(found: Any) -> list[Any]:
    return [each for each in found["findings"] if each["severity"] != "note"]


def test_a_bad_table_is_shown_with_what_is_wrong(look: Look) -> None:
    rows = tiny.reviews(30)
    rows[4]["text"], rows[7]["label"], rows[11]["text"] = "  ", "", ""
    shown = look(rows)
    assert shown.status == 0
    for phrase in ("train would stop here", "1. no text in 2 rows", "rows 5, 12", "2. no label in 1 row", "row 8"):
        assert phrase in shown.out
    assert "positive 15" in shown.out
    found = look(rows, "--json").json
    assert found["labels"] == {"train": {"negative": 14, "positive": 15}}
    assert [(each["stops_training"], each["problem"]) for each in worse_than_notes(found)] == [
        (True, "no text in 2 rows"),
        (True, "no label in 1 row (empty)"),
    ]
    assert found["findings"][0]["where"] == "table.jsonl, split 'train', rows 5, 12, column 'text'"
    assert "--on-empty drop" in found["findings"][0]["fix"]
    assert found["notes"] == []


def test_what_training_would_only_warn_of(look: Look) -> None:
    rows = [*tiny.reviews(30), {"text": tiny.reviews(30)[0]["text"], "label": "negative"}]
    shown = look(rows)
    assert shown.status == 0
    assert "train would stop" not in shown.out
    assert "train would warn:\n  - the same text as in a row of another label in 2 rows" in shown.out
    [finding] = worse_than_notes(look(rows, "--json").json)
    assert not finding["stops_training"]


def test_a_good_table_is_said_to_be_one(look: Look) -> None:
    shown = look(tiny.reviews(30))
    assert "train would find nothing wrong" in shown.out
    assert "3 of 30 training rows are set aside for it (fraction 0.1, seed 42)" in shown.out
    found = look(tiny.reviews(30), "--json").json
    assert worse_than_notes(found) == []
    assert "set aside" in found["notes"][0]


def test_too_few_rows_are_a_finding_too(look: Look) -> None:
    found = look(tiny.reviews(3), "--json").json
    [finding] = worse_than_notes(found)
    assert finding["stops_training"]
    assert finding["problem"] == "3 rows are too few to split"


def test_in_chinese(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    rows = tiny.reviews(30)
    rows[4]["text"] = ""
    assert "train 会就此停止:\n  1. 1 行没有文本" in look(rows).out
