"""A plan says what training would do and cost, from real updates, and leaves nothing behind."""

import pathlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import tiny
from warmstart.batches.plan import BatchPlan
from warmstart.errors import UserError
from warmstart.events import lines
from warmstart.recipe import Recipe
from warmstart.runs.forecast import Cost, padding
from warmstart.runs.plan import plan
from warmstart.runs.run import train


@pytest.fixture
def asked(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.chdir(tmp_path)
    data = tiny.write(tmp_path / "reviews.csv", tiny.reviews(600))
    return {"data": str(data), "model": tiny.checkpoint(tmp_path / "tiny"), "epochs": 4, "lr": 1e-3, "cpu": True}


def test_it_says_what_training_then_says_and_leaves_nothing(asked: dict[str, Any], tmp_path: pathlib.Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    said: list[str] = []
    found = plan(Recipe.of(asked), lines(said.append))
    assert {path.name for path in tmp_path.iterdir()} <= before | {"cache"}
    assert found.cost.updates == 4 * 68  # of 600 rows a tenth is held out
    assert 0 < found.cost.padding < 0.5
    assert found.cost.memory > 2**20
    assert "padding-free" in found.techniques
    assert found.padded_because == ""
    then: list[str] = []
    train(
        Recipe.of({**asked, "out": str(tmp_path / "run"), "baselines": False, "epochs": 0.3}), listen=lines(then.append)
    )
    (line,) = [line for line in said if line.startswith("precision ")]
    assert line in then
    assert found.shape in line
    assert sum("tokens/s" in line for line in said) == sum("tokens/s" in line for line in then) == 1


def test_the_time_is_that_of_the_run(asked: dict[str, Any], tmp_path: pathlib.Path) -> None:
    """Within a factor of four, on a machine that does other work too: the order of magnitude is what is promised."""
    found = plan(Recipe.of(asked))
    result = train(Recipe.of({**asked, "out": str(tmp_path / "run"), "baselines": False, "save_every": "never"}))
    took = next(entry["train_runtime"] for entry in result.history if "train_runtime" in entry)
    assert took / 4 < found.cost.seconds < took * 4


@pytest.mark.parametrize(
    "settings_", [{"evaluate_every": "never"}, {"patience": 2}, {"updates": 3}, {"batch_size": 700}]
)
def test_any_recipe_has_a_plan(settings_: dict[str, Any], asked: dict[str, Any]) -> None:
    found = plan(Recipe.of({**asked, **settings_}))
    assert found.cost.tokens_per_second > 0
    assert found.cost.updates >= 3 or "batch_size" in settings_


def test_what_training_refuses_a_plan_refuses(asked: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="--schedule"):
        plan(Recipe.of({**asked, "schedule": "linaer"}))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(1, 9), st.integers(0, 5))
def test_the_share_of_padding(lengths: list[int], size: int, seed: int) -> None:
    rows = np.array(lengths)
    updates = BatchPlan(len(rows), size, size, seed)
    batches = [rows[updates.update(i).rows] for i in range(updates.updates_per_epoch)]
    padded = sum(int(batch.max()) * len(batch) for batch in batches)
    assert padding(rows, size, seed) == pytest.approx(1 - sum(lengths) / padded)


def test_long_and_short_times_are_told() -> None:
    assert "in about 0:07" in str(Cost(0.1, 1, 1, 1, 7.2, 1))
    assert "in about 2:03:09" in str(Cost(0.1, 1, 1, 1, 7389, 1))
