"""Every finding names split, rows, column and fix; what is right passes in silence."""

import itertools
import pathlib
from typing import Any

import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from warmstart.errors import UserError
from warmstart.table import columns
from warmstart.table.checks import check
from warmstart.table.findings import Finding
from warmstart.table.infer import infer_task
from warmstart.table.labels import has_labels
from warmstart.table.sources import load
from warmstart.table.task import Task

NUMBER = itertools.count()
CLASSES = Task("classes", "text", None, "label", ("neg", "pos"), ("neg", "pos"))


def split(texts: list[Any] | None = None, labels: list[Any] | None = None, **columns: list[Any]) -> Dataset:
    """Rows with texts that no other split has, if none are given."""
    labels = ["neg", "pos", "neg", "pos"] if labels is None else labels
    texts = [f"text {next(NUMBER)}" for _ in labels] if texts is None else texts
    return Dataset.from_dict({"text": texts, "label": labels} | columns)


def refused(splits: dict[str, Dataset], task: Task = CLASSES, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        check(DatasetDict(splits), task, **options)
    return caught.value


def warned(splits: dict[str, Dataset], task: Task = CLASSES, **options: Any) -> tuple[str, ...]:
    return check(DatasetDict(splits), task, **options)[1]


@pytest.mark.parametrize("name", ["mrpc", "sst2", "stsb"])
def test_real_data_passes(glue: pathlib.Path, tmp_path: pathlib.Path, name: str) -> None:
    splits = load(glue, config=name, cache_dir=str(tmp_path))
    task = infer_task(splits)
    expected = {
        "sst2": ["the same text as in a row of another label"],
        "stsb": [
            "6 rows are in the split 'train' too",
            "7 rows are in the split 'train' too",
            "3 rows are in the split",
        ],
    }.get(name, [])
    if name == "stsb":
        assert "3 things are wrong" in refused(splits, task).problem
    checked, warnings = check(splits, task, allow_leakage=name == "stsb")
    assert checked is splits
    assert len(warnings) == len(expected)
    assert all(part in warning for part, warning in zip(expected, warnings, strict=True))
    labelled = DatasetDict({split: rows for split, rows in splits.items() if has_labels(task, rows)})
    assert check(labelled, task, for_training=False)[1] == ()


def test_a_table_without_fault_passes_unchanged() -> None:
    splits = DatasetDict(train=split(), validation=split(), test=split(labels=["-1"] * 4))
    assert check(splits, CLASSES) == (splits, ())


# Texts


@pytest.mark.parametrize("nothing", [None, "", "  ", "\t\n", "\u3000"])
def test_empty_text(nothing: str | None) -> None:
    train = split(["a", nothing, "c", nothing])
    error = refused({"train": train, "validation": split()})
    assert error.problem == "no text in 2 rows"
    assert error.where == "split 'train', rows 2, 4, column 'text'"
    assert "--on-empty drop" in error.fix
    kept, warnings = check(
        DatasetDict(train=split(["a", nothing, "c", "d"]), validation=split()), CLASSES, on_empty="drop"
    )
    assert list(kept["train"]["text"]) == ["a", "c", "d"]
    assert len(kept["validation"]) == 4
    assert warnings == ("train: 1 row without text dropped",)


def test_the_second_text_counts_too() -> None:
    task = Task("classes", "text", "other", "label", ("neg", "pos"), ("neg", "pos"))
    train = split(other=["x", "", "y", "z"])
    assert "column 'other'" in refused({"train": train}, task).where
    assert len(check(DatasetDict(train=train), task, on_empty="drop")[0]["train"]) == 3


def test_zero_width_text_is_text() -> None:
    assert warned({"train": split(["\u200b", "a", "b", "c"])}) == ()


def test_rows_without_text_count_for_nothing_else_once_they_are_dropped() -> None:
    train = split(["a", "b", ""], ["neg", "neg", "pos"])
    assert "every row is of one class: neg" in refused({"train": train}, on_empty="drop").problem
    train = split(["a", "b", ""], ["neg", "pos", "unknown"])
    assert len(check(DatasetDict(train=train), CLASSES, on_empty="drop")[0]["train"]) == 2


def test_ten_rows_and_a_count() -> None:
    error = refused({"train": split([""] * 30 + ["a", "b"], ["neg", "pos"] * 16)})
    assert "rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 20 more" in error.where


def test_half_a_character() -> None:
    cells = pa.Array.from_buffers(pa.string(), 3, pa.array([b"ok", b"\xed\xa0\x80", b"fine"]).buffers())
    table = pa.table({"text": cells, "label": ["neg", "pos", "pos"]})
    for for_training in (True, False):
        error = refused({"train": Dataset(table)}, for_training=for_training)
        assert "lone surrogate" in error.problem
        assert error.where == "split 'train', row 2, column 'text'"


def test_a_split_with_nothing_in_it() -> None:
    empty = split([], [])
    assert refused({"train": split(), "test": empty}).where == "split 'test'"
    assert "no rows with text" in refused({"train": split(["", " ", "", ""])}, on_empty="drop").problem
    assert "no rows" in refused({"test": empty}, for_training=False).problem


# Labels


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (["neg", None, "pos"], "no label in 1 row (empty)"),
        (["neg", " ", "pos"], "no label in 1 row (' ')"),
        (["neg", "-1", "pos"], "no label in 1 row ('-1')"),
        (["neg", "other", "pos"], "a label of no known class in 1 row ('other')"),
    ],
)
@pytest.mark.parametrize("where", ["train", "validation"])
def test_labels_that_cannot_be_learnt_from(labels: list[Any], problem: str, where: str) -> None:
    error = refused({"train": split(), "validation": split()} | {where: split(labels=labels)})
    assert error.problem == problem
    assert error.where == f"split '{where}', row 2, column 'label'"
    splits = {"train": split(), "test": split(labels=labels)}
    assert [problem in warning for warning in warned(splits)] == [True]
    assert refused({"train": split(labels=labels)}, for_training=False).problem == problem


