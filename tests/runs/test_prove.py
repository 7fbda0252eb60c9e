"""`warmstart prove`: updates of a run are run again, and what does not come out the same is named."""

import json
import os
import pathlib
import shutil
import signal
from typing import Any

import pytest

from tests import tiny
from tests.faults.small import without_times
from warmstart import Recipe, storage
from warmstart.checkpoints import checkpoint
from warmstart.cli.app import main
from warmstart.engine.signals import Interrupted
from warmstart.runs.forecast import Forecast
from warmstart.runs.run import train


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A finished run with checkpoints at updates 4, 6 and 7."""
    place = tmp_path_factory.mktemp("place")
    table = tiny.write(place / "data.csv", tiny.reviews(60))
    settings = ["--model", tiny.checkpoint(place / "tiny"), "--epochs", "1", "--save-every", "2", "--log-every", "1"]
    settings += ["--evaluate-every", "3", "--keep", "3", "--no-baselines", "--cpu", "--out", str(place / "run")]
    main(["train", str(table), *settings])
    return place / "run"


def proof(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], int]:
    capsys.readouterr()
    status = 0
    try:
        main(["prove", str(folder), "--json"])
    except SystemExit as ended:
        status = int(ended.code or 0)
    return json.loads(capsys.readouterr().out), status


def copied(run: pathlib.Path, place: pathlib.Path) -> pathlib.Path:
    """The run with its table and model, in another place."""
    shutil.copytree(run.parent, place, dirs_exist_ok=True)
    return place / run.name


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_agrees_and_is_only_read(run: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(run)
    assert proof(run, capsys) == ({"first": 6, "last": 7, "differs": [], "agrees": True}, 0)
    assert contents(run) == before


def test_without_a_second_checkpoint_it_begins_at_the_beginning(
    run: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = copied(run, tmp_path)
    for name in ("checkpoint-6", "checkpoint-7"):
        shutil.rmtree(copy / name)
    assert proof(copy, capsys) == ({"first": 0, "last": 4, "differs": [], "agrees": True}, 0)


@pytest.mark.parametrize(("update", "first"), [(3, 0), (9, 8), (8, 0)])
def test_a_run_that_was_stopped_agrees(
    update: int, first: int, run: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the middle of an epoch of eight updates, where nothing is evaluated, and at its end, where it is."""
    plain = {"data": str(run.parent / "data.csv"), "model": str(run.parent / "tiny"), "log_every": 2}
    recipe = Recipe.of({**plain, "out": str(tmp_path / "cut"), "batch_size": 7, "baselines": False, "cpu": True})

    def tell(self: Any, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == update - 1:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Forecast, "on_step_begin", tell)
        with pytest.raises(Interrupted) as caught:
            train(recipe)
    assert caught.value.update == update
    assert proof(tmp_path / "cut", capsys) == ({"first": first, "last": update, "differs": [], "agrees": True}, 0)


def test_what_is_not_the_same_is_named(
    run: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The later checkpoint is one of other weights and losses, and whole."""
    copy = copied(run, tmp_path)
    state = checkpoint.load_state(copy / "checkpoint-7")
    state["log_history"][0]["loss"] += 1e-12
    with storage.new_folder(copy / "checkpoint-7") as work:
        shutil.copytree(run / "checkpoint-7", work, dirs_exist_ok=True)
        (work / storage.MANIFEST).unlink()
        shutil.copy(run / "checkpoint-4" / "model.safetensors", work)
        (work / checkpoint.STATE).write_text(json.dumps(state))
    found, status = proof(copy, capsys)
    assert (found["differs"], found["agrees"], status) == (["model.safetensors", "the log"], False, 1)


def test_times_are_not_compared() -> None:
    assert without_times([{"loss": 1, "eval_runtime": 3}]) == [{"loss": 1}]
