"""Rows 1, 2 and 24 to 26 of the table of bad inputs: missing columns, and splits that do not fit together."""

import pathlib

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from tests.bad_inputs.helpers import accepted, csv_of, refused, reviews, write

GOOD = csv_of(reviews())
MORE = csv_of([[f"another {n}", label] for n, (_, label) in enumerate(reviews())])


def folder_of(place: pathlib.Path, **splits: str) -> pathlib.Path:
    """A folder with a CSV file for each split."""
    folder = place / "folder"
    folder.mkdir(exist_ok=True)
    for name, content in splits.items():
        write(folder / f"{name}.csv", content)
    return folder


# Rows 1 and 2


@pytest.mark.parametrize(("option", "name", "near"), [("text", "txt", "text"), ("pair", "lable", "label")])
def test_row_01_a_named_column_is_missing(tmp_path: pathlib.Path, option: str, name: str, near: str) -> None:
    table = write(tmp_path / "a.csv", csv_of([[*row, "x"] for row in reviews()], header="text,label,source"))
    error = refused(table, **{option: name})
    assert error.problem == f"there is no column '{name}'"
    assert error.where == f"{table}, split 'train'"
    assert error.fix == f"did you mean '{near}'? There are: text, label, source (--{option})"
    assert "use one of: text, label, source" in refused(table, **{option: "zzz"}).fix


@pytest.mark.parametrize("split", ["validation", "test"])
@pytest.mark.parametrize(("old", "new"), [("text", "texts"), ("label", "labels")])
def test_row_02_a_column_named_differently_in_one_split(tmp_path: pathlib.Path, split: str, old: str, new: str) -> None:
    folder = folder_of(tmp_path, train=GOOD, **{split: MORE.replace(old, new, 1)})
    error = refused(folder, blame=f"{split}.csv")
    assert error.problem == f"there is no column '{old}'"
    assert error.where == f"{folder / split}.csv, split '{split}'"
    assert f"did you mean '{new}'" in error.fix


def test_row_02_in_a_validation_table_of_its_own(tmp_path: pathlib.Path) -> None:
    table, other = write(tmp_path / "a.csv", GOOD), write(tmp_path / "b.csv", MORE.replace("text", "body", 1))
    assert refused(table, blame="b.csv", validation=str(other)).where == f"{other}, split 'validation'"


def test_row_02_a_column_of_another_type_in_one_split(tmp_path: pathlib.Path) -> None:
    table = write(tmp_path / "a.csv", csv_of([[text, str(n % 2)] for n, (text, _) in enumerate(reviews())]))
    for column, row in (("text", {"text": 5, "label": "0"}), ("label", {"text": "a text", "label": 0})):
        other = write(tmp_path / "b.jsonl", [row] * 4)
        error = refused(table, blame="b.jsonl", validation=str(other))
        assert f"'{column}'" in error.problem
        assert "text in 'train'" in error.problem
        assert error.where == f"{other}, split 'validation'"


# Rows 24 and 25


def test_row_24_a_class_missing_from_validation(tmp_path: pathlib.Path) -> None:
    rows = reviews()
    rows[5][1] = rows[8][1] = "middling"
    train = write(tmp_path / "a.csv", csv_of(rows))
    (warning,) = accepted(train, validation=str(write(tmp_path / "b.csv", MORE))).notes
    assert "the class 'middling' has no validation rows" in warning
    assert f"{tmp_path / 'b.csv'}, split 'validation', column 'label'" in warning
    assert "cannot be measured" in warning


def test_row_24_a_class_too_rare_to_be_held_out(tmp_path: pathlib.Path) -> None:
    rows = reviews(40)
    rows[5][1] = "middling"
    notes = accepted(write(tmp_path / "a.csv", csv_of(rows))).notes
    assert any("the class 'middling' has no validation rows" in note for note in notes)


def test_row_25_a_class_that_only_validation_has(tmp_path: pathlib.Path) -> None:
    rows = reviews()
    rows[2][1] = rows[7][1] = "middling"
    train, other = write(tmp_path / "a.csv", MORE), write(tmp_path / "b.csv", csv_of(rows))
    error = refused(train, blame="b.csv", validation=str(other))
    assert "a label of no known class in 2 rows ('middling')" in error.problem
    assert error.where == f"{other}, split 'validation', rows 3, 8, column 'label'"
    assert "'bad', 'good'" in error.fix


