"""Events, logs and callbacks are those of the stock trainer."""

import contextlib
import pathlib
from typing import Any

import numpy as np
import pytest
import transformers
from transformers import TrainerCallback

from tests.trainer.trainers import (
    EVAL,
    make,
    recorder,
)
from warmstart import Trainer
from warmstart.events import Started
from warmstart.trainer.progress import TerminalProgress

RUNS: dict[str, dict[str, Any]] = {
    "each epoch": {"num_train_epochs": 2, "eval_strategy": "epoch", "save_strategy": "epoch", "logging_steps": 3},
    "every so many updates": {
        "num_train_epochs": 2,
        "eval_strategy": "steps",
        "eval_steps": 4,
        "save_strategy": "steps",
        "save_steps": 4,
        "logging_steps": 2,
        "gradient_accumulation_steps": 2,
    },
    "updates, no evaluation": {"max_steps": 7, "logging_strategy": "epoch"},
    "the best": {
        "num_train_epochs": 2,
        "eval_strategy": "steps",
        "eval_steps": 3,
        "save_strategy": "best",
        "metric_for_best_model": "loss",
        "logging_first_step": True,
        "eval_on_start": True,
    },
}


def epoch_ends_with_its_last_update(events: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The stock order, with `on_epoch_end` moved to right behind the last `on_step_end` before it.

    That is the one difference, and meant: here the log, the evaluation and the checkpoint of an epoch's last update
    come after the epoch has ended, so that a checkpoint is never written between two events of one update.
    """
    events = list(events)
    for place in [i for i, event in enumerate(events) if event[0] == "on_epoch_end"]:
        ended = events.pop(place)
        last = max(i for i in range(place) if events[i][0] == "on_step_end")
        events.insert(last + 1, ended)
    return events


@pytest.mark.parametrize("name", RUNS)
def test_events_and_log_are_those_of_the_stock_trainer(name: str, tmp_path: pathlib.Path) -> None:
    found: dict[Any, list[tuple[str, int]]] = {transformers.Trainer: [], Trainer: []}
    logs, results = [], []
    for kind, events in found.items():
        trainer = make(tmp_path / kind.__module__, kind=kind, callbacks=[recorder(events)], **RUNS[name])
        results.append(trainer.train())
        trainer.evaluate()
        trainer.predict(EVAL)
        logs.append(trainer.state.log_history)
    assert found[Trainer] == epoch_ends_with_its_last_update(found[transformers.Trainer])
    theirs, ours = logs
    assert [list(entry) for entry in ours] == [list(entry) for entry in theirs]
    assert [entry["step"] for entry in ours] == [entry["step"] for entry in theirs]
    if "gradient_accumulation_steps" not in RUNS[name]:  # with accumulation the stock epoch counts a part as a whole
        assert [entry["epoch"] for entry in ours] == [entry["epoch"] for entry in theirs]
    assert results[1].metrics.keys() == results[0].metrics.keys()
    assert results[1].global_step == results[0].global_step


def test_values_of_the_log(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, num_train_epochs=2, logging_steps=1)
    done = trainer.train()
    entries = [entry for entry in trainer.state.log_history if "loss" in entry]
    assert done.training_loss == pytest.approx(np.mean([entry["loss"] for entry in entries]))
    assert [entry["learning_rate"] for entry in entries] == pytest.approx([1e-3 * (1 - i / 10) for i in range(10)])
    assert all(entry["grad_norm"] > 0 for entry in entries)
    coarse = make(tmp_path, num_train_epochs=2, logging_steps=5)
    coarse.train()
    means = [entry["loss"] for entry in coarse.state.log_history if "loss" in entry]
    assert means == pytest.approx([np.mean([e["loss"] for e in entries[i : i + 5]]) for i in (0, 5)])


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_no_bar_is_left_in_the_terminal(error: Any, tmp_path: pathlib.Path, capsys: Any) -> None:
    class Fail(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if error is not None:
                raise error

    class Bar(TerminalProgress):
        def start(self, began: Started) -> None:
            super().start(began)
            started.append(self.bar)

    started: list[Any] = []
    trainer = make(tmp_path, max_steps=2, callbacks=[Fail()])
    trainer.events.listeners.append(Bar())
    with contextlib.nullcontext() if error is None else pytest.raises(error):
        trainer.train()
    assert len(started) == 1
    assert not started[0].live.is_started
    trainer.evaluate()
    assert "loss" in capsys.readouterr().err.splitlines()[-1]  # as a line: there is no bar now


@pytest.mark.parametrize("length", [{"num_train_epochs": 3}, {"max_steps": 7}, {"num_train_epochs": 1.5}])
def test_updates_that_a_callback_leaves_out_are_not_counted(length: dict[str, Any], tmp_path: pathlib.Path) -> None:
    class Enough(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            control.should_epoch_stop = state.global_step == 2

    found, events = [], []
    for kind in (Trainer, transformers.Trainer):
        seen: list[tuple[str, int]] = []
        trainer = make(tmp_path, kind=kind, callbacks=[Enough(), recorder(seen)], logging_steps=1, **length)
        result = trainer.train()
        rate = result.metrics["train_steps_per_second"] * result.metrics["train_runtime"]
        logged = [(entry["step"], entry["epoch"], entry.get("learning_rate")) for entry in trainer.state.log_history]
        found.append((result.global_step, round(rate), logged))
        events.append(seen)
    assert found[0] == found[1]
    assert events[0] == epoch_ends_with_its_last_update(events[1])


def test_a_callback_can_stop_training_an_epoch_and_ask_for_things(tmp_path: pathlib.Path) -> None:
    class Ask(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            control.should_evaluate = state.global_step == 2
            control.should_save = state.global_step == 3
            control.should_training_stop = state.global_step == 4

    events: list[tuple[str, int]] = []
    trainer = make(tmp_path, num_train_epochs=5, callbacks=[Ask(), recorder(events)])
    assert trainer.train().global_step == 4
    assert [event for event in events if event[0] in ("on_evaluate", "on_save", "on_epoch_end", "on_train_end")] == [
        ("on_evaluate", 2),
        ("on_save", 3),
        ("on_epoch_end", 4),
        ("on_train_end", 4),
    ]
    assert (tmp_path / "checkpoint-3" / "model.safetensors").is_file()
