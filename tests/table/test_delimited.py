"""CSV and TSV: every cell as it is in the file, and what is not right is told."""

import csv
import io
import pathlib
import pickle
import tracemalloc
from typing import Any

import pytest
from datasets import Features, Value
from hypothesis import given
from hypothesis import strategies as st

from tests.table.tables import FEW, GOOD, Make, refused
from warmstart.table.reading import contents, encodings, quoting
from warmstart.table.sources import load


def test_cells_are_text_exactly_as_in_the_file(make: Make) -> None:
    cells = [
        "NA",
        "null",
        "None",
        "nan",
        "007",
        "1e5",
        "True",
        "-0",
        "=cmd()",
        " padded ",
        "12345678901234567890",
        "a\nb",
    ]
    file = io.StringIO()
    csv.writer(file).writerows([["text", "n"], *([cell, str(n)] for n, cell in enumerate(cells))])
    rows = make("a.csv", file.getvalue())
    assert list(rows["text"]) == cells
    assert rows.features == Features({"text": Value("string"), "n": Value("string")})


@FEW
@given(
    rows=st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)] * 2),
        min_size=1,
        max_size=8,
    ),
    delimiter=st.sampled_from(",;\t|"),
    quoting_style=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_any_text_written_by_the_csv_module_comes_back(
    make: Make, rows: list[tuple[str, str]], delimiter: str, quoting_style: Any
) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, quoting=quoting_style).writerows([("one", "two"), *rows])
    back = make("a.csv", file.getvalue(), delimiter=delimiter)
    assert list(zip(back["one"], back["two"], strict=True)) == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "utf-32"])
def test_encodings_and_byte_order_marks(make: Make, encoding: str) -> None:
    table = "文本,label\r\n很好 \u202b🙂\u200d e\u0301,pos\r\n不好,neg\r\n"
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    rows = make("a.csv", (mark + table).encode(encoding), encoding=encoding)
    assert rows.column_names == ["文本", "label"]
    assert rows["文本"][0] == "很好 \u202b🙂\u200d e\u0301"


def test_a_byte_order_mark_needs_no_option(make: Make) -> None:
    assert make("a.csv", GOOD.encode("utf-8-sig")).column_names == ["text", "label"]


def test_newlines_in_quotes_of_every_kind_and_old_line_ends(make: Make) -> None:
    rows = make("a.csv", 'text,label\r"a\nb\r\nc\rd",pos\rplain,neg\r')
    assert list(rows["text"]) == ["a\nb\r\nc\rd", "plain"]


def test_blank_lines_at_the_end_are_no_rows(make: Make) -> None:
    assert len(make("a.csv", GOOD + "\n\n")) == 2


def test_a_long_cell_and_the_csv_limit_put_back(make: Make) -> None:
    before = csv.field_size_limit()
    rows = make("a.csv", "text,label\n" + "x" * 10_000_000 + ",pos\nshort,neg\n")
    assert [len(text) for text in rows["text"]] == [10_000_000, 5]
    assert csv.field_size_limit() == before


