"""Rows 18, 19, 21 to 23 and 27 of the table of bad inputs, and the list under it: what the labels can get wrong."""

import pathlib
from typing import Any

import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from tests.bad_inputs.helpers import accepted, csv_of, refused, reviews, write
from warmstart.table.labels import encode_labels
from warmstart.table.task import describe

NAN = float("nan")


def table_of(path: pathlib.Path, labels: list[Any], **columns: list[Any]) -> pathlib.Path:
    """A table of different texts with these labels, of the kind that the name's ending says."""
    rows = {"text": [f"review number {n}" for n in range(len(labels))], "label": labels} | columns
    if path.suffix == ".parquet":
        Dataset.from_dict(rows).to_parquet(path)
        return path
    if path.suffix == ".jsonl":
        return write(path, [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)])
    return write(path, csv_of(list(zip(*(map(str, cells) for cells in rows.values()), strict=True)), ",".join(rows)))


def named_classes(path: pathlib.Path, numbers: list[int], names: list[str]) -> pathlib.Path:
    """A Parquet file whose label column has numbers and says which classes they are."""
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    table = pq.read_table(table_of(path, numbers)).replace_schema_metadata(features.arrow_schema.metadata)
    pq.write_table(table, path)
    return path


# Row 18


@pytest.mark.parametrize(("wrong", "problem"), [(2, "no known class"), (7, "no known class"), (-100, "no label")])
def test_row_18_a_class_number_out_of_range(tmp_path: pathlib.Path, wrong: int, problem: str) -> None:
    table = named_classes(tmp_path / "a.parquet", [0, 1, wrong, 0, 1, wrong], ["no", "yes"])
    error = refused(table)
    assert error.problem.endswith(f"in 2 rows ({wrong})") or f"{problem} in 2 rows ({wrong})" in error.problem
    assert error.where == f"{table}, split 'train', rows 3, 6, column 'label'"


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_row_18_minus_one_hundred_is_no_class(tmp_path: pathlib.Path, name: str) -> None:
    error = refused(table_of(tmp_path / name, [0, 1, 2, -100] * 5))
    assert "no label in 5 rows" in error.problem
    assert "-100" in error.problem
    assert "rows 4, 8, 12, 16, 20, column 'label'" in error.where


# Row 19


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("a.csv", ["pos", "neg", "", "neg", "pos", " "]),
        ("a.jsonl", ["pos", "neg", None, "neg", "pos", None]),
        ("a.jsonl", [1, 0, None, 0, 1, None]),
        ("a.jsonl", [1.0, 0.0, NAN, 0.0, 1.0, NAN]),
        ("a.jsonl", [True, False, None, True, False, None]),
        ("a.parquet", [0.5, 1.5, NAN, 2.5, 0.25, NAN]),
        ("a.parquet", [1, 0, None, 0, 1, None]),
        ("a.parquet", ["pos", "neg", None, "neg", "pos", ""]),
        ("a.parquet", [["a"], ["b"], None, ["a", "b"], ["b"], None]),
    ],
)
def test_row_19_and_parquet_with_nulls_a_missing_label(tmp_path: pathlib.Path, name: str, labels: list[Any]) -> None:
    table = table_of(tmp_path / name, labels)
    error = refused(table)
    assert "no label in 2 rows" in error.problem
    assert error.where == f"{table}, split 'train', rows 3, 6, column 'label'"


def test_row_19_not_one_label(tmp_path: pathlib.Path) -> None:
    for name, labels in (("a.csv", [""] * 5), ("a.jsonl", [None] * 5), ("a.parquet", [NAN] * 5)):
        assert "no labels at all" in refused(table_of(tmp_path / name, labels)).problem


