"""Columns and kinds are inferred from names and values; the tasks of real and of awkward tables come out right."""

import json
import pathlib
import tracemalloc
from typing import Any

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from hypothesis import given, settings
from hypothesis import strategies as st

from warmstart.errors import UserError
from warmstart.table.infer import infer_task
from warmstart.table.labels import encode_labels, has_labels
from warmstart.table.sources import load
from warmstart.table.task import Task, describe

TEXTS = ["the film was long but good", "a dull and tired story", "nobody should miss this one", "it left me cold"]


def table(rows: int = 4, **columns: list[Any]) -> DatasetDict:
    columns = {"text": [f"{TEXTS[row % 4]} {row}" for row in range(rows)]} | columns
    return DatasetDict(train=Dataset.from_dict(columns))


def labelled(*cells: Any, **options: Any) -> Task:
    return infer_task(table(len(cells), label=list(cells)), **options)


def error_of(splits: DatasetDict, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        infer_task(splits, **options)
    return caught.value


# Real data


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


# Which columns


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
    assert "several columns could be the label: 'one', 'two'" in error.problem
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


# Which kind


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["1", "0", "1", "0"], ("0", "1")),
        (["10", "2", "1", "2"], ("1", "2", "10")),
        (["0.0", "1.0", "1.0"], ("0.0", "1.0")),
        ([0.0, 1.0, 1.0], ("0", "1")),
        ([1, 2, 3, 4, 5, 5], ("1", "2", "3", "4", "5")),
        ([True, False, True], ("False", "True")),
        (["True", "False", "True"], ("False", "True")),
        (["pos", "neg", "", None], ("neg", "pos")),
        (["正面", "负面", "正面"], ("正面", "负面")),
        ([1, -1, 1], ("-1", "1")),
        ([-1, 0, 1, 0], ("-1", "0", "1")),
        (["-1", "0", "1", "0"], ("-1", "0", "1")),
        ([0, 1, 2, -1] * 3, ("0", "1", "2")),
        ([0, 1, -100, 1], ("0", "1")),
        ([0, 1] * 30 + [-1], ("0", "1")),
        (["007", "7", "08"], ("007", "7", "08")),
    ],
)
def test_one_class_a_row(cells: list[Any], classes: tuple[str, ...]) -> None:
    task = labelled(*cells)
    assert (task.kind, task.classes) == ("classes", classes)
    assert task.problem_type == "single_label_classification"
    assert task.id2label == dict(enumerate(classes))
    known = [cell for cell in cells if cell in task.values]
    assert [task.values[number] for number in encode_labels(task, known)] == known


@pytest.mark.parametrize(
    "cells",
    [
        [0.5, 1.0, 3.75],
        ["3.75", "1.2", "4"],
        [f"{n / 7:.3f}" for n in range(200)],
        [n / 7 for n in range(200)],
        [float(n) for n in range(30)],
        [1e-3, 2.0],
    ],
)
def test_a_number_a_row(cells: list[Any]) -> None:
    task = labelled(*cells)
    assert (task.kind, task.classes, task.values, task.num_labels) == ("number", (), (), 1)
    assert task.problem_type == "regression"
    encoded = encode_labels(task, cells)
    assert encoded.dtype == np.float32
    assert np.allclose(encoded, [float(cell) for cell in cells])


def test_whole_numbers_of_a_score_are_a_number_where_they_are_many() -> None:
    many = [n * 7 % 1000 for n in range(200)]
    assert infer_task(table(200, score=many)).kind == "number"
    assert infer_task(table(200, score=[n % 5 for n in range(200)])).kind == "classes"
    assert "probably not a label" in error_of(table(200, label=many)).problem
    assert infer_task(table(200, label=many), kind="number").kind == "number"


def test_many_classes_that_come_again_are_classes() -> None:
    task = labelled(*[n % 77 for n in range(770)])
    assert len(task.classes) == 77
    assert task.classes[10] == "10"


