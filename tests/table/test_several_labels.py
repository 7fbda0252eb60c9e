"""Several labels a row in the shapes that tables have: columns of zeros and ones, lists as text, labels joined."""

import json
import re
import shlex
from typing import Any

import numpy as np
import pytest
from datasets import DatasetDict
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.table.labelled import error_of, labelled, table
from warmstart.errors import UserError
from warmstart.heads.notation import Notation
from warmstart.table.checks import check
from warmstart.table.infer import infer_task
from warmstart.table.labels import encode, encode_labels, has_labels
from warmstart.table.profile import profile
from warmstart.table.splits import with_validation
from warmstart.table.task import Task

NONE = Notation(empty="none")
NAMES = ["price", "staff", "food", "a label", "c,d", "it's", 'the "best"', "好评", "back\\slash"]


def columns(no: Any, yes: Any, rows: int = 12) -> DatasetDict:
    """A row has `one` where its number is odd, `two` where it is a multiple of three, `three` in every fourth."""
    flags = {"one": 2, "two": 3, "three": 4}
    return table(rows, **{name: [no if row % each else yes for row in range(rows)] for name, each in flags.items()})


@pytest.mark.parametrize(
    ("no", "yes"),
    [(0, 1), ("0", "1"), (False, True), (0.0, 1.0), ("0.0", "1.0"), ("False", "True"), ("no", "Yes"), ("n", "y")],
)
def test_columns_of_zeros_and_ones(no: Any, yes: Any) -> None:
    splits = columns(no, yes)
    task = infer_task(splits, label="one,two, three")
    assert (task.kind, task.text, task.label) == ("labels", "text", "one,two,three")
    assert task.label_columns == task.classes == ("one", "two", "three")
    wanted = [[int(not row % each) for each in (2, 3, 4)] for row in range(12)]
    assert encode(task, splits["train"]).tolist() == wanted
    assert Task.from_dict(json.loads(json.dumps(task.to_dict()))) == task
    parts, _said = with_validation(check(splits, task)[0], task, 0.3)
    assert len(parts["validation"]) == 4
    found = profile(splits, task, fraction=0.3, seed=0)
    assert found.labels["train"] == {"one": 6, "two": 4, "three": 3}
    assert not found.errors


def test_several_columns_of_zeros_and_ones_are_asked_about_and_the_line_leads_out() -> None:
    for splits in (
        columns(0, 1),
        columns("0", "1").rename_columns({name: f"{name}_label" for name in ("one", "two", "three")}),
    ):
        error = error_of(splits)
        line = next(line for line in error.fix.splitlines() if "several labels a row" in line)
        words = shlex.split(line.split("  (")[0])
        assert words[0] == "--label"
        task = infer_task(splits, label=words[1])
        assert (task.kind, len(task.classes)) == ("labels", 3)


def test_a_rare_label_is_among_the_columns_that_are_named() -> None:
    splits = DatasetDict(train=columns(0, 1)["train"].add_column("rare", [0] * 12).add_column("votes", [1, 2] * 6))
    assert "--label one,two,three,rare  " in error_of(splits).fix


def test_a_label_by_its_name_is_still_the_label() -> None:
    splits = columns(0, 1)
    splits = DatasetDict(train=splits["train"].add_column("label", ["a", "b"] * 6))
    assert infer_task(splits).label == "label"


def test_a_column_whose_name_has_commas() -> None:
    splits = table(4, **{"yes,no": ["x", "y"] * 2, "one": [0, 1] * 2})
    assert infer_task(splits, label="yes,no").classes == ("x", "y")
    splits = table(4, **{"yes,no": [0, 1] * 2, "one": [0, 1, 1, 1]})
    assert infer_task(splits, label='"yes,no",one').label_columns == ("yes,no", "one")


def test_columns_that_are_none() -> None:
    splits = columns(0, 1)
    assert "there is no column 'four'" in error_of(splits, label="one,four").problem
    assert "one column is used twice" in error_of(splits, label="one,text", text="text").problem
    assert error_of(splits, label="one,two", kind="classes").fix.endswith("leave out --kind")
    odd = table(4, one=[0, 1, 1, 1], two=[0, 1, 7, 0])
    error = error_of(odd, label="one,two")
    assert "'two' holds more than zeros and ones: 7" in error.problem
    assert "row 3" in error.where
    assert "'two' holds more than" in error_of(table(2, one=[0, 1], two=[[0], [1]]), label="one,two").problem


