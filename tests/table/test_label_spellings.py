"""Labels that look the same: named with their counts, merged or kept as the user says; and labels that say nothing."""

import unicodedata
from typing import Any

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.table.labelled import error_of, labelled, table
from warmstart.errors import UserError
from warmstart.heads import alike
from warmstart.heads.notation import Notation
from warmstart.table.checks import check
from warmstart.table.infer import infer_task
from warmstart.table.labels import encode_labels
from warmstart.table.task import Task

MERGE, KEEP = Notation(labels="merge"), Notation(labels="keep")

# A label, and another spelling of it as a message must show it.
SAME = [
    ("pos", "pos ", "'pos '"),
    ("pos", " pos", "' pos'"),
    ("pos", "pos\t", r"'pos\t'"),
    ("pos", "pos\r", r"'pos\r'"),
    ("pos", "pos\xa0", r"'pos\xa0'"),
    ("very good", "very  good", "'very  good'"),
    ("very good", "very\u2009good", r"'very\u2009good'"),
    ("pos", "pos\u200b", r"'pos\u200b'"),
    ("pos", "\ufeffpos", r"'\ufeffpos'"),
    ("pos", "po\u00ads", r"'po\xads'"),
    ("pos", "pos\x00", r"'pos\x00'"),
    ("pos", "Pos", "'Pos'"),
    ("straße", "STRASSE", "'STRASSE'"),
    ("pos", "ｐｏｓ", "'ｐｏｓ'"),
    ("ﾃｽﾄ", "テスト", "'テスト'"),
    ("caf\u00e9", "cafe\u0301", r"'cafe\u0301'"),
    ("\u212bngstrom", "\u00c5ngstrom", r"'\xc5ngstrom'"),
    ("ﬁne", "fine", "'fine'"),
    ("好评", "好评\u3000", r"'好评\u3000'"),
    ("❤", "❤\ufe0f", r"'\u2764\ufe0f'"),
    ("non-toxic", "non\u2011toxic", "'non\u2011toxic'"),
    ("don't know", "don\u2019t know", "'don\u2019t know'"),
    ("1", "1.0", "'1.0'"),
    ("1", "１", "'１'"),
]


@pytest.mark.parametrize(("label", "other", "shown"), SAME)
def test_labels_that_look_the_same_are_named_and_both_ways_out_lead_out(label: str, other: str, shown: str) -> None:
    rest = "0" if label == "1" else "rest"
    cells = [label] * 3 + [other] + [rest] * 2
    error = error_of(table(6, label=cells))
    assert "look the same" in error.problem
    assert shown in error.problem
    assert "(3 rows)" in error.problem
    assert "(1 row)" in error.problem
    assert "row 4" in error.where
    merged = labelled(*cells, notation=MERGE)
    assert set(merged.values) == {rest, label}
    ids = encode_labels(merged, cells).tolist()
    assert ids[:4] == [ids[0]] * 4
    assert f"{shown} (1 row)" in merged.reasons[-1]
    kept = labelled(*cells, notation=KEEP)
    assert set(kept.values) == {label, other, rest}
    assert [kept.values[number] for number in encode_labels(kept, cells)] == cells
    for task in (merged, kept):
        assert Task.from_dict(task.to_dict()) == task


@pytest.mark.parametrize(
    "cells",
    [
        ["a", "b"],
        ["pos ", "neg"],  # written so in all rows: one class
        ["007", "7"],  # a code, as tables keep it
        ["C", "C++", "C#"],
        ["résumé", "resume"],
        ["x²y", "xy"],
        ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"],  # England and Scotland differ by what nobody sees
        ["👍🏻", "👍🏿"],
        ["not_spam", "spam"],
    ],
)
def test_labels_that_differ_are_left_alone(cells: list[str]) -> None:
    assert set(labelled(*cells * 2).values) == set(cells)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text(st.characters(categories=["L", "M"]), min_size=1, max_size=5), min_size=2, max_size=5),
    st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
    st.sampled_from(["", " ", "\u200b", "\xa0"]),
)
def test_another_form_of_a_label_is_that_label(names: list[str], form: Any, behind: str) -> None:
    """Merging gives the classes of the plain spelling, whatever was done to some cells."""
    keys = {alike.key(name) for name in names}
    assume(len(keys) == len(names) and "" not in keys)
    others = [unicodedata.normalize(form, name.lower()) + behind for name in names]
    assume([alike.key(other) for other in others] == [alike.key(name) for name in names])
    task = labelled(*names * 2, *others, label="label", notation=MERGE)
    assert set(task.values) == set(names)
    assert encode_labels(task, others).tolist() == encode_labels(task, names).tolist()


