"""A `Trainer`'s evaluating and predicting: every row once, a loss for a batch, metrics under their names."""

import contextlib
import copy
import functools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn
from transformers.trainer_utils import speed_metrics

from warmstart.batches.dataloaders import Batch, length_of
from warmstart.batches.ragged import pad
from warmstart.batches.tokens import TokenTable
from warmstart.engine.losses import check_named, labels_of, without_labels
from warmstart.engine.optimizer import switch
from warmstart.engine.predict import ModelRun, Predictions, dataset_batches, predict, token_batches, token_plan
from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.models.ragged.door import call
from warmstart.models.ragged.encoder import unpadded
from warmstart.trainer import metrics as scored
from warmstart.trainer import overrides
from warmstart.trainer.first_batch import FirstBatch
from warmstart.trainer.inner_methods import items_for
from warmstart.trainer.inputs import Loader, evaluated, hidden_labels, loader_options
from warmstart.trainer.loaders import numbered
from warmstart.trainer.whole import Whole

SEE_BATCHES = overrides.STEP | {"compute_loss", "prediction_step"}


class Evaluator:
    """Runs the model of `trainer` over rows that it does not learn from."""

    def __init__(self, trainer: Whole) -> None:
        self._trainer = trainer
        self._labelled = True  # whether the rows under way are

    def step(
        self, model: nn.Module, inputs: dict[str, Any], prediction_loss_only: bool, ignore_keys: list[str] | None
    ) -> tuple[torch.Tensor | None, Any, Any]:
        """(mean loss, outputs, labels) of one batch; loss and labels are None where the batch has none."""
        check_named(inputs)
        trainer = self._trainer
        if isinstance(inputs, Mapping) and inputs:
            inputs = trainer._prepare_inputs(inputs)
        labels = labels_of(inputs, trainer.label_names)
        labelled = bool(trainer.label_names) and len(labels) == len(trainer.label_names)
        labels = labels if labelled else ()
        if labelled or (not trainer.label_names and isinstance(inputs, Mapping) and inputs.get("return_loss", False)):
            items = items_for(trainer, inputs)
            with self._computing():
                loss, outputs = trainer.compute_loss(model, inputs, return_outputs=True, **items)
            loss = loss.detach().mean()
        else:
            with self._computing():
                loss, outputs = None, call(model, inputs)
        if prediction_loss_only:
            return loss, None, None
        config = getattr(trainer.model, "config", None)
        ignored = ignore_keys or getattr(config, "keys_to_ignore_at_inference", ["past_key_values"])
        if isinstance(outputs, dict):
            outputs = tuple(value for name, value in outputs.items() if name not in {*ignored, "loss"})
        elif isinstance(outputs, tuple | list):
            outputs = tuple(outputs[1:] if loss is not None else outputs)
        if isinstance(outputs, tuple) and len(outputs) == 1:
            outputs = outputs[0]
        return loss, outputs, labels[0] if len(labels) == 1 else (labels or None)

    @contextlib.contextmanager
    def _computing(self) -> Iterator[None]:
        """As the model is run here, whoever asks for a step."""
        trainer = self._trainer
        precision = None if trainer.run_state.fall_back.on else trainer.precision
        with torch.no_grad(), trainer.processes.autocast(precision), trainer.compute_loss_context_manager():
            yield

    def check_labels(self, dataset: Any) -> None:
        """Raises UserError for a column of labels that are all -1, as in GLUE's test splits."""
        if hidden := hidden_labels(dataset, self._trainer.label_names):
            raise UserError(
                _("every label is -1: they are hidden"),
                where=_("eval_dataset, column {hidden!r}").format(hidden=hidden[0]),
                fix=_("evaluate on a split with labels; predict() works without"),
            )

    def chosen(self, wanted: Any) -> Any:
        """What is evaluated on: `wanted`, or the trainer's own; None where a loader of the user's needs no data set.
        Raises UserError where there is nothing."""
        trainer = self._trainer
        if wanted is None and trainer.eval_dataset is None and trainer.is_own("get_eval_dataloader"):
            return None
        return evaluated(trainer.eval_dataset, wanted)

    def evaluate(self, wanted: Any, dataset: Any, ignore_keys: list[str] | None, prefix: str) -> dict[str, float]:
        """The metrics of `dataset`, which was asked for as `wanted`: itself, its name, or not at all."""
        trainer = self._trainer
        if not overrides.own(trainer, overrides.EVAL_LOADER):
            loss_only = trainer.compute_metrics is None or trainer.args.prediction_loss_only
            return self.run(dataset, ignore_keys, prefix, loss_only=loss_only, keep_all=False)[1]
        loader = trainer.get_eval_dataloader(wanted if isinstance(wanted, str) else dataset)
        loss_only_or_not = True if trainer.compute_metrics is None else None
        return self._through(loader, "Evaluation", loss_only_or_not, ignore_keys, prefix)[1]

    def predict(self, dataset: Any, ignore_keys: list[str] | None, prefix: str) -> tuple[Predictions, dict[str, float]]:
        """What the model says of every row of `dataset`, and the metrics of that."""
        loss_only = self._trainer.args.prediction_loss_only
        labelled = not hidden_labels(dataset, self._trainer.label_names)
        if not overrides.own(self._trainer, overrides.EVAL_LOADER):
            return self.run(dataset, ignore_keys, prefix, loss_only=loss_only, labelled=labelled, evaluating=False)
        self._labelled = labelled
        try:
            loader = self._trainer.get_test_dataloader(dataset)
            return self._through(loader, "Prediction", None, ignore_keys, prefix)
        finally:
            self._labelled = True

    def _through(
        self, loader: Any, description: str, loss_only: bool | None, ignore_keys: list[str] | None, prefix: str
    ) -> tuple[Predictions, dict[str, float]]:
        """What `evaluation_loop` makes of a loader."""
        trainer, began = self._trainer, time.time()
        found = trainer.evaluation_loop(
            loader,
            description=description,
            prediction_loss_only=loss_only,
            ignore_keys=ignore_keys,
            metric_key_prefix=prefix,
        )
        steps = math.ceil(found.num_samples / trainer.args.per_device_eval_batch_size)
        found.metrics.update(speed_metrics(prefix, began, num_samples=found.num_samples, num_steps=steps))
        return Predictions(found.predictions, found.label_ids, None, found.num_samples), found.metrics

    def run(
        self,
        dataset: Any,
        ignore_keys: list[str] | None,
        prefix: str,
        *,
        loss_only: bool,
        labelled: bool = True,
        keep_all: bool = True,
        is_loader: bool = False,
        evaluating: bool = True,
    ) -> tuple[Predictions, dict[str, float]]:
        """What the model says of every row, and the metrics of that, named `prefix`_... Where rows are not `labelled`,
        their labels are not looked at. `keep_all`: outputs are wanted, whatever is measured; `is_loader`: `dataset` is
        one already; `evaluating`: metrics are wanted."""
        began = time.time()
        trainer = self._trainer
        labelled = labelled and self._labelled
        begin, loader = self._of_loader(dataset) if is_loader else self._batches(dataset)
        trainer.callback_handler.eval_dataloader = loader
        sees_batches = bool(overrides.own(trainer, SEE_BATCHES))
        steady = not sees_batches and not trainer.has_own_loss
        measured = trainer.compute_metrics is not None and not loss_only
        by_batch = scored.BatchMetrics(trainer) if measured and trainer.args.batch_eval_metrics else None
        asks_for_inputs = measured and by_batch is None and "inputs" in trainer.args.include_for_metrics

        fall_back = trainer.run_state.fall_back
        fp32 = functools.partial(torch.autocast, trainer.processes.device.type, enabled=False)

        def step(model: nn.Module, batch: Batch) -> tuple[torch.Tensor | None, Any, Any]:
            if not labelled:
                batch = without_labels(batch, trainer.label_names)
            batch = pad(batch) if sees_batches else batch
            try:
                with fp32() if fall_back.on else contextlib.nullcontext():
                    return trainer.prediction_step(model, copy.copy(batch), loss_only, ignore_keys)
            except RuntimeError as error:
                if not fall_back.takes(error, trainer.precision):
                    raise
            with fp32():
                found = trainer.prediction_step(model, batch, loss_only, ignore_keys)
            fall_back.tell()
            return found

        def after_batch() -> None:
            handler = trainer.callback_handler
            trainer.control = handler.on_prediction_step(trainer.args, trainer.state, trainer.control)

        how = ModelRun(
            model=trainer._wrap_model(trainer.model, training=False),
            processes=trainer.processes,
            step=step,
            label_names=trainer.label_names,
            precision=trainer.precision,
            transform=trainer.preprocess_logits_for_metrics,
            after_batch=after_batch,
            keep_outputs=not loss_only and (by_batch is None or keep_all),
            inputs=functools.partial(scored.inputs_of, trainer) if asks_for_inputs else None,
            each=by_batch,
            drained=None if by_batch is None else by_batch.drain,
            joined=trainer.args.eval_do_concat_batches,
            signals=trainer.signals,
            weigh=None if trainer.weighted_loss is None else trainer.weighted_loss.weigh,
        )
        switch(trainer.optimizer, "eval")
        where = "eval_dataset" if evaluating else "test_dataset"
        rows, wanted = getattr(loader, "dataset", None), evaluating and labelled
        first = FirstBatch(trainer, rows, where, training=False, measured=wanted, labelled=labelled)
        left_out = trainer.args.left_out
        with unpadded(trainer.model, left_out) as encoder, encoder.weights.held(steady), first.explaining():
            found = predict(how, first.watch(begin()))
        results = scored.of_all(trainer, found) if by_batch is None else by_batch.finish()
        return found, self._metrics(found, results, prefix, began)

    def _batches(self, dataset: Any) -> tuple[Callable[[], Iterator[Any]], Loader]:
        """How to begin with this process's batches, and what looks like their loader to a callback."""
        trainer = self._trainer
        size, place = trainer.args.per_device_eval_batch_size, (trainer.processes.index, trainer.processes.count)
        begin: Callable[[], Iterator[Any]]
        steps: int | None
        collate = trainer.data_collator
        if isinstance(dataset, TokenTable):
            by_length = trainer.args.eval_do_concat_batches and not trainer.args.batch_eval_metrics
            plan = token_plan(dataset, size, *place, by_length=by_length)
            begin, steps = functools.partial(token_batches, dataset, plan), len(plan)
        else:
            dataset, collate = trainer.columns(dataset)
            options = loader_options(trainer.args)
            begin = functools.partial(dataset_batches, dataset, collate, size, *place, options)
            rows = length_of(dataset)
            steps = None if rows is None else math.ceil(math.ceil(rows / trainer.processes.count) / size)
        shown = Loader(dataset, size, collate, place[1], steps, lambda: (pad(batch) for _unused, batch in begin()))
        return begin, shown

    def _of_loader(self, loader: Any) -> tuple[Callable[[], Iterator[Any]], Any]:
        processes = self._trainer.processes
        return functools.partial(numbered, loader, processes.index, processes.count), loader

    def _metrics(self, found: Predictions, results: dict[str, Any], prefix: str, began: float) -> dict[str, Any]:
        trainer = self._trainer
        if found.loss is not None:
            results[f"{prefix}_loss"] = found.loss
        metrics = scored.named(results, prefix)
        steps = math.ceil(found.rows / trainer.args.per_device_eval_batch_size)
        metrics.update(speed_metrics(prefix, began, num_samples=found.rows, num_steps=steps))
        return metrics
