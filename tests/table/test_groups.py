"""Rows that belong together: which columns say so, and how `--group` keeps them on one side."""

import pathlib
import random
from typing import Any

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import tiny
from tests.bad_inputs.helpers import accepted, write
from warmstart.errors import UserError
from warmstart.table.copies import copies
from warmstart.table.groups import suspects
from warmstart.table.infer import infer_task
from warmstart.table.rows import gather
from warmstart.table.splits import split


def grouped(count: int, sizes: int, **columns: Any) -> list[dict[str, Any]]:
    """Rows whose authors wrote `sizes` of them each; `columns` makes further cells of the author."""
    return [
        {**row, "who": f"a{n // sizes}", **{name: make(n // sizes) for name, make in columns.items()}}
        for n, row in enumerate(tiny.reviews(count))
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=30, max_size=60), st.integers(0, 5))
def test_a_group_is_on_one_side(of: list[int], seed: int) -> None:
    rows = [{**row, "who": None if who == 0 else f"a{who}"} for row, who in zip(tiny.reviews(len(of)), of, strict=True)]
    rows[7]["text"] = rows[3]["text"]  # joins the groups of both
    table = Dataset.from_list(rows)
    try:
        train, validation = split(table, infer_task(DatasetDict(train=table)), seed=seed, group="who")
    except UserError:  # one group has nearly all rows
        return
    assert not ({*train["who"]} - {None}) & ({*validation["who"]} - {None})
    assert not {*train["text"]} & {*validation["text"]}
    assert len(train) + len(validation) == len(rows)


def test_the_column_is_recorded_and_must_be_there(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "rows.jsonl", grouped(60, 4))
    found = accepted(path, label="label", group="who")
    assert not {*found.splits["train"]["who"]} & {*found.splits["validation"]["who"]}
    with pytest.raises(UserError, match=r"(?s)no column 'whom'.*did you mean 'who'.*--group"):
        accepted(path, label="label", group="whom")


def test_given_splits_must_keep_to_it_and_the_fix_leads_out(tmp_path: pathlib.Path) -> None:
    rows = grouped(60, 4)
    path = write(tmp_path / "train.jsonl", rows[:46])
    validation = write(tmp_path / "validation.jsonl", rows[46:])
    settings = {"validation": str(validation), "label": "label", "group": "who"}
    with pytest.raises(UserError, match="2 rows of groups that are in the split 'train' too") as refused:
        accepted(path, **settings)
    assert "--allow-leakage" in refused.value.fix
    assert any("groups that are in the split" in note for note in accepted(path, allow_leakage=True, **settings).notes)
    write(validation, rows[48:])
    assert accepted(path, **settings).notes is not None


def suspected(rows: list[dict[str, Any]]) -> dict[str, Any]:
    splits = DatasetDict(train=Dataset.from_list(rows))
    task = infer_task(splits, text="text", label="label")
    return {one.column: one for one in suspects(splits, task, copies(gather(splits, task)))}


def test_columns_that_look_like_groups() -> None:
    draw = random.Random(0)
    rows = grouped(240, 6, user_id=lambda n: n, mood=lambda n: f"m{n}", noise=lambda n: 0)
    for number, row in enumerate(rows):
        row["label"] = ("good", "bad")[number // 6 % 2]
        row["noise"], row["lone"] = draw.randrange(40), number
    found = suspected(rows)
    assert {*found} == {"who", "user_id", "mood"}
    assert found["user_id"].named
    assert found["mood"].agree > 0.9
    for row in rows:
        row["label"] = draw.choice(("good", "bad"))
    assert {*suspected(rows)} == {"user_id"}


def test_near_copies_speak_for_a_column() -> None:
    rows = []
    for number, text in enumerate(tiny.reviews(40)):
        words = f"{text['text']} {number} {number + 100} {number + 200} {number + 300} {number + 400}"
        rows += [
            {"text": f"{words} {end}", "label": "ab"[(number + n) % 2], "form": number} for n, end in enumerate("xyz")
        ]
    assert suspected(rows)["form"].copies == pytest.approx(1.0)