def test_the_most_frequent_spelling_wins_and_it_is_said() -> None:
    cells = ["Pos"] * 5 + ["pos"] * 3 + ["POS "] + ["neg"] * 4
    task = labelled(*cells, notation=MERGE)
    assert task.classes == ("Pos", "neg")
    assert "taken as one, as asked: 'Pos' (5 rows) = 'pos' (3 rows) = 'POS ' (1 row)" in task.reasons[-1]


def test_several_groups_are_told_at_once() -> None:
    error = error_of(table(8, label=["a", "A", "b", "b ", "c", "c", "d", "e"]))
    assert "'A' (1 row) = 'a' (1 row)" in error.problem
    assert "'b' (1 row) = 'b ' (1 row)" in error.problem
    assert "'c'" not in error.problem


def _splits(train: list[Any], validation: list[Any]) -> DatasetDict:
    def rows(cells: list[Any], name: str) -> Dataset:
        return Dataset.from_dict({"text": [f"{name} {number}" for number in range(len(cells))], "label": cells})

    return DatasetDict(train=rows(train, "one"), validation=rows(validation, "other"))


@pytest.mark.parametrize("other", ["Pos ", "pos\u200b", "ＰＯＳ"])
def test_another_spelling_in_another_split(other: str) -> None:
    splits = _splits(["pos", "neg"] * 3, [other, "neg"])
    with pytest.raises(UserError) as caught:
        check(splits, infer_task(splits))
    assert "no known class in 1 row" in caught.value.problem
    assert repr(other) in caught.value.fix
    assert "like 'pos'" in caught.value.fix
    assert "--labels merge" in caught.value.fix
    task = infer_task(splits, notation=MERGE)
    check(splits, task)
    assert encode_labels(task, splits["validation"]["label"]).tolist() == [1, 0]
    splits = _splits(["pos", "neg"] * 3, ["other", "neg"])
    with pytest.raises(UserError, match="no known class") as caught:
        check(splits, infer_task(splits, notation=MERGE))
    assert "--labels merge" not in caught.value.fix


def test_items_of_lists_are_labels_too() -> None:
    cells = [["price"], ["Price ", "staff"], ["price", "staff"], []]
    error = error_of(table(4, label=cells))
    assert "'price' (2 rows) = 'Price ' (1 row)" in error.problem
    task = labelled(*cells, notation=MERGE)
    assert task.classes == ("price", "staff")
    assert encode_labels(task, cells).tolist() == [[1, 0], [1, 1], [1, 1], [0, 0]]
    assert labelled(*cells, notation=KEEP).classes == ("Price ", "price", "staff")
    with pytest.raises(UserError, match="no known class") as caught:
        encode_labels(labelled(["price"], ["staff"]), [["STAFF"]])
    assert "--labels merge" in caught.value.fix


def test_numbers_have_no_spelling() -> None:
    assert labelled("1", "1.0", "2.5", "3.75").kind == "number"
    assert labelled(1, 2, 1).classes == ("1", "2")
    assert labelled(0.0, 1.0).classes == ("0", "1")


@pytest.mark.parametrize(
    "name", ["nan", "NaN", "None", "N/A", "n/a", "NA", "null", "-", "—", "?", ".", "#N/A", "<NA>", "\u200b", "空值"]
)
def test_a_class_that_may_say_that_there_is_none(name: str) -> None:
    cells = ["pos", "neg", name] * 4
    splits = table(12, label=cells)
    task = infer_task(splits)
    assert name in task.classes
    _same, said = check(splits, task)
    (warning,) = [line for line in said if "a class, or no label?" in line]
    assert repr(name) in warning
    assert "4 rows" in warning
    assert "rows 3, 6, 9, 12" in warning
    rest = DatasetDict(train=splits["train"].filter(lambda row: row["label"] != name))
    assert check(rest, infer_task(rest))[1] == ()  # the way out that is told


def test_such_items_of_lists_are_told_too_and_named_classes_are_not() -> None:
    splits = table(4, label=[["none"], ["a", "b"], ["a"], ["b"]])
    (warning,) = check(splits, infer_task(splits))[1]
    assert "'none' in 1 row" in warning
    from datasets import ClassLabel

    named = table(4, label=[0, 1, 0, 1])["train"].cast_column("label", ClassLabel(names=["none", "against"]))
    assert check(DatasetDict(train=named), infer_task(DatasetDict(train=named)))[1] == ()


def test_numbers_beside_na_say_so() -> None:
    error = error_of(table(6, label=["1", "2", "N/A", "2", "1", "1"]))
    assert "mixes numbers" in error.problem
    assert "leave out the rows of 'N/A'" in error.fix


def test_minus_one_that_may_be_a_class() -> None:
    splits = table(12, label=["-1", "0", "1", "2"] * 3)
    with pytest.raises(UserError, match="no label in 3 rows") as caught:
        check(splits, infer_task(splits))
    assert "--kind classes" in caught.value.fix
    task = infer_task(splits, kind="classes")
    check(splits, task)
    assert task.classes == ("-1", "0", "1", "2")
