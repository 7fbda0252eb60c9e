"""The `Trainer`'s evaluating and predicting: a loss for a batch, every row once, metrics under their names."""

import functools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn
from transformers.trainer_utils import EvalPrediction, PredictionOutput, denumpify_detensorize, speed_metrics

from warmstart.batches.dataloaders import Batch, length_of
from warmstart.batches.ragged import pad
from warmstart.batches.tokens import TokenTable
from warmstart.engine.losses import check_named, labels_of, loss_of, without_labels
from warmstart.engine.optimizer import switch
from warmstart.engine.predict import Predictions, Predictor, dataset_batches, predict, token_batches, token_plan
from warmstart.errors import UserError, text
from warmstart.models.ragged.door import call
from warmstart.models.ragged.encoder import unpadded
from warmstart.trainer.inputs import Loader, hidden_labels, loader_options, used_columns, without_unused_columns
from warmstart.trainer.making import Making


class Evaluating(Making):
    """What `Trainer` inherits for rows that it does not learn from."""

    compute_loss_func: Any
    compute_metrics: Any
    preprocess_logits_for_metrics: Any
    label_names: list[str]

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The mean loss over the targets of `inputs` (and the model's outputs). Override it for a loss of your own; the
        engine weighs each micro-batch by its number of targets, so return the mean over them."""
        del num_items_in_batch
        return loss_of(model, inputs, self.args.label_smoothing_factor, self.compute_loss_func, return_outputs)

    def prediction_step(
        self, model: nn.Module, inputs: dict[str, Any], prediction_loss_only: bool, ignore_keys: list[str] | None = None
    ) -> tuple[torch.Tensor | None, Any, Any]:
        """(mean loss, outputs, labels) of one batch; loss and labels are None where the batch has none."""
        check_named(inputs)
        labels = labels_of(inputs, self.label_names)
        labelled = bool(self.label_names) and len(labels) == len(self.label_names)
        labels = labels if labelled else ()
        if labelled or (not self.label_names and isinstance(inputs, Mapping) and inputs.get("return_loss", False)):
            loss, outputs = self.compute_loss(model, inputs, return_outputs=True)
            loss = loss.detach().mean()
        else:
            loss, outputs = None, call(model, inputs)
        if prediction_loss_only:
            return loss, None, None
        config = getattr(self.model, "config", None)
        ignored = ignore_keys or getattr(config, "keys_to_ignore_at_inference", ["past_key_values"])
        if isinstance(outputs, dict):
            outputs = tuple(value for name, value in outputs.items() if name not in {*ignored, "loss"})
        elif isinstance(outputs, tuple | list):
            outputs = tuple(outputs[1:] if loss is not None else outputs)
        if isinstance(outputs, tuple) and len(outputs) == 1:
            outputs = outputs[0]
        return loss, outputs, labels[0] if len(labels) == 1 else (labels or None)

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """The loss and `compute_metrics` on `eval_dataset` (by default the trainer's; of a dictionary, each in turn),
        every row counted once, with names that begin with `metric_key_prefix`; `_runtime` is in seconds. Raises
        UserError where there is no data set of this name, or none at all."""
        chosen = self.eval_dataset if eval_dataset is None else eval_dataset
        if isinstance(chosen, str):
            chosen = self.eval_dataset[chosen]
        if chosen is None:
            raise UserError(
                text("there is nothing to evaluate on", "没有可供评估的数据"),
                "Trainer",
                fix="Trainer(eval_dataset=...)",
            )
        if isinstance(chosen, dict):
            parts = [self.evaluate(part, ignore_keys, f"{metric_key_prefix}_{name}") for name, part in chosen.items()]
            return {name: value for part in parts for name, value in part.items()}
        if hidden := hidden_labels(chosen, self.label_names):
            raise UserError(
                text("every label is -1: they are hidden", "所有标签都是 -1: 标签未公开"),
                where=text(f"eval_dataset, column {hidden[0]!r}", f"eval_dataset, {hidden[0]!r} 列"),
                fix=text(
                    "evaluate on a split with labels; predict() works without",
                    "请用有标签的划分评估; predict() 不需要标签",
                ),
            )
        loss_only = self.compute_metrics is None or self.args.prediction_loss_only
        _, metrics = self._run(chosen, ignore_keys, metric_key_prefix, loss_only=loss_only)
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def predict(
        self, test_dataset: Any, ignore_keys: list[str] | None = None, metric_key_prefix: str = "test"
    ) -> PredictionOutput:
        """(predictions, label_ids, metrics) of every row, in the order of the rows; the last two as far as there are
        labels. A column of labels that are all -1, as in GLUE's test splits, counts as none.
        """
        found, metrics = self._run(
            test_dataset,
            ignore_keys,
            metric_key_prefix,
            loss_only=self.args.prediction_loss_only,
            labelled=not hidden_labels(test_dataset, self.label_names),
        )
        self.control = self.callback_handler.on_predict(self.args, self.state, self.control, metrics)
        return PredictionOutput(predictions=found.outputs, label_ids=found.labels, metrics=metrics)

    def _run(
        self, dataset: Any, ignore_keys: list[str] | None, prefix: str, *, loss_only: bool, labelled: bool = True
    ) -> tuple[Predictions, dict[str, float]]:
        began = time.time()
        size = self.args.per_device_eval_batch_size
        place = (self.processes.index, self.processes.count)
        begin: Callable[[], Iterator[Any]]
        steps: int | None
        collate = self.data_collator
        if isinstance(dataset, TokenTable):
            plan = token_plan(dataset, size, *place)
            begin, steps = functools.partial(token_batches, dataset, plan), len(plan)
        else:
            dataset, collate = self._columns(dataset)
            begin = functools.partial(dataset_batches, dataset, collate, size, *place, loader_options(self.args))
            rows = length_of(dataset)
            steps = None if rows is None else math.ceil(math.ceil(rows / self.processes.count) / size)
        loader = Loader(dataset, size, collate, steps, lambda: (pad(batch) for _, batch in begin()))
        self.callback_handler.eval_dataloader = loader

        def tell() -> None:
            self.control = self.callback_handler.on_prediction_step(self.args, self.state, self.control)

        steady = not self._has_own_loss() and not self._is_own("prediction_step")

        def step(model: nn.Module, batch: Batch) -> tuple[torch.Tensor | None, Any, Any]:
            if not labelled:
                batch = without_labels(batch, self.label_names)
            return self.prediction_step(model, batch if steady else pad(batch), loss_only, ignore_keys)

        predictor = Predictor(
            model=self.model,
            processes=self.processes,
            step=step,
            label_names=self.label_names,
            precision=self._precision(),
            transform=self.preprocess_logits_for_metrics,
            after_batch=tell,
            keep_outputs=not loss_only,
        )
        switch(self.optimizer, "eval")
        with unpadded(self.model, self.args.without) as encoder, encoder.weights.held(steady):
            found = predict(predictor, begin())
        metrics: dict[str, Any] = {}
        if self.compute_metrics is not None and found.outputs is not None and found.labels is not None:
            metrics = dict(denumpify_detensorize(self.compute_metrics(EvalPrediction(found.outputs, found.labels))))
        if found.loss is not None:
            metrics[f"{prefix}_loss"] = found.loss
        metrics = {
            name if name.startswith(f"{prefix}_") else f"{prefix}_{name}": value for name, value in metrics.items()
        }
        metrics.update(speed_metrics(prefix, began, num_samples=found.rows, num_steps=math.ceil(found.rows / size)))
        return found, metrics

    def _is_own(self, method: str) -> bool:
        """Whether a subclass, or this very trainer, has put a method of its own in the place of one of these."""
        return method in vars(self) or getattr(type(self), method) is not getattr(Evaluating, method)

    def _has_own_loss(self) -> bool:
        """Whether the loss is code of the user's."""
        return self._is_own("compute_loss") or self.compute_loss_func is not None

    def _precision(self) -> torch.dtype | None:
        return torch.bfloat16 if self.args.bf16 else None

    def _columns(self, dataset: Any) -> tuple[Any, Any]:
        if not self.args.remove_unused_columns:
            return dataset, self.data_collator
        return without_unused_columns(dataset, self.data_collator, used_columns(self.model, self.label_names))

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add `logs`, with epoch and update, to `state.log_history`, and tell the callbacks."""
        del start_time
        logs["epoch"] = self.state.epoch
        if self.args.include_num_input_tokens_seen not in ("no", False):
            logs["num_input_tokens_seen"] = self.state.num_input_tokens_seen
        self.state.log_history.append({**logs, "step": self.state.global_step})
        self.control = self.callback_handler.on_log(self.args, self.state, self.control, logs)