@pytest.mark.parametrize("cells", [[f"name {n % 55}" for n in range(60)], [str(n % 55 * 3) for n in range(60)]])
def test_more_classes_than_rows_can_teach(cells: list[str]) -> None:
    error = error_of(table(60, label=cells))
    assert "more than 50 different values in 60 rows: probably not a label" in error.problem
    assert len(labelled(*cells, kind="classes").classes) == 55


def test_dates_are_no_label() -> None:
    cells = ["2024-01-05", "2024-02-05"] * 10
    assert "dates" in error_of(table(20, label=cells)).problem
    assert len(labelled(*cells, kind="classes").classes) == 2
    assert (
        "of no type"
        in error_of(DatasetDict(train=table(2, label=[0, 1])["train"].cast_column("label", Value("date64")))).problem
    )


def test_a_mixture_of_numbers_and_words() -> None:
    error = error_of(table(4, label=["0", "1", "pos", "0"]))
    assert "mixes numbers ('0', '1') and words ('pos')" in error.problem
    assert labelled("0", "1", "pos", kind="classes").classes == ("0", "1", "pos")


def test_a_kind_that_the_values_cannot_be() -> None:
    assert "holds no numbers" in error_of(table(2, label=["a", "b"]), kind="number").problem
    assert "not a list" in error_of(table(2, label=["a", "b"]), kind="labels").problem
    assert "holds lists" in error_of(table(2, label=[["a"], ["b"]]), kind="classes").problem
    nothings: list[list[Any]] = [[None, None], ["", " "], [-1, -1], [[], []]]
    for nothing in nothings:
        assert "no labels" in error_of(table(2, label=nothing)).problem
    assert labelled("1", "n/a", "2.5", kind="number").kind == "number"


def test_both_kinds_can_be_had_by_asking() -> None:
    assert labelled(0.0, 1.0).kind == "classes"
    assert labelled(0.0, 1.0, kind="number").kind == "number"
    assert labelled(0.5, 1.5, kind="classes").classes == ("0.5", "1.5")
    assert labelled(-1, 0, 1, 2, kind="classes").classes == ("-1", "0", "1", "2")


@pytest.mark.parametrize(
    ("cells", "classes", "encoded"),
    [
        ([["b", "a"], [], ["a"]], ("a", "b"), [[1, 1], [0, 0], [1, 0]]),
        ([[10, 2], [2], [10]], ("2", "10"), [[1, 1], [1, 0], [0, 1]]),
        ([[0, 1, 1], [1, 0, 0]], ("0", "1", "2"), [[0, 1, 1], [1, 0, 0]]),
        ([[0.0, 1.0], [1.0, 1.0]], ("0", "1"), [[0, 1], [1, 1]]),
        ([[True, False], [True, True]], ("0", "1"), [[1, 0], [1, 1]]),
        ([[0], [1], [0]], ("0", "1"), [[1, 0], [0, 1], [1, 0]]),
    ],
)
def test_several_labels_a_row(cells: list[Any], classes: tuple[str, ...], encoded: list[list[int]]) -> None:
    task = labelled(*cells)
    assert (task.kind, task.classes, task.problem_type) == ("labels", classes, "multi_label_classification")
    matrix = encode_labels(task, cells)
    assert matrix.dtype == np.float32
    assert matrix.tolist() == encoded


def test_lists_of_named_classes() -> None:
    features = Features({"text": Value("string"), "label": List(ClassLabel(names=["x", "y", "z"]))})
    rows = Dataset.from_dict({"text": TEXTS, "label": [[0, 2], [1], [], [2]]}, features=features)
    task = infer_task(DatasetDict(train=rows))
    assert (task.kind, task.classes) == ("labels", ("x", "y", "z"))
    assert encode_labels(task, rows["label"])[0].tolist() == [1, 0, 1]


