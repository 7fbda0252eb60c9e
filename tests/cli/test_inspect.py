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


def test_json_has_severity_rows_and_option(look: Look) -> None:
    rows = [{**row, "user_id": number // 5} for number, row in enumerate(tiny.reviews(60))]
    rows += [{**rows[0], "text": rows[0]["text"].upper() + "!"}, {**rows[1], "text": "", "user_id": None}]
    found = look(rows, "--json", "--label", "label").json
    by_problem = {each["problem"]: each for each in found["findings"]}
    [empty] = [each for problem, each in by_problem.items() if problem.startswith("no text")]
    assert (empty["severity"], empty["rows"], empty["option"]) == ("error", [62], "--on-empty")
    [copies] = [each for problem, each in by_problem.items() if "have nearly the text of another row" in problem]
    assert copies["severity"] == "note"
    assert {1, 61} <= {*copies["rows"]}
    assert ["train", 1, "train", 61, 1.0] in found["near_duplicates"]["most_alike"]
    [group] = [each for problem, each in by_problem.items() if "'user_id'" in problem and "belong together" in problem]
    assert group["option"] == "--group"
    assert found["columns"]["text"]["missing"] == 1
    assert found["columns"]["user_id"]["missing_share"] == pytest.approx(1 / 62)
    named = look(rows, "--json", "--label", "label", "--group", "user_id").json
    assert not [each for each in named["findings"] if "belong together" in each["problem"]]
    shown = look(rows, "--label", "label").out
    assert "worth knowing:" in shown
    assert "1 (1.6%)" in shown


def test_what_the_limit_cuts(look: Look) -> None:
    rows = tiny.reviews(40)
    for row in rows[:10]:
        row["text"] = " ".join([row["text"]] * 20)
    found = look(rows, "--json").json
    [finding] = [each for each in worse_than_notes(found) if "longer than the model's 32 tokens" in each["problem"]]
    assert finding["rows"] == list(range(1, 11))
    assert "25.0% of rows" in finding["problem"]
    assert 0.5 < found["tokens"]["share_of_tokens_cut"] < 0.9


def test_in_chinese(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    rows = tiny.reviews(30)
    rows[4]["text"] = ""
    assert "train 会就此停止:\n  1. 1 行没有文本" in look(rows).out
