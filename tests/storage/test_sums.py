"""A folder of a cache is read only if every byte is as it was written; else it is made again, and that is told."""

import pathlib
import shutil

import pytest

from tests.damage import CHANGES
from warmstart.events import Event, Warned, listening
from warmstart.storage import cache_folder, is_whole
from warmstart.storage.sums import SUMS


def make(target: pathlib.Path) -> None:
    with cache_folder(target) as work:
        (work / "rows").write_bytes(bytes(range(256)) * 3)
        (work / "more").write_bytes(b"more of the same")


def content(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def asked(folder: pathlib.Path) -> tuple[bool, list[Event]]:
    heard: list[Event] = []
    with listening(heard.append):
        return is_whole(folder), heard


def test_what_was_written_is_whole_and_what_is_not_there_is_not(tmp_path: pathlib.Path) -> None:
    make(tmp_path / "table")
    assert asked(tmp_path / "table") == (True, [])
    assert asked(tmp_path / "another") == (False, [])


@pytest.mark.parametrize("name", ["rows", "more", SUMS])
@pytest.mark.parametrize("change", CHANGES)
def test_any_change_is_found_and_mended(change: str, name: str, tmp_path: pathlib.Path) -> None:
    table = tmp_path / "table"
    make(table)
    before = content(table)
    CHANGES[change](table / name)
    whole, heard = asked(table)
    assert not whole
    if name == SUMS and change in ("gone", "a link to nowhere", "a link to itself"):
        assert heard == []  # nothing was promised
    else:
        assert [type(event) for event in heard] == [Warned]
        assert str(table) in str(heard[0])
    assert asked(table) == (False, [])  # told once
    make(table)
    assert asked(table) == (True, [])
    assert content(table) == before


def test_a_folder_of_another_name_is_not_this_one(tmp_path: pathlib.Path) -> None:
    """Such as the tokens of other texts, put there whole."""
    make(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert not asked(tmp_path / "two")[0]
    assert asked(tmp_path / "one")[0]


def test_files_of_others_do_not_matter(tmp_path: pathlib.Path) -> None:
    make(tmp_path / "table")
    (tmp_path / "table" / "cache-1.arrow").write_bytes(b"of a map")
    assert asked(tmp_path / "table") == (True, [])


def test_where_nobody_listens_it_goes_to_logging(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    make(tmp_path / "table")
    (tmp_path / "table" / "rows").write_bytes(b"")
    assert not is_whole(tmp_path / "table")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "damaged" in caplog.text