def test_a_test_split_where_none_is_marked() -> None:
    train, test = columns(0, 1)["train"], columns(-1, -1)["train"]
    test = test.map(lambda row: {"text": f"new: {row['text']}"})
    splits = DatasetDict(train=train, test=test)
    task = infer_task(splits, label="one,two,three")
    check(splits, task)
    assert not has_labels(task, test)
    bare = DatasetDict(train=train, test=test.remove_columns(["one", "two", "three"]))
    check(bare, infer_task(bare, label="one,two,three"))
    with pytest.raises(UserError, match="there is no column 'two'"):
        infer_task(DatasetDict(train=train, validation=test.remove_columns(["two"])), label="one,two,three")


def test_an_empty_cell_among_the_columns() -> None:
    splits = table(4, one=["1", "", "0", "1"], two=["", "1", "1", "0"])
    task = infer_task(splits, label="one,two")
    with pytest.raises(UserError, match="no label in 2 rows") as caught:
        check(splits, task)
    assert "--label-empty none" in caught.value.fix
    task = infer_task(splits, label="one,two", notation=NONE)
    check(splits, task)
    assert encode(task, splits["train"]).tolist() == [[1, 0], [0, 1], [0, 1], [1, 0]]
    crosses = table(4, one=["x", "", "", "x"], two=["", "✓", "x", ""])
    task = infer_task(crosses, label="one,two", notation=NONE)
    assert encode(task, crosses["train"]).tolist() == [[1, 0], [0, 1], [0, 1], [1, 0]]


WRITERS = {
    "Python": repr,
    "JSON": json.dumps,
    "JSON as it is": lambda items: json.dumps(items, ensure_ascii=False),
    "a tuple": lambda items: repr(tuple(items)),
    "a set": lambda items: repr(set(items)) if items else "{}",
    "with spaces": lambda items: f"  {items!r} ",
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.lists(st.sampled_from(NAMES), max_size=3, unique=True), min_size=3, max_size=12))
def test_lists_written_as_text_are_read_as_the_lists_are(rows: list[list[str]], write: Any) -> None:
    """A differential test: the same rows as lists of Arrow."""
    rows = [*rows, ["price"], ["staff", "price"]]
    of_lists, of_text = labelled(*rows), labelled(*map(write, rows))
    assert (of_text.kind, of_text.classes, of_text.values) == ("labels", of_lists.classes, of_lists.values)
    assert np.array_equal(encode_labels(of_text, list(map(write, rows))), encode_labels(of_lists, rows))
    assert of_text.notation.lists
    assert "written as text" in of_text.reasons[-1]


def test_lists_as_numpy_writes_them() -> None:
    cells = ["['price' 'staff']", "['staff']", "[]", "['food'\n 'price']"]
    task = labelled(*cells)
    assert task.classes == ("food", "price", "staff")
    assert encode_labels(task, cells).sum(axis=1).tolist() == [2, 1, 0, 2]
    vectors = ["[1 0 1]", "[0 0 1]", "[1. 1. 0.]"]
    assert encode_labels(labelled(*vectors), vectors).tolist() == [[1, 0, 1], [0, 0, 1], [1, 1, 0]]


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_lists_without_quotes(brackets: str) -> None:
    cells = [brackets[0] + items + brackets[1] for items in ("price, staff", "staff", "", "food,price")]
    task = labelled(*cells)
    assert task.classes == ("food", "price", "staff")
    assert encode_labels(task, cells).tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0], [1, 1, 0]]
    assert labelled("[spam]", "[ham]", "[spam]").classes == ("[ham]", "[spam]")  # names, as no list has several


def test_empty_lists_are_no_labels() -> None:
    for kind in (None, "labels"):
        assert "no labels at all" in error_of(table(2, label=["[]", "[]"]), kind=kind).problem


