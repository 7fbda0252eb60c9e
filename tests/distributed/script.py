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
