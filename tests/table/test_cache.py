"""Rows that were read once are found again by what the files hold."""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from tests.table.tables import GOOD
from warmstart.errors import UserError
from warmstart.table.reading import store
from warmstart.table.reading.options import Options
from warmstart.table.sources import load


def test_the_key_is_what_is_read_and_how_not_where(tmp_path: pathlib.Path) -> None:
    def fingerprint(name: str, content: str, **options: Any) -> str:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        cache = str(tmp_path / "c")
        return str(store.dataset([path], "train", Options(**options), cache_dir=cache)._fingerprint)

    assert fingerprint("a.csv", GOOD) == fingerprint("b.csv", GOOD) == fingerprint("a.csv", GOOD, delimiter=",")
    assert fingerprint("a.csv", GOOD) == fingerprint("a.csv", GOOD, encoding="UTF8")
    others = [
        fingerprint("a.csv", GOOD),
        fingerprint("a.csv", GOOD + "c,pos\n"),
        fingerprint("a.csv", GOOD, encoding="cp1252"),
        fingerprint("a.tsv", GOOD.replace(",", "\t")),
        fingerprint("a.csv", GOOD, quoting="none"),
        fingerprint("a.csv", GOOD, quoting="standard"),
        fingerprint("a.csv", GOOD, header=False),
    ]
    assert len(set(others)) == len(others)


def test_rows_that_are_not_to_be_kept_are_the_same_rows(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD, encoding="utf-8")
    cache = tmp_path / "c"
    passing = load(tmp_path / "a.csv", cache_dir=str(cache), keep=False)["train"]
    assert not cache.exists()
    assert passing.cache_files == []
    kept = load(tmp_path / "a.csv", cache_dir=str(cache))["train"]
    assert passing[:] == kept[:]
    assert (passing.features, passing._fingerprint) == (kept.features, kept._fingerprint)
    found = load(tmp_path / "a.csv", cache_dir=str(cache), keep=False)["train"]
    assert found.cache_files == kept.cache_files  # what is there is used


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
