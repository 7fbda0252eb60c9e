"""A text that is far too long is read no further than it is kept, and its tokens are those of the whole."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Regex, pre_tokenizers
from transformers import BertTokenizerFast

from tests import tiny
from warmstart.batches.truncation import tokenized
from warmstart.errors import UserError
from warmstart.models.default import NAME
from warmstart.models.load import load_tokenizer

KEPT = 8
ODD = [
    "a" * 150,
    "\u0301",
    "\u200b",
    "e\u0301",
    "字\u0301",
    "한",
    "字",
    "\ufffd",
    "...",
    "[SEP]",
    "\t",
    "\x1c",
    "\xa0",
    "  ",
]


@pytest.fixture(scope="module")
def packaged() -> Any:
    return load_tokenizer(NAME)


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[int]]:
    """The characters that a tokenizer reads, call by call."""

    def spy(tokenizer: Any) -> list[int]:
        calls: list[int] = []
        stock = type(tokenizer)

        def call(self: Any, *texts: Any, **options: Any) -> Any:
            calls.append(sum(map(len, texts[0])))
            return stock.__call__(self, *texts, **options)

        tokenizer.__class__ = type(stock.__name__, (stock,), {"__call__": call})
        return calls

    return spy


long_texts = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=9) | st.sampled_from(ODD), max_size=12
).map(lambda words: " ".join(words) * 40)


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(long_texts, min_size=1, max_size=3))
def test_the_tokens_are_those_of_the_whole_text(packaged: Any, texts: list[str]) -> None:
    whole = packaged(texts, truncation=True, max_length=KEPT)
    found = tokenized(packaged, [texts], KEPT)
    assert found["input_ids"] == whole["input_ids"]
    assert found["token_type_ids"] == whole["token_type_ids"]
    assert [bool(row.overflowing) for row in found.encodings] == [bool(row.overflowing) for row in whole.encodings]


@settings(max_examples=100, deadline=None)
@example(pairs=[("     0   " * 40, "0" * 18)], other_way=False)  # what is left of the longer one has no more tokens
@given(pairs=st.lists(st.tuples(long_texts, st.text(max_size=20)), min_size=1, max_size=3), other_way=st.booleans())
def test_and_those_of_a_pair(packaged: Any, pairs: list[tuple[str, str]], other_way: bool) -> None:
    columns = [list(column) for column in zip(*pairs, strict=True)]
    columns = columns[::-1] if other_way else columns
    whole = packaged(*columns, truncation=True, max_length=KEPT)
    found = tokenized(packaged, columns, KEPT)
    assert found["input_ids"] == whole["input_ids"]
    assert found["token_type_ids"] == whole["token_type_ids"]


@pytest.mark.parametrize("word", ["good ", "好"])
def test_the_rest_is_not_read(word: str, spied: Callable[[Any], list[int]]) -> None:
    tokenizer = tiny.tokenizer()
    calls = spied(tokenizer)
    assert len(tokenized(tokenizer, [[word * 2_000_000, "good"]], KEPT)["input_ids"][0]) == KEPT
    assert sum(calls) < 1000
    [row] = tokenized(tokenizer, [[word * 2_000_000], ["bad " * 3_000_000]], KEPT)["token_type_ids"]
    assert row == [0, 0, 0, 0, 1, 1, 1, 1]  # [CLS] and 2, [SEP], then 3 of the longer text and [SEP]
    assert sum(calls) < 5000


def test_what_is_no_longer_than_it_seems_is_read_to_its_end(spied: Callable[[Any], list[int]]) -> None:
    tokenizer = tiny.tokenizer()
    texts = [" " * 5000 + "good film", "good " * 5000]
    wanted = tiny.tokenizer()(texts, truncation=True, max_length=KEPT)["input_ids"]
    calls = spied(tokenizer)
    assert tokenized(tokenizer, [texts], KEPT)["input_ids"] == wanted
    assert 5009 < calls[-1] < 6000


def test_others_are_read_to_their_ends(spied: Callable[[Any], list[int]]) -> None:
    left, whole_words, with_space, unsplit = (
        tiny.tokenizer(),
        tiny.tokenizer(),
        tiny.tokenizer(),
        BertTokenizerFast(vocab=tiny.tokenizer().get_vocab(), tokenize_chinese_chars=False),
    )
    left.truncation_side = "left"
    whole_words.backend_tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    with_space.add_tokens(["good film"])
    text = "good film " * 1000
    for tokenizer in (left, whole_words, with_space, unsplit):
        wanted = tokenizer([text], truncation=True, max_length=KEPT)["input_ids"]
        calls = spied(tokenizer)
        assert tokenized(tokenizer, [[text]], KEPT)["input_ids"] == wanted
        assert calls == [len(text)]


def test_a_tokenizer_that_gives_up_is_told() -> None:
    """An expression that explodes on a text: the library panics, which is no Exception."""
    tokenizer = tiny.tokenizer()
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("(a+)+$"), "isolated")
    assert tokenized(tokenizer, [["good"]], 8)["input_ids"]
    with pytest.raises(UserError, match="gives up") as caught:
        tokenized(tokenizer, [["a" * 60 + "!"]], 8)
    assert caught.value.fix