@pytest.mark.parametrize(
    ("cell", "problem"),
    [(7, "no known class in 1 row (7)"), (-100, "no label in 1 row (-100)"), (-1, "no label in 1 row (-1)")],
)
def test_class_numbers_out_of_range(cell: int, problem: str) -> None:
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    table = pa.table({"text": ["a", "b", "c"], "label": pa.array([0, cell, 1])})
    splits = DatasetDict(train=Dataset(table.replace_schema_metadata(features.arrow_schema.metadata)))
    assert splits["train"].features == features
    error = refused(dict(splits), infer_task(splits))
    assert problem in error.problem
    assert "row 2" in error.where


def test_numbers_that_are_none() -> None:
    task = Task("number", "text", None, "label")
    assert "no label" in refused({"train": split(labels=[0.5, float("nan"), 1.0])}, task).problem
    assert "no finite number" in refused({"train": split(labels=["0.5", "n/a", "1"])}, task).problem
    assert "the same number" in refused({"train": split(labels=[0.5] * 3)}, task).problem
    assert warned({"train": split(labels=[0.5, 1.5]), "test": split(labels=[-1.0, -1.0])}, task) == ()


def test_several_labels_a_row() -> None:
    task = Task("labels", "text", None, "label", ("a", "b"), ("a", "b"))
    good = split(labels=[["a"], [], ["a", "b"]])
    assert warned({"train": good, "validation": split(labels=[["b"], ["a"]])}, task) == ()
    assert "no known class" in refused({"train": split(labels=[["a"], ["c"]])}, task).problem
    assert "'b' has no validation rows" in warned({"train": good, "validation": split(labels=[["a"]])}, task)[0]
    twice = split(["x", "x", "y"], [["a"], ["b"], ["b"]])
    assert "rows 1, 2" in warned({"train": twice}, task)[0]


