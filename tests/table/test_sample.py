"""The built-in data set: right labels, no shortcuts, nothing leaked, the same everywhere."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from warmstart.errors import UserError
from warmstart.table.sample import TOPICS, sample
from warmstart.table.sample.facts import MANY, Pool, Shape, change, draw
from warmstart.table.sample.pairs import NEAR, overlap, reported, twins
from warmstart.table.sample.wording import Row, _parse
from warmstart.table.sample.words import PEOPLE, in_words, ordinal

SHAPES = [shape for shapes in TOPICS for shape in shapes]
Split = dict[str, list[Any]]  # a column under each name


@pytest.fixture(scope="module", params=[0, 1])
def data(request: pytest.FixtureRequest) -> dict[str, Split]:
    return {name: split.to_dict() for name, split in sample(request.param).items()}


def sentences(split: Split) -> list[str]:
    return [*split["sentence1"], *split["sentence2"]]


# Size and balance


def test_columns_and_rows() -> None:
    data = sample()
    assert {name: len(split) for name, split in data.items()} == {"train": 3200, "validation": 640}
    for split in data.values():
        assert split.column_names == ["sentence1", "sentence2", "label", "topic", "shape"]
        assert split.features["label"].names == ["different", "same"]


def test_labels_are_balanced_in_each_split_and_topic(data: dict[str, Split]) -> None:
    for split in data.values():
        assert sum(split["label"]) * 2 == len(split["label"])
        for topic in set(split["topic"]):
            labels = [label for label, its in zip(split["label"], split["topic"], strict=True) if its == topic]
            assert sum(labels) * 2 == len(labels)


@pytest.mark.parametrize(("train", "validation"), [(2, 2), (10, 6), (34, 2)])
def test_any_even_number_of_rows(train: int, validation: int) -> None:
    small = sample(3, train, validation)
    assert (len(small["train"]), len(small["validation"])) == (train, validation)
    assert sum(small["validation"]["label"]) * 2 == validation


@pytest.mark.parametrize(("train", "validation"), [(3, 2), (0, 2), (2, 1), (-2, 2)])
def test_other_numbers_of_rows_are_refused(train: int, validation: int) -> None:
    with pytest.raises(UserError, match="even number"):
        sample(0, train, validation)


def test_many_topics_shapes_and_words(data: dict[str, Split]) -> None:
    topics = {topic for split in data.values() for topic in split["topic"]}
    shapes = {shape for split in data.values() for shape in split["shape"]}
    words = {w for split in data.values() for s in sentences(split) for w in re.findall(r"[a-z]+", s.lower())}
    assert len(topics) >= 10
    assert len(shapes) >= 40
    assert len(words) >= 1000


# Nothing leaks


def test_no_sentence_occurs_twice(data: dict[str, Split]) -> None:
    written = [s.lower() for split in data.values() for s in sentences(split)]
    assert len(set(written)) == len(written)


def test_a_third_of_the_shapes_is_held_out_of_training(data: dict[str, Split]) -> None:
    seen, in_validation = set(data["train"]["shape"]), Counter(data["validation"]["shape"])
    unseen = in_validation.keys() - seen
    assert len(unseen) * 3 == len(unseen | seen)
    assert seen <= in_validation.keys()
    assert sum(in_validation[shape] for shape in unseen) * 2 == len(data["validation"]["shape"])


def test_no_frame_is_in_two_shapes() -> None:
    frames = [frame for shape in SHAPES for frame in shape.frames]
    assert len(set(frames)) == len(frames)


# The same everywhere


def digest(seed: int) -> str:
    columns = [(name, split.to_dict()) for name, split in sample(seed, 200, 100).items()]
    return hashlib.sha256(repr(columns).encode()).hexdigest()


def test_the_same_in_another_process() -> None:
    # Another order of sets and dictionaries of strings would show itself here.
    program = f"import {__name__.rpartition('.')[2]} as t; print(t.digest(5))"
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": os.path.dirname(__file__)}
    there = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == digest(5)


def test_another_seed_gives_other_sentences_and_holds_out_other_shapes() -> None:
    one, other = sample(1, 400, 200), sample(2, 400, 200)
    common = set(sentences(one["train"])) & set(sentences(other["train"]))
    assert len(common) < 0.01 * len(sentences(one["train"]))
    assert set(one["train"]["shape"]) != set(other["train"]["shape"])


# Words alone do not tell the label


def accuracy(features: Callable[[Split], Any], data: dict[str, Split], model: Any) -> float:
    model.fit(features(data["train"]), data["train"]["label"])
    return float(model.score(features(data["validation"]), data["validation"]["label"]))


@pytest.mark.parametrize("longest", [1, 2])
def test_the_words_of_the_two_sentences_do_not_tell(data: dict[str, Split], longest: int) -> None:
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    columns = ("sentence1", "sentence2")
    fitted = {c: TfidfVectorizer(ngram_range=(1, longest)).fit(data["train"][c]) for c in columns}
    reached = accuracy(
        lambda split: hstack([fitted[c].transform(split[c]) for c in columns]).tocsr(),
        data,
        LogisticRegression(max_iter=1000),
    )
    assert 0.44 < reached < 0.56


def overlaps(split: Split) -> Any:
    pairs = zip(split["sentence1"], split["sentence2"], strict=True)
    return np.array([(o.words, o.neighbours, o.longer, abs(o.longer)) for o in (overlap(*pair) for pair in pairs)])


def test_overlap_and_lengths_do_not_tell(data: dict[str, Split]) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier

    assert accuracy(overlaps, data, LogisticRegression()) < 0.58
    assert accuracy(overlaps, data, DecisionTreeClassifier(max_depth=5, random_state=0)) < 0.60


# Labels are right: what a sentence says can be read back from it, and is compared with what the label claims

Said = frozenset[tuple[str, str]]  # slots and their meanings
BY_NAME = {shape.name: shape for shape in SHAPES}


def plain(text: str) -> str:
    return re.sub(r"\ban\b", "a", text.lower())


@cache
def meanings(pool: Pool, form: str) -> dict[str, list[str]]:
    """What each wording of the pool can mean."""
    found: dict[str, list[str]] = {}
    for term in pool:
        for wording in term.ways[form]:
            found.setdefault(plain(wording), []).append(term.meaning)
    return found


@cache
def turned(shape: Shape, frame: str) -> tuple[re.Pattern[str], list[tuple[str, str]]]:
    """A frame turned round: a pattern that its sentences match, and the slot and form of each of its groups."""
    slots: list[tuple[str, str]] = []

    def pattern(row: Row) -> str:
        parts = []
        for part in row:
            if isinstance(part, str):
                parts.append(re.escape(plain(part)).replace("\\*", "(?P<rest>.+)"))
            elif isinstance(part, tuple):
                slots.append(part)
                longest_first = sorted(meanings(shape.slots[part[0]], part[1]), key=len, reverse=True)
                people = shape.slots[part[0]] is PEOPLE  # whose hundreds of names would make the pattern slow
                parts.append(r"(\w+ \w+)" if people else f"({'|'.join(map(re.escape, longest_first))})")
            else:
                parts.append(f"(?:{'|'.join(map(pattern, part))})")
        return "".join(parts)

    return re.compile(pattern(_parse(frame)) + r"\.?"), slots


def read(shape: Shape, sentence: str) -> set[Said]:
    """All that the sentence can mean: mostly one fact."""
    facts = set()
    for frame in shape.frames:
        form, slots = turned(shape, frame)
        if match := form.fullmatch(plain(sentence)):
            wordings = [wording for n, wording in enumerate(match.groups(), 1) if n != form.groupindex.get("rest")]
            said = frozenset(
                (slot, meaning)
                for (slot, kind), wording in zip(slots, wordings, strict=True)
                if wording is not None
                for meaning in meanings(shape.slots[slot], kind)[wording]
            )
            inner = read(BY_NAME[shape.name], match["rest"]) if "rest" in form.groupindex else {frozenset()}
            facts |= {said | rest for rest in inner}
    return facts


def read_report(shape: Shape, sentence: str) -> set[Said]:
    """The same for a sentence that may be a report."""
    return read(shape, sentence) | read(reports(shape), sentence)


@cache
def reports(shape: Shape) -> Shape:
    return reported(replace(shape, frames=("*",)))


@pytest.mark.parametrize("seed", [0, 7])
def test_sentences_read_back_say_the_same_if_and_only_if_labelled_so(seed: int) -> None:
    for split in sample(seed, 600, 400).values():
        for row in split:
            one, other = (read_report(BY_NAME[row["shape"]], row[column]) for column in ("sentence1", "sentence2"))
            assert one, row["sentence1"]
            assert other, row["sentence2"]
            assert bool(one & other) == bool(row["label"]), (one, other, row)


@given(st.sampled_from(SHAPES), st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_a_change_changes_one_slot_or_two_and_at_most_one_of_a_small_pool(shape: Shape, seed: int) -> None:
    rng = Random(seed)
    fact = draw(rng, shape)
    before, after = dict(fact.terms), dict(change(rng, shape, fact).terms)
    changed = [slot for slot in before if before[slot] != after[slot]]
    assert 1 <= len(changed) <= 3
    assert sum(len(shape.slots[slot]) < MANY for slot in changed) <= 1
    assert before.keys() == after.keys()
    assert all(after[slot] in pool for slot, pool in shape.slots.items())
    assert len(set(after.values())) == len(after)  # nobody does anything to himself


@given(st.sampled_from(SHAPES), st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_twins_are_one_of_each_label_and_overlap_alike(shape: Shape, seed: int) -> None:
    pairs = twins(Random(seed), shape)
    assume(pairs is not None)
    assert pairs is not None
    different, same = pairs
    assert (different.label, same.label) == (0, 1)
    assert same.sentence1 != same.sentence2
    assert overlap(*different[:2]).distance(overlap(*same[:2])) < NEAR


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_frames_name_every_slot_however_their_alternatives_are_chosen(shape: Shape) -> None:
    def named(row: Row) -> list[set[str]]:
        """The slots that each way through the row's alternatives names."""
        ways: list[set[str]] = [set()]
        for part in row:
            if isinstance(part, tuple):
                ways = [way | {part[0]} for way in ways]
            elif isinstance(part, list):
                ways = [way | inner for way in ways for alternative in part for inner in named(alternative)]
        return ways

    assert len(shape.frames) >= 5
    for frame in shape.frames:
        assert all(way == shape.slots.keys() for way in named(_parse(frame))), frame


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_no_wording_has_two_meanings(shape: Shape) -> None:
    for pool in {**shape.slots, **reported(shape).slots}.values():
        assert len({term.meaning for term in pool}) == len(pool)
        for form in pool[0].ways:
            assert all(len(said) == 1 for said in meanings(pool, form).values())


def test_numbers_in_words() -> None:
    assert [in_words(n) for n in (0, 7, 12, 45, 250, 2300, 40_000)] == [
        "zero", "seven", "twelve", "forty-five", "two hundred fifty", "two thousand three hundred", "forty thousand",
    ]  # fmt: skip
    assert [ordinal(n) for n in (1, 2, 3, 5, 8, 9, 12, 20, 21, 24)] == [
        "first", "second", "third", "fifth", "eighth", "ninth", "twelfth", "twentieth", "twenty-first", "twenty-fourth",
    ]  # fmt: skip


@given(st.integers(0, 999_999_999), st.integers(0, 999_999_999))
def test_different_numbers_have_different_words(one: int, other: int) -> None:
    assert (in_words(one) == in_words(other)) == (one == other)
