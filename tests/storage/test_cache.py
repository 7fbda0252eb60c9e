"""A folder of a cache is there whole or not at all, whoever makes it, and what killed processes left is cleared."""

import pathlib
import signal
import subprocess
import sys
import threading

import pytest

from warmstart import UserError
from warmstart.storage import cache_folder, watchers

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
    assert names(tmp_path) == ["deep", "deep/table", "deep/table/rows"]
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
    assert names(tmp_path) == ["table", "table/more", "table/rows"]


def test_what_a_killed_process_left_is_cleared_and_a_living_ones_is_not(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "table"
    killed, living = (
        subprocess.Popen([sys.executable, "-c", BUILD, str(target)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    )
    try:
        for process in (killed, living):
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert len(list(tmp_path.iterdir())) == 2
        other = (
            tmp_path / "table.elsewhere-1-0.unfinished"
        )  # of another machine, about whose processes nothing is known
        other.mkdir()
        with cache_folder(target) as work:
            (work / "rows").write_text("all")
        left = {path.name for path in tmp_path.iterdir()} - {"table", other.name}
        assert len(left) == 1
        assert f"-{living.pid}-" in left.pop()
    finally:
        living.kill()
        living.wait()
        for process in (killed, living):
            assert process.stdout is not None
            process.stdout.close()
