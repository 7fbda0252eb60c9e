"""Planted faults are found in real rows, and real rows without one are said to be good."""

import pathlib
from typing import Any

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from tests import planted, tiny
from tests.planted import Planted, Source
from warmstart.batches import lengths
from warmstart.evaluation.facts import Facts, facts, in_short
from warmstart.evaluation.shortcuts import alone, tokens
from warmstart.table.checks import examine
from warmstart.table.findings import Finding
from warmstart.table.infer import infer_task
from warmstart.table.rare import least_recall


@pytest.fixture(scope="module", params=["english", "chinese"])
def source(request: pytest.FixtureRequest, shared: pathlib.Path) -> Source:
    if request.param == "english":
        return planted.english(shared)
    return planted.chinese(shared)


def looked(splits: planted.Splits, limit: int = 512) -> tuple[Facts, list[Finding]]:
    """The facts of a table, and all findings of `inspect` on it; a word or a character counts as a token."""
    tables = DatasetDict({name: Dataset.from_list(rows) for name, rows in splits.items()})
    task = infer_task(tables)
    found = facts(tables, task)
    assert found is not None
    checked = examine(tables, task, on_empty="error", allow_leakage=False, for_training=True)
    assert not checked.errors
    counted = lengths.token_lengths(tables["train"], task, WordsOrCharacters(), limit)
    shown = [*checked.warnings, *found.findings, *lengths.findings(counted, "train", (task.text,))]
    return found, shown


class WordsOrCharacters:
    """A tokenizer whose tokens are words, and characters where there are no spaces."""

    def __call__(self, texts: list[str], **_options: Any) -> dict[str, list[list[str]]]:
        return {"input_ids": [[*text] if len(text.split()) < len(text) / 12 else text.split() for text in texts]}


@pytest.fixture(scope="module")
def made(source: Source) -> Planted:
    return planted.plant(source)


@pytest.fixture(scope="module")
def seen(made: Planted) -> tuple[Facts, list[Finding]]:
    return looked(made.splits)


def worse(findings: list[Finding], phrase: str) -> list[Finding]:
    return [each for each in findings if each.severity != "note" and phrase in each.problem]


def test_near_duplicates_across_splits(made: Planted, seen: tuple[Facts, list[Finding]]) -> None:
    [finding] = worse(seen[1], "nearly the text of a row of an earlier split")
    copies = {row for _unused, (_split, row) in made.near}
    assert len(copies & {*finding.rows}) >= 27
    assert len(finding.rows) <= len(copies) + 12  # what is reported is there: few rows of the real ones are copies
    found, wanted = seen[0].copies, {(one[1], other[1]) for one, other in made.near}
    pairs = zip(
        found.rows.within(found.pairs.first).tolist(), found.rows.within(found.pairs.second).tolist(), strict=True
    )
    assert len(wanted & {*pairs}) >= 27


def test_what_the_finding_says_to_do_leads_out(made: Planted, seen: tuple[Facts, list[Finding]]) -> None:
    [finding] = worse(seen[1], "nearly the text of a row of an earlier split")
    left = [row for number, row in enumerate(made.splits["validation"]) if number not in finding.rows]
    tables = DatasetDict(train=Dataset.from_list(made.splits["train"]), validation=Dataset.from_list(left))
    task = infer_task(tables)
    said = in_short(tables, task, "my table.csv")
    assert "earlier split" not in said
    assert said.endswith("warmstart inspect 'my table.csv')")


def test_contradictions(made: Planted, seen: tuple[Facts, list[Finding]]) -> None:
    [finding] = worse(seen[1], "the same text as in a row of another label")
    assert {row for pair in made.conflicts for row in pair} <= {*finding.rows}


def test_a_rare_class(made: Planted, seen: tuple[Facts, list[Finding]]) -> None:
    [finding] = worse(seen[1], "has few rows")
    assert f"'{made.rare}': 3 training rows, 0 to measure on" in finding.problem


def test_long_texts(made: Planted, seen: tuple[Facts, list[Finding]]) -> None:
    [finding] = worse(seen[1], "longer than the model's 512 tokens")
    assert len({*finding.rows} & {row for split, row in made.long if split == "train"}) >= 0.7 * len(finding.rows)
    assert finding.settled_by == "--long"


