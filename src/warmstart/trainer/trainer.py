"""Trainer: the public surface of `transformers.Trainer` on this engine. Read `train` from top to bottom."""

import contextlib
import math
from collections.abc import Callable
from typing import Any

import torch
import transformers
from torch import nn
from transformers.trainer_utils import EvalPrediction, PredictionOutput, TrainOutput

from warmstart.checkpoints.provenance import Identity
from warmstart.engine.losses import loss_of
from warmstart.engine.optimizer import make_optimizer, make_scheduler, parameter_groups
from warmstart.engine.signals import Signals, listening
from warmstart.engine.step import Engine
from warmstart.engine.techniques import Techniques, techniques
from warmstart.errors import UserError
from warmstart.events import Ended, Metrics, TechniquesOn
from warmstart.messages import _
from warmstart.trainer import inputs as data
from warmstart.trainer import loaders, overrides
from warmstart.trainer.arguments import TrainingArguments
from warmstart.trainer.checkpointer import Checkpointer
from warmstart.trainer.evaluator import Evaluator
from warmstart.trainer.extent import extent, need_rows
from warmstart.trainer.run_state import RunState
from warmstart.trainer.surface import Surface
from warmstart.trainer.training import Training, make_engine, make_graphs


class Trainer(Surface):
    """Trains, evaluates and predicts, as `transformers.Trainer` does and with its arguments.

    `model`: a `transformers` model or any module that returns a loss when it is given labels (`model_init` makes a
    fresh one for each `train`). `train_dataset`, `eval_dataset`: a token table (the fast path), or any torch data set
    with a `data_collator`; `eval_dataset` may be a dictionary of them. `processing_class` (once called `tokenizer`) is
    saved with the model and gives the default collator.

    `compute_metrics` is given an `EvalPrediction` (predictions `[rows, outputs]`, or a tuple of arrays where the model
    has several outputs, and label_ids `[rows]` or `[rows, labels]`) and returns a dictionary of numbers.
    `preprocess_logits_for_metrics(logits, labels)` returns what is kept of a batch's outputs.
    `compute_loss_func(outputs, labels, num_items_in_batch=...)` returns the mean loss over the targets of a batch,
    whose number it is given. Raises UserError for what cannot work together.

    Its parts: `evaluator`, `checkpointer`, and `run_state`, what a run counts. `events` hears what happens.
    """

    def __init__(
        self,
        model: nn.Module | None = None,
        args: TrainingArguments | None = None,
        data_collator: Callable[[list[Any]], Any] | None = None,
        train_dataset: Any = None,
        eval_dataset: Any = None,
        processing_class: Any = None,
        model_init: Callable[..., nn.Module] | None = None,
        compute_loss_func: Callable[..., torch.Tensor] | None = None,
        compute_metrics: Callable[[EvalPrediction], dict[str, Any]] | None = None,
        callbacks: list[Any] | None = None,
        optimizers: tuple[torch.optim.Optimizer | None, Any] = (None, None),
        optimizer_cls_and_kwargs: tuple[type[torch.optim.Optimizer], dict[str, Any]] | None = None,
        preprocess_logits_for_metrics: Callable[[Any, Any], Any] | None = None,
        *,
        tokenizer: Any = None,
    ) -> None:
        args = args if args is not None else TrainingArguments("tmp_trainer")
        _refuse_what_cannot_work(args, model, model_init, optimizers)
        processing_class = processing_class if processing_class is not None else tokenizer
        super().__init__(
            args,
            model,
            model_init,
            data_collator,
            train_dataset,
            eval_dataset,
            processing_class,
            callbacks or [],
            optimizers,
        )
        self.compute_loss_func = compute_loss_func
        self.compute_metrics = compute_metrics
        self.preprocess_logits_for_metrics = preprocess_logits_for_metrics
        self.optimizer_cls_and_kwargs = optimizer_cls_and_kwargs
        self.is_in_train = False
        self.evaluator = Evaluator(self)
        self.checkpointer = Checkpointer(self)
        self.run_state = RunState.new(args, self.warn)
        self._globalstep_last_logged, self._total_loss_scalar = 0, 0.0
        self._made: tuple[Any, Any] = (None, None)  # optimizer and schedule, by `train`, for one run
        self.control = self.callback_handler.on_init_end(self.args, self.state, self.control)

    def train(
        self,
        resume_from_checkpoint: str | bool | None = None,
        trial: Any = None,
        ignore_keys_for_eval: list[str] | None = None,
    ) -> TrainOutput:
        """Train, and return (updates done, mean loss over them, speed in rows and updates a second).
        `resume_from_checkpoint`: a checkpoint's folder to go on from, or True for the newest good one in `output_dir`.

        Raises UserError where rows are missing, where the checkpoint is of another run, and where a loss is not finite;
        `Interrupted`, a KeyboardInterrupt, when a signal ended it, after saving.
        """
        if trial is not None:
            raise UserError(
                _("hyper-parameter trials are not supported"),
                where="Trainer.train",
                fix=_("run train once for each setting"),
            )
        need_rows(self)
        resume = self.checkpointer.to_resume(resume_from_checkpoint or self.args.resume_from_checkpoint)
        data.seed(self.args)
        if self.model_init is not None:
            self.model = self.call_model_init()
            self.optimizer, self.lr_scheduler = None, None  # of the model before
            self.prepare_model()

        feed, self.callback_handler.train_dataloader = loaders.feed_of(self)
        per_epoch, last = extent(self.args, feed.updates_per_epoch)
        self._create_for(last)
        self.state = self.new_state()
        self.state.max_steps = last
        self.state.num_train_epochs = math.ceil(last / per_epoch)
        self.state.train_batch_size = self.args.per_device_train_batch_size
        self.state.compute_steps(self.args, last)
        self.run_state = RunState.new(self.args, self.warn)
        self.run_state.draws = feed if isinstance(feed, loaders.LoaderFeed) else None
        self._wrapped = self._wrap_model(self.model)
        self.checkpointer.identify()
        had_stopped = resume is not None and self.checkpointer.resume(resume)
        self.is_in_train = True
        try:
            with self._techniques() as on, listening() as signals:
                self.techniques = on
                self.emit(TechniquesOn(str(on), on.to_dict()))
                engine = self._engine(on, signals)
                self.in_training = Training(
                    self, self.checkpointer, feed, engine, per_epoch, last, ignore_keys_for_eval
                )
                return self.in_training.run(had_stopped)
        finally:
            self.emit(Ended())

    def _techniques(self) -> contextlib.AbstractContextManager[Techniques]:
        """What makes this trainer's steps fast, inside a block."""
        assert self.optimizer is not None
        return techniques(
            self.model,
            self.optimizer,
            self.callback_handler.callbacks,
            lambda encoder, folded: make_graphs(self, encoder, folded),
            processes=self.processes.count,
            without=self.args.without,
        )

    def _engine(self, on: Techniques, signals: Signals) -> Engine:
        return make_engine(self, on, signals)

    # The optimizer and its schedule

    def _create_for(self, total_updates: int) -> None:
        """The optimizer and schedule of this run; those that are the user's stay."""
        theirs = (
            None if self.optimizer is self._made[0] else self.optimizer,
            None if self.lr_scheduler is self._made[1] else self.lr_scheduler,
        )
        self.optimizer, self.lr_scheduler = theirs
        self.create_optimizer_and_scheduler(total_updates)
        self._made = (
            self.optimizer if theirs[0] is None else None,
            self.lr_scheduler if theirs[1] is None else None,
        )

    def create_optimizer_and_scheduler(self, num_training_steps: int) -> None:
        """Make what the user did not give."""
        self.create_optimizer()
        self.create_scheduler(num_training_steps)

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """The optimizer of the arguments, unless there is one already."""
        if overrides.own(self, {"get_decay_parameter_names", "get_optimizer_cls_and_kwargs"}):
            transformers.Trainer.create_optimizer(self, model)  # which asks these
        if self.optimizer is None:
            if self.optimizer_cls_and_kwargs is not None:
                make, options = self.optimizer_cls_and_kwargs
                self.optimizer = make(parameter_groups(self.model, self.args.weight_decay), **options)
            else:
                self.optimizer = make_optimizer(self.model if model is None else model, self.args)
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None) -> Any:
        """The schedule of the arguments, unless there is one already."""
        if self.lr_scheduler is None:
            target = self.create_optimizer() if optimizer is None else optimizer
            self.lr_scheduler = make_scheduler(target, self.args, num_training_steps)
            self._made = (self._made[0], self.lr_scheduler)  # a run makes its own, of its own length
        return self.lr_scheduler

    # The loss

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The mean loss over the targets of `inputs` (and the model's outputs). Override it for a loss of your own; the
        engine weighs each micro-batch by its number of targets, so return the mean over them."""
        del num_items_in_batch
        return loss_of(model, inputs, self.args.label_smoothing_factor, self.compute_loss_func, return_outputs)

    @property
    def has_own_loss(self) -> bool:
        """Whether the loss is code of the user's."""
        own = overrides.own(self, overrides.STEP | {"compute_loss"})
        return bool(own) or self.compute_loss_func is not None

    def is_own(self, method: str) -> bool:
        """Whether a subclass, or this very trainer, has put a method of its own in the place of one of these."""
        return overrides.is_own(self, method, Trainer)

    @property
    def precision(self) -> torch.dtype | None:
        """What matrix products run in; None: in the weights' own."""
        return torch.bfloat16 if self.args.bf16 else None

    # Evaluating and predicting

    def prediction_step(
        self, model: nn.Module, inputs: dict[str, Any], prediction_loss_only: bool, ignore_keys: list[str] | None = None
    ) -> tuple[torch.Tensor | None, Any, Any]:
        """(mean loss, outputs, labels) of one batch; loss and labels are None where the batch has none."""
        return self.evaluator.step(model, inputs, prediction_loss_only, ignore_keys)

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """The loss and `compute_metrics` on `eval_dataset` (by default the trainer's; of a dictionary, each in turn, or
        one by its name), every row counted once, with names that begin with `metric_key_prefix`; `_runtime` is in
        seconds. Raises UserError where there is no data set of this name, or none at all."""
        chosen = self.evaluator.chosen(eval_dataset)
        if isinstance(chosen, dict):
            own = eval_dataset is None  # then by name, as the stock trainer asks for its loader
            parts = [
                self.evaluate(name if own else part, ignore_keys, f"{metric_key_prefix}_{name}")
                for name, part in chosen.items()
            ]
            return {name: value for part in parts for name, value in part.items()}
        self.evaluator.check_labels(chosen)
        metrics = self.evaluator.evaluate(eval_dataset, chosen, ignore_keys, metric_key_prefix)
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def predict(
        self, test_dataset: Any, ignore_keys: list[str] | None = None, metric_key_prefix: str = "test"
    ) -> PredictionOutput:
        """(predictions, label_ids, metrics) of every row, in the order of the rows; the last two as far as there are
        labels. A column of labels that are all -1, as in GLUE's test splits, counts as none.
        """
        loss_only = self.args.prediction_loss_only
        labelled = not data.hidden_labels(test_dataset, self.label_names)
        found, metrics = self.evaluator.predict(
            test_dataset, ignore_keys, metric_key_prefix, loss_only=loss_only, labelled=labelled
        )
        self.control = self.callback_handler.on_predict(self.args, self.state, self.control, metrics)
        return PredictionOutput(predictions=found.outputs, label_ids=found.labels, metrics=metrics)

    # Saving

    def save_checkpoint(self, *, resumable: bool = False) -> None:
        """Write a checkpoint of the updates done so far. With `resumable` it is one to resume from also where the
        arguments ask for weights only. Raises UserError, on every process, if it cannot be written."""
        self.checkpointer.save(resumable=resumable)

    def identify(self) -> Identity:
        """What the run is made of: settings, rows, tokenizer, weights, versions."""
        return self.checkpointer.identify()

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add `logs`, with epoch and update, to `state.log_history`, and tell who listens."""
        del start_time
        logs["epoch"] = self.state.epoch
        if self.args.include_num_input_tokens_seen not in ("no", False):
            logs["num_input_tokens_seen"] = self.state.num_input_tokens_seen
        entry = {**logs, "step": self.state.global_step}
        self.state.log_history.append(entry)
        self.emit(Metrics(entry))
        self.control = self.callback_handler.on_log(self.args, self.state, self.control, logs)


def _refuse_what_cannot_work(args: Any, model: Any, model_init: Any, optimizers: tuple[Any, Any]) -> None:
    if not isinstance(args, TrainingArguments):
        raise UserError(
            _("args is a {module}.{type}").format(module=type(args).__module__, type=type(args).__name__),
            where="Trainer",
            fix=_("use warmstart.TrainingArguments"),
        )
    if model_init is not None and any(each is not None for each in optimizers):
        raise UserError(
            _("optimizers hold the weights of one model, and model_init makes a new one for each run"),
            where="Trainer",
            fix=_("pass optimizer_cls_and_kwargs, or a model"),
        )
    if (model is None) == (model_init is None):
        raise UserError(
            _("Trainer needs a model or a model_init, and not both"),
            where="Trainer",
            fix="Trainer(model=..., args=...)",
        )
