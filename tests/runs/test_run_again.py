"""The same recipe gives the same bytes, nothing is done twice, and a run that was cut off goes on."""

import json
import pathlib
from typing import Any

import numpy as np
import pytest
import torch

from tests import tiny
from tests.runs.recipes import Make, log, weights
from warmstart import Recipe
from warmstart.models import auto
from warmstart.models.load import load_tokenizer
from warmstart.runs.forecast import Forecast
from warmstart.runs.prepared import prepare
from warmstart.runs.run import Result, token_tables, train
from warmstart.trainer.trainer import Trainer


def test_the_same_recipe_gives_the_same_bytes(recipe: Make, tmp_path: pathlib.Path) -> None:
    results = []
    for name in ("one", "two"):
        torch.rand(17 if name == "one" else 5)  # what went on before a run does not matter
        results.append(train(recipe(out=str(tmp_path / name), seed=3)))
    one, two = (result.folder for result in results)
    assert weights(one) == weights(two)
    for name in ("predictions.csv", "metrics.json", "model/config.json", "model/tokenizer.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    times = {"train_runtime", "eval_runtime", "train_samples_per_second", "eval_samples_per_second"}
    times |= {"train_steps_per_second", "eval_steps_per_second"}
    logged = [[{key: entry[key] for key in entry.keys() - times} for entry in log(folder)] for folder in (one, two)]
    assert logged[0] == logged[1]
    other = train(recipe(out=str(tmp_path / "other"), seed=4))
    assert weights(other.folder) != weights(one)


def test_a_recipe_file_alone_repeats_the_run(recipe: Make, tmp_path: pathlib.Path) -> None:
    first = train(recipe(label_smoothing=0.1, order="length", warmup=0.2, weight_decay=0.01))
    read = Recipe.read(first.folder / "recipe.toml").changed({"out": str(tmp_path / "again")})
    assert weights(train(read).folder) == weights(first.folder)


@pytest.mark.parametrize("order", ["random", "length"])
def test_micro_batches_change_nothing_but_rounding(order: str, recipe: Make, tmp_path: pathlib.Path) -> None:
    """Without dropout, whose noise is drawn for a whole micro-batch at a time."""
    calm = pathlib.Path(tiny.checkpoint(tmp_path / "calm"))
    settings = json.loads((calm / "config.json").read_text())
    settings.update(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    (calm / "config.json").write_text(json.dumps(settings))
    common = {"model": str(calm), "order": order}
    found: list[Any] = [
        train(recipe(out=str(tmp_path / str(size)), micro_batch_size=size, **common)).logits for size in (None, 4, 3, 1)
    ]
    for logits in found[1:]:
        np.testing.assert_allclose(logits, found[0], atol=2e-4)
    steps = [entry["step"] for entry in log(tmp_path / "3") if "eval_loss" in entry]
    assert steps == [7, 14]


def test_a_second_run_tokenises_nothing(
    recipe: Make, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, cache: pathlib.Path
) -> None:
    calls: list[int] = []
    stock = auto._TakesColumns.__call__

    def counted(self: Any, *args: Any, **settings: Any) -> Any:
        if settings.get("add_special_tokens", True):  # a look at the language is no table of tokens
            calls.append(len(args[0]))
        return stock(self, *args, **settings)

    monkeypatch.setattr(auto._TakesColumns, "__call__", counted)
    data = str(tiny.write(tmp_path / "fresh.csv", tiny.reviews(44, seed=77)))
    train(recipe(data=data, out=str(tmp_path / "one"), updates=1))
    assert sum(calls) == 44
    stamps = {path: path.stat().st_mtime_ns for path in (cache / "warmstart").rglob("*") if path.is_file()}
    calls.clear()
    train(recipe(data=data, out=str(tmp_path / "two"), updates=1, lr=1e-4, epochs=5))
    assert calls == []
    assert {path: path.stat().st_mtime_ns for path in (cache / "warmstart").rglob("*") if path.is_file()} == stamps
    train(recipe(data=data, out=str(tmp_path / "three"), updates=1, max_length=7))
    assert sum(calls) == 44


def test_tokens_are_mapped_and_not_held(recipe: Make) -> None:
    made = recipe()
    prepared = prepare(made)
    tables = token_tables(prepared.splits, prepared.task, load_tokenizer(made.model), 32, None)
    for table in tables.values():
        assert isinstance(table.ids, np.memmap)
        assert isinstance(table.offsets, np.memmap)
    assert len(tables["train"]) == 54


class Cut(Exception):
    """The run was killed."""


def die_in(recipe: Recipe, event: str, update: int) -> None:
    """Start a run that dies at an event: with an exception from one of its callbacks."""

    def die(self: Any, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == update:
            raise Cut

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Forecast, event, die)
        with pytest.raises(Cut):
            train(recipe)


def resumed(recipe: Recipe) -> Result:
    return train(Recipe.read(pathlib.Path(str(recipe.out)) / "recipe.toml").changed({"out": recipe.out}), resume=True)


def same_end(one: pathlib.Path, two: pathlib.Path) -> None:
    for name in ("model/model.safetensors", "predictions.csv", "metrics.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    for kind in ("loss", "eval_loss"):
        assert [(entry["step"], entry[kind]) for entry in log(one) if kind in entry] == [
            (entry["step"], entry[kind]) for entry in log(two) if kind in entry
        ]


GOING_ON: dict[str, tuple[dict[str, Any], list[tuple[str, int]]]] = {
    "every three updates": (
        {"save_every": 3, "log_every": 3},
        [("on_step_begin", 2), ("on_step_begin", 3), ("on_step_end", 8), ("on_save", 9), ("on_evaluate", 14)],
    ),
    "each epoch, by length, micro-batches": (
        {"order": "length", "micro_batch_size": 3, "keep": 1, "log_every": 7},
        [("on_step_end", 6), ("on_epoch_end", 7), ("on_train_end", 14)],
    ),
    "the best, with patience": (
        {"patience": 1, "epochs": 5, "lr": 1e-9, "evaluate_every": 3, "best_metric": "accuracy", "log_every": 3},
        [("on_step_end", 5), ("on_save", 6), ("on_train_end", 6)],
    ),
    "another optimizer and schedule": (
        {"save_every": 5, "optimizer": "adafactor", "schedule": "cosine", "warmup": 3, "log_every": 5},
        [("on_step_end", 11)],
    ),
}


@pytest.mark.parametrize(
    ("name", "event", "update"), [(name, *place) for name, (_, places) in GOING_ON.items() for place in places]
)
def test_a_run_that_was_killed_ends_like_one_that_was_not(
    name: str, event: str, update: int, recipe: Make, tmp_path: pathlib.Path
) -> None:
    settings = GOING_ON[name][0]
    whole = train(recipe(out=str(tmp_path / "whole"), **settings))
    killed = recipe(out=str(tmp_path / "killed"), **settings)
    die_in(killed, event, update)
    result = resumed(killed)
    same_end(result.folder, whole.folder)
    same_end(resumed(killed).folder, whole.folder)  # and resuming what has ended changes nothing


def test_killed_while_the_model_is_written(recipe: Make, tmp_path: pathlib.Path) -> None:
    whole = train(recipe(out=str(tmp_path / "whole")))
    killed = recipe(out=str(tmp_path / "killed"))

    save = Trainer.save_model

    def die(self: Any, output_dir: str, _internal_call: bool = False) -> None:
        if not _internal_call:  # a checkpoint's are written as ever
            raise Cut
        save(self, output_dir, _internal_call)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "save_model", die)
        with pytest.raises(Cut):
            train(killed)
    assert not (tmp_path / "killed" / "model").exists()
    same_end(resumed(killed).folder, whole.folder)


def test_a_damaged_checkpoint_is_passed_over(recipe: Make, tmp_path: pathlib.Path) -> None:
    settings = {"save_every": 4, "log_every": 4}
    whole = train(recipe(out=str(tmp_path / "whole"), **settings))
    killed = recipe(out=str(tmp_path / "killed"), **settings)
    die_in(killed, "on_step_end", 10)
    (tmp_path / "killed" / "checkpoint-8" / "model.safetensors").write_bytes(b"rot")
    same_end(resumed(killed).folder, whole.folder)
