"""A setting that was asked for and does not count is told, and only then."""

from typing import Any

import pytest

from tests.runs.recipes import Make
from warmstart import Recipe
from warmstart.engine.distributed.processes import Processes
from warmstart.events import lines
from warmstart.runs.run import assemble


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"max_length": 500}, "--max-length 500 does not count: the model takes 32 tokens"),
        ({"max_length": 32}, None),
        ({"max_length": 8}, None),
        ({"best": True, "evaluate_every": 5, "save_every": 7}, "--save-every 7 does not count"),
        ({"patience": 2, "save_every": "never"}, "--save-every never does not count"),
        ({"best": True, "evaluate_every": 5, "save_every": 5}, None),
        ({"best": True, "evaluate_every": 5}, None),
        ({"save_every": 7, "evaluate_every": 5}, None),
        ({"epochs": 2, "updates": 3}, "--epochs 2 does not count: --updates 3 says when to end"),
    ],
)
def test_what_does_not_count_is_told(settings: dict[str, Any], told: str | None, recipe: Make) -> None:
    said: list[str] = []
    whole: Recipe = recipe(**settings)
    made = assemble(whole, Processes(use_cpu=True), lines(said.append))
    found = [line for line in said if "does not count" in line]
    assert len(found) == (told is not None)
    assert told is None or found[0].startswith(told)
    if told and "save" in told:
        args = made.trainer.args
        assert args.save_strategy == args.eval_strategy
        assert "7" not in told or args.save_steps == 5
