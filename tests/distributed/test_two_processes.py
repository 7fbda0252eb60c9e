"""Two real processes on this machine's CPU: the same updates as one process, every row seen exactly once."""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tests.engine.weighted import by_hand

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPT = pathlib.Path(__file__).with_name("script.py")
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}/src{os.pathsep}{ROOT}", "WARMSTART_LANG": "en"}


def ran(command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, env={**ENV, **env}, capture_output=True, text=True, timeout=240, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-4000:]
    return done


def found(command: list[str], folder: pathlib.Path) -> dict[str, Any]:
    lines = ran([*command, str(SCRIPT), str(folder)]).stdout.splitlines()
    said = [line.split("FOUND ", 1)[1] for line in lines if "FOUND " in line]
    assert len(said) == 1
    result: dict[str, Any] = json.loads(said[0])
    return result


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return found([sys.executable], tmp_path_factory.mktemp("one"))


LAUNCH = [  # on a CPU this starts torchrun, as test_lost_process does by itself
    *(sys.executable, "-m", "warmstart", "launch", "--cpu", "--num_processes", "2")
]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return found(LAUNCH, tmp_path_factory.mktemp("two"))


def test_there_really_are_two_processes(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert (one["world"], one["initialised"]) == (1, False)
    assert (two["world"], two["initialised"]) == (2, 2)
    assert all(len(rows) > 0 for rows in two["trained rows"])


def test_each_row_is_trained_on_once_an_epoch(one: dict[str, Any], two: dict[str, Any]) -> None:
    for result in (one, two):
        rows = sorted(row for part in result["trained rows"] for row in part)
        assert rows == sorted([*range(49), *range(49)])


def test_each_validation_row_is_counted_once(one: dict[str, Any], two: dict[str, Any]) -> None:
    for result in (one, two):
        assert sorted(row for part in result["evaluated rows"] for row in part) == list(range(37))
    assert two["labels"] == one["labels"]


def test_metrics_and_predictions_are_those_of_one_process(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert two["metrics before"] == pytest.approx(one["metrics before"], abs=1e-6)
    np.testing.assert_allclose(two["predictions before"], one["predictions before"], atol=1e-6)


def test_metrics_by_batch_are_those_of_one_process(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert two["batch metrics"] == pytest.approx(one["batch metrics"], rel=1e-5)
    assert two["batch metrics"]["eval_rows"] == 33


def test_a_search_draws_and_finds_what_that_of_one_process_does(one: dict[str, Any], two: dict[str, Any]) -> None:
    drawn, (run, value, settings) = two["search"]
    assert (drawn, run, settings) == (one["search"][0], one["search"][1][0], one["search"][1][2])
    assert value == pytest.approx(one["search"][1][1], rel=1e-4)


def test_training_is_that_of_one_process(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert len(one["losses"]) == 14
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-5)
    assert two["weights"] == pytest.approx(one["weights"], rel=1e-4, abs=1e-4)


def test_weights_of_classes_are_those_of_all_rows_of_an_update(one: dict[str, Any], two: dict[str, Any]) -> None:
    losses, model = by_hand()
    sums = [float(p.detach().double().sum()) for p in model.parameters()]
    for result in (one, two):
        assert result["weighted losses"] == pytest.approx(losses, abs=1e-6)
        assert result["weighted weights"] == pytest.approx(sums, abs=1e-4)


def test_the_command_itself_in_two_processes(tmp_path: pathlib.Path) -> None:
    """`warmstart launch --num_processes 2 -m warmstart train`: one run folder, one table, rows shared."""
    table = tmp_path / "t.csv"
    rows = [f"word{i % 7} and word{i % 5},{'yes' if i % 7 > 3 else 'no'}" for i in range(60)]
    table.write_text("text,label\n" + "\n".join(rows) + "\n")
    command = [
        *LAUNCH,
        "-m",
        "warmstart",
        "train",
        str(table),
        "--updates",
        "3",
        "--out",
        str(tmp_path / "run"),
        "--json",
    ]
    done = ran(command, HF_HOME=str(tmp_path / "home"))
    result = json.loads(done.stdout)
    assert result["rows"] == 6
    assert (tmp_path / "run" / "model" / "model.safetensors").is_file()
