"""Rows 10 to 12, 28 and 29 of the table of bad inputs: what the texts can get wrong."""

import pathlib
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import tiny
from tests.bad_inputs.helpers import accepted, csv_of, refused, reviews, rows_of, write
from warmstart.runs.run import token_tables

KEPT = {
    "row_10": ["NA", "null", "None", "nan", "NaN", "N/A", "#N/A", "-", "NULL", "<NA>", "none", "Null"],
    "row_11": ["007", "1e5", "True", "1.0", "1.00", "0x1F", "false", "1_000", "+7", "1E5", "12345678901234567890", "٣"],
    "row_29": [
        *("🙂", "👩\u200d👩\u200d👧", "שלום", "\u202eabc\u202c", "zero\u200bwidth", "\ufeffmark"),
        *("e\u0301", "é", "\u0301", "ﷺ", "𝔘", "a\u2028b"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize("row", KEPT)
def test_rows_10_11_and_29_texts_are_kept(tmp_path: pathlib.Path, row: str, name: str) -> None:
    rows = [{"n": str(n), "text": cell, "label": "ab"[n % 2]} for n, cell in enumerate(KEPT[row])]
    separator = "\t" if name == "a.tsv" else ","
    table = tmp_path / name
    if name == "a.parquet":
        pq.write_table(pa.Table.from_pylist(rows), table)
    elif name == "a.jsonl":
        write(table, rows)
    else:
        write(table, "".join(separator.join(cells) + "\n" for cells in [rows[0].keys(), *(r.values() for r in rows)]))
    found = [row["text"] for row in rows_of(table)]
    assert [cell.encode() for cell in found] == [cell.encode() for cell in KEPT[row]]


def test_row_11_a_column_of_digits_only_is_text_where_it_is_named_so(tmp_path: pathlib.Path) -> None:
    cells = [f"{n:04}" for n in range(40)]
    table = csv_of([[cell, "ab"[n % 2], str(n)] for n, cell in enumerate(cells)], header="text,label,n")
    found = accepted(write(tmp_path / "a.csv", table))
    assert found.task.text == "text"
    assert [row["text"] for row in rows_of(tmp_path / "a.csv")] == cells


@pytest.mark.parametrize("blank", ["", "  ", "\u3000", '"\n"'])
def test_row_12_an_empty_or_blank_text(tmp_path: pathlib.Path, blank: str) -> None:
    rows = reviews()
    rows[3][0] = rows[7][0] = blank
    table = write(tmp_path / "a.csv", csv_of(rows))
    error = refused(table)
    assert error.problem == "no text in 2 rows"
    assert error.where == f"{table}, split 'train', rows 4, 8, column 'text'"
    assert "--on-empty drop" in error.fix
    found = accepted(table, on_empty="drop")
    assert sum(map(len, found.splits.values())) == 10
    assert "train: 2 rows without text dropped" in found.notes[0]


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_row_12_a_text_that_is_null(tmp_path: pathlib.Path, name: str) -> None:
    rows: list[dict[str, Any]] = [{"text": text, "label": label} for text, label in reviews()]
    rows[5]["text"] = None
    if name == "a.jsonl":
        write(tmp_path / name, rows)
    else:
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / name)
    assert refused(tmp_path / name).where.endswith("row 6, column 'text'")
    assert sum(map(len, accepted(tmp_path / name, on_empty="drop").splits.values())) == 11


def test_row_12_ten_rows_and_a_count(tmp_path: pathlib.Path) -> None:
    rows = reviews(60)
    for row in rows[:40]:
        row[0] = ""
    error = refused(write(tmp_path / "a.csv", csv_of(rows)))
    assert error.problem == "no text in 40 rows"
    assert "rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 30 more" in error.where


def test_row_28_a_cell_of_ten_megabytes(tmp_path: pathlib.Path) -> None:
    rows = reviews(40)
    rows[0][0] = "good " * 2_000_000
    rows[1][0] = "good " * tiny.LONGEST  # longer than the model takes, by the two special tokens
    rows[2][0] = "good " * (tiny.LONGEST - 2)  # fills it and is not cut
    found = accepted(write(tmp_path / "a.csv", csv_of(rows)))
    assert max(map(len, found.splits["train"]["text"])) == 10_000_000
    tables = token_tables(found.splits, found.task, tiny.tokenizer(), tiny.LONGEST, None)
    assert max(table.lengths.max() for table in tables.values()) == tiny.LONGEST
    assert sum(table.truncated * len(table) for table in tables.values()) == 2


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.csv", b"text,label\nfine,pos\nhalf \xed\xa0\xbd,neg\n", "line 3"),
        ("a.csv", b"text,label\nfine,pos\n\xed\xa0\xbd\xed\xb8\x80,neg\n", "line 3"),  # an emoji as two halves (CESU-8)
        ("a.jsonl", b'{"text": "fine", "label": "pos"}\n{"text": "half \xed\xb8\x80", "label": "neg"}\n', "line 2"),
        ("a.jsonl", b'{"text": "fine", "label": "pos"}\n{"text": "half \\ud83d", "label": "neg"}\n', "line 2"),
        ("a.jsonl", b'{"text": "fine", "label": "pos"}\n{"text": "x", "label": "\\udc00"}\n', "line 2"),
        ("a.jsonl", b'{"text\\ud83d": "fine", "label": "pos"}\n', "line 1"),
        ("a.jsonl", b'{"o": {"\\ud83d": "fine"}, "label": "pos"}\n', "line 1"),
        ("a.json", b'[{"text": "fine", "label": "pos"},\n{"text": "half \\ud83d", "label": "neg"}]', "line 2"),
    ],
)
def test_row_29_a_lone_surrogate(tmp_path: pathlib.Path, name: str, content: bytes, place: str) -> None:
    error = refused(write(tmp_path / name, content))
    assert "a lone surrogate" in error.problem
    assert place in error.where
    assert "--encoding" not in error.fix  # reading these bytes as another encoding would change the text in silence


def test_row_29_a_lone_surrogate_in_utf_16_and_in_parquet(tmp_path: pathlib.Path) -> None:
    content = csv_of(reviews()).replace("number 3", "number \ud83d").encode("utf-16", "surrogatepass")
    error = refused(write(tmp_path / "a.csv", content), encoding="utf-16")
    assert "a lone surrogate" in error.problem
    assert "line 5" in error.where
    cells = pa.Array.from_buffers(pa.string(), 2, pa.array([b"ok", b"\xed\xa0\x80"]).buffers())
    pq.write_table(pa.table({"text": cells, "label": ["a", "b"]}), tmp_path / "b.parquet")
    error = refused(tmp_path / "b.parquet")
    assert "lone surrogate" in error.problem
    assert "row 2" in error.where
