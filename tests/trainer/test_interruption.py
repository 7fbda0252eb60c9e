"""Told to stop, a run finishes its update, saves, says how to go on, and loses nothing by it."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
import torch
from transformers.trainer_callback import EarlyStoppingCallback, TrainerCallback

from tests import tiny
from tests.trainer.helpers import Pad, last_good, rows, tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.checkpoints import checkpoint
from warmstart.engine.signals import Interrupted, listening

DATA = rows(40)


class Tell(TrainerCallback):  # type: ignore[misc]
    """Sends this process a signal at one update, the first time that one event comes."""

    def __init__(self, update: int, event: str, number: int = signal.SIGTERM) -> None:
        self.sent = False

        def send(args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == update and not self.sent:
                self.sent = True
                os.kill(os.getpid(), number)

        setattr(self, event, send)


def make(folder: pathlib.Path, callbacks: Any = (), **settings: Any) -> Trainer:
    plain = {"report_to": "none", "disable_tqdm": True, "logging_steps": 2, "save_strategy": "no", "use_cpu": True}
    arguments = TrainingArguments(str(folder), num_train_epochs=2, learning_rate=1e-3, **{**plain, **settings})
    given = {"data_collator": Pad(), "train_dataset": DATA, "eval_dataset": DATA, "callbacks": list(callbacks)}
    return Trainer(tiny_bert(dropout=0.2), arguments, **given)


def state_of(trainer: Trainer) -> dict[str, torch.Tensor]:
    return dict(trainer.model.state_dict())


def log_of(trainer: Trainer) -> list[dict[str, Any]]:
    """Everything that was logged, but for how long it took."""
    times = ("runtime", "per_second")
    return [{k: v for k, v in entry.items() if not k.endswith(times)} for entry in trainer.state.log_history]


MOMENTS = ["on_step_begin", "on_step_end", "on_epoch_begin", "on_log", "on_evaluate", "on_save", "on_optimizer_step"]


@pytest.mark.parametrize("event", MOMENTS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_and_goes_on_as_if_nothing_had_been(event: str, number: int, tmp_path: pathlib.Path) -> None:
    update = 5 if event == "on_epoch_begin" else 4
    settings: dict[str, Any] = {"eval_strategy": "steps", "eval_steps": 2, "save_strategy": "steps", "save_steps": 2}
    whole = make(tmp_path / "whole", **settings)
    whole.train()
    before = signal.getsignal(number)
    with pytest.raises(Interrupted) as caught:
        make(tmp_path / "cut", [Tell(update, event, number)], **settings).train()
    assert signal.getsignal(number) is before
    assert caught.value.update in (update, update + 1)
    assert last_good(tmp_path / "cut") == caught.value.folder
    resumed = make(tmp_path / "cut", **settings)
    resumed.train(resume_from_checkpoint=True)
    for name, value in state_of(whole).items():
        assert torch.equal(state_of(resumed)[name], value), name
    assert log_of(resumed) == log_of(whole)


@pytest.mark.parametrize("settings", [{"save_strategy": "no"}, {"save_strategy": "steps", "save_steps": 3}])
@pytest.mark.parametrize("weights_only", [False, True])
def test_it_saves_whatever_the_arguments_say_of_saving(
    settings: dict[str, Any], weights_only: bool, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(Interrupted) as caught:
        make(tmp_path, [Tell(3, "on_step_end")], **settings, save_only_model=weights_only).train()
    assert checkpoint.can_resume(caught.value.folder)


class TellInEvaluation(TrainerCallback):  # type: ignore[misc]
    """Sends this process SIGTERM after some batches of the evaluations at one update, and counts those that follow."""

    def __init__(self, update: int, batch: int) -> None:
        self.update, self.batch, self.seen = update, batch, 0

    def on_prediction_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == self.update:
            self.seen += 1
            if self.seen == self.batch:
                os.kill(os.getpid(), signal.SIGTERM)


EVALUATING = {"eval_strategy": "steps", "eval_steps": 2, "eval_on_start": True}
BEST = {"save_strategy": "steps", "save_steps": 2, "load_best_model_at_end": True}
BY_NAME = {"one": DATA, "two": rows(17)}  # 5 and 3 batches


@pytest.mark.parametrize("update", [0, 4, 10])
@pytest.mark.parametrize("batch", [1, 5, 6, 8])
@pytest.mark.parametrize("more", [{}, {**BEST, "metric_for_best_model": "one_loss"}], ids=["unsaved", "best"])
def test_in_an_evaluation_it_stops_between_two_batches(
    update: int, batch: int, more: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    """The run goes on with the evaluation, from what was before it; all is logged once, and in its order."""

    def made(folder: pathlib.Path, *own: Any) -> Trainer:
        patience = [EarlyStoppingCallback(50)] if more else []
        trainer = make(folder, [*own, *patience], **EVALUATING, **more)
        trainer.eval_dataset = BY_NAME
        return trainer

    whole = made(tmp_path / "whole")
    whole.train()
    tell = TellInEvaluation(update, batch)
    with pytest.raises(Interrupted) as caught:
        made(tmp_path / "cut", tell).train()
    assert caught.value.update == update
    assert tell.seen == batch
    resumed = made(tmp_path / "cut")
    resumed.train(resume_from_checkpoint=True)
    for name, value in state_of(whole).items():
        assert torch.equal(state_of(resumed)[name], value), name
    assert log_of(resumed) == log_of(whole)
    if more:  # what the last checkpoints hold of the callbacks, and of the best
        kept = [(t.state.stateful_callbacks, t.state.best_metric, t.state.best_global_step) for t in (resumed, whole)]
        assert kept[0] == kept[1]


@pytest.mark.parametrize("event", ["on_step_end", "on_train_end", "on_log"])
@pytest.mark.parametrize("more", [{}, {"eval_strategy": "steps", "eval_steps": 2, **BEST}], ids=["unsaved", "best"])
def test_a_signal_at_the_last_update_is_not_forgotten(event: str, more: dict[str, Any], tmp_path: pathlib.Path) -> None:
    """A script would go on with what follows training, and never learn of it."""
    whole = make(tmp_path / "whole", **more)
    whole.train()
    with pytest.raises(Interrupted) as caught:
        make(tmp_path / "cut", [Tell(10, event)], **more).train()
    assert (caught.value.update, last_good(tmp_path / "cut")) == (10, caught.value.folder)
    resumed = make(tmp_path / "cut", **more)
    assert resumed.train(resume_from_checkpoint=True).global_step == 10
    for name, value in state_of(whole).items():
        assert torch.equal(state_of(resumed)[name], value), name
    assert log_of(resumed) == log_of(whole)


def test_an_evaluation_outside_of_training_is_not_stopped_by_a_signal_of_before(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, [Tell(3, "on_step_end")])
    with pytest.raises(Interrupted):
        trainer.train()
    assert "eval_loss" in trainer.evaluate()


def test_outside_of_the_main_thread_nothing_is_listened_to() -> None:
    before = signal.getsignal(signal.SIGTERM)
    told = []

    def run() -> None:
        with listening() as signals:
            told.append((signals.told, signal.getsignal(signal.SIGTERM) is before))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert told == [(False, True)]


def start(place: pathlib.Path, *options: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "HF_HOME": str(place / "home"), "WARMSTART_LANG": "en", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "warmstart", *options]
    return subprocess.Popen(
        command, cwd=place, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )


def wait_for(process: subprocess.Popen[str], beginning: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(beginning):
            return
    raise AssertionError(f"no line began with {beginning!r}")


TRAIN = ("train", "data.csv", "--model", "tiny", "--epochs", "14", "--lr", "1e-3", "--no-baselines", "--cpu")
EVERY = ("--log-every", "1", "--save-every", "50", "--evaluate-every", "never")


def test_the_command_ends_with_status_75_and_resume_ends_as_the_whole_run(tmp_path: pathlib.Path) -> None:
    tiny.checkpoint(tmp_path / "tiny")
    tiny.write(tmp_path / "data.csv", tiny.reviews(80))
    process = start(tmp_path, *TRAIN, *EVERY, "--out", "cut")
    wait_for(process, "update 1/")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 75, said
    assert "warmstart resume cut" in said
    assert "Traceback" not in said
    assert not (tmp_path / "cut" / "model").exists()
    for options in (("resume", "cut"), (*TRAIN, *EVERY, "--out", "whole")):
        process = start(tmp_path, *options)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    weights = [(tmp_path / run / "model" / "model.safetensors").read_bytes() for run in ("cut", "whole")]
    assert weights[0] == weights[1]


SLOW = """
import os, signal, time
from warmstart.engine.signals import listening
with listening():
    print("ready", flush=True)
    time.sleep(60)
    time.sleep(60)
"""


def test_the_second_signal_ends_the_process_at_once() -> None:
    with subprocess.Popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == -signal.SIGTERM
        assert time.monotonic() - began < 10
