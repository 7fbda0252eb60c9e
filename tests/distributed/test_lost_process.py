"""A process that dies, freezes or hangs ends all of them within a minute, by name; started again they carry on."""

import os
import pathlib
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "WARMSTART_LANG": "en"}
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
SAYS = {
    "dies": "process 1 of 2 has ended",
    "freezes": "process 1 of 2 gives no sign of life",
    "hangs": "process 1 of 2 hangs in the middle of an update",
}


def run(folder: pathlib.Path, kind: str, *options: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """What two processes said and how they ended, and the seconds from the harm to the end of all."""
    command = [*TORCHRUN, *options, "-m", "tests.distributed.faulty", str(folder), kind]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True, timeout=300, cwd=ROOT, check=False)
    mark = folder / "harmed"
    return done, time.time() - mark.stat().st_mtime if mark.exists() else 0.0


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    done, _ = run(tmp_path_factory.mktemp("whole"), "none")
    assert done.returncode == 0, done.stderr[-3000:]
    return weights(done)


def weights(done: subprocess.CompletedProcess[str]) -> str:
    return next(line for line in done.stdout.splitlines() if line.startswith("WEIGHTS"))


@pytest.mark.parametrize("kind", SAYS)
def test_all_end_within_a_minute_and_are_told_who(kind: str, tmp_path: pathlib.Path) -> None:
    done, seconds = run(tmp_path, kind)
    assert done.returncode != 0
    assert SAYS[kind] in done.stderr, done.stderr[-3000:]
    assert seconds < 60
    assert (tmp_path / "checkpoint-4" / "manifest.json").exists()


def test_started_again_they_carry_on(undisturbed: str, tmp_path: pathlib.Path) -> None:
    done, _ = run(tmp_path, "dies", "--max-restarts", "1")
    assert done.returncode == 0, done.stderr[-3000:]
    assert weights(done) == undisturbed
