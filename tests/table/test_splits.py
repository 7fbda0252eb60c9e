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
from warmstart.table import splits as splits_module
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


def most(fraction: float, count: int) -> int:
    """How many rows validation may have: a fifth more than asked for, or one."""
    asked = round(fraction * count)
    return max(int(asked * 1.2), asked + 1)


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
    assert len(validation) <= most(fraction, len(cells))
    taken = Counter(cells[row] for row in validation)
    for name, count in counts.items():
        assert abs(taken[name] - fraction * count) <= 1
        assert taken[name] < count
    lost = [name for name, count in counts.items() if count > 1 and not taken[name]]
    assert not lost or len(validation) + len(lost) > most(fraction, len(cells))  # all of them, or what was asked for


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
    fewest = 0  # rows of the classes that validation lacks, one text of each
    for name, found in by_class.items():
        copies = Counter(text for text in texts if text[0] == name).values()
        taken = sum(labels[row] == name for row in validation)
        assert taken <= max(fraction * labels.count(name) + 1, min(copies))
        assert len(found) < 2 or taken < labels.count(name)
        fewest += min(copies) if len(found) > 1 and not taken else 0
    assert not fewest or len(validation) + fewest > most(fraction, len(labels))


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


@pytest.mark.parametrize(("many", "each", "fraction"), [(150, 2, 0.1), (77, 5, 0.1), (60, 3, 0.25), (1000, 2, 0.05)])
def test_many_small_classes_do_not_multiply_the_fraction(many: int, each: int, fraction: float) -> None:
    names = [f"intent {number}" for number in range(many)]
    dataset = rows([names[row % many] for row in range(many * each)])
    splits, said = with_validation(DatasetDict(train=dataset), classes(*names), fraction, 3)
    wanted = round(fraction * many * each)
    assert len(splits["validation"]) == wanted
    assert len({*splits["train"]["label"][:]}) == many
    assert said is not None
    assert f"{wanted} of {many * each:,} training rows are set aside for it (fraction {fraction}, seed 3)" in said
    lost = many - len({*splits["validation"]["label"][:]})
    assert lost == many - wanted
    assert f"{lost - 10} more have no validation rows" in said
    others = with_validation(DatasetDict(train=dataset), classes(*names), fraction, 4)[0]
    assert {*others["validation"]["label"][:]} != {*splits["validation"]["label"][:]}  # not the first by name each time


def test_rare_classes_have_a_row_where_that_costs_little() -> None:
    dataset = rows(["often"] * 1000 + [f"rare {row % 10}" for row in range(50)])
    names = ("often", *(f"rare {number}" for number in range(10)))
    splits, said = with_validation(DatasetDict(train=dataset), classes(*names), 0.1)
    taken = Counter(splits["validation"]["label"][:])
    assert taken == {"often": 100, **dict.fromkeys(names[1:], 1)}
    assert (
        said == "no validation split: 110 of 1,050 training rows are set aside for it (10.5% instead of 10.0%, seed 0)"
    )


@pytest.mark.parametrize(
    ("cells", "texts", "fraction"),
    [
        (["a", "b"] * 4, None, 0.1),  # two rows at least
        (["a", "b"] * 500, [f"{row % 4}" for row in range(1000)], 0.1),  # each text 250 times
        (["a", "b"] * 50, [f"{row // 4}" for row in range(100)], 0.33),
    ],
)
def test_the_share_that_is_said_is_the_share_there_is(cells: list[Any], texts: Any, fraction: float) -> None:
    splits, said = with_validation(DatasetDict(train=rows(cells, texts)), classes("a", "b"), fraction)
    share = len(splits["validation"]) / len(cells)
    assert said is not None
    if abs(share - fraction) * len(cells) < 1:
        assert f"(fraction {fraction}, " in said
    else:
        assert f"({share:.1%} instead of {fraction:.1%}, " in said


def test_a_label_that_one_row_has_is_learnt() -> None:
    """A row with the only one of a label is no use to measure with: it would be a class that nobody learns."""
    cells = [["a"], ["b"], ["a", "b"], ["a"]] * 10 + [[f"only {row}"] for row in range(10)]
    names = ("a", "b", *(f"only {row}" for row in range(10)))
    for seed in range(5):
        train, _ = split(rows(cells), Task("labels", "text", None, "label", names, names), fraction=0.3, seed=seed)
        assert {name for cell in train["label"][:] for name in cell} == {*names}


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


@pytest.mark.parametrize(("asked", "held_out"), [(None, 30), (0.1, 100), (0.5, 500)])
def test_the_usual_share_of_a_large_table_is_so_many_rows_and_a_share_that_is_asked_for_stays(
    asked: float | None, held_out: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splits_module, "MOST", 30)
    dataset = rows([["no", "yes"][row % 2] for row in range(1000)])
    splits, said = with_validation(DatasetDict(train=dataset), classes("no", "yes"), asked)
    assert len(splits["validation"]) == held_out
    assert f"{held_out:,} of 1,000" in str(said)
