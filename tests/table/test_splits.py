"""A split is a partition, seeded, stratified to within one row a class, and never cuts copies of a text apart."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given, settings
from hypothesis import strategies as st

from warmstart.errors import UserError
from warmstart.heads.labels import Labels
from warmstart.table import columns
from warmstart.table.infer import infer_task
from warmstart.table.splits import by_plain_names, split, with_validation
from warmstart.table.task import Task

MANY = settings(max_examples=80, deadline=None)


def rows(cells: list[Any], texts: list[str] | None = None) -> Dataset:
    texts = [f"text {row}" for row in range(len(cells))] if texts is None else texts
    return Dataset.from_dict({"text": texts, "label": cells, "row": list(range(len(cells)))})


def task_of(dataset: Dataset) -> Task:
    return infer_task(DatasetDict(train=dataset), text="text", label="label")


def classes(*names: str) -> Task:
    return Task("classes", "text", None, "label", names, names)


def parts(dataset: Dataset, task: Task, **options: Any) -> tuple[list[int], list[int]]:
    train, validation = split(dataset, task, **options)
    return train["row"][:], validation["row"][:]


def test_sides_are_a_partition_in_the_original_order_and_depend_on_the_seed_only() -> None:
    dataset = rows(["a", "b", "c", "b"] * 50)
    train, validation = parts(dataset, classes("a", "b", "c"), seed=3)
    assert train == sorted(train)
    assert validation == sorted(validation)
    assert sorted(train + validation) == list(range(200))
    assert len(validation) == 20
    assert parts(dataset, classes("a", "b", "c"), seed=3) == (train, validation)
    assert parts(dataset, classes("a", "b", "c"), seed=4) != (train, validation)


def test_the_same_split_in_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    # Keys of texts and of label combinations are hashes, which differ from process to process: as if by this mask.
    texts = [f"t{row % 30}" for row in range(40)]
    combinations = [["a"], ["b"], ["a", "b"], []] * 10
    lists = Task("labels", "text", None, "label", ("a", "b"), ("a", "b"))

    def both() -> list[Any]:
        return [
            parts(rows(["a", "b"] * 20, texts), classes("a", "b"), fraction=0.2),
            parts(rows(combinations, texts), lists, fraction=0.2),
        ]

    before = both()
    text_keys, codes, mask = columns.text_keys, Labels.codes, 0x5A5A5A5A5A5A5A5A
    monkeypatch.setattr(columns, "text_keys", lambda *given: text_keys(*given) ^ mask)
    monkeypatch.setattr(Labels, "codes", lambda head, cells: codes(head, cells) ^ mask)
    assert both() == before


@MANY
@given(
    cells=st.lists(st.sampled_from("abcd"), min_size=4, max_size=120),
    fraction=st.floats(0.05, 0.6),
    seed=st.integers(0, 5),
)
def test_every_class_gets_its_share_to_within_a_row(cells: list[str], fraction: float, seed: int) -> None:
    counts = Counter(cells)
    if max(counts.values()) < 2:
        return
    train, validation = parts(rows(cells), classes(*"abcd"), fraction=fraction, seed=seed)
    fraction = max(fraction, 2 / len(cells))
    assert sorted(train + validation) == list(range(len(cells)))
    taken = Counter(cells[row] for row in validation)
    for name, count in counts.items():
        assert abs(taken[name] - fraction * count) <= 1
        if count > 1:
            assert 0 < taken[name] < count


@MANY
@given(
    cells=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), min_size=4, max_size=80),
    fraction=st.floats(0.05, 0.5),
)
def test_copies_stay_together_and_classes_stay_on_both_sides(cells: list[tuple[str, int]], fraction: float) -> None:
    labels = [label for label, _ in cells]
    texts = [f"{label}{number}" for label, number in cells]  # a text has one label here
    by_class = {name: {text for text in texts if text[0] == name} for name in set(labels)}
    if all(len(found) < 2 for found in by_class.values()):
        return
    train, validation = parts(rows(labels, texts), classes(*"abc"), fraction=fraction)
    fraction = max(fraction, 2 / len(labels))
    assert sorted(train + validation) == list(range(len(cells)))
    assert not {texts[row] for row in train} & {texts[row] for row in validation}
    for name, found in by_class.items():
        copies = max(Counter(text for text in texts if text[0] == name).values())
        taken = sum(labels[row] == name for row in validation)
        assert taken <= fraction * labels.count(name) + copies
        assert taken >= min(fraction * labels.count(name) - copies, 1) or len(found) < 2
        if len(found) > 1:
            assert 0 < taken < labels.count(name)


@MANY
@given(cells=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=4, max_size=60))
def test_copies_with_different_labels_stay_together_too(cells: list[tuple[str, int]]) -> None:
    labels, texts = [label for label, _ in cells], [str(number) for _, number in cells]
    try:
        train, validation = parts(rows(labels, texts), classes(*"abc"), fraction=0.3)
    except UserError:
        first = {text: label for label, text in reversed(list(zip(labels, texts, strict=True)))}
        assert max(Counter(first.values()).values()) < 2
        return
    assert sorted(train + validation) == list(range(len(cells)))
    assert train
    assert validation
    assert not {texts[row] for row in train} & {texts[row] for row in validation}
    learnt = {labels[row] for row in train}
    assert {labels[row] for row in validation} - learnt == {
        name
        for name in set(labels) - learnt
        if len({text for label, text in zip(labels, texts, strict=True) if label == name}) < 2
    }


def test_the_second_text_tells_rows_apart() -> None:
    dataset = rows(["a", "b"] * 10, ["same"] * 20).add_column("other", [f"o{row // 2}" for row in range(20)])
    task = Task("classes", "text", "other", "label", ("a", "b"), ("a", "b"))
    train, validation = parts(dataset, task, fraction=0.3)
    assert not {row // 2 for row in train} & {row // 2 for row in validation}
    with pytest.raises(UserError, match="no class has two rows of different texts"):
        split(dataset, classes("a", "b"))


def test_numbers_are_shared_by_quantiles() -> None:
    numbers = [row / 7 for row in range(1000)]
    np.random.default_rng(0).shuffle(numbers)
    _, validation = split(rows(numbers), Task("number", "text", None, "label"))
    assert len(validation) == 100
    bins = np.histogram(validation["label"][:], np.linspace(0, 1000 / 7, 11))[0]
    assert bins.tolist() == [10] * 10
    assert len(split(rows([0.5, 1.5, 2.5, 3.5]), Task("number", "text", None, "label"))[1]) == 2


def test_combinations_of_labels_are_shared_and_rare_labels_reach_both_sides() -> None:
    cells = [["a"], ["a", "b"], [], ["b"]] * 50 + [["c"], ["c", "a"]]
    task = Task("labels", "text", None, "label", ("a", "b", "c"), ("a", "b", "c"))
    for seed in range(20):
        train, validation = split(rows(cells), task, seed=seed)
        taken = Counter(tuple(cell) for cell in validation["label"][:])
        assert all(4 <= taken[tuple(cell)] <= 6 for cell in cells[:4])
        for side in (train, validation):
            assert {name for cell in side["label"][:] for name in cell} == {"a", "b", "c"}


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 2.0, float("nan")])
def test_a_fraction_that_is_none(fraction: float) -> None:
    with pytest.raises(UserError, match="fraction"):
        split(rows(["a", "b"] * 4), classes("a", "b"), fraction=fraction)


def test_too_few_rows_and_rows_without_labels() -> None:
    with pytest.raises(UserError, match="3 rows are too few"):
        split(rows(["a", "b", "a"]), classes("a", "b"))
    with pytest.raises(UserError, match="0 rows are too few"):
        split(rows([]), classes("a", "b"))
    with pytest.raises(UserError, match="no class has two rows"):
        split(rows(["a", "b", "c", "d"]), classes(*"abcd"))
    with pytest.raises(UserError, match="no label") as caught:
        split(rows(["a", "b", "a", ""]), classes("a", "b"))
    assert "row 4" in caught.value.where
    with pytest.raises(UserError, match="no label column"):
        split(rows(["a"] * 4), Task("classes", "text", None, None, ("a",), ("a",)))


def test_rows_are_named_beyond_the_first_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warmstart.table.columns.ROWS", 3)
    with pytest.raises(UserError) as caught:
        split(rows(["a", "b"] * 4 + ["x"]), classes("a", "b"))
    assert "row 9," in caught.value.where
    assert len(split(rows(["a", "b"] * 10), classes("a", "b"))[1]) == 2


def test_a_validation_split_is_added_only_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = rows(["a", "b"] * 20)
    splits, said = with_validation(DatasetDict(train=dataset, test=dataset), classes("a", "b"), 0.2, 7)
    assert {name: len(part) for name, part in splits.items()} == {"train": 32, "validation": 8, "test": 40}
    assert said == "no validation split: 8 of 40 training rows are set aside for it (fraction 0.2, seed 7)"
    assert with_validation(splits, classes("a", "b")) == (splits, None)
    with pytest.raises(UserError, match="no split 'train'"):
        with_validation(DatasetDict(test=dataset), classes("a", "b"))
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    again = with_validation(DatasetDict(train=dataset), classes("a", "b"))[1]
    assert again is not None
    assert "没有验证集" in again


def test_mnlis_matched_splits_are_the_ones_to_measure_on() -> None:
    dataset = rows(["a", "b"] * 20)
    names = ["train", "validation_matched", "validation_mismatched", "test_matched", "test_mismatched"]
    splits, said = by_plain_names(DatasetDict(dict.fromkeys(names, dataset)))
    assert list(splits) == ["train", "validation", "validation_mismatched", "test", "test_mismatched"]
    assert said is not None
    assert "validation_matched -> validation" in said
    both = DatasetDict(validation=dataset, validation_matched=dataset)
    assert by_plain_names(both) == (both, None)


def test_tasks_that_were_inferred() -> None:
    for cells in (
        ["0", "1"] * 20,
        [True, False] * 20,
        [0.0, 1.0] * 20,
        [n / 7 for n in range(40)],
        [["a"], ["b"]] * 20,
    ):
        dataset = rows(cells)
        train, validation = split(dataset, task_of(dataset))
        assert (len(train), len(validation)) == (36, 4)
