"""JSON files that hold a whole table in one object, as libraries write it, and rows that lack a field."""

import io
import json
from typing import Any

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.table.tables import FEW, Make, refused
from warmstart.table import origin

cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
tables = st.lists(
    st.fixed_dictionaries({"text": cells, "label": st.integers(0, 5), "ok": st.booleans()}), min_size=1, max_size=12
)


@FEW
@given(
    table=tables,
    orient=st.sampled_from(["columns", "index", "split", "table", "records"]),
    indent=st.sampled_from([0, 2]),
    name=st.sampled_from(["a.json", "a.jsonl"]),
)
def test_what_pandas_writes_is_read_whichever_way_it_was_asked(
    make: Make, table: list[dict[str, Any]], orient: Any, indent: int, name: str
) -> None:
    content = pandas.DataFrame(table).to_json(orient=orient, indent=indent)
    if indent and name == "a.jsonl" and orient != "records":
        return  # one object on many lines is no file of an object a line
    found = make(name, content)
    rows = [{key: value for key, value in row.items() if key != "index"} for row in found.to_list()]
    assert rows == table
    said = origin.notes([found])
    assert [orient in each and name in each for each in said] == ([] if orient == "records" else [True])


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ({"data": [{"t": "a"}, {"t": "b"}]}, [{"t": "a"}, {"t": "b"}]),
        ({"version": "1.0", "meta": {"n": 2}, "rows": [{"t": "a"}]}, [{"t": "a"}]),
        ({"t": ["a", "b"], "n": [1, 2]}, [{"t": "a", "n": 1}, {"t": "b", "n": 2}]),
        ({"t": {"7": "a", "3": "b"}}, [{"t": "a"}, {"t": "b"}]),  # an index that was shuffled
        ({"columns": ["t"], "index": ["x"], "data": [["a"]]}, [{"index": "x", "t": "a"}]),  # one that says something
        ({"t": "a", "tags": ["x"]}, [{"t": "a", "tags": ["x"]}]),  # a row
    ],
)
def test_the_shapes_of_one_object(make: Make, content: Any, rows: list[dict[str, Any]]) -> None:
    for indent in (None, 2):
        assert make("a.json", json.dumps(content, indent=indent)).to_list() == rows


@pytest.mark.parametrize(
    "row",
    [
        {"id": "1", "messages": [{"role": "user"}]},
        {"tokens": ["a", "b"], "tags": ["x", "y"]},
        {"a": {"b": "c"}, "d": {"b": "e"}},
    ],
)
def test_a_file_of_an_object_a_line_may_have_one_row(make: Make, row: dict[str, Any]) -> None:
    found = make("a.jsonl", json.dumps(row) + "\n\n")
    assert (found.to_list(), origin.notes([found])) == ([row], [])


def test_a_list_of_rows_that_is_all_there_is_on_the_line(make: Make) -> None:
    content = {"data": [{"text": "a", "label": 1}, {"text": "b", "label": 0}]}
    assert make("a.jsonl", json.dumps(content)).to_list() == content["data"]


@pytest.mark.parametrize("orient", ["columns", "index"])
def test_rows_with_names_of_their_own_are_known_by_their_number(make: Make, orient: Any) -> None:
    rows = [{"index": f"doc {n}", "text": f"text {n}", "label": n % 2} for n in range(40)]
    frame = pandas.DataFrame(rows).set_index("index")
    found = make("a.json", frame.to_json(orient=orient))
    assert found.to_list() == rows
    assert "40 rows" in origin.notes([found])[0]
    refused(make, "b.json", frame.head(3).to_json(orient=orient))  # two columns and three rows, or the other way round


def test_several_lists_of_rows_are_named_and_the_fix_leads_out(make: Make) -> None:
    content = {"train": [{"t": "a"}], "test": [{"t": "b"}]}
    error = refused(make, "a.json", json.dumps(content))
    assert "'train', 'test'" in error.problem
    assert "a file of its own" in error.fix
    assert make("train.json", json.dumps(content["train"])).to_list() == content["train"]


@pytest.mark.parametrize(
    "content",
    [
        {"doc1": {"text": "a"}, "doc2": {"text": "b"}},  # names of rows or of columns?
        {"0": {"1": "a"}, "1": {"1": "b"}},
        {"data": {"train": [{"t": "a"}]}},
        {"data": [["a", 1], ["b", 2]]},  # no names
        {"a": ["x"], "b": ["y", "z"]},
    ],
)
def test_an_object_without_rows_to_be_made_out_is_told_with_what_pandas_can_do(make: Make, content: Any) -> None:
    error = refused(make, "a.json", json.dumps(content))
    assert "is one JSON object" in error.problem
    assert "fields '" in error.where
    assert 'orient="records", lines=True' in error.fix
    file = io.StringIO()
    pandas.DataFrame({"text": ["a", "b"], "label": [0, 1]}).to_json(file, orient="records", lines=True)
    assert len(make("b.json", file.getvalue())) == 2


def test_an_array_is_known_whatever_the_suffix(make: Make) -> None:
    for content in ('[{"t": "a"}, {"t": "b"}]', '[\n  {"t": "a"},\n  {"t": "b"}\n]\n'):
        assert make("a.jsonl", content).to_list() == [{"t": "a"}, {"t": "b"}]


def test_what_is_broken_in_an_object_of_many_lines_is_told_with_its_line(make: Make) -> None:
    assert refused(make, "a.json", '{\n "data": [\n  {"t": "a"}\n  {"t": "b"}\n ]\n}').where.endswith("line 4")


names = st.sampled_from(["text", "label", "note", "id", "作者"])


@FEW
@given(st.lists(st.dictionaries(names, st.none() | cells, min_size=1, max_size=5), min_size=1, max_size=12))
def test_a_field_that_a_row_lacks_is_null_there(make: Make, rows: list[dict[str, Any]]) -> None:
    seen = list(dict.fromkeys(name for row in rows for name in row))
    wanted = [{name: row.get(name) for name in seen} for row in rows]
    content = "".join(json.dumps(row) + "\n" for row in rows)
    if len(rows) > 1:  # one row of texts is a row all the same, see above
        assert make("a.jsonl", content).to_list() == wanted
    assert make("b.json", json.dumps(rows)).to_list() == wanted


def test_types_are_those_of_all_rows_also_where_a_field_comes_late(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warmstart.table.reading.objects.ROWS", 2)
    rows = [{"t": "a"}, {"t": "b"}, {"t": "c", "n": 1}, {"t": "d", "n": 0.5}, {"n": 2}]
    assert make("a.jsonl", "".join(json.dumps(row) + "\n" for row in rows)).to_list()[2:] == [
        {"t": "c", "n": 1.0},
        {"t": "d", "n": 0.5},
        {"t": None, "n": 2.0},
    ]
    mixed = [*rows, {"n": "x"}]
    error = refused(make, "a.jsonl", "".join(json.dumps(row) + "\n" for row in mixed))
    assert "a number on line 4, text on line 6" in error.where


def test_rows_that_share_no_fields_are_refused_before_they_fill_the_memory(make: Make) -> None:
    rows = [{"text": "a", f"user {n}": n, f"item {n}": n} for n in range(3_000)]
    error = refused(make, "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert "different fields" in error.problem
    moved = [{"text": "a", "who": [f"user {n}", f"item {n}"]} for n in range(3_000)]
    assert len(make("a.jsonl", "".join(json.dumps(row) + "\n" for row in moved))) == 3_000
    wide = [{f"field {n}": n for n in range(2_000)}] * 3
    assert len(make("a.jsonl", "".join(json.dumps(row) + "\n" for row in wide)).column_names) == 2_000
