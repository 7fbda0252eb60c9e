"""Which columns are text and label, and a task as JSON and as lines."""

import json
import pathlib
import tracemalloc
from typing import Any

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from tests.table.labelled import TEXTS, error_of, labelled, table
from warmstart.errors import UserError
from warmstart.table.infer import infer_task
from warmstart.table.labels import encode_labels, has_labels
from warmstart.table.sources import load
from warmstart.table.task import Task, describe


@pytest.mark.parametrize(
    ("name", "kind", "columns", "classes", "tested"),
    [
        ("mrpc", "classes", ("sentence1", "sentence2"), ("not_equivalent", "equivalent"), True),
        ("sst2", "classes", ("sentence", None), ("negative", "positive"), False),
        ("stsb", "number", ("sentence1", "sentence2"), (), False),
    ],
)
def test_glue_without_options(
    glue: pathlib.Path, tmp_path: pathlib.Path, name: str, kind: str, columns: Any, classes: Any, tested: bool
) -> None:
    splits = load(glue, config=name, cache_dir=str(tmp_path))
    task = infer_task(splits)
    assert (task.kind, task.text, task.pair, task.label) == (kind, *columns, "label")
    assert (task.classes, task.glue) == (classes, name)
    assert [has_labels(task, splits[split]) for split in ("train", "validation", "test")] == [True, True, tested]
    encoded = encode_labels(task, splits["train"]["label"])
    assert np.array_equal(encoded, np.array(splits["train"]["label"][:], encoded.dtype))
    if name == "sst2":
        with pytest.raises(UserError, match="no label in 1,821 rows"):
            encode_labels(task, splits["test"]["label"])


def test_the_built_in_sample_is_a_pair_of_sentences() -> None:
    from warmstart.table.sample import sample

    task = infer_task(sample(train_rows=200, validation_rows=40))
    assert (task.kind, task.text, task.pair, task.label) == ("classes", "sentence1", "sentence2", "label")


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("idx", "sentence", "label"), ("sentence", None, "label")),
        (("premise", "hypothesis", "gold_label"), ("premise", "hypothesis", "gold_label")),
        (("question1", "question2", "is_duplicate"), ("question1", "question2", "is_duplicate")),
        (("question", "sentence", "label"), ("question", "sentence", "label")),
        (("text_a", "text_b", "target"), ("text_a", "text_b", "target")),
        (("Sentence #1", "label"), ("Sentence #1", None, "label")),
        (("文本", "标签"), ("文本", None, "标签")),
        (("句子1", "句子2", "标签"), ("句子1", "句子2", "标签")),
        (("编号", "评论", "情感倾向"), ("评论", None, "情感倾向")),
        (("title", "review", "sentiment"), ("review", None, "sentiment")),
        (("Review Text", "Rating"), ("Review Text", None, "Rating")),
        (("id", "tweet", "label_name", "label"), ("tweet", None, "label")),
        (("a", "b"), ("a", None, "b")),
        (("", "what they said", "verdict"), ("what they said", None, "verdict")),
        (("left_text", "right_text", "similarity"), ("left_text", "right_text", "similarity")),
    ],
)
def test_columns_by_name(columns: tuple[str, ...], expected: tuple[str, str | None, str]) -> None:
    text, pair, label = expected
    cells: dict[str, list[str]] = {}
    for name in columns:
        if name in (text, pair) or name == "title":
            cells[name] = [f"{TEXTS[row % 4]} {row} {name}" for row in range(40)]
        elif name == label or "label" in name:
            cells[name] = ["yes", "no"] * 20
        else:
            cells[name] = [str(row) for row in range(40)]
    task = infer_task(DatasetDict(train=Dataset.from_dict(cells)))
    assert (task.text, task.pair, task.label) == expected


def test_two_texts_and_no_telling_name() -> None:
    splits = table(20, text=["short words of a writer"] * 20, answer_body=[TEXTS[0] * 3] * 20, label=[0, 1] * 10)
    task = infer_task(splits.rename_columns({"text": "p", "answer_body": "q"}))
    assert (task.text, task.pair) == ("q", None)
    shown = describe(task)
    assert "'p': text too, not read (--pair p reads both, --text p that one instead)" in shown
    assert "which has the longest texts" in shown


def test_a_label_by_its_values_and_several_that_could_be() -> None:
    assert infer_task(table(30, day=["2024-01-05"] * 30, mark=[1, 2] * 15)).label == "mark"
    assert infer_task(table(30, n=list(range(30)), mark=["good", "bad"] * 15)).label == "mark"
    error = error_of(table(30, one=[True, False] * 15, two=[False, True] * 15))
    assert "several columns could be the label: 'two', 'one'" in error.problem
    assert "--label two  (False, True)\n  --label one  (True, False)" in error.fix
    error = error_of(table(30))
    assert "no column looks like a label" in error.problem
    assert "'text'" in error.where
    assert "--label" in error.fix


def test_what_is_named_is_kept() -> None:
    splits = table(8, note=[f"a note {row}" for row in range(8)], label=[0, 1] * 4, other=["x", "y"] * 4)
    task = infer_task(splits, text="note", label="other")
    assert (task.text, task.pair, task.label, task.classes) == ("note", None, "other", ("x", "y"))
    task = infer_task(splits, pair="note")
    assert (task.text, task.pair) == ("text", "note")
    assert "one column is used twice" in error_of(splits, text="note", pair="note").problem
    assert "holds no text" in error_of(splits, text="label", label="other").problem