def test_a_token_that_gives_the_label_away(made: Planted, seen: tuple[Facts, list[Finding]]) -> None:
    [finding] = worse(seen[1], "gives the label away")
    assert finding.problem.startswith(repr(made.token))
    [token] = seen[0].shortcuts.tokens
    assert (token.token, token.label, token.right) == (made.token, made.token_label, len(made.with_token))


def test_real_rows_raise_nothing_above_a_note(source: Source) -> None:
    _unused, findings = looked(planted.clean(source, seed=1))
    assert [str(each) for each in findings if each.severity != "note"] == []


def texts_with(mark: str, rows: int, label: int) -> tuple[list[str], np.ndarray[Any, Any]]:
    draw = np.random.default_rng(0)
    words = [f"w{number}" for number in range(300)]
    labels = draw.integers(0, 2, 2_000)
    texts = [" ".join(draw.choice(words, 8)) for _unused in labels]
    for row in np.flatnonzero(labels == label)[:rows]:
        texts[row] += mark
    return texts, labels


@pytest.mark.parametrize("mark", [" ###", " ☺", " zz9", " [ad]"])
def test_marks_of_every_kind(mark: str) -> None:
    texts, labels = texts_with(mark, 80, 1)
    [token, *_others] = tokens(texts, np.arange(len(texts)), labels, ("a", "b"))
    assert token.token in mark
    assert (token.label, token.rows, token.right) == ("b", 80, 80)


def test_a_mark_on_both_labels_is_none() -> None:
    texts, labels = texts_with(" zz9", 80, 1)
    texts = [text.removesuffix(" zz9") + (" zz9" if row % 7 == 0 else "") for row, text in enumerate(texts)]
    assert tokens(texts, np.arange(len(texts)), labels, ("a", "b")) == []


def test_a_length_alone() -> None:
    draw = np.random.default_rng(0)
    codes = draw.integers(0, 2, 1_000)
    told, not_told = (alone("length", lengths, codes) for lengths in (codes * 50 + draw.integers(0, 50, 1_000), codes))
    assert told is not None
    assert told.low > 0.98
    assert not_told is not None
    assert not_told.accuracy == 1
    chance = alone("length", draw.integers(0, 50, 1_000), codes)
    assert chance is not None
    assert chance.low < chance.base + 0.02
    assert alone("length", codes[:10], codes[:10]) is None


def pairs(count: int, told_by: str) -> list[dict[str, Any]]:
    """Rows whose label is told by the second text, or by whether both have the same colour."""
    draw = np.random.default_rng(1)
    rows = []
    for number in range(count):
        one, other, word = (str(draw.choice(["red", "tan"])) for _unused in range(3))
        same = one == other if told_by == "both" else word == "red"
        second = f"a {other} car {word if told_by == 'one' else ''} {number}"
        rows.append({"premise": f"the {one} car {number}", "hypothesis": second, "label": "yes" if same else "no"})
    return rows


def test_a_pair_of_which_one_side_is_enough() -> None:
    found, _unused = looked_pairs(pairs(600, "one"))
    assert found.one_side is not None
    assert found.one_side.alone[1] > 0.7 > found.one_side.alone[0]
    [finding] = [each for each in found.findings if "alone tells as much" in each.problem]
    assert finding.columns == ("hypothesis",)
    assert not [each for each in looked_pairs(pairs(600, "both"))[0].findings if "alone tells" in each.problem]


def looked_pairs(rows: list[dict[str, Any]]) -> tuple[Facts, Any]:
    tables = DatasetDict(train=Dataset.from_list(rows))
    task = infer_task(tables, text="premise", pair="hypothesis", label="label")
    found = facts(tables, task)
    assert found is not None
    return found, task


@pytest.mark.parametrize("rows", [1, 2, 10, 100])
def test_the_bound_of_a_recall_is_exact(rows: int) -> None:
    from scipy.stats import beta

    assert least_recall(rows) == pytest.approx(float(beta.ppf(0.025, rows, 1)))


def test_tables_of_every_kind_have_facts() -> None:
    kinds: dict[str, Any] = {
        "number": lambda n: n / 7,
        "list": lambda n: ["a", "b"][: n % 3],
        "class": lambda n: "ab"[n % 2],
    }
    for make in kinds.values():
        rows = [{**row, "label": make(number)} for number, row in enumerate(tiny.reviews(80))]
        tables = DatasetDict(train=Dataset.from_list(rows))
        found = facts(tables, infer_task(tables, label="label"))
        assert found is not None
        assert found.to_dict()["one_side"] is None
