"""A process that dies, freezes or hangs ends all of them within a minute, by name; started again they carry on."""

import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

from warmstart.batches.plan import BatchPlan

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}", "WARMSTART_LANG": "en"}
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
SAYS = {
    "dies": "process 1 of 2 has ended",
    "freezes": "process 1 of 2 gives no sign of life",
    "hangs": "process 1 of 2 hangs in the middle of an update",
}


def run(folder: pathlib.Path, kind: str, *given: str, start: list[str] = TORCHRUN) -> subprocess.CompletedProcess[str]:
    """What the processes said and how they ended."""
    options = [each for each in given if each.startswith("--")]
    values = [each for each in given if not each.startswith("--")]
    command = [*start, *options, "-m", "tests.distributed.faulty", str(folder)]
    patience = {"WARMSTART_PATIENCE": "0.5"} if kind in ("freezes", "hangs") else {}  # else most of it is waiting
    return subprocess.run(
        [*command, kind, *values],
        env={**ENV, **patience},
        capture_output=True,
        text=True,
        timeout=300,
        cwd=ROOT,
        check=False,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    done = run(tmp_path_factory.mktemp("whole"), "none")
    assert done.returncode == 0, done.stderr[-3000:]
    return weights(done)


def weights(done: subprocess.CompletedProcess[str]) -> str:
    return next(line for line in done.stdout.splitlines() if line.startswith("WEIGHTS"))


@pytest.mark.parametrize("kind", SAYS)
def test_all_end_within_a_minute_and_are_told_who(kind: str, tmp_path: pathlib.Path) -> None:
    done = run(tmp_path, kind)
    assert done.returncode != 0
    assert SAYS[kind] in done.stderr, done.stderr[-3000:]
    assert time.time() - (tmp_path / "harmed-5").stat().st_mtime < 60
    assert (tmp_path / "checkpoint-4" / "manifest.json").exists()


def test_started_again_they_carry_on(undisturbed: str, tmp_path: pathlib.Path) -> None:
    done = run(tmp_path, "dies", "--max-restarts=1")
    assert done.returncode == 0, done.stderr[-3000:]
    assert weights(done) == undisturbed


@pytest.mark.parametrize("kind", ["fewer"])  # the others are told apart without processes: tests/checkpoints
def test_processes_with_tables_that_differ_are_refused_by_name_before_the_first_update(
    kind: str, tmp_path: pathlib.Path
) -> None:
    done = run(tmp_path, kind)
    assert done.returncode != 0
    assert "process 1 of 2 would train something else than process 0: data." in done.stderr, done.stderr[-3000:]
    assert not (tmp_path / "rows-0.jsonl").exists()


def test_told_in_an_evaluation_all_stop_before_its_end_and_go_on_with_it(tmp_path: pathlib.Path) -> None:
    done = run(tmp_path, "evaluating", "4")
    assert done.returncode != 0
    assert done.stdout.count("SAVED") == 2
    assert sorted(path.name for path in tmp_path.glob("checkpoint-*")) == ["checkpoint-2", "checkpoint-4"]
    done = run(tmp_path, "evaluating", "4", start=[sys.executable])
    assert done.returncode == 0, done.stderr[-3000:]
    assert "EVALUATED [4, 8]" in done.stdout


def test_told_to_stop_all_do_and_other_numbers_of_processes_go_on(tmp_path: pathlib.Path) -> None:
    """One process, then two of which one is told, then one: every row once, in the updates of the plan."""
    alone = [sys.executable]
    done = run(tmp_path, "told", "2", start=alone)
    assert (done.returncode, done.stdout.split()[-2:]) == (75, ["SAVED", "checkpoint-3"]), done.stderr[-3000:]
    done = run(tmp_path, "told", "4")
    assert done.returncode != 0
    assert done.stdout.count("SAVED") == 2  # both of them, whose lines may run into each other
    assert (tmp_path / "checkpoint-6" / "manifest.json").exists()  # it was told in update 5, and knows in update 6
    done = run(tmp_path, "told", "99", start=alone)
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[int, list[int]] = {}
    for rank in (0, 1):
        for line in (tmp_path / f"rows-{rank}.jsonl").read_text().splitlines():
            step, numbers = json.loads(line)
            seen.setdefault(step, []).extend(numbers)
    plan = BatchPlan(rows=64, batch_size=8, micro_batch_size=4, seed=42)
    assert {step: sorted(numbers) for step, numbers in seen.items()} == {
        index + 1: sorted(plan.update(index).rows.tolist()) for index in range(8)
    }
