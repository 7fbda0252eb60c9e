"""The real command on bad tables: exit status 2, no traceback, nothing written; and row 20, labels that are hidden."""

import os
import pathlib
import subprocess
import sys

import pytest

from tests import tiny
from tests.bad_inputs.helpers import NO_MODEL, csv_of, reviews, write
from tests.cli.helpers import command
from warmstart import Recipe
from warmstart.runs.run import train

BAD: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "row_13": ("text,label\n好看,pos\n难看,neg\n".encode("gb18030"), ("byte 11 (line 2)", "--encoding gb18030")),
    "row_19": (csv_of([*reviews(), ["unmarked", ""]]), ("no label in 1 row", "row 13, column 'label'")),
}


@pytest.mark.parametrize("row", BAD)
def test_a_process_that_is_given_a_bad_table(row: str, tmp_path: pathlib.Path) -> None:
    content, phrases = BAD[row]
    table = write(tmp_path / "a.csv", content)
    done = subprocess.run(
        [sys.executable, "-m", "warmstart", "train", table.name, "--model", NO_MODEL],
        cwd=tmp_path,
        env=os.environ | {"HF_HOME": str(tmp_path.parent / f"{tmp_path.name}-home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ")
    assert "\n  fix: " in done.stderr
    for phrase in ("a.csv", *phrases):
        assert phrase in done.stderr
    assert NO_MODEL not in done.stderr  # the table was looked at before any model
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a tiny model trained on three classes."""
    folder = tmp_path_factory.mktemp("place")
    rows = reviews(30)
    for n in range(0, 30, 5):
        rows[n][1] = "middling"
    recipe = {"data": str(write(folder / "a.csv", csv_of(rows))), "model": tiny.checkpoint(folder / "tiny")}
    train(Recipe.of({**recipe, "out": str(folder / "run"), "updates": 1, "cpu": True, "precision": "fp32"}))
    return folder


@pytest.fixture(autouse=True)
def there(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


def test_row_20_hidden_labels(place: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Predicting works; evaluating refuses and says why."""
    write(place / "test.csv", csv_of([[text, "-1"] for text, _ in reviews(9)]))
    assert command(capsys, "predict", "run", "test.csv", "--json").json["rows"] == 9
    done = command(capsys, "evaluate", "run", "test.csv")
    assert done.status == 2
    assert "there are no labels to measure with" in done.err
    assert "test.csv, split 'train', column 'label': all 9 are missing (empty, -1 or -100)" in done.err
    assert "warmstart predict" in done.err


def test_row_20_where_another_split_has_labels(place: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "both").mkdir()
    write(place / "both" / "validation.csv", csv_of(reviews(7)))
    write(place / "both" / "test.csv", csv_of([[text, "-1"] for text, _ in reviews(9)]))
    done = command(capsys, "evaluate", "run", "both", "--json")
    assert done.json["rows"] == 7
    assert "measured on 'validation': " in done.err
    assert "split 'test', column 'label': all 9 are missing (empty, -1 or -100)" in done.err


def test_row_12_evaluating_can_drop_empty_texts_too(place: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"text": text, "label": label} for text, label in reviews(9)]
    write(place / "blank.jsonl", [*rows[:4], {"text": " ", "label": "good"}, {"text": None, "label": "bad"}, *rows[4:]])
    done = command(capsys, "evaluate", "run", "blank.jsonl")
    assert done.status == 2
    assert "no text in 2 rows" in done.err
    assert "blank.jsonl, split 'train', rows 5, 6, column 'text'" in done.err
    assert "--on-empty drop" in done.err
    done = command(capsys, "evaluate", "run", "blank.jsonl", "--on-empty", "drop", "--json")
    assert done.json["rows"] == 9
    assert "2 rows without text dropped" in done.err


def test_row_24_the_metric_says_which_class_it_leaves_out(
    place: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place / "two.csv", csv_of(reviews(8)))
    found = command(capsys, "evaluate", "run", "two.csv", "--json").json
    assert found["classes_without_rows"] == ["middling"]
    assert "no rows of the class 'middling'" in command(capsys, "evaluate", "run", "two.csv").out
    assert command(capsys, "evaluate", "run", "a.csv", "--json").json["classes_without_rows"] == []


def test_row_25_labels_that_the_model_does_not_know(place: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(place / "odd.csv", csv_of([*reviews(8), ["odd", "purple"]]))
    done = command(capsys, "evaluate", "run", "odd.csv")
    assert done.status == 2
    assert "a label of no known class in 1 row ('purple')" in done.err
    assert "odd.csv, split 'train', row 9, column 'label'" in done.err


def test_inspect_takes_the_kind_that_its_advice_names(place: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(place / "mixed.csv", csv_of([*reviews(8), ["odd", "1"]]))
    done = command(capsys, "inspect", "mixed.csv", "--model", "tiny")
    assert done.status == 2
    assert "row 9, column 'label'" in done.err
    assert "--kind classes" in done.err
    task = command(capsys, "inspect", "mixed.csv", "--model", "tiny", "--kind", "classes", "--json").json["task"]
    assert task["classes"] == ["1", "bad", "good"]


@pytest.mark.parametrize(
    ("content", "problem", "where"),
    [
        (csv_of([["x"]]), "某一行有 1 个单元格, 而表头有 2 个", "第 2 行"),
        (csv_of([*reviews(), ["x", "7"]]), "'label' 列混有数字 ('7') 与文字", "第 13 行"),
        ("text,label\nhalf \ud83d,a\n".encode("utf-8", "surrogatepass"), "孤立代理项", "第 2 行"),
    ],
)
def test_in_chinese(
    place: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    content: str | bytes,
    problem: str,
    where: str,
) -> None:
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    write(place / "zh.csv", content)
    done = command(capsys, "train", "zh.csv", "--model", NO_MODEL)
    assert done.status == 2
    assert problem in done.err
    assert where in done.err
    assert "解决办法" in done.err
