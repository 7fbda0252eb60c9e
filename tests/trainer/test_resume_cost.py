"""Going on at update 100,000 takes no longer than at update 10: nothing is walked through."""

import json
import pathlib
import shutil
import statistics
import time
from typing import Any

import numpy as np
import pytest
from transformers.trainer_callback import TrainerCallback

from tests.hearing import warnings
from tests.trainer.helpers import tiny_bert
from warmstart import Trainer, TrainingArguments, storage
from warmstart.batches.tokens import TokenTable
from warmstart.checkpoints import checkpoint

LATE = 100_000


class Began(TrainerCallback):  # type: ignore[misc]
    """When the first update was over."""

    at = 0.0

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.at = self.at or time.perf_counter()


def table(count: int) -> TokenTable:
    """Rows of two tokens."""
    ids = np.random.default_rng(0).integers(5, 60, 2 * count).astype(np.int32)
    return TokenTable(ids, np.arange(0, 2 * count + 1, 2), None, ids[::2].astype(np.int64) % 2, 0, False, 64, "test")


def make(folder: pathlib.Path, data: TokenTable, stop: int) -> Trainer:
    plain = {"report_to": "none", "disable_tqdm": True, "save_strategy": "steps", "save_steps": 10}
    arguments = TrainingArguments(str(folder), max_steps=2 * LATE, logging_steps=1000, **plain)
    trainer = Trainer(tiny_bert(), arguments, train_dataset=data, callbacks=[Began(), Stop(stop)])
    trainer.events = warnings(print)
    return trainer


class Stop(TrainerCallback):  # type: ignore[misc]
    def __init__(self, update: int) -> None:
        self.update = update

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_training_stop = state.global_step >= self.update


def moved(folder: pathlib.Path, update: int) -> pathlib.Path:
    """The checkpoint of update 10 as one of a later update."""
    target = folder / f"checkpoint-{update}"
    with storage.new_folder(target) as work:
        shutil.copytree(folder / "checkpoint-10", work, dirs_exist_ok=True)
        (work / storage.MANIFEST).unlink()
        for name, change in (
            (checkpoint.STATE, {"global_step": update, "stateful_callbacks": {}}),
            (checkpoint.SCHEDULER, {"last_epoch": update, "_step_count": update + 1}),
            (checkpoint.PROGRESS, {"rows": 8 * update}),
        ):
            (work / name).write_text(json.dumps({**storage.read_json(work / name), **change}))
    return target


@pytest.mark.parametrize("rows", [8 * (LATE + 100), 8 * LATE // 10], ids=["in the first epoch", "in the eleventh"])
def test_the_place_is_found_without_walking_to_it(rows: int, tmp_path: pathlib.Path) -> None:
    data = table(rows)
    make(tmp_path, data, stop=12).train()
    assert checkpoint.folders(tmp_path) == [tmp_path / "checkpoint-10"]
    late = moved(tmp_path, LATE)
    seconds: dict[pathlib.Path, list[float]] = {tmp_path / "checkpoint-10": [], late: []}
    for _ in range(5):
        for folder, found in seconds.items():
            update = int(folder.name.split("-")[1])
            trainer = make(tmp_path, data, stop=update + 1)
            began = time.perf_counter()
            trainer.train(resume_from_checkpoint=str(folder))
            assert trainer.state.global_step == update + 1
            clock = next(each for each in trainer.callback_handler.callbacks if isinstance(each, Began))
            found.append(clock.at - began)
    early, after = (statistics.median(found) for found in seconds.values())
    assert after < 1.5 * early + 0.05
