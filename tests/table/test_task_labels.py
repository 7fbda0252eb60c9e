"""Cells of the label column, encoded."""

from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.table.labelled import labelled, table
from warmstart.errors import UserError
from warmstart.heads.notation import Notation
from warmstart.table.labels import encode_labels, has_labels
from warmstart.table.task import Task


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
    task = labelled(*cells, notation=Notation(labels="keep"))
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
