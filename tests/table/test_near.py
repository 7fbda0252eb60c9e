"""Near-duplicates: what is found is what the definition says, and the signatures are those of datasketch."""

import itertools
import random
import re

import numpy as np
import pytest
from datasets import Dataset
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from warmstart.table.near import ALIKE, Pairs, distinct, jaccard, near
from warmstart.table.shingles import BAND, BANDS, READ, SEED, Words, shingles, signatures, words

some_words = st.lists(st.sampled_from("a b c d e f g".split()), max_size=12).map(" ".join)


def read(texts: list[str]) -> Words:
    return words([Dataset.from_dict({"text": texts})], "text", {})


def plain(text: str) -> set[tuple[str, ...]]:
    """The shingles of a text of plain words, as the definition has them."""
    found = text.split()
    ends = ["", *found, ""]
    return {(word,) for word in found} | set(itertools.pairwise(ends)) if found else set()


def similar(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other)


@settings(max_examples=60, deadline=None)
@given(st.lists(some_words.filter(bool), min_size=2, max_size=8))
def test_similarity_is_that_of_the_sets(texts: list[str]) -> None:
    found = read(texts)
    one, other = np.triu_indices(len(texts), 1)
    wanted = [similar(plain(texts[a]), plain(texts[b])) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    assert jaccard(found, one, other) == pytest.approx(wanted)


@settings(max_examples=20, deadline=None)
@given(st.lists(some_words, min_size=1, max_size=6))
def test_signatures_are_those_of_datasketch(texts: list[str]) -> None:
    found = read(texts)
    signed = signatures([found])
    hashes, offsets = shingles(found)
    for row, text in enumerate(texts):
        reference = MinHash(num_perm=BANDS * BAND, seed=SEED, hashfunc=int)
        if text:
            reference.update_batch(hashes[offsets[row] : offsets[row + 1]].tolist())
        assert (signed[row] == reference.hashvalues).all()


def tables(count: int, seed: int = 0) -> list[str]:
    draw = random.Random(seed)
    vocabulary = [f"word{number}" for number in range(400)]
    return [" ".join(draw.choices(vocabulary, k=draw.randint(5, 14))) for _unused in range(count)]


def test_every_edited_copy_is_found_and_nothing_unlike() -> None:
    texts = tables(150)
    copies = []
    for number, text in enumerate(texts[:60]):
        parts = text.split()
        place = number % len(parts)
        parts[place : place + 1] = ([], ["other"], [parts[place], "other"])[number % 3]
        copies.append(" ".join(parts))
    every = texts + copies
    found = near([read(every)], np.zeros(len(every), np.int64))
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    exact = [[similar(plain(one), plain(other)) for other in every] for one in every]
    alike = {(a, b) for a in range(len(every)) for b in range(a) if exact[a][b] >= ALIKE}
    assert {(b, a) for a, b in alike} >= pairs
    assert len({(number, 150 + number) for number in range(60)} & pairs) >= 59
    assert found.similarity == pytest.approx([exact[a][b] for a, b in zip(found.first, found.second, strict=True)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What a film, what a book!", "what a FILM what a book"),
        ("这本书非常好看, 推荐!", "这本书非常好看推荐"),
        ("ﾃﾞｰﾀが大きい本です", "データが大きい本です。"),
        ("我用iPhone打电话给你", "我用 IPHONE 打电话给你"),
    ],
)
def test_case_width_punctuation_and_spaces_do_not_count(one: str, other: str) -> None:
    found = near([read([one, "nothing of that", other])], np.zeros(3, np.int64))
    assert (found.first.tolist(), found.second.tolist(), found.similarity.tolist()) == ([0], [2], [1.0])


def test_each_text_of_a_pair_must_be_alike() -> None:
    first = ["the same long premise of many words"] * 3
    second = ["a man sleeps in his bed at night", "a man sleeps in his bed by night", "two dogs run along the beach"]
    found = near([read(first), read(second)], np.zeros(3, np.int64))
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == [(0, 1)]


def found_in(pairs: Pairs, rows: range) -> set[int]:
    return {*pairs.first.tolist(), *pairs.second.tolist()} & {*rows}


def test_of_a_large_template_every_row_is_found_beside_each_kind() -> None:
    """And its cost grows as the rows do: a row is compared with a few of them."""
    texts = [f"dear customer {n} your order number {7 * n} has left our house by post today" for n in range(3_000)]
    kinds = np.repeat([0, 1], [2_500, 500])
    pairs = near([read(texts)], kinds)
    assert len(found_in(pairs, range(3_000))) == 3_000
    across = kinds[pairs.first] != kinds[pairs.second]
    assert len({*pairs.second[across].tolist()}) == 500
    assert len(pairs.first) < 40 * len(texts)


def test_texts_without_words_and_long_ones() -> None:
    long = " ".join(f"word{n}" for n in range(2 * READ))
    found = read(["", "!?", long, None, "one"])  # type: ignore[list-item]
    assert found.counts.tolist() == [0, 0, len(re.findall(r"\w+", long[:READ])), 0, 1]


@given(st.lists(st.integers(0, 20)))
def test_distinct_values(values: list[int]) -> None:
    assert distinct(np.array(values, np.int64)).tolist() == sorted(set(values))


def test_rows_are_taken_in_two_ways_alike() -> None:
    found = read(["a b c", "", "d", "e f"])
    chosen = np.array([True, False, False, True])
    one, other = found.where(chosen), found.of(np.flatnonzero(chosen))
    assert one.ids.tolist() == other.ids.tolist()
    assert one.offsets.tolist() == other.offsets.tolist() == [0, 3, 5]