def test_row_25_a_named_class_without_training_rows(tmp_path: pathlib.Path) -> None:
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes", "perhaps"])})
    for name, numbers in (("train", [0, 1] * 6), ("validation", [0, 1, 2])):
        rows = {"text": [f"{name} {n}" for n in range(len(numbers))], "label": numbers}
        Dataset.from_dict(rows, features=features).to_parquet(tmp_path / f"{name}.parquet")
    error = refused(tmp_path, blame="validation.parquet")
    assert error.problem == "the class 'perhaps' has validation rows and no training rows"


# Row 26


def test_row_26_the_same_row_in_two_splits(tmp_path: pathlib.Path) -> None:
    copies = [reviews()[n] for n in (3, 7)]
    table = write(tmp_path / "a.csv", GOOD)
    other = write(tmp_path / "b.csv", MORE + csv_of(copies).split("\n", 1)[1])
    error = refused(table, blame="b.csv", validation=str(other))
    assert error.problem == "2 rows are in the split 'train' too (there: rows 4, 8)"
    assert error.where == f"{other}, split 'validation', rows 13, 14, column 'text'"
    assert "--allow-leakage" in error.fix
    found = accepted(table, validation=str(other), allow_leakage=True)
    assert len(found.splits["validation"]) == 14
    (warning,) = found.notes
    assert "2 rows are in the split 'train' too (there: rows 4, 8)" in warning
    assert "rows 13, 14" in warning


def test_row_26_any_two_splits_and_more_than_ten_rows(tmp_path: pathlib.Path) -> None:
    unlabelled = "text\n" + "".join(f"another {n}\n" for n in range(12)) + "review number 1\n"
    folder = folder_of(tmp_path, train=GOOD, validation=MORE, test=unlabelled)
    error = refused(folder, blame="test.csv")
    assert "2 things are wrong" in error.problem
    assert "1 row is in the split 'train' too (there: row 2)" in error.problem
    assert "12 rows are in the split 'validation' too" in error.problem
    assert "rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more" in error.problem
    assert len(accepted(folder, allow_leakage=True).notes) == 2


def test_row_26_of_published_splits_is_a_warning(tmp_path: pathlib.Path) -> None:
    """As GLUE's STS-B has them: scores are compared on the splits as they are."""
    for name in ("train", "validation"):
        rows = {"text": [f"{name} {n}" for n in range(20)] + ["both"], "label": ["a", "b"] * 10 + ["a"]}
        Dataset.from_dict(rows).to_parquet(tmp_path / f"{name}-00000-of-00001.parquet")
    (warning,) = accepted(tmp_path).notes
    assert "1 row is in the split 'train' too (there: row 21)" in warning
    for path in tmp_path.iterdir():
        path.rename(tmp_path / (path.name.split("-")[0] + ".parquet"))
    assert "--allow-leakage" in refused(tmp_path).fix


def test_row_26_a_pair_is_the_same_if_both_of_its_texts_are(tmp_path: pathlib.Path) -> None:
    header = "question,answer,label"
    one = [[f"question {n}", f"answer {n}", "ab"[n % 2]] for n in range(8)]
    other = [[f"question {n}", f"answer {n + 1}", "ab"[n % 2]] for n in range(8)]
    table = write(tmp_path / "a.csv", csv_of(one, header))
    validation = write(tmp_path / "b.csv", csv_of(other, header))
    assert accepted(table, validation=str(validation)).notes == ()
    write(validation, csv_of([*other, one[5]], header))
    error = refused(table, blame="b.csv", validation=str(validation))
    assert "1 row is in the split 'train' too (there: row 6)" in error.problem
    assert "columns 'question', 'answer'" in error.where


def test_row_26_of_a_saved_data_set_whose_splits_have_no_files(tmp_path: pathlib.Path) -> None:
    rows = Dataset.from_dict({"text": [f"text {n}" for n in range(8)], "label": ["a", "b"] * 4})
    DatasetDict(train=rows, validation=rows.select([2, 3])).save_to_disk(tmp_path / "saved")
    error = refused(tmp_path / "saved")
    assert error.where == f"{tmp_path / 'saved'}, split 'validation', rows 1, 2, column 'text'"


# Rows that are too few


def test_too_few_rows_to_hold_any_out(tmp_path: pathlib.Path) -> None:
    assert "3 rows are too few" in refused(write(tmp_path / "a.csv", csv_of(reviews(3)))).problem
