"""Methods that the stock trainer has for itself, and that people override or call: `self` is a `Trainer`.

Each does what the stock one does for one process, with this engine's parts.
"""

import pathlib
from typing import Any

import torch
from torch import nn
from transformers.trainer_utils import EvalLoopOutput

from warmstart.checkpoints.weights import load_weights, save_weights
from warmstart.engine.losses import items_in, takes_items
from warmstart.engine.optimizer import needs_metric, switch

SPEED = ("runtime", "samples_per_second", "steps_per_second")


def items_for(trainer: Any, batch: Any) -> dict[str, Any]:
    """The number of a batch's targets, as a loss of the user's that takes it is given it."""
    if not (trainer.is_own("compute_loss") and takes_items(trainer.compute_loss)):
        return {}
    return {"num_items_in_batch": items_in(batch, trainer.label_names)}


def training_step(self: Any, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
    """Forward and backward of one micro-batch: its gradients are added to those that are there. Returns its part of the
    update's loss, by its part of the update's targets. Override it to do more with a batch, such as adversarial
    training: call this one, or `compute_loss` and `accelerator.backward`."""
    del num_items_in_batch
    model.train()
    switch(self.optimizer, "train")
    inputs = self._prepare_inputs(inputs)
    with self.compute_loss_context_manager():
        loss = self.compute_loss(model, inputs, **items_for(self, inputs)) * self.share
    self.accelerator.backward(loss)
    found: torch.Tensor = loss.detach()
    return found


def evaluation_loop(
    self: Any,
    dataloader: Any,
    description: str,
    prediction_loss_only: bool | None = None,
    ignore_keys: list[str] | None = None,
    metric_key_prefix: str = "eval",
) -> EvalLoopOutput:
    """Every batch of a loader once: (predictions, label_ids, metrics, num_samples). The loss is the mean over all
    targets, however large the last batch is."""
    loss_only = self.args.prediction_loss_only if prediction_loss_only is None else prediction_loss_only
    how = {"loss_only": loss_only, "is_loader": True, "evaluating": description != "Prediction"}
    found, metrics = self.evaluator.run(dataloader, ignore_keys, metric_key_prefix, **how)
    rows = self.num_examples(dataloader) if self.is_own("num_examples") else found.rows
    slow = {f"{metric_key_prefix}_{name}" for name in SPEED}
    metrics = {name: value for name, value in metrics.items() if name not in slow}
    return EvalLoopOutput(found.outputs, found.labels, metrics, rows)


def wrap_model(self: Any, model: nn.Module, training: bool = True, dataloader: Any = None) -> nn.Module:
    """What is trained, or evaluated, in the place of `model`: here the model itself."""
    del self, training, dataloader
    return model


def evaluate_during_training(
    self: Any, trial: Any, ignore_keys_for_eval: list[str] | None, skip_scheduler: bool = False
) -> dict[str, float]:
    """`evaluate`, and a step of a schedule that waits for metrics."""
    del trial
    metrics: dict[str, float] = self.evaluate(ignore_keys=ignore_keys_for_eval)
    if self.trial is not None:
        self.trial.report(metrics)
    if not skip_scheduler and self.lr_scheduler is not None and needs_metric(self.lr_scheduler):
        self.lr_scheduler.step(self.checkpointer.watched(metrics))
    return metrics


def maybe_log_save_evaluate(self: Any, *given: Any, **named: Any) -> None:
    """Log, evaluate and save, if the callbacks have asked for it."""
    del given, named
    self.in_training.act()


def determine_best_metric(self: Any, metrics: dict[str, float], trial: Any) -> bool:
    """Whether these are better than any before; the state notes it."""
    del trial
    found: bool = self.checkpointer.is_best(metrics)
    return found


def load_best_model(self: Any) -> None:
    """Take the weights of the best checkpoint, if there is one."""
    self.checkpointer.load_best()


def save_checkpoint(self: Any, model: nn.Module, trial: Any) -> None:
    """Write a checkpoint of the updates done so far."""
    del model, trial
    self.save_checkpoint()


def load_from_checkpoint(self: Any, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
    """Put the weights of a checkpoint into the model."""
    load_weights(self.model if model is None else model, pathlib.Path(resume_from_checkpoint))


def save(self: Any, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
    """Write weights, configuration and tokenizer into a folder."""
    folder = pathlib.Path(self.args.output_dir if output_dir is None else output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    if state_dict is None:
        save_weights(self.model, self.processing_class, folder)
        return
    self.model.save_pretrained(folder, state_dict=state_dict)
    if self.processing_class is not None:
        self.processing_class.save_pretrained(folder)


def learning_rate(self: Any) -> float:
    """The learning rate of the first group of parameters."""
    return float(self.optimizer.param_groups[0]["lr"])


def output_dir(self: Any, trial: Any = None) -> str:
    """Where checkpoints are written."""
    del trial
    return str(self.args.output_dir)


def store_flos(self: Any) -> None:
    """Add what has been counted to the state."""
    self.state.total_flos += self.current_flos
    self.current_flos = 0.0