def test_a_separator_that_is_not_there() -> None:
    splits = table(6, label=["a|b", "a", "b"] * 2)
    error = error_of(splits, notation=Notation(separator=","))
    assert error.fix == "--label-separator '|'"
    assert infer_task(splits, notation=Notation(separator="|")).classes == ("a", "b")
    assert infer_task(table(4, label=["a", "b"] * 2), notation=Notation(separator=",")).classes == ("a", "b")


@pytest.mark.parametrize("sign", [",", " ", "|", ", "])
def test_vectors_without_brackets(sign: str) -> None:
    rows = [[row >> bit & 1 for bit in range(3)] for row in range(8)]
    splits = table(8, label=[sign.join(map(str, row)) for row in rows])
    assert "joined by" in error_of(splits).problem
    task = infer_task(splits, notation=Notation(separator=sign.strip() or " "))
    assert (task.kind, task.classes, task.values) == ("labels", ("0", "1", "2"), ())
    assert encode(task, splits["train"]).tolist() == rows


def test_labels_joined_by_spaces() -> None:
    names = ["cs.CL", "cs.LG", "stat.ML", "cs.AI", "math.ST"]
    rows = [[name for bit, name in enumerate(names) if number >> bit & 1] for number in range(1, 32)]
    splits = table(31, label=[" ".join(row) for row in rows])
    assert "--label-separator ' '" in error_of(splits).fix
    assert infer_task(splits, notation=Notation(separator=" ")).classes == tuple(sorted(names))


def test_labels_of_fasttext() -> None:
    splits = table(6, label=["__label__a __label__b", "__label__a", "__label__b"] * 2)
    assert "--label-separator ' '" in error_of(splits).fix
    assert infer_task(splits, notation=Notation(separator=" ")).classes == ("__label__a", "__label__b")


def test_vectors_and_ids_as_text() -> None:
    assert encode_labels(labelled("[0, 1]", "[1, 1]"), ["[1, 0]"]).tolist() == [[1, 0]]
    assert labelled("[3, 10]", "[10]", "[]").classes == ("3", "10")
    assert "names and numbers" in error_of(table(2, label=["['a']", "[1]"])).problem


def test_an_empty_cell_beside_lists_is_a_missing_label_or_none() -> None:
    splits = table(5, label=["['a']", "['a', 'b']", "", "[]", "['b']"])
    with pytest.raises(UserError, match="no label in 1 row") as caught:
        check(splits, infer_task(splits))
    assert "--label-empty none" in caught.value.fix
    task = infer_task(splits, notation=NONE)
    check(splits, task)
    assert encode(task, splits["train"])[2].tolist() == [0, 0]
    lists = table(3, label=[["a"], None, ["b", "a"]])
    assert encode(infer_task(lists, notation=NONE), lists["train"]).tolist() == [[1, 0], [0, 0], [1, 1]]


def test_a_cell_that_is_no_list_among_lists() -> None:
    error = error_of(table(4, label=["['a']", "['a', 'b']", "b", "['b']"]))
    assert "also 'b'" in error.problem
    assert labelled("['a']", "b", kind="classes").classes == ("['a']", "b")
    task = labelled("['a']", "['b']")
    with pytest.raises(UserError, match="no known class"):
        encode_labels(task, ["['a'"])


@pytest.mark.parametrize("sign", ["|", ";", ",", "，", "、", "/", "+", "&", ":", "\n", "\t", " | ", "; ", ", "])
def test_joined_labels_are_asked_about_and_the_option_leads_out(sign: str) -> None:
    rows = [["price", "staff"], ["price"], ["staff"], ["food", "price"], ["food"], ["price", "staff", "food"]] * 2
    splits = table(12, label=[sign.join(row) for row in rows])
    error = error_of(splits)
    assert "joined by" in error.problem
    assert "rows 1," in error.where
    (option,) = re.findall(r"--label-separator (\S+) ", error.fix)
    task = infer_task(splits, notation=Notation.asked(label_separator=shlex.split(option)[0]))
    assert (task.kind, task.classes) == ("labels", ("food", "price", "staff"))
    found = encode(task, splits["train"])
    assert found.tolist() == [[int(name in row) for name in task.classes] for row in rows]
    assert infer_task(splits, kind="labels").classes == task.classes  # what is asked for by its kind needs no sign
    assert len(infer_task(splits, kind="classes").classes) == 6  # the other way out
    assert Task.from_dict(json.loads(json.dumps(task.to_dict()))) == task


