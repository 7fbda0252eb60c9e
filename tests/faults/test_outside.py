"""The same from outside of the process: a disk that is full, system calls that fail, and who writes where."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from tests.faults import small

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = "import pathlib, sys; from tests.faults.small import train; train(*map(pathlib.Path, sys.argv[1:]))"
COMMAND = """
import sys
from tests.faults import small
from warmstart.cli.app import main
settings = {**small.SETTINGS, "model": sys.argv[1] + "/tiny"}
options = ["--" + name.replace("_", "-") for name in ("cpu", "best")] + ["--no-baselines"]
options += [part for name, value in settings.items() if not isinstance(value, bool)
            for part in ("--" + name.replace("_", "-"), str(value))]
main(["train", sys.argv[1] + "/data.csv", *options, "--out", sys.argv[2]])
"""


def environment(place: pathlib.Path) -> dict[str, str]:
    home = {"HF_HOME": str(place / "home"), "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    return {
        **os.environ,
        **home,
        "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}",
        "WARMSTART_LANG": "en",
        "HF_HUB_OFFLINE": "1",
    }


def ran(place: pathlib.Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=place, env=environment(place), capture_output=True, text=True, timeout=200, check=False
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A table, a model, and a run of them that nothing disturbed."""
    folder = tmp_path_factory.mktemp("place")
    small.write_inputs(folder)
    done = ran(folder, sys.executable, "-c", RUN, str(folder), str(folder / "whole"))
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


# Who writes where


def strace(place: pathlib.Path, *options: str) -> list[str]:
    found = shutil.which("strace")
    if found is None or ran(place, found, "-o", "/dev/null", "true").returncode != 0:
        pytest.skip("needs strace, and a machine that lets it trace")
    return [found, "-f", "-y", "-qq", "-o", str(place / "trace.txt"), *options]


CALLS = "trace=openat,open,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,truncate,ftruncate,link"
CHANGES = re.compile(r"^\d+ +(\w+)\((.*)\) += (?!-1)")


def test_nothing_writes_into_a_run_but_into_what_is_unfinished(place: pathlib.Path) -> None:
    """A complete file of a run is never opened for writing, whoever does it (Rust, C or Python): it appears by being
    renamed. The log alone is appended to."""
    out = place / "traced"
    command = [*strace(place, "-e", CALLS), sys.executable, "-c", RUN, str(place), str(out)]
    done = ran(place, *command)
    assert done.returncode == 0, done.stderr[-3000:]
    written, appeared = [], []
    for line in (place / "trace.txt").read_text(errors="replace").splitlines():
        found = CHANGES.match(line)
        if found is None or str(out) not in line:
            continue
        call, given = found.groups()
        paths = [path for path in re.findall(r'"([^"]*)"', given) if path.startswith(str(out))]
        if call.startswith("open") and not re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", given):
            continue
        if call.startswith("mkdir"):
            continue  # an empty folder says nothing
        if call.startswith("rename"):
            appeared += paths[-1:]
            paths = []
        written += [path.removeprefix(str(out)) for path in paths if ".unfinished" not in path]
    assert any("checkpoint-6" in path for path in appeared)
    assert {path for path in written if path} == {"/log.jsonl"}
    assert small.result(out) == small.result(place / "whole")


@pytest.mark.parametrize("call", ["fsync:error=ENOSPC:when=30"])
def test_a_system_call_that_fails_is_told_and_nothing_is_lost(call: str, place: pathlib.Path) -> None:
    out = place / re.sub(r"\W", "-", call)
    names = "rename,renameat,renameat2" if call.startswith("rename") else "fsync"
    inject = call.replace("rename", names, 1)
    command = [*strace(place, "-e", f"trace={names}", "-e", f"inject={inject}"), sys.executable, "-c", COMMAND]
    done = ran(place, *command, str(place), str(out))
    assert done.returncode == 2, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    assert "does not take" in done.stderr or "the system says" in done.stderr
    done = ran(place, sys.executable, "-c", RUN, str(place), str(out))
    assert done.returncode == 0, done.stderr[-3000:]
    assert small.result(out) == small.result(place / "whole")


# A disk that is full

FULL = """
set -e
mount -t tmpfs -o size={size}k tmpfs {disk}
status=0
{python} -c '{command}' {place} {disk}/run 2> {place}/said.txt || status=$?
ls -A {disk}/run > {place}/left.txt
mount -o remount,size=64m {disk}
{python} -c '{run}' {place} {disk}/run
cp -r {disk}/run {place}/after
exit $status
"""


def mounting(place: pathlib.Path) -> list[str]:
    """What a command must follow that mounts a disk of its own."""
    unshare = shutil.which("unshare")
    if unshare is None or ran(place, unshare, "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt").returncode != 0:
        pytest.skip("needs unshare, and a machine that lets it mount a small disk")
    return [unshare, "-rm"]


def check_told(place: pathlib.Path, script: str, why: str, after: str) -> None:
    """The command that the disk refused ended with status 2 and said why; going on gave the undisturbed run's bytes."""
    done = ran(place, *mounting(place), "bash", "-c", script)
    said = (place / "said.txt").read_text()
    assert done.returncode == 2, done.stderr[-3000:] + said[-3000:]
    assert why in said
    assert "Traceback" not in said
    assert small.result(place / after) == small.result(place / "whole")


@pytest.mark.parametrize("size", [560])
def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(size: int, place: pathlib.Path) -> None:
    disk = place / "disk"
    disk.mkdir(exist_ok=True)
    shutil.rmtree(place / "after", ignore_errors=True)
    script = FULL.format(size=size, disk=disk, python=sys.executable, command=COMMAND, run=RUN, place=place)
    check_told(place, script, "No space left on device", "after")


READ_ONLY = """
set -e
mount -t tmpfs -o size=64m tmpfs {disk}
{python} -c '{run}' {place} {disk}/run
rm -r {disk}/run/model {disk}/run/checkpoint-7
mount -o remount,ro {disk}
status=0
{python} -c 'from warmstart.cli.app import main; main(["resume", "{disk}/run"])' 2> {place}/said.txt || status=$?
mount -o remount,rw {disk}
{python} -c '{run}' {place} {disk}/run
cp -r {disk}/run {place}/after-read-only
exit $status
"""


def test_a_folder_that_may_not_be_written_to_is_told(place: pathlib.Path) -> None:
    disk = place / "read-only"
    disk.mkdir()
    script = READ_ONLY.format(disk=disk, python=sys.executable, run=RUN, place=place)
    check_told(place, script, "Read-only file system", "after-read-only")
