"""Compressed tables: read as a stream, and what is damaged or grows beyond reason told."""

import bz2
import functools
import gzip
import io
import json
import lzma
import pathlib
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.table.tables import GOOD, Make, refused
from warmstart.errors import UserError
from warmstart.table.reading import compression, store
from warmstart.table.sources import load


def zstandard(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as file:
        file.write(content)
    return bytes(sink.getvalue())


def zipped(content: bytes, *others: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("folder/table.csv", *others):
            archive.writestr(name, content)
    return file.getvalue()


PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": functools.partial(lzma.compress, preset=0),
    ".zst": zstandard,
    ".zip": zipped,
}
LONG = "text,label\n" + "".join(f'"review {n}, of\ntwo lines",{"pn"[n % 2]}\n' for n in range(30_000))


def test_every_kind_is_tried() -> None:
    assert PACK.keys() == compression.PACKED.keys()


@pytest.mark.parametrize("ending", PACK)
def test_rows_are_those_of_the_plain_file(make: Make, ending: str) -> None:
    lines = "".join(json.dumps({"text": str(n), "label": n % 2}) + "\n" for n in range(1_000))
    for name, content in (
        ("a.csv", LONG),
        ("a.tsv", GOOD.replace(",", "\t")),
        ("a.jsonl", lines),
        ("a.json", json.dumps([{"t": 1}])),
        ("a.json", json.dumps({"t": {"0": "a", "1": "b"}}, indent=1)),
    ):
        plain, packed = make(name, content), make(name + ending, PACK[ending](content.encode()))
        assert packed[:] == plain[:]
        assert packed._fingerprint == plain._fingerprint  # so that nothing is parsed or tokenized twice
    assert make("table" + ending, PACK[ending](GOOD.encode()))[0] == {"text": "fine", "label": "pos"}
    with_sep = PACK[ending](("sep=;\n" + GOOD.replace(",", ";")).encode("utf-16"))
    assert make("b.csv" + ending, with_sep, encoding="utf-16")[0] == {"text": "fine", "label": "pos"}


@pytest.mark.parametrize("ending", PACK)
def test_what_is_wrong_is_told_and_named(make: Make, ending: str) -> None:
    packed = PACK[ending](LONG.encode())
    cut = refused(make, "a.csv" + ending, packed[: len(packed) // 2])
    assert "cannot be unpacked" in cut.problem
    assert "a.csv" + ending in cut.where
    plain = refused(make, "a.csv" + ending, GOOD)
    assert f"take {ending} off its name" in plain.fix
    assert len(make("a.csv", GOOD)) == 2
    misnamed = refused(make, "b.csv", PACK[ending](GOOD.encode()))
    assert (f"rename it to b.csv{ending}" if ending != ".zip" else "unpack it") in misnamed.fix
    assert len(make(f"b.csv{ending}", PACK[ending](GOOD.encode()))) == 2
    assert "is empty" in refused(make, "c.csv" + ending, PACK[ending](b"")).problem
    byte = PACK[ending](GOOD.encode() + b"caf\xe9,pos\n")
    error = refused(make, "d.csv" + ending, byte)
    assert "(line 4)" in error.problem
    assert "--encoding cp1252" in error.fix
    assert make("d.csv" + ending, byte, encoding="cp1252")["text"][2] == "café"
    rows = refused(make, "e.csv" + ending, PACK[ending]((GOOD + "x\n").encode()))
    assert rows.where.endswith(f"e.csv{ending}, line 4")


@pytest.mark.parametrize("ending", PACK)
def test_memory_does_not_grow_with_what_comes_out(tmp_path: pathlib.Path, ending: str) -> None:
    path = tmp_path / f"a.csv{ending}"
    whole = b"".join(b"%d %b,%d\n" % (n, b"x" * 90, n) for n in range(200_000))
    path.write_bytes(PACK[ending](whole))
    tracemalloc.start()
    with compression.opened(path) as file:
        given = sum(len(block) for block in iter(lambda: file.read(1 << 16), b""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert given == len(whole) > 19_000_000
    assert peak < 8_000_000  # bytes


def test_what_grows_beyond_reason_is_refused_and_the_plain_rows_are_read(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "MOST", 200_000)
    monkeypatch.setattr(compression, "RATIO", 50)
    bomb = "text,label\n" + "a a a a a a a a,pos\n" * 30_000
    for ending, pack in PACK.items():
        error = refused(make, "a.csv" + ending, pack(bomb.encode()))
        assert "would become more than 200,000" in error.problem
        assert "without compression" in error.fix
    assert len(make("a.csv", bomb)) == 30_000


def test_a_small_parquet_file_that_becomes_large_too(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"text": pa.array(["word " * 2_000] * 3_000)})
    pq.write_table(table, path)
    size = path.stat().st_size
    assert size < 100_000
    monkeypatch.setattr(compression, "MOST", 4_000_000)
    monkeypatch.setattr(compression, "RATIO", 100)
    with pytest.raises(UserError, match="would become more than") as caught:
        load(path, cache_dir=str(tmp_path / "cache"))
    assert "CSV" in caught.value.fix
    assert not list((tmp_path / "cache").rglob(store.ROWS))  # nor is anything left there
    assert not list((tmp_path / "cache").rglob("*.arrow"))
    plain = tmp_path / "a.csv"
    plain.write_text("text\n" + ("word " * 2_000 + "\n") * 3_000)
    assert len(load(plain, cache_dir=str(tmp_path / "cache"))["train"]) == 3_000


def test_an_archive_of_several_files_is_to_be_unpacked(make: Make) -> None:
    error = refused(make, "a.csv.zip", zipped(GOOD.encode(), "other.csv"))
    assert "folder/table.csv, other.csv" in error.problem
    assert "unpack it" in error.fix
    assert len(make("a.csv.zip", zipped(GOOD.encode(), "__MACOSX/._table.csv", "folder/.DS_Store"))) == 2


def test_what_is_compressed_in_itself_is_not_read_through_another(make: Make) -> None:
    error = refused(make, "a.parquet.gz", gzip.compress(b"PAR1"))
    assert "unpack it" in error.fix
    assert "unpack it" in refused(make, "a.csv", b"PK\3\4rest").fix


@pytest.mark.parametrize("name", ["a.tgz", "a.tar.gz", "a.csv.gz", "a"])
def test_an_archive_of_files_is_to_be_unpacked(make: Make, tmp_path: pathlib.Path, name: str) -> None:
    inner = tmp_path / "b.csv"
    inner.write_text(GOOD)
    with tarfile.open(tmp_path / "whole", "w:gz") as archive:
        archive.add(inner, "b.csv")
    error = refused(make, name, (tmp_path / "whole").read_bytes())
    assert "unpack it, and give the table that is in it" in error.fix
    with tarfile.open(tmp_path / "whole") as archive:
        archive.extractall(tmp_path / "out", filter="data")
    assert len(load(tmp_path / "out" / "b.csv", cache_dir=str(tmp_path / "cache"))["train"]) == 2


def test_a_folder_of_compressed_files(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("train-00000-of-00002", "train-00001-of-00002", "dev"):
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(GOOD.replace("fine", name).encode()))
    splits = load(folder, cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 4, "validation": 2}
