"""Run by the tests in one process and in two: trains a little, evaluates, and says what it saw, as JSON."""

import json
import os
import sys
from typing import Any

import torch.distributed

import warmstart
from tests.engine.weighted import trained
from tests.trainer.helpers import Pad, rows, tiny_bert

UPDATE = 8  # rows of an update, however many processes share them


def batch_metrics(folder: str, held_out: Any) -> dict[str, float]:
    """Accuracy, batch by batch; of two processes one has a batch more."""
    right: list[bool] = []

    def compute(found: Any, compute_result: bool) -> dict[str, float]:
        right.extend((found.predictions.argmax(-1) == found.label_ids).tolist())
        return {"accuracy": sum(right) / len(right), "rows": len(right)} if compute_result else {}

    plain = {"per_device_eval_batch_size": 4, "disable_tqdm": True, "batch_eval_metrics": True}
    arguments = warmstart.TrainingArguments(folder, **plain)
    trainer = warmstart.Trainer(tiny_bert(), arguments, Pad(), eval_dataset=held_out, compute_metrics=compute)
    found = trainer.evaluate(held_out.select(range(33)))
    return {name: found[name] for name in ("eval_accuracy", "eval_rows", "eval_loss")}


def search(folder: str, train: Any, held_out: Any) -> list[Any]:
    """What two trials drew, and what they came to; each process trains in every trial."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    arguments = warmstart.TrainingArguments(
        f"{folder}/search",
        max_steps=3,
        per_device_train_batch_size=UPDATE // processes,
        disable_tqdm=True,
        save_strategy="no",
    )
    trainer = warmstart.Trainer(None, arguments, Pad(), train, held_out, model_init=lambda: tiny_bert())
    best = trainer.hyperparameter_search(
        lambda trial: {"learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-2)},
        n_trials=2,
        sampler=optuna.samplers.RandomSampler(seed=3),
    )
    drawn = trainer.state.trial_params["learning_rate"]
    return [drawn, None if best is None else (best.run_id, best.objective, best.hyperparameters)]


def main(folder: str) -> dict[str, Any]:
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    arguments = warmstart.TrainingArguments(
        folder,
        num_train_epochs=2,
        learning_rate=1e-3,
        per_device_train_batch_size=UPDATE // processes,
        per_device_eval_batch_size=4,
        logging_steps=1,
        disable_tqdm=True,
        save_strategy="epoch",
    )
    seen: list[int] = []
    collate = Pad()

    def noting(examples: list[dict[str, Any]]) -> Any:
        seen.extend(example["number"] for example in examples)
        return collate(examples)

    train = rows(8 * 6 + 1)  # the last update has one row: one of two processes has none
    train = train.add_column("number", list(range(len(train))))
    held_out = rows(37, seed=1)
    trainer = warmstart.Trainer(
        tiny_bert(),
        arguments,
        data_collator=noting,
        train_dataset=train,
        eval_dataset=held_out,
        compute_metrics=lambda found: {"accuracy": float((found[0].argmax(-1) == found[1]).mean())},
    )
    arguments.remove_unused_columns = False
    before = trainer.predict(held_out.add_column("number", list(range(37))))
    seen_evaluating = list(seen)
    seen.clear()
    trainer.train()
    everyone: list[Any] = [(list(seen), seen_evaluating)]
    if torch.distributed.is_initialized():
        everyone = [None] * torch.distributed.get_world_size()
        torch.distributed.all_gather_object(everyone, (list(seen), seen_evaluating))
    losses, model = trained(folder + "/weighted", micro=UPDATE // processes // 2, accumulation=2)
    return {
        "batch metrics": batch_metrics(folder, held_out),
        "search": search(folder, train, held_out),
        "weighted losses": losses,
        "weighted weights": [float(p.detach().double().sum()) for p in model.parameters()],
        "world": trainer.processes.count,
        "initialised": torch.distributed.is_initialized() and torch.distributed.get_world_size(),
        "trained rows": [part[0] for part in everyone],
        "evaluated rows": [part[1] for part in everyone],
        "losses": [entry["loss"] for entry in trainer.state.log_history if "loss" in entry],
        "metrics before": {k: v for k, v in before.metrics.items() if "_per_" not in k and "runtime" not in k},
        "predictions before": before.predictions.tolist(),
        "labels": before.label_ids.tolist(),
        "weights": {name: float(p.detach().double().sum()) for name, p in trainer.model.named_parameters()},
    }


if __name__ == "__main__":
    found = main(sys.argv[1])
    if int(os.environ.get("RANK", "0")) == 0:
        print("FOUND " + json.dumps(found))
