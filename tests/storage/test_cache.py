"""A folder of a cache is there whole or not at all, whoever makes it, and what killed processes left is cleared."""

import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from warmstart import UserError
from warmstart.storage import cache_folder, watchers
from warmstart.storage.cache import OLD

BUILD = """
import pathlib, sys, time
from warmstart.storage import cache_folder
with cache_folder(pathlib.Path(sys.argv[1])) as work:
    (work / "rows").write_text("a half")
    print("begun", flush=True)
    time.sleep(60)
"""


def names(folder: pathlib.Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_it_appears_at_the_end(tmp_path: pathlib.Path) -> None:
    target, told = tmp_path / "deep" / "table", []
    watchers.append(lambda *operation: told.append(operation))
    try:
        with cache_folder(target) as work:
            (work / "rows").write_text("all")
            assert not target.exists()
    finally:
        watchers.pop()
    assert names(tmp_path) == ["deep", "deep/table", "deep/table/rows", "deep/table/sums.json"]
    assert not told  # a cache is no part of a run


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, UserError])
def test_a_failure_leaves_nothing(error: type[BaseException], tmp_path: pathlib.Path) -> None:
    with pytest.raises(error), cache_folder(tmp_path / "table") as work:
        (work / "rows").write_text("a half")
        raise error("no")
    assert names(tmp_path) == []


def test_what_the_disk_refuses_is_told(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write to the cache") as told, cache_folder(tmp_path / "file" / "table"):
        raise AssertionError("there is nowhere to write")
    assert "HF_HOME" in told.value.fix


def test_the_first_one_wins(tmp_path: pathlib.Path) -> None:
    """Of processes, or threads, that make the same at once."""
    target, meet, found = tmp_path / "table", threading.Barrier(4), []

    def make(number: int) -> None:
        with cache_folder(target) as work:
            (work / "rows").write_text(str(number))
            (work / "more").write_text(str(number))
            meet.wait()
        found.append((target / "rows").read_text() == (target / "more").read_text())

    threads = [threading.Thread(target=make, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4
    assert names(tmp_path) == ["table", "table/more", "table/rows", "table/sums.json"]


def begun(target: pathlib.Path) -> "subprocess.Popen[str]":
    """Another process, in the middle of building `target`."""
    process = subprocess.Popen([sys.executable, "-c", BUILD, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def end(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def make_old(folder: pathlib.Path) -> None:
    then = time.time() - OLD - 60
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (then, then))


def make(target: pathlib.Path) -> None:
    with cache_folder(target) as work:
        (work / "rows").write_text("all")


def test_what_a_killed_process_left_is_cleared_and_a_living_ones_is_not(tmp_path: pathlib.Path) -> None:
    killed, living = begun(tmp_path / "killed"), begun(tmp_path / "living")
    try:
        end(killed)
        left = {path.name.partition(".")[0]: path for path in tmp_path.iterdir()}
        assert left.keys() == {"killed", "living"}
        make(tmp_path / "first")
        assert left["killed"].exists()  # too young: another machine, whose locks are not seen, might be building it
        for path in left.values():
            make_old(path)
        make(tmp_path / "second")  # of another target than what was left
        assert not left["killed"].exists()
        assert left["living"].exists()
    finally:
        end(living)


NOBODY = 2**22 + 1  # more than the number of any process


@pytest.mark.parametrize("name", [f"table.{socket.gethostname()}-{NOBODY}-0.unfinished", "table.0123abcd.unfinished"])
def test_whose_process_is_not_known_by_its_name(name: str, tmp_path: pathlib.Path) -> None:
    """Numbers of processes say nothing: a container has its own, and they are given again. What is held stays."""
    held, other = tmp_path / name, tmp_path / "table"
    held.mkdir()
    handle = os.open(held, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        make_old(held)
        make(other)
        assert held.exists()
    finally:
        os.close(handle)
    make(tmp_path / "more")
    assert not held.exists()


def test_what_does_not_end_as_unfinished_is_never_cleared(tmp_path: pathlib.Path) -> None:
    for name in ("table", "cache-1.arrow", "notes"):
        (tmp_path / name).mkdir()
        make_old(tmp_path / name)
    make(tmp_path / "new")
    assert names(tmp_path) == ["cache-1.arrow", "new", "new/rows", "new/sums.json", "notes", "table"]


def test_what_is_left_of_a_folder_is_filled_up(tmp_path: pathlib.Path) -> None:
    """Such as after somebody has removed the rows from it: others' files in it stay."""
    target = tmp_path / "table"
    target.mkdir()
    (target / "another").write_text("somebody's")
    make(target)
    assert names(tmp_path) == ["table", "table/another", "table/rows", "table/sums.json"]
