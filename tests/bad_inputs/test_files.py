"""Rows 3 to 9, 13 to 17 and 30 of the table of bad inputs: what the bytes of a file can get wrong."""

import io
import pathlib
import pickle
import zipfile

import pytest

from tests.bad_inputs.helpers import accepted, csv_of, refused, reviews, rows_of, write

GOOD = csv_of(reviews())


def test_row_03_a_duplicate_header(tmp_path: pathlib.Path) -> None:
    table = write(tmp_path / "a.csv", csv_of([["x", "y", "pos"]], header="text,text,label"))
    error = refused(table)
    assert "'text' more than once" in error.problem
    assert "line 1, columns 1, 2" in error.where


@pytest.mark.parametrize(("delimiter", "typed"), [(";", "';'"), ("\t", "'\\t'"), ("|", "'|'")])
def test_row_04_a_wrong_delimiter(tmp_path: pathlib.Path, delimiter: str, typed: str) -> None:
    table = write(tmp_path / "a.csv", GOOD.replace(",", delimiter))
    error = refused(table)
    assert "one column" in error.problem
    assert f"--delimiter {typed}" in error.fix
    assert len(rows_of(table, delimiter=typed.strip("'"))) == 12


def test_row_04_is_detected_although_texts_hold_commas_and_a_row_is_broken(tmp_path: pathlib.Path) -> None:
    rows = ["text;label", "a, b, and c;pos", "plain;neg", "one; two;pos", *["x, y;neg"] * 9]
    assert "--delimiter ';'" in refused(write(tmp_path / "a.csv", "\n".join(rows) + "\n")).fix


@pytest.mark.parametrize(
    ("row", "line", "fix"),
    [("lonely", 6, "missing cells (label)"), ("one,two,pos", 6, "put quotes around")],
    ids=["row_05_too_few", "row_06_too_many"],
)
def test_rows_05_and_06_another_number_of_fields(tmp_path: pathlib.Path, row: str, line: int, fix: str) -> None:
    lines = GOOD.splitlines()
    lines.insert(line - 1, row)
    error = refused(write(tmp_path / "a.csv", "\n".join(lines)))
    assert f"a row has {row.count(',') + 1} cells, the header 2" in error.problem
    assert error.where.endswith(f"line {line}")
    assert fix in error.fix


def test_rows_05_and_06_all_such_lines_are_counted_and_ten_named(tmp_path: pathlib.Path) -> None:
    lines = ["text,label", "fine,pos", *["lonely", "one,two,pos"] * 20]
    error = refused(write(tmp_path / "a.csv", "\n".join(lines)))
    assert "a row has 1 cells, the header 2" in error.problem
    assert "lines 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 30 more" in error.where


def test_row_07_a_trailing_delimiter_on_data_rows_only(tmp_path: pathlib.Path) -> None:
    error = refused(write(tmp_path / "a.csv", GOOD.replace("good", "good,").replace("bad", "bad,")))
    assert "a row has 3 cells, the header 2" in error.problem
    assert "lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more" in error.where
    assert "ends with a delimiter that the header does not have" in error.fix


def test_row_08_an_unclosed_quote(tmp_path: pathlib.Path) -> None:
    lines = GOOD.splitlines()
    lines[6] = '"' + lines[6]
    error = refused(write(tmp_path / "a.csv", "\n".join(lines)))
    assert "a quote opened on line 7 is never closed" in error.problem
    assert error.where.endswith("line 7")


def test_row_09_newlines_inside_quotes(tmp_path: pathlib.Path) -> None:
    texts = [f"line\nbreak\r\nof row {n}\n" for n in range(20)]
    content = "".join(f'{n},"{text}",{"ab"[n % 2]}\n' for n, text in enumerate(texts))
    found = rows_of(write(tmp_path / "a.csv", "n,text,label\n" + content))
    assert [row["text"] for row in found] == texts


