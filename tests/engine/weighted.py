"""A small run whose classes weigh differently, and the same updates written by hand."""

from typing import Any

import torch
from torch.nn import functional

import warmstart
from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart.batches.plan import BatchPlan
from warmstart.engine.class_weights import WeightedLoss

WEIGHTS = [0.7, 6.0]
ROWS, UPDATE, UPDATES, RATE = 45, 8, 8, 0.05  # the last update of an epoch has five rows
OF_CLASSES = ("cross_entropy", "weight")


def uneven() -> Any:
    """Rows of two classes, one with a fifth of them."""
    found = rows(200, seed=3)
    many = [number for number, label in enumerate(found["label"]) if not label][: ROWS - ROWS // 5]
    few = [number for number, label in enumerate(found["label"]) if label][: ROWS // 5]
    return found.select(sorted([*many, *few]))


def trained(folder: str, micro: int, accumulation: int, smoothing: float = 0.0) -> tuple[list[float], Any]:
    """The loss of each update, and the model after them."""
    arguments = warmstart.TrainingArguments(
        folder,
        max_steps=UPDATES,
        learning_rate=RATE,
        lr_scheduler_type="constant",
        optim="sgd",
        max_grad_norm=0,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=accumulation,
        logging_steps=1,
        save_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
    )
    trainer = warmstart.Trainer(tiny_bert(), arguments, data_collator=Pad(), train_dataset=uneven())
    trainer.weighted_loss = WeightedLoss.of(OF_CLASSES, WEIGHTS, smoothing, "cpu")
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry], trainer.model


def by_hand(smoothing: float = 0.0) -> tuple[list[float], Any]:
    """The same: the sum over all rows of an update of weight times loss, divided by the sum of the weights."""
    model, table, collate = tiny_bert(), uneven(), Pad()
    plan = BatchPlan(rows=len(table), batch_size=UPDATE, micro_batch_size=UPDATE, seed=42)
    losses = []
    for index in range(UPDATES):
        batch = collate([table[row] for row in plan.update(index).rows.tolist()])
        labels = batch.pop("labels")
        log_probabilities = functional.log_softmax(model(**batch).logits, dim=-1)
        weights = torch.tensor(WEIGHTS)
        each = -log_probabilities.gather(1, labels[:, None])[:, 0] * weights[labels]
        all_classes = -(log_probabilities * weights).sum(dim=1)
        loss = ((1 - smoothing) * each + smoothing / 2 * all_classes).sum() / weights[labels].sum()
        loss.backward()
        losses.append(float(loss.detach()))
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.grad is not None:
                    parameter -= RATE * parameter.grad
                    parameter.grad = None
    return losses, model
