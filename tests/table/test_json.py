"""JSON and JSON lines."""

import json
from typing import Any

import pytest
from datasets import Value
from hypothesis import given
from hypothesis import strategies as st

from tests.table.tables import FEW, Make, refused
from warmstart.table.reading import rows


@FEW
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "text": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
                "n": st.integers(-(2**63), 2**63 - 1),
                "x": st.floats(allow_nan=False),
                "tags": st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=3),
                "ok": st.booleans(),
            }
        ),
        min_size=1,
        max_size=6,
    ),
    ascii_only=st.booleans(),
    as_array=st.booleans(),
    indent=st.none() | st.integers(0, 2),
)
def test_any_rows_written_as_json_come_back(
    make: Make, rows: list[dict[str, Any]], ascii_only: bool, as_array: bool, indent: int | None
) -> None:
    if as_array:
        back = make("a.json", json.dumps(rows, ensure_ascii=ascii_only, indent=indent))
    else:
        back = make("a.jsonl", "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows))
    assert back.to_list() == rows


def test_an_array_larger_than_the_window(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BLOCK", 5)
    given = [{"text": "é" * n + '\\"\n', "n": n, "deep": {"a": [n, None]}} for n in range(30)]
    assert make("a.json", json.dumps(given, indent=1)).to_list() == given


def test_whole_numbers_beside_fractions_are_fractions(make: Make) -> None:
    rows = make("a.jsonl", '{"x": 1, "o": {"a": 1}}\n{"x": 0.5, "o": {"b": null}}\n')
    assert rows.features["x"] == Value("float64")
    assert rows.to_list()[1] == {"x": 0.5, "o": {"a": None, "b": None}}


@pytest.mark.parametrize(
    ("name", "content", "problem", "where"),
    [
        ("a.jsonl", '{"t": "a"}\n{"t": }\n', "not JSON", "line 2"),
        ("a.jsonl", '{"t": "a"}\n["b"]\n', "not an object", "line 2"),
        ("a.jsonl", '{"t": "a"}\n\n{"t": "b"}\n', "blank", "line 2"),
        ("a.jsonl", '{"t": "a", "t": "b"}\n', "'t' is named twice", "line 1"),
        (
            "a.jsonl",
            '{"l": null}\n{"l": "x"}\n{"l": 1}\n',
            "text and a whole number",
            "text on line 2, a whole number on line 3",
        ),
        ("a.jsonl", '{"l": true}\n{"l": 1}\n', "mixes types", "line 2"),
        ("a.jsonl", '{"l": ["a"]}\n{"l": "a"}\n', "a list (text) and text", "line 2"),
        ("a.jsonl", '{"l": ["a"]}\n{"l": [1]}\n', "a list (text) and a list (a whole number)", "line 2"),
        ("a.jsonl", '{"l": [1, "a"]}\n', "mixes types", "line 1"),
        ("a.jsonl", '{"t": "a"}\n{"t": "\\ud800"}\n', "lone surrogate", "line 2"),
        ("a.jsonl", '{"n": 1}\n{"n": 9223372036854775808}\n', "too large", "line 2"),
        ("a.jsonl", '{"n": 0.5}\n{"n": 9007199254740993}\n', "too large", "line 2"),
        ("a.jsonl", "[" * 100_000 + "\n", "not JSON", "line 1"),
        ("a.jsonl", "{}\n{}\n", "no fields", "line 1"),
        ("a.jsonl", "\n\n", "no rows", ""),
        ("a.json", "[]", "no rows", ""),
        ("a.json", '[\n{"t": 1},\n{"t": 2}\n{"t": 3}]', "Expecting ','", "line 3"),
        ("a.json", '[{"t": 1},\n]', "not JSON", "line 1"),
        ("a.json", '[{"t": 1}', "not JSON", "line 1"),
        ("a.json", '[{"t": 1}]\n x', "follows the end", "line 1"),
        ("a.json", '{"data": [\n{"t": 1},]}', "not JSON", "line 2"),
    ],
)
def test_json_that_is_not_right(make: Make, name: str, content: str, problem: str, where: str) -> None:
    error = refused(make, name, content)
    assert problem in error.problem
    assert where in error.where
