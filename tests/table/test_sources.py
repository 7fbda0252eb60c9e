"""Files, folders and names become splits, and every bad input of the table in the issue gets its own error."""

import csv
import io
import json
import os
import pathlib
import pickle
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warmstart.errors import UserError
from warmstart.table.reading import contents, encodings, quoting, rows, store
from warmstart.table.sources import load

Make = Callable[..., Any]
GOOD = "text,label\nfine,pos\nbad,neg\n"
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def make(tmp_path: pathlib.Path) -> Make:
    """Write a file and load it, the cache beside it."""

    def write_and_load(name: str, content: str | bytes, **options: Any) -> Any:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load(path, cache_dir=str(tmp_path / "cache"), **options)["train"]

    return write_and_load


def refused(make: Make, name: str, content: str | bytes, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        make(name, content, **options)
    return caught.value


# What a delimited file may hold


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


# What it may not hold


@pytest.mark.parametrize(
    ("content", "problem", "where", "fix"),
    [
        ("text;label\na, b;pos\n", "one column", "line 1", "--delimiter ';'"),
        ("text\tlabel\na\tpos\n", "one column", "line 1", "--delimiter '\\t'"),
        ("text,text,label\na,b,c\n", "'text' more than once", "columns 1, 2", "name of its own"),
        ("text,label,\na,b,\n", "column 3 has no name", "line 1", "delimiter too many"),
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


# JSON


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
        ("a.jsonl", '{"t": "a", "l": 1}\n{"t": "b"}\n', "'l' is missing", "line 2"),
        ("a.jsonl", '{"t": "a"}\n{"t": "b", "l": 1}\n', "'l' is not in the first row", "line 2"),
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
        ("a.json", '{"data": [\n{"t": 1}]}', "not JSON", "line 1"),
    ],
)
def test_json_that_is_not_right(make: Make, name: str, content: str, problem: str, where: str) -> None:
    error = refused(make, name, content)
    assert problem in error.problem
    assert where in error.where


# Parquet and Arrow


def test_parquet_keeps_its_types_and_class_names(tmp_path: pathlib.Path) -> None:
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"]), "n": Value("int32")})
    Dataset.from_dict({"text": ["NA", None], "label": [1, -1], "n": [7, None]}, features=features).to_parquet(
        tmp_path / "a.parquet"
    )
    rows = load(tmp_path / "a.parquet", cache_dir=str(tmp_path / "c"))["train"]
    assert rows.features == features
    assert rows.to_list() == [{"text": "NA", "label": 1, "n": 7}, {"text": None, "label": -1, "n": None}]


def test_text_stored_as_categories_is_text(tmp_path: pathlib.Path) -> None:
    pq.write_table(pa.table({"label": pa.array(["a", "b", "a"]).dictionary_encode()}), tmp_path / "a.parquet")
    rows = load(tmp_path / "a.parquet", cache_dir=str(tmp_path / "c"))["train"]
    assert rows.features["label"] == Value("string")
    assert list(rows["label"]) == ["a", "b", "a"]


@pytest.mark.parametrize("opened", [pa.ipc.new_stream, pa.ipc.new_file])
def test_both_formats_of_arrow(tmp_path: pathlib.Path, opened: Any) -> None:
    table = pa.table({"text": ["a", "b"], "label": [0, 1]})
    with opened(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    assert load(tmp_path / "a.arrow", cache_dir=str(tmp_path / "c"))["train"].to_list() == table.to_pylist()


def test_damaged_and_misnamed_columnar_files(make: Make, tmp_path: pathlib.Path) -> None:
    assert "damaged" in refused(make, "a.parquet", b"PAR1" + b"x" * 40 + b"PAR1").problem
    assert "not Parquet" in refused(make, "a.parquet", b"text,label\na,b\n").problem
    assert "an Arrow file" in refused(make, "a.parquet", b"ARROW1\0\0").problem
    broken = pa.Array.from_buffers(pa.string(), 2, pa.array([b"ok", b"\xed\xa0\x80"]).buffers())
    pq.write_table(pa.table({"text": broken}), tmp_path / "b.parquet")
    with pytest.raises(UserError, match="not UTF-8") as caught:
        load(tmp_path / "b.parquet", cache_dir=str(tmp_path / "c"))
    assert "row 2" in caught.value.where


def test_columnar_types_that_datasets_lacks(tmp_path: pathlib.Path) -> None:
    maps = pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8()))
    twice = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    for problem, table in (("of a type that cannot be read", pa.table({"m": maps})), ("'text' are there more", twice)):
        pq.write_table(table, tmp_path / "a.parquet")
        with pytest.raises(UserError, match=problem):
            load(tmp_path / "a.parquet", cache_dir=str(tmp_path / "c"))


# Several files, folders, names


