"""Whatever the standard writers wrote comes back from `load`, character for character."""

import csv
import io
import json
import pathlib
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import warmstart

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
AWKWARD = [
    "",
    " ",
    " padded ",
    "NA",
    "null",
    "None",
    "nan",
    "007",
    "1e5",
    "True",
    '"',
    '""',
    '"a"',
    "a,b",
    "a;b",
    "a\tb",
]
AWKWARD += [
    "a|b",
    "a\nb",
    "\n",
    "a\r\nb",
    "'",
    "\\",
    "\\n",
    "=cmd()",
    "#x",
    "\ufeff",
    "\u2028",
    "\x85",
    "\x1c",
    "🙂",
    "e\u0301",
]
DELIMITERS = [",", ";", "\t", "|"]
Table = list[dict[str, str]]


def cells(excluded: str = "") -> st.SearchStrategy[str]:
    """Any text but lone surrogates, which no UTF-8 can hold, NUL, which no text file should, and `excluded`."""
    anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0" + excluded), max_size=10)
    return anything | st.sampled_from([cell for cell in AWKWARD if not set(cell) & set(excluded)])


def tables(excluded: str = "") -> st.SearchStrategy[Table]:
    """Tables of one to three columns of text."""
    columns = st.lists(st.sampled_from(["text", "label", "other one", "文本"]), min_size=1, max_size=3, unique=True)
    return columns.flatmap(
        lambda names: st.lists(st.fixed_dictionaries({name: cells(excluded) for name in names}), min_size=1, max_size=6)
    )


def back(folder: pathlib.Path, name: str, content: bytes, **options: Any) -> Table:
    """What `load` makes of a file of these bytes."""
    path = folder / name
    path.write_bytes(content)
    rows: Table = warmstart.load(path, cache_dir=str(folder / "cache"), **options)["train"].to_list()
    return rows


@MANY
@given(
    table=tables(),
    delimiter=st.sampled_from(DELIMITERS),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
)
def test_the_csv_module(tmp_path: pathlib.Path, table: Table, delimiter: str, quoting: Any, encoding: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(table[0]), delimiter=delimiter, quoting=quoting)
    writer.writeheader()
    writer.writerows(table)
    content = file.getvalue().encode(encoding)
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    assert back(tmp_path, "a.csv", content, delimiter=delimiter, encoding=encoding) == table


@MANY
@given(table=tables(), dialect=st.sampled_from(["excel", "excel-tab", "unix"]))
def test_the_dialects_of_the_csv_module(tmp_path: pathlib.Path, table: Table, dialect: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(table[0]), dialect=dialect)
    writer.writeheader()
    writer.writerows(table)
    assert back(tmp_path, "a.tsv" if dialect == "excel-tab" else "a.csv", file.getvalue().encode()) == table


# Before Python 3.13 the csv module, and pandas with it, leaves a carriage return unquoted where lines end in a newline
# alone: what it writes then can be read in two ways.
@MANY
@given(table=tables(excluded="\r"), delimiter=st.sampled_from(DELIMITERS), quote_all=st.booleans())
def test_pandas_as_csv(tmp_path: pathlib.Path, table: Table, delimiter: str, quote_all: bool) -> None:
    pandas = pytest.importorskip("pandas")
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    content = pandas.DataFrame(table).to_csv(index=False, sep=delimiter, quoting=quoting).encode()
    assert back(tmp_path, "a.csv", content, delimiter=delimiter) == table


@MANY
@given(table=tables())
def test_pandas_as_json_lines(tmp_path: pathlib.Path, table: Table) -> None:
    pandas = pytest.importorskip("pandas")
    content = pandas.DataFrame(table).to_json(orient="records", lines=True).encode()
    assert back(tmp_path, "a.jsonl", content) == table


@MANY
@given(table=tables(), delimiter=st.sampled_from(DELIMITERS), style=st.sampled_from(["needed", "all_valid"]))
def test_pyarrow(tmp_path: pathlib.Path, table: Table, delimiter: str, style: str) -> None:
    sink = pa.BufferOutputStream()
    options = pa.csv.WriteOptions(delimiter=delimiter, quoting_style=style)
    pa.csv.write_csv(pa.Table.from_pylist(table), sink, options)
    assert back(tmp_path, "a.csv", sink.getvalue().to_pybytes(), delimiter=delimiter) == table


@MANY
@given(table=tables(), ascii_only=st.booleans(), as_array=st.booleans(), end=st.sampled_from(["\n", "\r\n", ""]))
def test_json(tmp_path: pathlib.Path, table: Table, ascii_only: bool, as_array: bool, end: str) -> None:
    if as_array:
        return_value = back(tmp_path, "a.json", json.dumps(table, ensure_ascii=ascii_only, indent=1).encode())
    else:
        lines = [json.dumps(row, ensure_ascii=ascii_only) for row in table]
        return_value = back(tmp_path, "a.jsonl", ((end or "\n").join(lines) + end).encode())
    assert return_value == table