@pytest.mark.parametrize(("encoding", "word"), [("cp1252", "naïve façade"), ("gb18030", "这部电影非常好看")])
def test_row_13_bytes_of_another_encoding(tmp_path: pathlib.Path, encoding: str, word: str) -> None:
    content = "n,text,label\n" + "".join(f"{n},{word} {n},{'ab'[n % 2]}\n" for n in range(12))
    table = write(tmp_path / "a.csv", content.encode(encoding))
    error = refused(table)
    with pytest.raises(UnicodeDecodeError) as caught:
        content.encode(encoding).decode()
    assert f"byte {caught.value.start} (line 2)" in error.problem
    assert f"--encoding {encoding}" in error.fix
    assert rows_of(table, encoding=encoding)[3]["text"] == f"{word} 3"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
def test_row_14_utf_16(tmp_path: pathlib.Path, encoding: str, name: str) -> None:
    content = {"a.csv": GOOD, "a.tsv": GOOD.replace(",", "\t")}.get(
        name, "".join(f'{{"text": "{text}", "label": "{label}"}}\n' for text, label in reviews())
    )
    table = write(tmp_path / name, content.encode(encoding))
    assert f"--encoding {encoding}" in refused(table).fix
    assert len(rows_of(table, encoding=encoding)) == 12


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.json"])
def test_row_15_a_byte_order_mark(tmp_path: pathlib.Path, name: str) -> None:
    objects = [f'{{"text": "{text}", "label": "{label}"}}' for text, label in reviews()]
    contents = {
        "a.csv": GOOD,
        "a.tsv": GOOD.replace(",", "\t"),
        "a.jsonl": "\n".join(objects),
        "a.json": "[" + ",\n".join(objects) + "]",
    }
    found = accepted(write(tmp_path / name, contents[name].encode("utf-8-sig")))
    assert found.splits["train"].column_names == ["text", "label"]
    assert found.task.text == "text"


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_row_16_a_nul_byte(tmp_path: pathlib.Path, name: str) -> None:
    error = refused(write(tmp_path / name, GOOD.replace("number 3", "number\0 3")))
    assert "NUL byte" in error.problem
    assert error.where.endswith("line 5")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "text,label\n", "a header and no rows"),
        ("a.csv", "text,label", "a header and no rows"),
        ("a.tsv", "text\tlabel\n\n", "a header and no rows"),
        ("a.csv", "\ufeff", "is empty"),
        ("a.csv", "\n", "blank line where its header should be"),
        ("a.jsonl", "", "is empty"),
        ("a.jsonl", "\n\n", "no rows"),
        ("a.jsonl", "\ufeff", "no rows"),
        ("a.json", "[]", "no rows"),
        ("a.parquet", "", "is empty"),
    ],
)
def test_row_17_nothing_or_a_header_alone(tmp_path: pathlib.Path, name: str, content: str, problem: str) -> None:
    assert problem in refused(write(tmp_path / name, content)).problem


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("reviews.csv", GOOD)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        *((pickle.dumps(reviews(), protocol), "pickle") for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
        *((pickle.dumps({"text": ["a"]}, protocol), "pickle") for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
        (pickle.dumps(pathlib.PurePosixPath("x"), 0), "pickle"),
        (zipped(), "zip"),
        (b"\x7fELF\x02\x01\x01\0", "executable"),
        (b"MZ\x90\0\x03\0\0\0", "executable"),
        (b"#!/bin/sh\necho\n", "executable"),
    ],
)
def test_row_30_something_else_named_csv(tmp_path: pathlib.Path, content: bytes, kind: str) -> None:
    assert kind in refused(write(tmp_path / "a.csv", content)).problem


def test_row_30_cells_that_a_spreadsheet_would_run(tmp_path: pathlib.Path) -> None:
    cells = ["=cmd()", "=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(1)", "=cmd|' /C calc'!A0", "%0A", "plain"]
    content = "".join(f"{n},{cell},{'ab'[n % 2]}\n" for n, cell in enumerate(cells))
    assert [row["text"] for row in rows_of(write(tmp_path / "a.csv", "n,text,label\n" + content))] == cells
