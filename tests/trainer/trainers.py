"""Trainers of tiny models, ours and the stock one, for the tests of this folder."""

import pathlib
from collections.abc import Iterator
from typing import Any

import torch
import transformers
from torch import nn
from transformers import TrainerCallback

from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import Trainer, TrainingArguments

EVENTS = [name for name in dir(TrainerCallback) if name.startswith("on_")]


TRAIN, EVAL = rows(40), rows(13, seed=1)


def arguments(folder: pathlib.Path, kind: Any = TrainingArguments, **settings: Any) -> Any:
    plain = {
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
        "per_device_train_batch_size": 8,
        "per_device_eval_batch_size": 8,
        "learning_rate": 1e-3,
        "save_strategy": "no",
    }
    return kind(str(folder), **{**plain, **settings})


def make(folder: pathlib.Path, *, model: Any = None, kind: Any = Trainer, **given: Any) -> Any:
    """A trainer of a tiny model; names that are not `Trainer`'s are arguments."""
    names = {
        "train_dataset",
        "eval_dataset",
        "data_collator",
        "callbacks",
        "compute_metrics",
        "optimizers",
        "model_init",
    }
    names |= {"preprocess_logits_for_metrics", "compute_loss_func", "processing_class", "optimizer_cls_and_kwargs"}
    own = {name: given.pop(name) for name in names & given.keys()}
    args = arguments(
        folder, transformers.TrainingArguments if issubclass(kind, transformers.Trainer) else TrainingArguments, **given
    )
    if model is None and "model_init" not in own:
        model = tiny_bert()
    trainer = kind(model, args, **{"train_dataset": TRAIN, "eval_dataset": EVAL, "data_collator": Pad(), **own})
    trainer.pop_callback(transformers.PrinterCallback)
    return trainer


def weights(trainer: Any) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def accuracy(found: Any) -> dict[str, float]:
    logits, labels = found
    return {"accuracy": float((logits.argmax(axis=1) == labels).mean())}


def recorder(events: list[tuple[str, int]]) -> Any:
    """A callback that writes down every event with the update it came at."""

    def note(name: str) -> Any:
        return lambda self, args, state, control, **kwargs: events.append((name, state.global_step))

    return type("Recorder", (TrainerCallback,), {name: note(name) for name in EVENTS})()


class Pairs(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """A plain data set of vectors and their class."""

    def __init__(self, count: int = 24) -> None:
        generator = torch.Generator().manual_seed(0)
        self.x = torch.randn(count, 4, generator=generator)
        self.y = (self.x.sum(dim=1) > 0).long()

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i: int) -> dict[str, torch.Tensor]:
        return {"x": self.x[i], "labels": self.y[i]}


class Stream(torch.utils.data.IterableDataset[dict[str, torch.Tensor]]):
    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        pairs = Pairs()
        return (pairs[i] for i in range(len(pairs)))


class Plain(nn.Module):
    """Not a transformer; gives (loss, logits) as a dictionary or a tuple."""

    def __init__(self, gives: str = "dict") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(4, 2)
        self.gives = gives

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> Any:
        logits = self.linear(x)
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        if self.gives == "dict":
            return {"logits": logits} if loss is None else {"loss": loss, "logits": logits}
        return (logits,) if loss is None else (loss, logits)


class Scripted(Trainer):
    """Evaluations give the accuracies of a script."""

    script: tuple[float, ...] = (0.5, 0.9, 0.7, 0.8, 0.6, 0.95)

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        self.compute_metrics = lambda found: {"accuracy": self.script[round(self.state.epoch or 0) - 1]}
        return super().evaluate(*args, **kwargs)


BEST = {
    "kind": Scripted,
    "eval_strategy": "epoch",
    "save_strategy": "epoch",
    "load_best_model_at_end": True,
    "metric_for_best_model": "accuracy",
    "compute_metrics": accuracy,
}