# Row 21


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_row_21_whole_numbers_with_a_point_are_classes(tmp_path: pathlib.Path, name: str) -> None:
    table = table_of(tmp_path / name, [0.0, 1.0] * 10)
    task = accepted(table).task
    assert (task.kind, len(task.classes)) == ("classes", 2)
    assert "2 classes" in describe(task)
    assert "--kind number" in describe(task)
    assert accepted(table, kind="number").task.kind == "number"


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize("labels", [[0.0, 1.0, 0.5, 0.25] * 5, [float(n) for n in range(30)]], ids=["parts", "many"])
def test_row_21_and_scores_other_numbers_are_a_number(tmp_path: pathlib.Path, name: str, labels: list[float]) -> None:
    table = table_of(tmp_path / name, labels)
    found = accepted(table)
    assert found.task.kind == "number"
    assert "a number: 'label' is a quantity (--kind classes: classes)" in describe(found.task)
    encoded = [float(value) for rows in found.splits.values() for value in encode_labels(found.task, rows["label"])]
    assert sorted(encoded) == sorted(labels)
    if len(set(labels)) < len(labels):
        assert accepted(table, kind="classes").task.classes == tuple(map(str, (0, 0.25, 0.5, 1))) or name == "a.csv"


# Row 22


@pytest.mark.parametrize(
    ("name", "labels", "classes"),
    [
        ("a.csv", ["zebra", "ant", "Bee"] * 4, ("Bee", "ant", "zebra")),
        ("a.csv", ["True", "False"] * 6, ("False", "True")),
        ("a.jsonl", [True, False] * 6, ("False", "True")),
        ("a.parquet", [True, False] * 6, ("False", "True")),
        ("a.parquet", ["正面", "负面"] * 6, ("正面", "负面")),
    ],
)
def test_row_22_words_and_booleans_are_sorted(
    tmp_path: pathlib.Path, name: str, labels: list[Any], classes: tuple[str, ...]
) -> None:
    task = accepted(table_of(tmp_path / name, labels)).task
    assert task.classes == classes
    assert task.to_dict()["classes"] == list(classes)  # what the run saves
    assert [task.classes[number] for number in encode_labels(task, labels)] == list(map(str, labels))


@pytest.mark.parametrize(
    ("labels", "odd"),
    [
        (["0", "1"] * 6 + ["pos", "pos"], "rows 13, 14"),
        (["pos", "neg"] * 6 + ["0"], "row 13"),
        (["0.5", "n/a", "1.5", "2.5"] * 4, "rows 2, 6, 10, 14"),
    ],
)
def test_row_22_a_mixture_of_numbers_and_words(tmp_path: pathlib.Path, labels: list[str], odd: str) -> None:
    table = table_of(tmp_path / "a.csv", labels)
    error = refused(table)
    assert "mixes numbers" in error.problem
    assert error.where == f"{table}, split 'train', {odd}, column 'label'"
    assert accepted(table, kind="classes").task.classes


def test_row_22_a_mixture_in_json_lines(tmp_path: pathlib.Path) -> None:
    for labels, what in (
        ([0, "pos", 0], "a whole number on line 1, text on line 2"),
        ([None, True, 0.5], "true or false on line 2, a number on line 3"),
        ([["a"], "a", ["b"]], "a list (text) on line 1, text on line 2"),
    ):
        error = refused(table_of(tmp_path / "a.jsonl", labels))
        assert "'label' mixes types" in error.problem
        assert what in error.where


# Row 23


@pytest.mark.parametrize(
    ("name", "labels", "what"),
    [
        ("a.csv", ["pos"] * 8, "of one class: pos"),
        ("a.jsonl", [1] * 8, "of one class: 1"),
        ("a.parquet", [True] * 8, "of one class: True"),
        ("a.parquet", [0.5] * 8, "the same number"),
        ("a.jsonl", [["a"]] * 8, "the same labels"),
    ],
)
def test_row_23_one_class_only(tmp_path: pathlib.Path, name: str, labels: list[Any], what: str) -> None:
    error = refused(table_of(tmp_path / name, labels))
    assert what in error.problem
    assert "column 'label'" in error.where


# Row 27


def test_row_27_the_same_text_with_two_labels(tmp_path: pathlib.Path) -> None:
    rows = reviews(20)
    rows[4] = [rows[1][0], "good"]
    rows[9] = [rows[2][0], "good"]  # a copy with the same label is no contradiction
    (warning, _) = accepted(write(tmp_path / "a.csv", csv_of(rows))).notes
    assert "the same text as in a row of another label in 2 rows" in warning
    assert f"{tmp_path / 'a.csv'}, split 'train', rows 2, 5, column 'label'" in warning


