"""A run's folder belongs to one process at a time, and is not left behind where nothing came of it."""

import errno
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests import tiny
from warmstart import Recipe, UserError, storage
from warmstart.engine.distributed.processes import Processes
from warmstart.engine.signals import listening
from warmstart.events import Event, Progress
from warmstart.runs.folder import own_folder
from warmstart.runs.run import train
from warmstart.runs.saved import SavedRun

CLAIM = """
import sys
from warmstart import Recipe
from warmstart.engine.distributed.processes import Processes
from warmstart.runs.folder import own_folder
processes = Processes(use_cpu=True)
input()
with own_folder(Recipe.of({"data": "reviews.csv"}), processes) as folder:
    (folder / "recipe.toml").write_text("")
    print(folder, flush=True)
    input()
"""
TRAIN = ("train", "data.csv", "--model", "tiny", "--cpu", "--out", "run")
EVERY = ("--log-every", "1", "--save-every", "5", "--evaluate-every", "never")


@pytest.fixture
def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    tiny.checkpoint(tmp_path / "tiny")
    tiny.write(tmp_path / "data.csv", tiny.reviews(80))
    monkeypatch.chdir(tmp_path)
    return tmp_path


STARTED: "list[subprocess.Popen[str]]" = []


@pytest.fixture(autouse=True)
def none_is_left() -> Iterator[None]:
    yield
    for process in STARTED:
        process.kill()
        process.communicate()
    STARTED.clear()