def test_lists_that_are_no_labels() -> None:
    assert "lists of lists" in error_of(table(2, label=[[["a"]], [["b"]]])).problem
    assert "lists of fractions" in error_of(table(2, label=[[0.5], [0.25, 1.0]])).problem


# Encoding


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        [
            st.text(st.characters(categories=["L"]), min_size=1, max_size=4),
            st.integers(0, 30),
            st.integers(0, 30).map(str),
            st.booleans(),
            st.integers(0, 9).map(float),
        ]
    ).flatmap(lambda cells: st.lists(cells, min_size=2, max_size=40))
)
def test_labels_come_back_from_their_ids(cells: list[Any]) -> None:
    task = labelled(*cells)
    assert [task.values[number] for number in encode_labels(task, cells)] == cells
    in_order = sorted(set(cells)) if not isinstance(cells[0], str) else sorted(set(cells), key=_numerically)
    assert list(task.values) == in_order


def _numerically(cell: str) -> tuple[int, str]:
    return (int(cell) if cell.isascii() and cell.isdigit() else 0, cell)


@pytest.mark.parametrize("wrap", [list, tuple, np.array, lambda cells: Dataset.from_dict({"c": cells})["c"]])
def test_columns_of_every_make(wrap: Any) -> None:
    assert encode_labels(labelled(3, 5, 3), wrap([5, 3, 5])).tolist() == [1, 0, 1]


def test_cells_that_cannot_be_encoded_are_named_by_row() -> None:
    classes = labelled("a", "b", "a")
    for cells, problem in (
        (["a", None, "", " ", "-1"], "no label in 4 rows"),
        (["a", "c", "b", 7, ["a"]], "a label of no known class in 3 rows ('c', 7, ['a'])"),
    ):
        with pytest.raises(UserError) as caught:
            encode_labels(classes, cells)
        assert problem in caught.value.problem
        assert "rows 2," in caught.value.where
    with pytest.raises(UserError, match="a label of no known class in 30 rows") as caught:
        encode_labels(classes, ["a"] * 5 + ["z"] * 30)
    assert "rows 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 and 20 more" in caught.value.where
    assert "'a', 'b'" in caught.value.fix
    number = labelled(0.5, 1.25)
    for odd in ("x", float("inf"), 1e300, "1_0", [1.0]):
        with pytest.raises(UserError, match="no finite number in 1 row"):
            encode_labels(number, [0.5, odd])
    for missing in (None, float("nan"), ""):
        with pytest.raises(UserError, match="no label in 1 row"):
            encode_labels(number, [0.5, missing])
    vectors = labelled([0, 1, 1], [1, 0, 0])
    for cell in ([0, 1], [0, 1, 2], [1, 1, 1, 1]):
        with pytest.raises(UserError, match="no vector of zeros and ones"):
            encode_labels(vectors, [cell])
    with pytest.raises(UserError, match="no label"):
        encode_labels(vectors, [None])
    with pytest.raises(UserError, match="no known class"):
        encode_labels(labelled(["a"], ["b"]), [["a", "c"]])


def test_whether_a_split_has_labels() -> None:
    task, number = labelled("a", "b"), labelled(0.5, 1.25)
    lists = labelled(["a"], ["b"])

    def has(task: Task, cells: list[Any]) -> bool:
        return has_labels(task, table(len(cells), label=cells)["train"])

    assert not has(task, [None, ""])
    assert not has(task, ["-1", "-1"])
    assert has(task, ["-1", "a"])
    assert has(task, ["-1", "unknown"])
    assert not has(labelled(0, 1), [-1, -1])
    assert has(labelled(-1, 1), [-1, -1])
    assert not has(number, [-1.0, -1.0])
    assert has(number, [-1.0, 2.0])
    assert not has(lists, [None, [-1]])
    assert has(lists, [[], ["a"]])
    assert not has_labels(task, table(2)["train"])
    assert not has_labels(Task("classes", "text", None, None), table(2, label=[0, 1])["train"])


# Saving and showing


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
