"""Decisions of a person, applied to a copy of the rows: however labels are written, and never to another row."""

import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests import tiny
from warmstart.errors import UserError
from warmstart.heads.decided import said
from warmstart.recipe import Recipe
from warmstart.runs.prepared import Prepared, prepare
from warmstart.table.labels import encode
from warmstart.table.reviewed import row_id

TAGS = ("book", "film", "very")
Cells = Callable[[dict[str, Any], list[str]], dict[str, Any]]

# How labels are written, and a decision with what it then is.
WRITTEN: dict[str, tuple[str, dict[str, Any], Cells, str, str]] = {
    "names": ("csv", {}, lambda row, tags: {"label": row["label"]}, "positive", "positive"),
    "another case": ("csv", {}, lambda row, tags: {"label": row["label"]}, " Positive ", "positive"),
    "numbers": ("csv", {}, lambda row, tags: {"label": int(row["label"] == "positive")}, "1", "1"),
    "typed": ("jsonl", {}, lambda row, tags: {"label": int(row["label"] == "positive")}, "1", "1"),
    "booleans": ("jsonl", {}, lambda row, tags: {"label": row["label"] == "positive"}, "True", "True"),
    "joined": (
        "csv",
        {"label_separator": ";"},
        lambda row, tags: {"label": ";".join(tags) or "none of them"},
        "film, book",
        "book|film",
    ),
    "lists": ("jsonl", {}, lambda row, tags: {"label": tags}, "book|very", "book|very"),
    "no label": ("jsonl", {}, lambda row, tags: {"label": tags}, "none", "none"),
    "lists as text": ("csv", {"kind": "labels"}, lambda row, tags: {"label": repr(tags)}, "film", "film"),
    "columns": (
        "csv",
        {"label": "book,film,very"},
        lambda row, tags: {tag: int(tag in tags) for tag in TAGS},
        "film|very",
        "film|very",
    ),
    "typed columns": (
        "jsonl",
        {"label": "book,film,very"},
        lambda row, tags: {tag: tag in tags for tag in TAGS},
        "book",
        "book",
    ),
    "a quantity": ("csv", {"kind": "number"}, lambda row, tags: {"label": len(row["text"]) + 0.5}, "3.25", "3.25"),
    "a typed quantity": ("jsonl", {"kind": "number"}, lambda row, tags: {"label": len(row["text"]) + 0.5}, "4", "4"),
    "a decimal comma": (
        "csv",
        {"kind": "number", "decimal": "comma"},
        lambda row, tags: {"label": f"{len(row['text'])},5 €"},
        "1.234,5",
        "1234.5",
    ),
}