def test_several_files_and_the_other_names_of_splits(tmp_path: pathlib.Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_text(GOOD.replace("fine", name), encoding="utf-8")
    files = {name: str(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv")}
    cache = str(tmp_path / "cache")
    splits = load({"train": files["a.csv"], "dev": files["b.csv"]}, test=files["c.csv"], cache_dir=cache)
    assert {split: rows["text"][0] for split, rows in splits.items()} == {
        "train": "a.csv",
        "validation": "b.csv",
        "test": "c.csv",
    }
    with pytest.raises(UserError, match="given twice"):
        load({"train": files["a.csv"], "dev": files["b.csv"]}, validation=files["c.csv"], cache_dir=cache)
    with pytest.raises(UserError, match="no files"):
        load({}, cache_dir=cache)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_folder_whose_files_name_splits(tmp_path: pathlib.Path, kind: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    names = ["train-00000-of-00002", "train-00001-of-00002", "my_dev", "test", "cache-12ab"]
    for name in names:
        rows = Dataset.from_dict({"text": [name], "n": ["1"]})
        rows.to_csv(folder / f"{name}.csv") if kind == "csv" else rows.to_parquet(folder / f"{name}.parquet")
    (folder / "dataset_info.json").write_text("{}", encoding="utf-8")
    splits = load(folder, cache_dir=str(tmp_path / "cache"))
    assert {split: list(rows["text"]) for split, rows in splits.items()} == {
        "train": names[:2],
        "validation": ["my_dev"],
        "test": ["test"],
    }


def test_folders_that_are_not_clear(tmp_path: pathlib.Path) -> None:
    def folder_error(*names: str) -> str:
        folder = tmp_path / "-".join(names or ("none",))
        folder.mkdir()
        for name in names:
            (folder / name).write_text(GOOD, encoding="utf-8")
        with pytest.raises(UserError) as caught:
            load(folder, cache_dir=str(tmp_path / "cache"))
        return caught.value.problem

    assert "no table" in folder_error()
    assert "vocabulary.csv names no one split" in folder_error("train.csv", "vocabulary.csv")
    assert "train_test.csv names no one split" in folder_error("train.csv", "train_test.csv")
    assert "validation_matched.csv, validation_other.csv all name" in folder_error(
        "train.csv", "validation_matched.csv", "validation_other.csv"
    )


def test_shards_with_other_columns_are_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "train-00000-of-00002.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "train-00001-of-00002.csv").write_text("text,class\na,b\n", encoding="utf-8")
    (tmp_path / "dev.csv").write_text(GOOD, encoding="utf-8")
    with pytest.raises(UserError, match="does not have the columns") as caught:
        load(tmp_path, cache_dir=str(tmp_path / "cache"))
    assert "class (string)" in caught.value.where


def test_what_save_to_disk_saved(tmp_path: pathlib.Path) -> None:
    rows = Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]})
    rows.save_to_disk(tmp_path / "one")
    DatasetDict(train=rows, test=rows).save_to_disk(tmp_path / "two")
    assert {split: part.to_dict() for split, part in load(tmp_path / "one").items()} == {"train": rows.to_dict()}
    assert list(load(str(tmp_path / "two"))) == ["train", "test"]
    (tmp_path / "one" / "state.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="damaged"):
        load(tmp_path / "one")


def test_a_folder_laid_out_as_on_the_hub(tmp_path: pathlib.Path) -> None:
    for config in ("en", "zh"):
        (tmp_path / config).mkdir()
        (tmp_path / config / "train.csv").write_text(GOOD.replace("fine", "007"), encoding="utf-8")
    (tmp_path / "README.md").write_text(
        "---\nconfigs:\n- {config_name: en, data_files: en/train.csv}\n- {config_name: zh, data_files: zh/*}\n---\n",
        encoding="utf-8",
    )
    cache = str(tmp_path / "cache")
    assert load(tmp_path, config="zh", cache_dir=cache)["train"]["text"][0] == "007"
    with pytest.raises(UserError, match="several configurations"):
        load(tmp_path, cache_dir=cache)
    with pytest.raises(UserError, match="no configuration 'zhh'") as caught:
        load(tmp_path, config="zhh", cache_dir=cache)
    assert "did you mean 'zh'" in caught.value.fix
    (tmp_path / "README.md").unlink()
    assert len(load(tmp_path, config="en", cache_dir=cache)["train"]) == 2
    with pytest.raises(UserError, match="no configuration 'ex'"):
        load(tmp_path, config="ex", cache_dir=cache)


def test_files_that_are_not_there(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("data").mkdir()
    pathlib.Path("data", "reviews.csv").write_text(GOOD, encoding="utf-8")
    for missing, near in (
        ("data/review.csv", "reviews.csv"),
        ("dta/reviews.csv", "data"),
        ("data/reviews", "reviews.csv"),
    ):
        with pytest.raises(UserError, match=f"there is no file {missing}") as caught:
            load(missing)
        assert f"did you mean '{near}'" in caught.value.fix
    pathlib.Path("a.xyz").write_text(GOOD, encoding="utf-8")
    with pytest.raises(UserError, match="cannot tell from its name"):
        load("a.xyz")
    with pytest.raises(UserError, match="no configurations"):
        load("data/reviews.csv", config="x")
    with pytest.raises(UserError, match="is not a file"):
        load({"train": "data"})


def test_a_local_path_wins_over_the_sample_and_the_hub(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("sample").mkdir()
    pathlib.Path("sample", "train.csv").write_text(GOOD, encoding="utf-8")
    assert load("sample", cache_dir="cache")["train"]["text"][0] == "fine"


def test_the_built_in_sample(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert {"train", "validation"} <= load("sample").keys()


# The cache


def test_the_key_is_what_is_read_and_how_not_where(tmp_path: pathlib.Path) -> None:
    def fingerprint(name: str, content: str, **options: Any) -> str:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return str(store.dataset([path], "train", cache_dir=str(tmp_path / "c"), **options)._fingerprint)

    assert fingerprint("a.csv", GOOD) == fingerprint("b.csv", GOOD) == fingerprint("a.csv", GOOD, delimiter=",")
    assert fingerprint("a.csv", GOOD) == fingerprint("a.csv", GOOD, encoding="UTF8")
    others = [
        fingerprint("a.csv", GOOD),
        fingerprint("a.csv", GOOD + "c,pos\n"),
        fingerprint("a.csv", GOOD, encoding="cp1252"),
        fingerprint("a.tsv", GOOD.replace(",", "\t")),
    ]
    assert len(set(others)) == 4


def test_a_file_that_changes_meanwhile_is_not_kept(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text(GOOD, encoding="utf-8")
    read = store._read

    def read_and_change(*arguments: Any) -> Any:
        yield from read(*arguments)
        path.write_text(GOOD + "late,pos\n", encoding="utf-8")

    monkeypatch.setattr(store, "_read", read_and_change)
    with pytest.raises(UserError, match="changed while it was read"):
        load(path, cache_dir=str(tmp_path / "c"))
    monkeypatch.undo()
    assert len(load(path, cache_dir=str(tmp_path / "c"))["train"]) == 3


def test_a_cache_that_cannot_be_written(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "c").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(UserError, match="cannot write to the cache") as caught:
        load(tmp_path / "a.csv", cache_dir=str(tmp_path / "c"))
    assert "HF_HOME" in caught.value.fix


def test_a_second_process_reuses_the_rows_and_what_was_mapped(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD, encoding="utf-8")
    script = """
import json, datasets, sys
from warmstart.table.sources import load
datasets.disable_progress_bars()
calls = []
def lengths(batch):
    calls.append(len(batch["text"]))
    return {"length": [len(text) for text in batch["text"]]}
rows = load("a.csv")["train"]
mapped = rows.map(lengths, batched=True)
print(json.dumps([len(calls), mapped["length"][:], mapped._fingerprint, rows.cache_files[0]["filename"]]))
"""
    environment = os.environ | {"HF_HOME": str(tmp_path / "home"), "PYTHONHASHSEED": "random"}

    def run() -> tuple[int, list[int], str, str]:
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return tuple(json.loads(done.stdout))

    calls, lengths, fingerprint, rows = run()
    assert (calls, lengths) == (1, [4, 3])
    assert pathlib.Path(rows).is_relative_to(tmp_path / "home" / "datasets" / "warmstart")
    written = pathlib.Path(rows).stat().st_mtime_ns
    os.utime(tmp_path / "a.csv", (0, 0))
    assert run() == (0, lengths, fingerprint, rows)
    assert pathlib.Path(rows).stat().st_mtime_ns == written


# Real data


@pytest.mark.parametrize(
    ("task", "rows"), [("mrpc", (3668, 408, 1725)), ("sst2", (67349, 872, 1821)), ("stsb", (5749, 1500, 1379))]
)
def test_glue_as_a_folder_and_as_files(glue: pathlib.Path, tmp_path: pathlib.Path, task: str, rows: Any) -> None:
    cache = str(tmp_path)
    folder = load(glue, config=task, cache_dir=cache)
    assert tuple(map(len, folder.values())) == rows
    files = {split: str(glue / task / f"{split}-00000-of-00001.parquet") for split in ("train", "validation", "test")}
    for other in (load(files, cache_dir=cache), load(glue / task, cache_dir=cache)):
        assert {split: part._fingerprint for split, part in other.items()} == {
            split: part._fingerprint for split, part in folder.items()
        }
