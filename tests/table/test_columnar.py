"""Parquet and Arrow files."""

import pathlib
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from tests.table.tables import Make, refused
from warmstart.errors import UserError
from warmstart.table import origin
from warmstart.table.infer import infer_task
from warmstart.table.profile import profile
from warmstart.table.sources import load


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
    for problem, table in (("no column that can be read", pa.table({"m": maps})), ("'text' are there more", twice)):
        pq.write_table(table, tmp_path / "a.parquet")
        with pytest.raises(UserError, match=problem):
            load(tmp_path / "a.parquet", cache_dir=str(tmp_path / "c"))


def saved(folder: pathlib.Path, kind: str, **columns: Any) -> Any:
    """What is read of a file of these columns."""
    table = pa.table(columns)
    path = folder / f"a.{kind}"
    if kind == "parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=1)
    return load(path, cache_dir=str(folder / "cache"))


KINDS = pytest.mark.parametrize("kind", ["parquet", "arrow"])


@KINDS
@pytest.mark.parametrize(
    ("declared", "values", "read"),
    [
        (pa.decimal128(6, 2), ["1.50", None, "-2.00"], [1.5, None, -2.0]),
        (pa.decimal128(38, 18), ["4.5", "0.1", "3"], [4.5, 0.1, 3.0]),  # as Spark writes it
        (pa.decimal128(9, 0), ["1", "0", None], [1, 0, None]),
        (pa.decimal256(40, 3), ["1.125", None, "2"], [1.125, None, 2.0]),
        (pa.decimal128(38, 0), ["12345678901234567890123", None, "7"], ["12345678901234567890123", None, "7"]),
    ],
)
def test_decimals_are_numbers(
    tmp_path: pathlib.Path, kind: str, declared: pa.DataType, values: list[str | None], read: list[Any]
) -> None:
    column = pa.array([None if value is None else Decimal(value) for value in values], declared)
    splits = saved(tmp_path, kind, text=["one of the", "texts", "here"], score=column)
    assert list(splits["train"]["score"]) == read
    assert [type(value) for value in splits["train"]["score"]] == [type(value) for value in read]


@KINDS
def test_a_decimal_score_is_a_number_to_predict(tmp_path: pathlib.Path, kind: str) -> None:
    scores = pa.array([Decimal(n) / 8 for n in range(40)], pa.decimal128(38, 18))
    splits = saved(tmp_path, kind, text=[f"a text of number {n}" for n in range(40)], score=scores)
    assert infer_task(splits).kind == "number"


@KINDS
@pytest.mark.parametrize("declared", [pa.binary(), pa.large_binary(), pa.binary_view()])
def test_bytes_are_text_where_all_of_them_are_utf_8(tmp_path: pathlib.Path, kind: str, declared: pa.DataType) -> None:
    texts = ["naïve", None, "好看"]
    columns = {name: pa.array(content, pa.binary()).cast(declared) for name, content in {
        "text": [text and text.encode() for text in texts], "picture": [b"\xff\xd8", None, b"fine"],
    }.items()}  # fmt: skip
    splits = saved(tmp_path, kind, **columns, label=["a", "b", "a"])
    assert list(splits["train"]["text"]) == texts
    assert splits["train"]["picture"][0] == b"\xff\xd8"
    [said] = origin.notes(splits.values())
    assert f"a.{kind}" in said
    assert "'text'" in said
    assert "'picture'" not in said
    with pytest.raises(UserError, match="holds bytes that are not UTF-8 text"):
        infer_task(splits, text="picture")


@KINDS
def test_columns_that_nobody_uses_stop_nothing(tmp_path: pathlib.Path, kind: str) -> None:
    count = 30
    others = {
        "picture": pa.array([b"\xff\xd8"] * count),
        "key": pa.array([b"\xff123"] * count, pa.binary(4)),
        "map": pa.array([[("a", 1)]] * count, pa.map_(pa.string(), pa.int8())),
        "price": pa.array([Decimal("1.25")] * count),
        "nothing": pa.nulls(count),
        "deep": pa.array([{"a": [{"b": b"\xff"}]}] * count),
        "long": pa.array([1] * count, pa.duration("s")),
    }
    texts = pa.array([f"a text of number {n}" for n in range(count)])
    splits = saved(tmp_path, kind, text=texts, label=["good", "bad", "fine"] * 10, **others)
    said = origin.notes(splits.values())
    assert [("'map'" in each, "'key'" in each) for each in said] == [(True, False)]
    task = infer_task(splits)
    assert (task.text, task.label) == ("text", "label")
    shown = profile(splits, task, fraction=0.1, seed=0)
    assert not shown.errors
    assert shown.notes[: len(said)] == tuple(said)


def test_class_names_are_kept_where_another_column_is_left_out(tmp_path: pathlib.Path) -> None:
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features).to_parquet(tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    maps = pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int8()))
    pq.write_table(table.append_column("map", maps), tmp_path / "a.parquet")
    rows = load(tmp_path / "a.parquet", cache_dir=str(tmp_path / "c"))["train"]
    assert rows.column_names == ["text", "label"]
    assert rows.features["label"].names == ["no", "yes"]


@pytest.mark.parametrize("declared", [pa.string(), pa.large_string()])
def test_memory_does_not_grow_with_a_text_that_is_in_every_row(tmp_path: pathlib.Path, declared: pa.DataType) -> None:
    """A dictionary says it in a few bytes; what is made of it comes in small pieces."""
    from warmstart.table.reading import columnar

    text = "word " * 200_000
    table = pa.table({"text": pa.array([text, "short", None]).cast(declared).take(pa.array([0, 1, 0, 2, 0] * 60))})
    pq.write_table(table, tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 300_000
    before, most, rows = pa.total_allocated_bytes(), 0, []
    for batch in columnar.parquet(tmp_path / "a.parquet"):
        most = max(most, pa.total_allocated_bytes() - before)
        rows += [cell and len(cell) for cell in batch.column("text").to_pylist()]
    assert rows == [1_000_000, 5, 1_000_000, None, 1_000_000] * 60
    assert most < 150_000_000  # bytes; all rows together have 180 million