def start(place: pathlib.Path, *command: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "HF_HOME": str(place / "home"), "WARMSTART_LANG": "en", "OMP_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, *command], cwd=place, env=environment, text=True, **pipes)  # type: ignore[call-overload]
    STARTED.append(process)
    return process  # type: ignore[no-any-return]


def training(place: pathlib.Path, epochs: int = 15) -> "subprocess.Popen[str]":
    """The command, once its first update is done."""
    process = start(place, "-m", "warmstart", *TRAIN, *EVERY, "--no-baselines", "--epochs", str(epochs))
    assert process.stderr is not None
    assert any(line.startswith("update 1/") for line in process.stderr)
    return process


def test_of_several_that_begin_at_once_each_has_a_folder(place: pathlib.Path) -> None:
    processes = [start(place, "-c", CLAIM) for _ in range(4)]
    try:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        found = sorted(process.stdout.readline().strip() for process in processes if process.stdout is not None)
        assert found == [f"runs/reviews-{number}" for number in range(1, 5)]
    finally:
        for process in processes:
            process.communicate("\n", timeout=30)


def test_a_second_one_is_refused_and_a_lost_terminal_ends_the_first_as_sigterm_does(
    place: pathlib.Path,
) -> None:
    first = training(place, epochs=10_000)
    second = start(place, "-m", "warmstart", "resume", "run")
    _, said = second.communicate(timeout=240)
    assert second.returncode == 2, said
    assert "another process is working in run" in said
    first.send_signal(signal.SIGHUP)
    _, said = first.communicate(timeout=240)
    assert first.returncode == 75, said
    assert "warmstart resume run" in said


def test_the_lock_dies_with_its_process(place: pathlib.Path) -> None:
    first = start(place, "-c", CLAIM)
    assert first.stdin is not None
    assert first.stdout is not None
    first.stdin.write("\n")
    first.stdin.flush()
    folder = first.stdout.readline().strip()
    recipe = Recipe.of({"data": "reviews.csv", "out": folder})
    with pytest.raises(UserError, match="another process"), own_folder(recipe, Processes(use_cpu=True)):
        pass
    first.kill()
    first.communicate()
    with own_folder(recipe, Processes(use_cpu=True)) as again:
        assert str(again) == folder


def test_nohup_is_honoured() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup leaves it
    try:
        with listening() as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not signals.told
            os.kill(os.getpid(), signal.SIGTERM)
            assert signals.told
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.fixture
def restarted(monkeypatch: pytest.MonkeyPatch) -> Processes:
    """A process group that torchrun has started again."""
    processes = Processes(use_cpu=True)
    monkeypatch.setattr(processes, "restarted", True)
    return processes


@pytest.mark.parametrize(("finished", "expected"), [(True, "runs/data-3"), (False, "runs/data-2")])
def test_a_group_that_is_started_again_takes_no_finished_run(
    finished: bool, expected: str, place: pathlib.Path, restarted: Processes
) -> None:
    """Where the first attempt died before it had a folder, the last one there is another job's."""
    for number in (1, 2):
        (place / f"runs/data-{number}").mkdir(parents=True)
        if finished or number == 1:
            (place / f"runs/data-{number}" / "metrics.json").write_text("{}")
    with own_folder(Recipe.of({"data": "data.csv"}), restarted) as folder:
        assert str(folder) == expected


def test_nothing_is_left_where_nothing_came_of_it(place: pathlib.Path) -> None:
    before = {path.name for path in place.iterdir()}
    for out in (None, "some/where/run"):
        with pytest.raises(UserError), own_folder(Recipe.of({"data": "x", "out": out}), Processes(use_cpu=True)):
            raise UserError("the table is wrong")
    assert {path.name for path in place.iterdir()} == before
    (place / "mine").mkdir()
    with own_folder(Recipe.of({"data": "x", "out": "mine"}), Processes(use_cpu=True)):
        pass
    assert (place / "mine").is_dir()  # it was there


def test_a_signal_after_the_last_update_ends_a_run_as_one_before_it(place: pathlib.Path) -> None:
    process = start(place, "-m", "warmstart", *TRAIN, "--epochs", "2", "--save-every", "never")
    assert process.stderr is not None
    assert any(line.startswith("computing baselines") for line in process.stderr)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 75, said
    again = start(place, "-m", "warmstart", "resume", "run")
    _, said = again.communicate(timeout=240)
    assert again.returncode == 0, said
    assert "update 1/" not in said  # no update was lost
    assert (place / "run" / "metrics.json").is_file()


def test_the_folder_outlasts_a_loss_of_power(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name, and those of the folders it is in, are flushed to the disk as they are made."""
    done: list[tuple[str, str]] = []
    monkeypatch.setattr(storage.operations, "watchers", [lambda operation, path: done.append((operation, str(path)))])
    with own_folder(Recipe.of({"data": "reviews.csv"}), Processes(use_cpu=True)) as folder:
        assert done == [("make", "runs"), ("flush", "."), ("make", str(folder)), ("flush", "runs")]


def test_a_disk_that_takes_no_folder_is_told(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(operation: str, path: pathlib.Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(storage.operations, "watchers", [full])
    asked = Recipe.of({"data": "reviews.csv"})
    with pytest.raises(UserError, match="does not take reviews-1"), own_folder(asked, Processes(use_cpu=True)):
        pass


@pytest.mark.parametrize("save_every", ["4", "never"])
def test_a_folder_that_is_removed_while_its_run_trains_is_written_again(save_every: str, place: pathlib.Path) -> None:
    """What is written from there on is enough to use the run, and the log has all of it."""
    told: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Progress) and event.update == 6:
            shutil.rmtree(place / "run")
        told.append(str(event))

    settings = {"data": "data.csv", "model": "tiny", "cpu": True, "out": "run", "epochs": 1, "log_every": 1}
    result = train(Recipe.of({**settings, "save_every": save_every, "baselines": False}), listen=listen)
    assert sum("run has been removed" in line for line in told) == 1
    files = {"recipe.toml", "task.json", "log.jsonl", "model", "metrics.json", "predictions.csv"}
    assert files <= {path.name for path in (place / "run").iterdir()}
    steps = [json.loads(line).get("step") for line in (place / "run" / "log.jsonl").read_text().splitlines()[1:]]
    assert steps == [entry["step"] for entry in result.history]
    assert len(SavedRun.open(place / "run").predictor.logits(["a text"])) == 1