def test_a_named_column_that_is_missing() -> None:
    error = error_of(table(4, label=[0, 1, 0, 1]), text="txt")
    assert error.problem == "there is no column 'txt'"
    assert error.fix.startswith("did you mean 'text'? There are: text, label")
    assert "lable" in error_of(table(4, label=[0, 1, 0, 1]), label="lable").problem


def test_a_column_named_differently_in_one_split() -> None:
    splits = table(4, label=["a", "b"] * 2)
    for old, new in (("text", "texts"), ("label", "labels")):
        for split in ("validation", "test"):
            error = error_of(DatasetDict(splits | {split: splits["train"].rename_column(old, new)}))
            assert error.problem == f"there is no column '{old}'"
            assert error.where == f"split '{split}'"
            assert f"did you mean '{new}'" in error.fix
    without = splits["train"].remove_columns("label")
    assert infer_task(DatasetDict(splits | {"test": without})).label == "label"
    assert error_of(DatasetDict(splits | {"validation": without})).where == "split 'validation'"


def test_splits_that_number_their_classes_differently() -> None:
    def split(*classes: str) -> Dataset:
        features = Features({"text": Value("string"), "label": ClassLabel(names=list(classes))})
        return Dataset.from_dict({"text": TEXTS, "label": [0, 1, 0, 1]}, features=features)

    error = error_of(DatasetDict(train=split("neg", "pos"), validation=split("pos", "neg")))
    assert "number their classes differently" in error.problem
    assert infer_task(DatasetDict(train=split("pos", "neg"))).classes == ("pos", "neg")


def test_nothing_to_learn_from_and_unknown_options() -> None:
    assert "no rows" in error_of(DatasetDict()).problem
    assert "no rows" in error_of(table(0, label=[])).problem
    assert "did you mean 'classes'" in error_of(table(2, label=[0, 1]), kind="class").fix
    assert "did you mean 'mrpc'" in error_of(table(2, label=[0, 1]), glue="mrcp").fix
    assert (
        "no column holds text" in error_of(DatasetDict(train=Dataset.from_dict({"n": [1, 2], "label": [0, 1]}))).problem
    )


def test_a_first_row_that_is_no_header() -> None:
    for label, cells in (("1", ["0", "1"] * 10), ("pos", ["pos", "neg"] * 10)):
        splits = DatasetDict(train=Dataset.from_dict({"a fine film": [f"film {n}" for n in range(20)], label: cells}))
        assert "seems to have no header" in error_of(splits).problem
        assert infer_task(splits, label=label).label == label


@pytest.mark.parametrize(
    "cells", [["a", "b"], [0, 1], [0.0, 1.0], [True, False], [0.5, 0.25], [["a"], ["b"]], [[0, 1], [1, 0]]]
)
def test_a_task_is_saved_as_json_and_comes_back(cells: list[Any]) -> None:
    task = labelled(*cells)
    back = Task.from_dict(json.loads(json.dumps(task.to_dict())))
    assert back == task
    assert [type(value) for value in back.values] == [type(value) for value in task.values]


@pytest.mark.parametrize("saved", [{}, {"kind": "x", "text": "t", "pair": None, "label": None}])
def test_what_is_no_saved_task(saved: Any) -> None:
    with pytest.raises(UserError, match="not a saved task"):
        Task.from_dict(saved)
    with pytest.raises(UserError, match="not a saved task"):
        Task.from_dict(labelled("a", "b").to_dict() | {"colour": "red"})


@pytest.mark.parametrize(
    "odd",
    [
        *({name: value} for name in ("classes", "values", "reasons") for value in (None, 3, "ab", {"a": 1}, [["a"]])),
        *({name: value} for name in ("text", "label", "pair", "glue") for value in (3, ["a"], {})),
        *({"kind": value} for value in (None, 3, ["classes"], {}, "never-heard-of")),
        {"text": None},
        {"values": ["a", "b", "c"]},
    ],
    ids=str,
)
def test_a_saved_task_with_something_odd_in_it_is_refused(odd: Any) -> None:
    with pytest.raises(UserError, match="saved task"):
        Task.from_dict(labelled("a", "b").to_dict() | odd)


@pytest.mark.parametrize("odd", [None, [], 3, "task", ["kind", "text", "pair", "label"]])
def test_what_is_no_object_is_no_task(odd: Any) -> None:
    with pytest.raises(UserError, match="saved task"):
        Task.from_dict(odd)


def test_what_was_chosen_is_shown_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    splits = table(4, label=["a", "b"] * 2)
    shown = describe(infer_task(splits))
    for part in ("one of 2 classes a row", "text: 'text'", "label: 'label'", "2 classes: a, b", "--kind"):
        assert part in shown
    assert "vector" in describe(labelled([0, 1], [1, 0]))
    assert "--kind classes" in describe(labelled(0.5, 0.25))
    assert "-1 is taken for a class" in describe(labelled(-1, 0, 1))
    assert "-1 is taken for a missing label" in describe(labelled(0, 1, 2, -1))
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    assert "每行属于 2 个类别之一" in describe(infer_task(splits))


def test_a_column_of_texts_is_never_held_whole(tmp_path: pathlib.Path) -> None:
    rows = Dataset.from_dict({"text": [f"{row} " + "x" * 2000 for row in range(20_000)], "label": ["a", "b"] * 10_000})
    rows.save_to_disk(tmp_path)
    splits = load(tmp_path)
    tracemalloc.start()
    infer_task(splits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000  # bytes, of 40 million of texts; a sample of 2,000 rows takes 4
