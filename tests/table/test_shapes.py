"""What a look at a table costs does not explode with its shape: columns, one cell, classes."""

import copy
import tracemalloc
from collections.abc import Callable
from typing import Any

import datasets
import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from tests import tiny
from warmstart.batches import lengths
from warmstart.batches.lengths import token_lengths
from warmstart.table.infer import infer_task
from warmstart.table.profile import profile
from warmstart.table.splits import split
from warmstart.table.task import Task

ROWS = 40


def rows_of(**columns: list[str]) -> DatasetDict:
    texts = [f"a film that was number {row}" for row in range(ROWS)]
    cells = {"text": texts, "label": ["good", "bad"] * (ROWS // 2)} | columns
    return DatasetDict(train=Dataset.from_dict(cells))


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> Callable[[], int]:
    """How often a function is called from now on."""
    calls = []
    real = getattr(owner, name)

    def counting(*args: Any, **options: Any) -> Any:
        calls.append(name)
        return real(*args, **options)

    monkeypatch.setattr(owner, name, counting)
    return lambda: len(calls)


def peak_of(act: Callable[[], Any]) -> int:
    """Bytes at the peak of what Python holds meanwhile."""
    tracemalloc.start()
    act()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_copies_of_all_columns_are_not_made_for_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = []
    for many in (10, 100):
        splits = rows_of(**{f"f{number}": [f"{number}.{row}" for row in range(ROWS)] for number in range(many)})
        with monkeypatch.context() as patch:
            count = counted(patch, datasets.Features, "copy"), counted(patch, copy, "deepcopy")
            task = infer_task(splits)
            found = profile(splits, task, fraction=0.1, seed=0)
            copies.append((count[0](), count[1]()))
        assert len(found.columns) == many + 2
        assert found.columns["f3"].examples == ("3.0", "3.1", "3.2")
    assert copies[0] == copies[1]


def test_of_a_long_cell_no_more_than_a_beginning_is_looked_at() -> None:
    cell = "good film " * 500_000  # five million characters
    splits = rows_of()
    texts = [*splits["train"]["text"][:-1], cell]
    splits = rows_of(text=texts, note=[cell, *["short"] * (ROWS - 1)])
    assert peak_of(lambda: infer_task(splits, text="text")) < len(cell) / 4
    found = profile(splits, infer_task(splits, text="text"), fraction=0.1, seed=0)
    assert [len(example) for example in found.columns["note"].examples] == [1_001, 5, 5]
    assert len(str(found.to_dict())) < 10_000


def test_tokens_of_a_long_cell_are_counted_at_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    splits = rows_of(text=[f"good film {row}" for row in range(ROWS - 1)] + ["bad book " * 100_000])
    task, tokenizer = infer_task(splits), tiny.tokenizer()
    read: list[int] = []
    real = type(tokenizer).__call__

    def noting(self: Any, *texts: list[str], **options: Any) -> Any:
        read.extend(len(text) for column in texts for text in column)
        return real(self, *texts, **options)

    monkeypatch.setattr(type(tokenizer), "__call__", noting)
    found = token_lengths(splits["train"], task, tokenizer, 32)
    assert found is not None
    assert sum(read) < lengths.READ + ROWS * 20
    assert (found.rows_counted, found.cut, found.share_over_limit) == (ROWS, 1, 1 / ROWS)
    assert found.longest > 4_000
    assert len(splits["train"]["text"][-1]) == 900_000


def test_of_many_long_texts_fewer_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "MOST_CHARACTERS", 2_000)
    splits = rows_of(text=[f"good film {row} " * 20 for row in range(ROWS)])
    found = token_lengths(splits["train"], infer_task(splits), tiny.tokenizer(), 32)
    assert found is not None
    assert 6 <= found.rows_counted <= 8  # of 240 characters and more each
    assert found.cut == 0
    assert token_lengths(splits["train"], infer_task(splits), tiny.tokenizer(), 32) == found


def test_many_classes_are_split_in_a_number_of_steps_that_does_not_grow_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = []
    for many in (20, 400):
        names = tuple(f"class {number}" for number in range(many))
        table = Dataset.from_dict(
            {
                "text": [f"text {row}" for row in range(2 * many)],
                "label": [names[row % many] for row in range(2 * many)],
            }
        )
        with monkeypatch.context() as patch:
            count = counted(patch, np, "bincount")
            train, validation = split(table, Task("classes", "text", None, "label", names, names))
            steps.append(count())
        assert {*train["label"][:]} == {*names}
        assert len(validation) == many // 5
    assert steps[0] == steps[1]


@pytest.mark.parametrize("option", [{"label": "x"}, {"text": "x"}])
def test_a_message_is_not_as_long_as_the_table_is_wide(option: dict[str, str]) -> None:
    from warmstart.errors import UserError

    wide = rows_of(**{f"column_{number}": ["1", "0"] * (ROWS // 2) for number in range(500)})
    with pytest.raises(UserError) as caught:
        infer_task(wide, **option)
    assert len(str(caught.value)) < 2_000
    assert "452 more" in str(caught.value)


def test_a_class_with_a_very_long_name_is_shown_shortened() -> None:
    from warmstart.table.task import describe

    splits = rows_of()
    labels = [*splits["train"]["label"][:-1], "very long " * 10_000]
    task = infer_task(rows_of(label=labels))
    assert (task.label, len(task.classes)) == ("label", 3)
    assert len(describe(task)) < 2_000