def test_row_27_in_validation_rows_and_with_more_than_ten(tmp_path: pathlib.Path) -> None:
    copies = [["always the same", ("good", "bad")[n % 2]] for n in range(14)]
    train = write(tmp_path / "a.csv", csv_of(reviews()))
    (warning,) = accepted(train, validation=str(write(tmp_path / "b.csv", csv_of(copies)))).notes
    assert "in 14 rows" in warning
    assert f"{tmp_path / 'b.csv'}, split 'validation', rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 4 more" in warning


# The list under the table


@pytest.mark.parametrize("missing", ["text", "label"])
def test_also_json_lines_with_a_field_missing_in_some_rows(tmp_path: pathlib.Path, missing: str) -> None:
    rows = [dict(zip(("text", "label"), row, strict=True)) for row in reviews(40)]
    for row in rows[20:36]:
        del row[missing]
    error = refused(write(tmp_path / "a.jsonl", rows))
    assert f"no {missing} in 16 rows" in error.problem
    assert "rows 21, 22, 23, 24, 25, 26, 27, 28, 29, 30 and 6 more" in error.where


def test_also_a_list_valued_label_column(tmp_path: pathlib.Path) -> None:
    for name in ("a.jsonl", "a.parquet"):
        found = accepted(table_of(tmp_path / name, [["fun", "sad"], ["fun"], [], ["sad"]] * 5))
        assert (found.task.kind, found.task.classes) == ("labels", ("fun", "sad"))
        assert "several labels a row: fun, sad" in describe(found.task)


def test_also_class_numbers_from_one(tmp_path: pathlib.Path) -> None:
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        found = accepted(table_of(tmp_path / name, [1, 2, 3, 4, 5] * 4))
        assert found.task.id2label == {0: "1", 1: "2", 2: "3", 3: "4", 4: "5"}
        assert set(encode_labels(found.task, found.splits["train"]["label"]).tolist()) == {0, 1, 2, 3, 4}
        assert "5 classes: 1, 2, 3, 4, 5" in describe(found.task)
    error = refused(named_classes(tmp_path / "b.parquet", [1, 2, 3] * 4, ["low", "middle", "high"]))
    assert "no known class in 4 rows (3)" in error.problem
    assert "the classes are 0, 1, 2" in error.fix


def test_also_a_column_of_dates(tmp_path: pathlib.Path) -> None:
    import datetime

    days = [f"2024-0{1 + n % 3}-05" for n in range(30)]
    for table in (
        table_of(tmp_path / "a.csv", days),
        table_of(tmp_path / "a.parquet", [datetime.date.fromisoformat(day) for day in days]),
    ):
        error = refused(table)
        assert "'label'" in error.problem
        assert "date" in f"{error.problem} {error.where}"
        assert "--label" in error.fix
    beside = table_of(tmp_path / "b.csv", ["good", "bad"] * 15, day=days)
    assert accepted(beside).task.label == "label"
    beside.write_text(beside.read_text().replace("text,label,day", "text,verdict,seen"))
    assert accepted(beside).task.label == "verdict"  # by its values, which a date is not taken for


def test_also_two_columns_of_text_and_no_names(tmp_path: pathlib.Path) -> None:
    short, long = ([f"{words} {n}" for n in range(20)] for words in ("what the heading says", "what is said " * 9))
    table = table_of(tmp_path / "a.csv", ["good", "bad"] * 10, one=short, two=long)
    table.write_text(table.read_text().replace("text,label", "mark,label"))
    said = describe(accepted(table).task)
    assert "text: 'two', which has the longest texts" in said
    assert "'one': text too, not read (--pair one reads both, --text one that one instead)" in said
    both = accepted(table, pair="one").task
    assert (both.text, both.pair) == ("two", "one")
    assert accepted(table, text="one").task.text == "one"


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize("numbers", [False, True])
def test_also_more_than_fifty_classes_in_sixty_rows(tmp_path: pathlib.Path, name: str, numbers: bool) -> None:
    table = table_of(tmp_path / name, [n % 55 * 7 if numbers else f"name {n % 55}" for n in range(60)])
    error = refused(table)
    assert "more than 50 different values in 60 rows: probably not a label" in error.problem
    assert "--kind classes" in error.fix
    assert len(accepted(table, kind="classes").task.classes) == 55
