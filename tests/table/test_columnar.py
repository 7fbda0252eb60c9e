"""Parquet and Arrow files."""

import pathlib
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from tests.table.tables import Make, refused
from warmstart.errors import UserError
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
    for problem, table in (("of a type that cannot be read", pa.table({"m": maps})), ("'text' are there more", twice)):
        pq.write_table(table, tmp_path / "a.parquet")
        with pytest.raises(UserError, match=problem):
            load(tmp_path / "a.parquet", cache_dir=str(tmp_path / "c"))
