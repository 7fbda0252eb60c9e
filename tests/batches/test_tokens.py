"""The token table: what the tokenizer says, row for row; built once, found again; the same however it was built."""

import os
import pathlib
import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import tiny
from warmstart.batches import tokens
from warmstart.batches.tokens import TokenTable, tokenize
from warmstart.errors import UserError
from warmstart.table.sources import load
from warmstart.table.task import Task

TASK = Task(kind="classes", text="text", pair=None, label="label", classes=("no", "yes"), values=("no", "yes"))
PAIRS = Task(kind="classes", text="text", pair="other", label=None)


@pytest.fixture
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The folder that tables are kept in, empty at first."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache" / "warmstart" / "tokens"


@pytest.fixture
def dataset() -> Dataset:
    texts = [row["text"] for row in tiny.reviews(50)]
    return Dataset.from_dict({"text": texts, "other": texts[::-1], "label": ["no", "yes"] * 25})


def ids_of(table: TokenTable) -> list[list[int]]:
    return [table.ids[a:b].tolist() for a, b in zip(table.offsets[:-1], table.offsets[1:], strict=True)]


def types_of(table: TokenTable) -> list[list[int]]:
    assert table.types is not None
    return [table.types[a:b].tolist() for a, b in zip(table.offsets[:-1], table.offsets[1:], strict=True)]


Counted = tuple[Any, list[int]]


@pytest.fixture
def counted() -> Callable[[], Counted]:
    """A tokenizer and a list that grows by the number of texts of each of its calls."""

    def make() -> Counted:
        calls: list[int] = []
        tokenizer = tiny.tokenizer()
        stock = type(tokenizer)

        def call(self: Any, *texts: Any, **options: Any) -> Any:
            calls.append(len(texts[0]))
            return stock.__call__(self, *texts, **options)

        tokenizer.__class__ = type(stock.__name__, (stock,), {"__call__": call})
        return tokenizer, calls

    return make


def test_a_row_is_what_the_tokenizer_says_of_it(cache: pathlib.Path, dataset: Dataset) -> None:
    stock = tiny.tokenizer()
    for task, columns in ((TASK, ["text"]), (PAIRS, ["text", "other"])):
        table = tokenize(dataset, task, stock, max_length=9)
        wanted = stock(*[list(dataset[name]) for name in columns], truncation=True, max_length=9)
        assert ids_of(table) == wanted["input_ids"]
        assert types_of(table) == wanted["token_type_ids"]
        assert table.lengths.tolist() == list(map(len, wanted["input_ids"]))
        assert len(table) == 50
        whole = stock(*[list(dataset[name]) for name in columns])["input_ids"]
        assert table.cut.tolist() == [len(ids) > 9 for ids in whole]  # type: ignore[union-attr]
        assert 0 < table.truncated == np.mean([len(ids) > 9 for ids in whole])
        assert [str(array.dtype) for array in (table.ids, table.offsets)] == ["int32", "int64"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=6))
def test_any_text_is_taken(cache: pathlib.Path, texts: list[str]) -> None:
    stock = tiny.tokenizer()
    table = tokenize(Dataset.from_dict({"text": texts}), TASK, stock, max_length=16)
    assert ids_of(table) == stock(texts, truncation=True, max_length=16)["input_ids"]


def test_memory_maps_and_not_arrays(cache: pathlib.Path, dataset: Dataset) -> None:
    for _ in range(2):  # built, and found
        table = tokenize(dataset, TASK, tiny.tokenizer(), max_length=9)
        for array in (table.ids, table.offsets, table.types):
            assert isinstance(array, np.memmap)
            assert array.mode == "r"
            assert pathlib.Path(str(array.filename)).parent == cache / table.fingerprint


def test_a_table_that_is_there_is_not_tokenised_again(
    cache: pathlib.Path, dataset: Dataset, counted: Callable[[], Counted]
) -> None:
    tokenizer, calls = counted()
    first = tokenize(dataset, TASK, tokenizer, max_length=9)
    assert sum(calls) == 50
    written = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in cache.rglob("*.npy")}
    again, later = counted()
    again("good", truncation=True, padding="max_length", max_length=5)  # what a call leaves behind changes nothing
    later.clear()
    second = tokenize(dataset, TASK, again, max_length=9)
    assert later == []
    assert ids_of(first) == ids_of(second)
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in cache.rglob("*.npy")} == written


def test_what_is_not_kept_is_found_or_made_in_memory(
    cache: pathlib.Path, dataset: Dataset, counted: Callable[[], Counted]
) -> None:
    made = tokenize(dataset, PAIRS, tiny.tokenizer(), max_length=9, keep=False)
    assert not [path for path in cache.rglob("*") if path.is_file()]
    kept = tokenize(dataset, PAIRS, tiny.tokenizer(), max_length=9)
    tokenizer, calls = counted()
    found = tokenize(dataset, PAIRS, tokenizer, max_length=9, keep=False)
    assert calls == []
    for table in (made, found):
        for name in ("ids", "offsets", "types", "cut"):
            np.testing.assert_array_equal(getattr(table, name), getattr(kept, name))