def reviewed(path: pathlib.Path, decisions: dict[str, str], separator: str = ",") -> str:
    lines = [separator.join(("id", "text", "decision"))]
    lines += [separator.join((name, '"a, b"', f'"{decision}"')) for name, decision in decisions.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def name_of(rows: list[dict[str, Any]], row: int, split: str = "train") -> str:
    return row_id(split, row, [rows[row]["text"]])


@pytest.fixture
def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path


@pytest.mark.parametrize("written", list(WRITTEN))
def test_a_decision_is_the_label_that_is_read_from_then_on(written: str, place: pathlib.Path) -> None:
    """All rows but those decided on stay as they are, in their splits and order; the table is not touched."""
    ending, settings, cells, decision, expected = WRITTEN[written]
    rows = [
        {"text": row["text"], **cells(row, [tag for tag in TAGS if tag in row["text"]])} for row in tiny.reviews(40)
    ]
    data = tiny.write(place / f"data.{ending}", rows)
    before = data.read_bytes()
    plain = Recipe.of({"data": str(data), "text": "text", "label": "label", **settings})
    as_it_was = prepare(plain)
    head = as_it_was.task.head
    labels = {split: encode(as_it_was.task, rows) for split, rows in as_it_was.splits.items()}
    texts = {split: list(rows["text"]) for split, rows in as_it_was.splits.items()}
    at = {text: row for row, text in enumerate(row["text"] for row in rows)}
    other = {
        split: next(place for place, label in enumerate(labels[split]) if said(head, label) != expected)
        for split in ("train", "validation")
    }
    gone = 3 if other["train"] != 3 else 4
    file = reviewed(
        place / "review.csv",
        {
            **{name_of(rows, at[texts[split][place]]): decision for split, place in other.items()},
            name_of(rows, at[texts["train"][gone]]): "drop",
            name_of(rows, at[texts["train"][gone + 2]]): "keep",
            name_of(rows, at[texts["train"][gone + 3]]): "",
        },
    )
    found = prepare(plain.changed({"corrections": file}))
    assert data.read_bytes() == before
    assert [note for note in found.notes if note.startswith("corrections:")] == [
        "corrections: 2 rows with another label, 1 dropped, 2 kept as they were; 1 row of these are validation rows"
    ]
    assert list(found.splits["validation"]["text"]) == texts["validation"]
    assert list(found.splits["train"]["text"]) == texts["train"][:gone] + texts["train"][gone + 1 :]
    assert found.splits["train"].column_names == as_it_was.splits["train"].column_names
    assert found.splits["train"].features == as_it_was.splits["train"].features
    for split, place_ in other.items():
        new = encode(found.task, found.splits[split])
        moved = place_ - (split == "train" and place_ > gone)
        assert said(head, new[moved]) == expected
        rest = np.delete(labels[split], [place_, *([gone] if split == "train" else [])], axis=0)
        np.testing.assert_array_equal(np.delete(new, moved, axis=0), rest)


def labels_of(found: Prepared) -> dict[str, Any]:
    rows = found.splits.values()
    return {text: label for each in rows for text, label in zip(each["text"], each["label"], strict=True)}


def corrected(place: pathlib.Path, decisions: dict[str, str], **settings: Any) -> Prepared:
    tiny.write(place / "data.csv", tiny.reviews(40))
    file = reviewed(place / "review.csv", decisions)
    return prepare(Recipe.of({"data": str(place / "data.csv"), "corrections": file, **settings}))


ROWS = tiny.reviews(40)


@pytest.mark.parametrize("word", ["postive", "pos|neg", "delete", "1"])
def test_another_word_is_refused_by_row(word: str, place: pathlib.Path) -> None:
    with pytest.raises(UserError) as caught:
        corrected(place, {name_of(ROWS, 2): "", name_of(ROWS, 5): word})
    assert repr(word) in caught.value.problem
    assert "row 2" in caught.value.problem
    assert "'negative', 'positive', drop, keep" in caught.value.fix
    corrected(place, {name_of(ROWS, 2): "drop", name_of(ROWS, 5): "negative"})  # the fix leads out


@pytest.mark.parametrize("what", ["text", "split", "row"])
def test_a_row_that_is_another_now_is_refused_by_name(what: str, place: pathlib.Path) -> None:
    good = name_of(ROWS, 5)
    split, row, hashed = good.split("-")
    bad = {
        "text": f"{split}-{int(row) + 1}-{hashed}",
        "split": f"validation-{row}-{hashed}",
        "row": f"{split}-4000-{hashed}",
    }[what]
    with pytest.raises(UserError, match=f"1 row of the table are not what was reviewed: {bad}"):
        corrected(place, {good: "drop", bad: "drop"})
    corrected(place, {good: "drop", bad: ""})  # nothing is asked of it


def test_two_decisions_on_a_row_are_refused(place: pathlib.Path) -> None:
    one = name_of(ROWS, 1)
    (place / "review.csv").write_text(f"id,decision\n{one},drop\n{one},positive\n", encoding="utf-8")
    tiny.write(place / "data.csv", ROWS)
    with pytest.raises(UserError, match="two decisions"):
        prepare(Recipe.of({"data": str(place / "data.csv"), "corrections": str(place / "review.csv")}))


@pytest.mark.parametrize(("head", "told"), [("id,text", "'decision'"), ("name,decision", "'id'")])
def test_a_file_of_something_else_is_refused(head: str, told: str, place: pathlib.Path) -> None:
    (place / "review.csv").write_text(f"{head}\na,b\n", encoding="utf-8")
    tiny.write(place / "data.csv", ROWS)
    with pytest.raises(UserError, match=f"has a column {told}"):
        prepare(Recipe.of({"data": str(place / "data.csv"), "corrections": str(place / "review.csv")}))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_as_spreadsheets_save_it(separator: str, place: pathlib.Path) -> None:
    """With a mark of the encoding before it, and another sign between columns."""
    tiny.write(place / "data.csv", ROWS)
    path = place / "review.csv"
    reviewed(path, {name_of(ROWS, 4): "drop"}, separator)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    found = prepare(Recipe.of({"data": str(place / "data.csv"), "corrections": str(path)}))
    assert len(found.splits["train"]) + len(found.splits["validation"]) == 39


def test_classes_that_are_called_like_the_words(place: pathlib.Path) -> None:
    """The class is meant; the longer words still drop and keep."""
    rows = [
        {"text": row["text"], "label": "drop" if row["label"] == "positive" else "keep"} for row in tiny.reviews(40)
    ]
    data = tiny.write(place / "named.csv", rows)
    file = reviewed(place / "r.csv", {name_of(rows, 1): "drop", name_of(rows, 3): "drop row", name_of(rows, 5): "keep"})
    found = prepare(Recipe.of({"data": str(data), "corrections": file}))
    both = {
        text: label for rows in found.splits.values() for text, label in zip(rows["text"], rows["label"], strict=True)
    }
    assert rows[3]["text"] not in both
    assert (both[rows[1]["text"]], both[rows[5]["text"]]) == ("drop", "keep")


def test_rows_that_say_the_same_are_told_apart(place: pathlib.Path) -> None:
    """Copies, and rows left out before the split: each name is of its own row of the file."""
    rows = [*tiny.reviews(40), *tiny.reviews(40)[:6]]
    rows[10] = {"text": " ", "label": "positive"}
    data = tiny.write(place / "copies.csv", rows)
    settings = {"data": str(data), "on_empty": "drop"}
    for row in (2, 42):
        file = reviewed(place / f"{row}.csv", {name_of(rows, row): "negative"})
        found = prepare(Recipe.of({**settings, "corrections": file}))
        labels = [
            label
            for each in (found.splits["train"], found.splits["validation"])
            for text, label in zip(each["text"], each["label"], strict=True)
            if text == rows[2]["text"]
        ]
        assert labels == (["negative", "positive"] if row == 2 else ["positive", "negative"])


def test_of_several_splits_each_row_has_its_own(place: pathlib.Path) -> None:
    rows = tiny.reviews(60)
    (place / "folder").mkdir()
    tiny.write(place / "folder" / "train.csv", rows[:40])
    tiny.write(place / "folder" / "validation.csv", rows[40:])
    names = {name_of(rows[:40], 7): "drop", name_of(rows[40:], 7, "validation"): "drop"}
    found = prepare(Recipe.of({"data": str(place / "folder"), "corrections": reviewed(place / "r.csv", names)}))
    assert {split: len(found.splits[split]) for split in found.splits} == {"train": 39, "validation": 19}
    assert rows[7]["text"] not in [*found.splits["train"]["text"]]
    assert rows[47]["text"] not in [*found.splits["validation"]["text"]]


def test_a_split_without_rows_is_refused(place: pathlib.Path) -> None:
    rows = tiny.reviews(40)
    tiny.write(place / "data.csv", rows)
    whole = prepare(Recipe.of({"data": str(place / "data.csv")}))
    held = {*whole.splits["validation"]["text"]}
    names = {name_of(rows, row): "drop" for row in range(40) if rows[row]["text"] in held}
    with pytest.raises(UserError, match="no row of the split 'validation' is left"):
        corrected(place, names)


def test_the_rows_are_read_as_the_file_has_them(place: pathlib.Path) -> None:
    """A workbook, whose cells of numbers are numbers."""
    openpyxl = pytest.importorskip("openpyxl")
    rows = [{"text": row["text"], "label": int(row["label"] == "positive")} for row in tiny.reviews(40)]
    tiny.write(place / "data.csv", rows)
    book = openpyxl.Workbook()
    book.active.append(["id", "decision"])
    book.active.append([name_of(rows, 0), 0])
    book.save(place / "review.xlsx")
    found = prepare(Recipe.of({"data": str(place / "data.csv"), "corrections": str(place / "review.xlsx")}))
    both = {
        text: label for each in found.splits.values() for text, label in zip(each["text"], each["label"], strict=True)
    }
    assert json.dumps(both[rows[0]["text"]]) == '"0"'