def test_one_class_only() -> None:
    error = refused({"train": split(labels=["pos"] * 4)})
    assert error.problem == "every row is of one class: pos"
    assert warned({"train": split(), "test": split(labels=["pos"] * 4)}) == ()


def test_a_class_that_one_split_lacks() -> None:
    features = Features({"text": Value("string"), "label": ClassLabel(names=["a", "b", "c"])})

    def of(*labels: int) -> Dataset:
        return Dataset.from_dict({"text": [f"t{next(NUMBER)}" for _ in labels], "label": labels}, features=features)

    splits = DatasetDict(train=of(0, 1, 0, 1), validation=of(0, 2))
    task = infer_task(splits)
    error = refused(dict(splits), task)
    assert error.problem == "the class 'c' has validation rows and no training rows"
    (warning,) = warned({"train": of(0, 1, 2), "validation": of(0, 2)}, task)
    assert "the class 'b' has no validation rows" in warning


def test_the_same_text_with_two_labels() -> None:
    train = split(["a", "b", "a", "c", "b", "a"], ["neg", "pos", "pos", "neg", "pos", "pos"])
    (warning,) = warned({"train": train})
    assert "in 3 rows" in warning
    assert "rows 1, 3, 6, column 'label'" in warning
    task = Task("classes", "text", "other", "label", ("neg", "pos"), ("neg", "pos"))
    other = train.add_column("other", [str(row) for row in range(6)])
    assert warned({"train": other}, task) == ()


# All together


def test_everything_that_is_wrong_is_said_at_once() -> None:
    error = refused(
        {"train": split(["", "b", "c", "d"], ["neg", "pos", "x", None]), "test": split(["e", "", "f", "g"])}
    )
    assert error.problem.startswith("4 things are wrong")
    for part in ("1. no text in 1 row (split 'train', row 1", "split 'test', row 2", "row 4", "row 3"):
        assert part in error.problem


def test_rows_are_those_of_the_split_as_selected_and_shuffled() -> None:
    train = split(["", "b", "c", "d"]).select([3, 2, 0, 1])
    assert "row 3" in refused({"train": train}).where


@pytest.mark.parametrize("dense", [1, 100])
def test_selected_rows_are_read_in_their_order_near_or_far(monkeypatch: pytest.MonkeyPatch, dense: int) -> None:
    monkeypatch.setattr(columns, "ROWS", 3)
    monkeypatch.setattr(columns, "DENSE", dense)
    whole = split(labels=[str(row) for row in range(50)])
    for places in ([4, 5, 7, 9, 10], [49, 0, 25, 3, 3], []):
        selected = whole.select(places)
        read = [cell for table in columns.batches(selected, ["label"]) for cell in table.column("label").to_pylist()]
        assert read == [str(place) for place in places] == selected["label"][:]


def test_rows_beyond_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warmstart.table.columns.ROWS", 3)
    texts: list[Any] = [f"t{row}" for row in range(20)]
    texts[7] = texts[13] = ""
    labels: list[Any] = ["neg", "pos"] * 10
    labels[11] = "x"
    error = refused({"train": split(texts, labels)})
    assert "rows 8, 14" in error.problem
    assert "row 12" in error.problem


def test_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    error = refused({"train": split(["", "b", "c", "d"])})
    assert error.problem == "1 行没有文本"
    assert error.where == "数据划分 'train', 第 1 行, 'text' 列"


def test_an_option_that_is_not_there() -> None:
    assert "on_empty" in refused({"train": split()}, on_empty="ignore").problem


def test_a_finding_reads_as_a_sentence() -> None:
    finding = Finding("a.csv, split 'train'", (1,), ("text",), "no text in 1 row", "fill it in")
    assert str(finding) == "no text in 1 row (a.csv, split 'train', row 2, column 'text'): fill it in"
