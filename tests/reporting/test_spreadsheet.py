"""Predictions for a spreadsheet: no text of a table is a formula there, and numbers stay numbers."""

import csv
import json
import pathlib

import pytest

from tests import tiny
from tests.cli.helpers import command
from warmstart.reporting.predictions import write_rows

FORMULAS = ("=1+1", "=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", '=HYPERLINK("x")')
TEXTS = ("a=b", "good - bad", "mail@example.org", "'quoted", "", "5 - 3", "#1", "−1 (a minus sign)")


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
def test_formulas_are_text_and_the_rest_is_as_it_was(ending: str, tmp_path: pathlib.Path) -> None:
    rows = [{"text": text, "=name": text, "p(a)": -0.25} for text in (*FORMULAS, *TEXTS)]
    found = {}
    for safe in (False, True):
        write_rows(tmp_path / f"x{ending}", rows, spreadsheet_safe=safe)
        with (tmp_path / f"x{ending}").open(newline="", encoding="utf-8") as file:
            found[safe] = list(csv.reader(file, delimiter="\t" if ending == ".tsv" else ","))
    assert found[False] == [["text", "=name", "p(a)"], *([row["text"], row["=name"], "-0.25"] for row in rows)]
    assert found[True][0] == ["text", "'=name", "p(a)"]
    assert [row[0] for row in found[True][1:]] == [*(f"'{text}" for text in FORMULAS), *TEXTS]
    assert {row[2] for row in found[True][1:]} == {"-0.25"}


def test_json_lines_have_no_formulas(tmp_path: pathlib.Path) -> None:
    write_rows(tmp_path / "x.jsonl", [{"text": "=1"}], spreadsheet_safe=True)
    assert json.loads((tmp_path / "x.jsonl").read_text()) == {"text": "=1"}


def test_train_and_predict_have_the_option_and_predict_replaces_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    tiny.checkpoint(tmp_path / "tiny")
    rows = [{"text": f"={row['text']}", "label": row["label"]} for row in tiny.reviews(40)]
    tiny.write(tmp_path / "a.csv", rows)
    words = ("--model", "tiny", "--updates", 2, "--cpu", "--no-baselines", "--out", "run", "--spreadsheet-safe")
    assert command(capsys, "train", "a.csv", *words).status == 0
    for name in ("a.predictions.csv", "a.predictions-2.csv", "a.predictions-3.csv"):
        assert command(capsys, "predict", "run", "a.csv", "--spreadsheet-safe").status == 0
        assert (tmp_path / name).is_file()
    for path in ("run/predictions.csv", "a.predictions.csv", "a.predictions-3.csv"):
        with (tmp_path / path).open(newline="") as file:
            assert all(row["text"].startswith("'=") for row in csv.DictReader(file)), path
    before = (tmp_path / "a.csv").read_bytes()
    (tmp_path / "link.csv").symlink_to("a.csv")
    for out in ("a.csv", "./a.csv", "link.csv"):
        refused = command(capsys, "predict", "run", "a.csv", "--out", out)
        assert refused.status == 2
        assert "would replace the table" in refused.err
    assert (tmp_path / "a.csv").read_bytes() == before
    assert command(capsys, "predict", "run", "a.csv", "--out", "b.csv").status == 0  # as the error says