def test_whatever_changes_the_ids_makes_another_table(cache: pathlib.Path, dataset: Dataset) -> None:
    stock = tiny.tokenizer()
    cased = tiny.tokenizer()
    cased.add_tokens(["wonderful"])
    left_cut = tiny.tokenizer()
    left_cut.truncation_side = "left"
    tables = [
        tokenize(dataset, TASK, stock, max_length=9),
        tokenize(dataset, TASK, stock, max_length=8),
        tokenize(dataset, PAIRS, stock, max_length=9),
        tokenize(dataset.rename_columns({"text": "x", "other": "text"}), TASK, stock, max_length=9),
        tokenize(dataset.select(range(49)), TASK, stock, max_length=9),
        tokenize(dataset, TASK, cased, max_length=9),
        tokenize(dataset, TASK, left_cut, max_length=9),
    ]
    assert len({table.fingerprint for table in tables}) == len(tables)
    assert {path.name for path in cache.iterdir()} == {table.fingerprint for table in tables}
    assert ids_of(tables[6]) != ids_of(tables[0])


def test_two_processes_make_the_same_table_as_one(
    tmp_path: pathlib.Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for processes in (1, 2):
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / str(processes))
        table = tokenize(dataset, PAIRS, tiny.tokenizer(), max_length=20, processes=processes)
        folder = tmp_path / str(processes) / "warmstart" / "tokens" / table.fingerprint
        found.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert found[0] == found[1]
    assert found[0].keys() == {"ids.npy", "offsets.npy", "types.npy", "cut.npy", "sums.json"}


def test_rows_in_memory_and_rows_of_a_file_make_the_same_table(cache: pathlib.Path, tmp_path: pathlib.Path) -> None:
    rows = [{**row, "label": "yes" if row["label"] == "positive" else "no"} for row in tiny.reviews(30)]
    from_file = load(str(tiny.write(tmp_path / "r.csv", rows)), cache_dir=str(tmp_path / "rows"))["train"]
    one = tokenize(from_file, TASK, tiny.tokenizer(), max_length=20)
    two = tokenize(Dataset.from_list(rows), TASK, tiny.tokenizer(), max_length=20)
    assert one.fingerprint == two.fingerprint  # which is made of what the texts say
    assert ids_of(one) == ids_of(two)
    assert one.labels is not None
    assert two.labels is not None
    assert one.labels.tolist() == two.labels.tolist() == [1, 0] * 15


def test_labels_are_those_of_the_task(cache: pathlib.Path, dataset: Dataset) -> None:
    stock = tiny.tokenizer()
    assert tokenize(dataset, PAIRS, stock, max_length=9).labels is None
    assert tokenize(dataset.remove_columns("label"), TASK, stock, max_length=9).labels is None
    number = Task(kind="number", text="text", pair=None, label="n")
    several = Task("labels", "text", None, "n", ("a", "b", "c"), ("a", "b", "c"))
    for task, cells, wanted in (
        (number, [0.5, 2.0, -1.5], np.array([0.5, 2.0, -1.5], np.float32)),
        (several, [["a"], ["c", "a"], []], np.array([[1, 0, 0], [1, 0, 1], [0, 0, 0]], np.float32)),
    ):
        labels = tokenize(Dataset.from_dict({"text": ["good"] * 3, "n": cells}), task, stock, max_length=9).labels
        assert labels is not None
        np.testing.assert_array_equal(labels, wanted)
        assert labels.dtype == np.float32


def test_padding_is_that_of_the_tokenizer(cache: pathlib.Path, dataset: Dataset) -> None:
    stock = tiny.tokenizer()
    stock.padding_side, stock.pad_token = "left", "[MASK]"
    table = tokenize(dataset, TASK, stock, max_length=9)
    assert table.pad_left
    assert table.pad_id == stock.mask_token_id


def test_a_failure_leaves_nothing_that_looks_like_a_table(cache: pathlib.Path, dataset: Dataset) -> None:
    stock = tiny.tokenizer()
    calls: list[int] = []

    def break_down(self: Any, *texts: Any, **options: Any) -> Any:
        calls.append(1)
        raise MemoryError("in the middle")

    broken = tiny.tokenizer()
    broken.__class__ = type(type(stock).__name__, (type(stock),), {"__call__": break_down})
    with pytest.raises(MemoryError):
        tokenize(dataset, TASK, broken, max_length=9)
    assert calls
    assert list(cache.iterdir()) == []
    assert len(tokenize(dataset, TASK, stock, max_length=9)) == 50


def test_a_process_that_is_killed_while_it_tokenises_is_told_and_leaves_nothing(
    dataset: Dataset, cache: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, real = os.getpid(), tokens.tokenized

    def killed(*given: Any) -> Any:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given)

    monkeypatch.setattr(tokens, "tokenized", killed)
    with pytest.raises(UserError, match="killed") as caught:
        tokenize(dataset, TASK, tiny.tokenizer(), max_length=20, processes=2)
    assert "--processes" in caught.value.fix
    assert [*cache.iterdir()] == []
    assert len(tokenize(dataset, TASK, tiny.tokenizer(), max_length=20)) == 50