@pytest.mark.parametrize(
    "cells",
    [
        ["positive, mixed", "negative"],
        ["positive, mixed", "positive"],
        ["New York, NY", "Albany, NY", "Los Angeles, CA", "San Diego, CA"],
        ["Sci/Tech", "World", "Sports", "Business"],
        ["A+", "A", "B+", "B"],
        ["C++", "C", "R&D"],
        ["1/5", "2/5", "3/5", "4/5"],
        ["Sports, outdoors", "Sports, indoors", "Music"],
        ["not sure; maybe", "yes", "no"],
        ["2020/01/05 x", "2020/02/05 y"],
        ["10:30", "11:30"],
        ["very good", "good", "very bad", "bad"],
        ["very positive", "positive", "neutral", "negative", "very negative", "not neutral", "not positive"],
    ],
)
def test_signs_that_are_part_of_names(cells: list[str]) -> None:
    assert infer_task(table(4 * len(cells), label=cells * 4)).classes == tuple(sorted(cells))


def test_an_empty_cell_beside_joined_labels() -> None:
    splits = table(5, label=["a|b", "a", "", "b", "a|"])
    asked = Notation(separator="|")
    with pytest.raises(UserError, match="no label in 1 row") as caught:
        check(splits, infer_task(splits, notation=asked))
    assert "--label-empty none" in caught.value.fix
    task = infer_task(splits, notation=Notation(separator="|", empty="none"))
    check(splits, task)
    assert encode(task, splits["train"]).tolist() == [[1, 1], [1, 0], [0, 0], [0, 1], [1, 0]]


def test_very_many_combinations_are_still_read() -> None:
    """More different cells than classes may have, of a few labels."""
    rows = 400
    cells = ["|".join(f"t{bit}" for bit in range(9) if number >> bit & 1) or "t9" for number in range(rows)]
    assert "joined by" in error_of(table(rows, label=cells)).problem
    assert len(infer_task(table(rows, label=cells), notation=Notation(separator="|")).classes) == 10
    lists = [repr(cell.split("|")) for cell in cells]
    assert len(infer_task(table(rows, label=lists)).classes) == 10


def test_options_that_say_nothing_of_the_kind_are_refused() -> None:
    for notation, kind in (
        (Notation(separator="|"), "classes"),
        (Notation(empty="none"), "number"),
        (Notation(decimal="comma"), "classes"),
        (Notation(decimal="comma"), "labels"),
    ):
        assert (
            "says nothing where the kind of task is"
            in error_of(table(4, label=["1", "2"] * 2), kind=kind, notation=notation).problem
        )


def test_cells_that_are_no_text_have_no_several_labels() -> None:
    for cells in ([0, 1, 0, 1], [0.5, 1.5, 2.5, 3.5], [True, False, True, False]):
        for notation, kind in ((Notation(separator=","), None), (NONE, None), (Notation(), "labels")):
            assert "one value a row" in error_of(table(4, label=cells), kind=kind, notation=notation).problem
    error = error_of(table(2, label=[["a"], ["b"]]), notation=Notation(separator=","))
    assert "--label-separator says nothing" in error.problem


def test_old_files_of_tasks_are_read() -> None:
    saved = labelled("a", "b").to_dict()
    assert "notation" not in saved
    assert Task.from_dict(saved).notation == Notation()
    wrong_fields = ({"columns": "ab"}, {"columns": [1]}, {"separator": ""}, {"separator": 1}, {"lists": 1})
    others = ({"unheard": 1}, {"labels": "x"}, {"empty": []}, {"decimal": 1}, {"unit": None})
    for wrong in (7, "x", None, *wrong_fields, *others):
        with pytest.raises(UserError, match="not a saved task"):
            Task.from_dict({**saved, "notation": wrong})
