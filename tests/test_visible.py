"""What a table holds is data where it is shown: see `visible`."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmstart import visible

TRICKS = (
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\b\b",
    "\r",
    "\x7f",
    "\u202egpj.exe",
    "\u2066x\u2069",
    "a\u200bb",
    "\ufeff",
)


@pytest.mark.parametrize("trick", TRICKS)
def test_what_moves_hides_or_turns_is_shown_as_an_escape(trick: str) -> None:
    shown = visible.line(f"before {trick} after")
    assert shown.isprintable()
    assert shown != f"before {trick} after"
    assert json.loads(visible.json_text(json.dumps(trick, ensure_ascii=False))) == trick


@pytest.mark.parametrize(
    "text", ["naïve café", "评论:很好!", "สวัสดี", "עברית", "العربية", "می‌خواهم", "क्‍ष", "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿", "\\n"]
)
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert visible.lines(text) == visible.line(text) == visible.json_text(text) == text


@given(st.text())
def test_a_line_is_one_line_and_holds_no_control_character(text: str) -> None:
    shown = visible.line(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert visible.line(shown) == shown
    kept = visible.lines(text)
    assert kept.count("\n") == text.count("\n")


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_says_the_same(value: object) -> None:
    text = visible.json_text(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert not any(0x7F <= ord(character) < 0xA0 for character in text)
