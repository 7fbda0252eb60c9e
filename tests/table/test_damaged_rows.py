"""Rows that were kept and are no longer what was written are read again from the user's file, with a line."""

import pathlib
import shutil

import pytest

from tests import tiny
from tests.damage import CHANGES
from warmstart.events import Event, listening
from warmstart.table.reading.store import ROWS
from warmstart.table.sources import load


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a table, `rows.csv`, and its cache, `cache`."""
    folder = tmp_path_factory.mktemp("kept")
    load(tiny.write(folder / "rows.csv", tiny.reviews(200)), cache_dir=str(folder / "cache"))
    return folder


@pytest.mark.parametrize("name", [ROWS, "sums.json"])
@pytest.mark.parametrize("change", CHANGES)
def test_damaged_rows_are_read_again(change: str, name: str, kept: pathlib.Path, tmp_path: pathlib.Path) -> None:
    shutil.copytree(kept, tmp_path / "kept")
    table, cache = tmp_path / "kept" / "rows.csv", tmp_path / "kept" / "cache"
    (damaged,) = cache.rglob(name)
    CHANGES[change](damaged)
    heard: list[Event] = []
    with listening(heard.append):
        passing = load(table, cache_dir=str(cache), keep=False)["train"]
        again = load(table, cache_dir=str(cache))["train"]
    assert passing[:] == again[:] == load(table, cache_dir=str(tmp_path / "new"))["train"][:]
    assert again[:]["label"] == [row["label"] for row in tiny.reviews(200)]
    assert len(heard) == 1 or name != ROWS
    heard.clear()
    with listening(heard.append):
        assert load(table, cache_dir=str(cache))["train"].cache_files
    assert not heard


@pytest.mark.parametrize(("was", "becomes"), [(b"positive", b"negative"), (b"good", b"bad ")])
def test_cells_that_were_changed_in_place(
    was: bytes, becomes: bytes, kept: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """A file that every reader takes for sound, and in which other labels stand."""
    cache = pathlib.Path(shutil.copytree(kept / "cache", tmp_path / "cache"))
    (rows,) = cache.rglob(ROWS)
    content = rows.read_bytes()
    assert was in content
    rows.write_bytes(content.replace(was, becomes))
    heard: list[Event] = []
    with listening(heard.append):
        found = load(kept / "rows.csv", cache_dir=str(cache))["train"]
    assert found[:]["label"] == [row["label"] for row in tiny.reviews(200)]
    assert str(rows) in str(heard[0])
