"""Long texts: every token is in some window, what is short stays as it is, and answers are averaged row by row."""

import pathlib
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import tiny
from warmstart.batches.long_texts import averaged, check_long, fitting, of_rows
from warmstart.batches.tokens import TokenTable, tokenize, tokenize_in_memory
from warmstart.errors import UserError
from warmstart.table.task import Task

TOKENIZER = tiny.tokenizer()
words = st.lists(st.sampled_from([*tiny.WORDS, "xyz", "好坏"]), max_size=90).map(" ".join)


def ids_of(table: TokenTable) -> list[list[int]]:
    return [table.ids[a:b].tolist() for a, b in zip(table.offsets[:-1], table.offsets[1:], strict=True)]


def inner(text: str) -> list[int]:
    return TOKENIZER(text, add_special_tokens=False)["input_ids"]  # type: ignore[no-any-return]


@settings(max_examples=60, deadline=None)
@given(st.lists(words, min_size=1, max_size=4), st.integers(8, 40))
def test_windows_hold_every_token_in_order_and_fit(texts: list[str], length: int) -> None:
    (pieces,), owners = fitting(TOKENIZER, [texts], length, "windows")
    for row, text in enumerate(texts):
        mine = [inner(piece) for piece, owner in zip(pieces, owners, strict=True) if owner == row]
        assert all(len(piece) <= length - 2 for piece in mine)
        seen = mine[0]
        for piece in mine[1:]:  # each goes on where the one before it ended, and repeats some of it
            shared = next(n for n in range(min(len(piece), len(seen)), -1, -1) if seen[len(seen) - n :] == piece[:n])
            assert shared
            seen = seen + piece[shared:]
        assert len(set(seen)) == len(set(inner(text)))
        assert (len(mine) == 1) == (len(inner(text)) <= length - 2)


@settings(max_examples=60, deadline=None)
@given(words, st.integers(8, 40))
def test_head_and_tail_are_the_beginning_and_the_end(text: str, length: int) -> None:
    ((piece,),), _owners = fitting(TOKENIZER, [[text]], length, "head-tail")
    whole, kept = inner(text), inner(piece)
    if len(whole) <= length - 2:
        assert piece == text
        return
    head = next(n for n in range(len(kept), -1, -1) if kept[:n] == whole[:n])
    assert len(kept) <= length - 2
    assert kept[-1] == whole[-1]
    assert 1 <= len(kept) // 4 <= head


@pytest.mark.parametrize("how", ["cut", "head-tail", "windows"])
@pytest.mark.parametrize("columns", [1, 2])
def test_on_short_texts_all_are_the_same(how: str, columns: int) -> None:
    texts = [[row["text"] for row in tiny.reviews(30)]] * columns
    plain = tokenize_in_memory(texts, TOKENIZER, max_length=40)
    found = tokenize_in_memory(texts, TOKENIZER, max_length=40, long=how)
    assert ids_of(found) == ids_of(plain)
    assert found.owners is None or found.owners.tolist() == [*range(30)]


def test_of_a_pair_the_longer_text_has_the_windows(tmp_path: pathlib.Path) -> None:
    short, long = "the good film", " ".join(["bad", *["a"] * 60, "awful"])
    for texts in ([[short], [long]], [[long], [short]]):
        pieces, owners = fitting(TOKENIZER, texts, 32, "windows")
        place = texts.index([short])
        assert set(pieces[place]) == {short}
        assert owners == [0] * len(owners)
        assert pieces[1 - place][0].startswith("bad")
        assert pieces[1 - place][-1].endswith("awful")
        assert all(len(ids) <= 32 for ids in TOKENIZER(*pieces)["input_ids"])
    pieces, _owners = fitting(TOKENIZER, [[long], [long + " so"]], 32, "windows")
    assert len({len(inner(text)) for text in pieces[0]}) == 1  # up to half of the room is in each of them


def test_what_is_kept_on_the_disk_is_what_is_made_in_memory(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    texts = [" ".join(tiny.WORDS * (1 + row % 7)) for row in range(40)]
    rows = Dataset.from_dict({"text": texts, "label": ["no", "yes"] * 20})
    found: dict[str, Any] = {}
    for how in ("cut", "windows"):
        task = Task("classes", "text", None, "label", ("no", "yes"), ("no", "yes"), long=how)
        found[how] = tokenize(rows, task, TOKENIZER, max_length=20, processes=2 if how == "windows" else None)
        memory = tokenize_in_memory([texts], TOKENIZER, max_length=20, long=how)
        assert ids_of(found[how]) == ids_of(memory)
    table = found["windows"]
    assert table.owners.tolist() == sorted(table.owners)
    assert table.labels.tolist() == (table.owners % 2).tolist()
    assert of_rows(table.labels, table.owners).tolist() == found["cut"].labels.tolist()
    assert table.fingerprint != found["cut"].fingerprint


def test_outputs_are_averaged_row_by_row() -> None:
    outputs = np.array([[1, 2], [3, 4], [5, 6], [7, 9]], np.float32)
    owners = np.array([0, 0, 1, 2])
    assert averaged(outputs, owners).tolist() == [[2, 3], [5, 6], [7, 9]]
    assert averaged(outputs, owners).dtype == np.float32
    assert averaged(outputs, None) is outputs


@pytest.mark.parametrize("how", ["window", ""])
def test_another_way_is_none(how: str) -> None:
    with pytest.raises(UserError, match="--long"):
        check_long(how, TOKENIZER)