def test_rows_beyond_one_batch_keep_their_order(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warmstart.table.reading.delimited.ROWS", 7)
    rows = make("a.csv", "text,n\n" + "".join(f"t{n},{n}\n" for n in range(100)))
    assert list(rows["n"]) == [str(n) for n in range(100)]


def test_memory_does_not_grow_with_the_table(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr("warmstart.table.reading.delimited.ROWS", 500)
    content = b"text,n\n" + b"".join(b"%d %b,%d\n" % (n, b"x" * 300, n) for n in range(40_000))
    tracemalloc.start()
    rows = make("a.csv", content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(rows) == 40_000
    assert peak < 8_000_000  # bytes, of which 3 million are the two blocks that the digest holds; the file has 12


def test_one_column_is_a_table_too(make: Make) -> None:
    assert list(make("a.csv", 'text\n"a, b"\n""\nc\n')["text"]) == ["a, b", "", "c"]


def test_a_tsv_file_and_typed_tabs(make: Make) -> None:
    assert make("a.tsv", "text\tlabel\na, b\tpos\n")[0] == {"text": "a, b", "label": "pos"}
    assert make("b.txt", "text\tlabel\na, b\tpos\n", delimiter="\\t")[0] == {"text": "a, b", "label": "pos"}


def test_a_further_tsv_file_keeps_its_tabs(tmp_path: pathlib.Path) -> None:
    """And a further .csv file has the delimiter of the first."""
    first, tabs, same = tmp_path / "a.csv", tmp_path / "b.tsv", tmp_path / "c.csv"
    for path, separator in ((first, ";"), (tabs, "\t"), (same, ";")):
        path.write_text(f"text{separator}label\na, b{separator}pos\n")
    found = load(first, validation=str(tabs), test=str(same), delimiter=";", cache_dir=str(tmp_path / "cache"))
    for name in ("train", "validation", "test"):
        assert found[name][0] == {"text": "a, b", "label": "pos"}
    strange = tmp_path / "d.tsv"
    strange.write_text("text;label\na, b;pos\n")
    assert (
        load(strange, test=str(strange), delimiter=";", cache_dir=str(tmp_path / "cache"))["test"][0]["text"] == "a, b"
    )


@pytest.mark.parametrize(
    ("content", "problem", "where", "fix"),
    [
        ("text;label\na, b;pos\n", "one column", "line 1", "--delimiter ';'"),
        ("text\tlabel\na\tpos\n", "one column", "line 1", "--delimiter '\\t'"),
        ("text,text,label\na,b,c\n", "'text' more than once", "columns 1, 2", "name of its own"),
        ("text,label\na,pos\nb\n", "a row has 1 cells, the header 2", "line 3", "missing cells (label)"),
        ("text,label\na,pos\nb,c,neg\n", "a row has 3 cells, the header 2", "line 3", "put quotes"),
        ('text,label\n"a\nb",pos\nc\n', "a row has 1 cells", "line 4", "missing cells"),
        ('text,label\n"a\nb",x,pos\n', "a row has 3 cells", "line 2-3", "not closed"),
        ("text,label\na,pos,\nb,neg,\n", "a row has 3 cells", "lines 2, 3", "ends with a delimiter"),
        ('text,label\na,pos\n"b,neg\nc,pos\n', "opened on line 3 is never closed", "line 3", "close it"),
        ('text,label\n"a\n\nb",pos\nx,"y\nz\n', "opened on line 5 is never closed", "line 5", "close it"),
        ('text,label\n"a,pos\n"b",neg\n', "opened on line 2 is closed on line 3", "line 2", "twice"),
        ('text,label\n"a" b,pos\n', "opened on line 2 is closed on line 2", "line 2", "twice"),
        ("text,label\na,pos\n\nb,neg\n", "line 3 is blank", "line 3", "delete"),
        ("\ntext,label\na,pos\n", "begins with a blank line", "line 1", "column names"),
        ("text,label\na\0b,pos\n", "NUL byte", "line 2", "remove"),
        ("", "is empty", "a.csv", ""),
        ("text,label\n", "a header and no rows", "a.csv", "add rows"),
        ("<!DOCTYPE html><html>", "a web page", "a.csv", ""),
    ],
)
def test_a_table_that_is_not_right(make: Make, content: str, problem: str, where: str, fix: str) -> None:
    error = refused(make, "a.csv", content)
    assert problem in error.problem
    assert where in error.where
    assert fix in error.fix


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (pickle.dumps({"text": ["a"]}), "pickle"),
        (pickle.dumps(["a"], protocol=0), "pickle"),
        (b"PK\x03\x04rest", "zip"),
        (b"\x7fELF\x02\x01", "executable"),
        (b"MZ\x90\x00\x03", "executable"),
        (b"#!/bin/sh\n", "executable"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"PAR1....PAR1", "Parquet"),
        (b"%PDF-1.7", "PDF"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_file_that_is_something_else_is_known_by_its_first_bytes(
    make: Make, content: bytes, kind: str, name: str
) -> None:
    assert kind in refused(make, name, content).problem


def test_words_that_begin_like_an_executable_are_words(make: Make) -> None:
    assert len(make("a.csv", "MZ,PK\na,b\n")) == 1


@pytest.mark.parametrize(
    ("encoding", "sentence"),
    [
        ("gb18030", "这部电影非常好看, 我很喜欢"),
        ("cp1252", "Größe und Straße"),
        ("cp1252", "un café déjà très agréable, naïveté élève"),
        ("utf-16", "plain words"),
        ("utf-16-le", "plain words"),
        ("utf-16-be", "plain words"),
    ],
)
def test_another_encoding_is_guessed_and_the_suggestion_works(make: Make, encoding: str, sentence: str) -> None:
    content = f"text,label\n{'a' * 30},x\n{sentence.replace(',', '')},pos\n".encode(encoding)
    error = refused(make, "a.csv", content)
    assert f"--encoding {encoding}," in error.fix
    assert make("a.csv", content, encoding=encoding)["text"][1] == sentence.replace(",", "")


def test_the_byte_that_does_not_decode_is_named_wherever_it_stands(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "BLOCK", 16)
    good = ("text,label\n" + "é" * 40 + ",pos\nnaïve,x\n").encode()
    for at in (11, 12, 30, 31, 32, 95):
        bad = good[:at] + b"\xff" + good[at:]
        with pytest.raises(UnicodeDecodeError) as caught:
            bad.decode()
        byte = caught.value.start
        line = bad.count(b"\n", 0, byte) + 1
        assert f"byte {byte} (line {line})" in refused(make, "a.csv", bad).problem


def test_the_guess_is_made_near_the_byte_not_at_the_start() -> None:
    assert encodings.guess(b"abc") == "cp1252"
    assert encodings.guess(b"\x81 undefined in cp1252") == "latin-1"


def test_unknown_encodings_and_delimiters_are_refused(make: Make) -> None:
    assert "no encoding" in refused(make, "a.csv", GOOD, encoding="utf-9").problem
    assert "no encoding" in refused(make, "a.csv", GOOD, encoding="base64").problem
    assert "no byte-order mark" in refused(make, "a.csv", GOOD, encoding="utf-16").problem
    assert "--encoding utf-16-le" in refused(make, "a.csv", GOOD.encode("utf-16-le"), encoding="utf-16").fix
    assert "one character" in refused(make, "a.csv", GOOD, delimiter="::").problem


def test_nothing_is_left_behind_by_a_refusal(
    make: Make, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warmstart.table.reading.delimited.ROWS", 1)
    refused(make, "a.csv", GOOD + "too,many,cells\n")
    assert [path for path in (tmp_path / "cache").rglob("*") if path.name != "warmstart"] == []


@FEW
@given(st.text(alphabet='ab",\n', max_size=20))
def test_the_walk_agrees_with_the_csv_module_on_which_tables_are_quoted_rightly(table: str) -> None:
    lines = io.StringIO(table, newline="").readlines()
    try:
        list(csv.reader(lines, strict=True))
        right = True
    except csv.Error:
        right = False
    opened_on, _ = quoting.walk(iter(lines), ",", 1, 1000)
    assert (opened_on == 0) is right
