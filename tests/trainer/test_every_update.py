"""Resuming at every update of a two-epoch run, for every kind of plan: the same SHA-256 as never having stopped."""

import hashlib
import json
import pathlib
import random
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from transformers import EarlyStoppingCallback
from transformers.trainer_callback import TrainerCallback

from tests.faults.small import without_times
from tests.hearing import warnings
from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.batches.tokens import TokenTable
from warmstart.checkpoints import checkpoint

COUNT = 42  # rows: six updates of eight an epoch, the last of them short
DATA, HELD_OUT = rows(COUNT), rows(20, seed=1)


def table(data: Any) -> TokenTable:
    """The same rows as the fast path takes them."""
    ids = [np.array(row, np.int32) for row in data["input_ids"]]
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in ids])]).astype(np.int64)
    labels = np.array(data["label"], np.int64)
    return TokenTable(np.concatenate(ids), offsets, None, labels, 0, False, 64, "test")


class RandomMasks(Pad):
    """A collator that draws: one token in eight becomes another."""

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = super().__call__(examples)
        drawn = torch.rand(batch["input_ids"].shape) < 0.125
        batch["input_ids"] = torch.where(drawn & (batch["input_ids"] > 0), 5 + random.randrange(20), batch["input_ids"])
        return batch


class Jitter(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """Rows that differ each time they are read."""

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, row: int) -> dict[str, Any]:
        found = dict(DATA[row])
        found["input_ids"] = [*found["input_ids"][:-1], int(np.random.randint(5, 60))]
        return found


class Enough(TrainerCallback):  # type: ignore[misc]
    """Ends each epoch after its third update."""

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_epoch_stop = state.global_step % 3 == 0


PLANS: dict[str, dict[str, Any]] = {
    "token table": {"train_dataset": table(DATA), "eval_dataset": table(HELD_OUT), "data_collator": None},
    "token table, by length, bf16": {
        "train_dataset": table(DATA),
        "eval_dataset": table(HELD_OUT),
        "data_collator": None,
        "train_sampling_strategy": "group_by_length",
        "bf16": True,
    },
    "rows": {},
    "by length, micro-batches": {
        "train_sampling_strategy": "group_by_length",
        "per_device_train_batch_size": 3,
        "gradient_accumulation_steps": 3,
    },
    "in order, the short batch dropped": {"train_sampling_strategy": "sequential", "dataloader_drop_last": True},
    "workers, a random collator": {"dataloader_num_workers": 2, "data_collator": RandomMasks()},
    "random rows, micro-batches": {
        "train_dataset": Jitter(),
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
    },
    "best model": {
        "eval_strategy": "steps",
        "eval_steps": 1,
        "load_best_model_at_end": True,
        "metric_for_best_model": "accuracy",
        "learning_rate": 1e-2,
    },
    "early stopping": {
        "eval_strategy": "steps",
        "eval_steps": 1,
        "load_best_model_at_end": True,
        "metric_for_best_model": "accuracy",
        "patience": 2,
    },
    "a schedule that looks at the metric": {
        "eval_strategy": "steps",
        "eval_steps": 2,
        "metric_for_best_model": "loss",
        "lr_scheduler_type": "reduce_lr_on_plateau",
        "lr_scheduler_kwargs": {"patience": 0, "mode": "min"},
    },
    "epochs that a callback ends": {"callbacks": [Enough]},
    "warm-up, cosine, label smoothing": {
        "warmup_steps": 4,
        "lr_scheduler_type": "cosine",
        "label_smoothing_factor": 0.1,
        "weight_decay": 0.1,
        "max_grad_norm": 0.3,
    },
}


def make(folder: pathlib.Path, plan: dict[str, Any], seed: int = 0) -> Trainer:
    plan = {
        "data_collator": Pad(),
        "train_dataset": DATA,
        "eval_dataset": HELD_OUT,
        "patience": None,
        "callbacks": [],
        **plan,
    }
    given = {name: plan.pop(name) for name in ("data_collator", "train_dataset", "eval_dataset")}
    patience = plan.pop("patience")
    callbacks = [make() for make in plan.pop("callbacks")] + ([EarlyStoppingCallback(patience)] if patience else [])
    plain = {"report_to": "none", "disable_tqdm": True, "num_train_epochs": 2, "learning_rate": 3e-3}
    saving = {"save_strategy": "steps", "save_steps": 1, "logging_steps": 4}
    trainer = Trainer(
        tiny_bert(dropout=0.2, seed=seed),
        TrainingArguments(str(folder), **{**plain, **saving, **plan}),
        callbacks=callbacks,
        compute_metrics=lambda found: {"accuracy": float((np.argmax(found[0], -1) == found[1]).mean())},
        **given,
    )
    trainer.events = warnings(fail)
    return trainer


def fail(line: str) -> None:
    raise AssertionError(f"nothing should have been told: {line}")


def result(folder: pathlib.Path, trainer: Trainer) -> dict[str, str]:
    """SHA-256 of the last checkpoint's files, of the log, and of the weights that the run ended with."""
    last = checkpoint.folders(folder)[-1]
    said: dict[str, Callable[[bytes], bytes]] = {
        "trainer_state.json": lambda raw: json.dumps(without_times(json.loads(raw))).encode()
    }
    found = {
        path.name: hashlib.sha256(said.get(path.name, bytes)(path.read_bytes())).hexdigest()
        for path in last.iterdir()
        if path.name not in ("manifest.json", "identity.json")
    }
    log = json.dumps(without_times(trainer.state.log_history))
    weights = b"".join(value.numpy().tobytes() for value in trainer.model.state_dict().values())
    return {**found, "log": hashlib.sha256(log.encode()).hexdigest(), "end": hashlib.sha256(weights).hexdigest()}


@pytest.mark.parametrize("name", PLANS)
def test_every_update_can_be_resumed_from(name: str, tmp_path: pathlib.Path) -> None:
    whole = make(tmp_path / "whole", PLANS[name])
    whole.train()
    expected = result(tmp_path / "whole", whole)
    saved = checkpoint.folders(tmp_path / "whole")
    fewer = {"early stopping": 3, "epochs that a callback ends": 6, "by length, micro-batches": 10}
    assert len(saved) >= (10 if "dropped" in name else fewer.get(name, 12))
    for count in range(1, len(saved)):
        folder = tmp_path / saved[count - 1].name
        folder.mkdir()
        for each in saved[:count]:  # the best one may be an earlier one
            shutil.copytree(each, folder / each.name)
        resumed = make(folder, PLANS[name], seed=count)
        resumed.train(resume_from_checkpoint=True)
        assert result(folder, resumed) == expected, folder.name
        shutil.rmtree(folder)
