"""Trainer: the public surface of `transformers.Trainer` on this engine. Read `train` from top to bottom."""

import contextlib
import math
from collections.abc import Callable
from typing import Any

import torch
import transformers
from torch import nn
from transformers.trainer_utils import EvalPrediction, PredictionOutput, TrainOutput, speed_metrics

from warmstart.checkpoints.provenance import Identity
from warmstart.engine import precision
from warmstart.engine.losses import loss_of
from warmstart.engine.optimizer import build, make_optimizer, make_scheduler
from warmstart.engine.signals import Signals, listening
from warmstart.engine.step import Engine
from warmstart.engine.techniques import Techniques, techniques
from warmstart.events import Ended, Metrics, TechniquesOn
from warmstart.trainer import inputs as data
from warmstart.trainer import loaders, overrides, preparation, search
from warmstart.trainer.arguments import TrainingArguments, settle_accumulation
from warmstart.trainer.checkpointer import Checkpointer
from warmstart.trainer.engines import make_engine, make_graphs
from warmstart.trainer.evaluator import Evaluator
from warmstart.trainer.extent import extent, need_rows
from warmstart.trainer.memory import Memory
from warmstart.trainer.metrics import plain
from warmstart.trainer.refusals import refuse_what_cannot_work
from warmstart.trainer.run_state import RunState
from warmstart.trainer.surface import Surface
from warmstart.trainer.training import Training


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
        refuse_what_cannot_work(args, model, model_init, optimizers, optimizer_cls_and_kwargs, compute_metrics)
        settle_accumulation(args)
        self.memory = Memory(args.skip_memory_metrics)
        processing_class = processing_class if processing_class is not None else tokenizer
        data = (data_collator, train_dataset, eval_dataset, processing_class)
        with self.memory.of("init") as took:
            super().__init__(args, model, model_init, *data, callbacks or [], optimizers)
            took(None)
        self.compute_loss_func = compute_loss_func
        self.compute_metrics = compute_metrics
        self.preprocess_logits_for_metrics = preprocess_logits_for_metrics
        self.optimizer_cls_and_kwargs = optimizer_cls_and_kwargs
        self.is_in_train = False
        self.trial: search.Trial | None = None  # the one that is under way, in a search for settings
        self.evaluator = Evaluator(self)
        self.checkpointer = Checkpointer(self)
        self.run_state = RunState.new(args, self.warn)
        self.signals = Signals()  # heard while it trains
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
        `trial` is given to `model_init`.

        Raises UserError where rows are missing, where the checkpoint is of another run, and where a loss is not finite;
        `Interrupted`, a KeyboardInterrupt, when a signal ended it, after saving.
        """
        with self.memory.of("train") as took:
            return self._train(resume_from_checkpoint, trial, ignore_keys_for_eval, took)

    def _train(
        self,
        resume_from_checkpoint: str | bool | None,
        trial: Any,
        ignore_keys_for_eval: list[str] | None,
        took: Callable[[dict[str, float]], None],
    ) -> TrainOutput:
        need_rows(self)
        resume = self.checkpointer.to_resume(resume_from_checkpoint or self.args.resume_from_checkpoint)
        data.seed(self.args)
        if self.model_init is not None:
            self.model = self.call_model_init(trial)
            self.optimizer, self.lr_scheduler = None, None  # of the model before
            self.prepare_model()
        preparation.align(self.model, self.processing_class)
        preparation.watch_numbers(self.model, self.args.debug)

        feed, self.callback_handler.train_dataloader = loaders.feed_of(self)
        per_epoch, last = extent(self.args, feed.updates_per_epoch)
        self._create_for(last)
        self.state = self.new_state()
        self.state.max_steps = last
        self.state.num_train_epochs = math.ceil(last / per_epoch)
        self.state.train_batch_size = self.args.per_device_train_batch_size
        self.state.compute_steps(self.args, last)
        self.state.is_hyper_param_search, self.state.trial_params = trial is not None, search.drawn(trial)
        self.run_state = RunState.new(self.args, self.warn)
        self.run_state.draws = feed if isinstance(feed, loaders.LoaderFeed) else None
        self._wrapped = self._wrap_model(self.model)
        self.checkpointer.agree()
        had_stopped = resume is not None and self.checkpointer.resume(resume)
        self.run_state.tokens_before = self.state.num_input_tokens_seen
        self.is_in_train = True
        try:
            with preparation.noise(self.model, self.args), self._techniques() as on, listening() as signals:
                self.techniques, self.signals = on, signals
                self.emit(TechniquesOn(str(on), on.to_dict()))
                preparation.log_beginning(self, per_epoch)
                how = (feed, self._engine(on), per_epoch, last, ignore_keys_for_eval, took)
                self.in_training = Training(self, self.checkpointer, *how)
                return self.in_training.run(had_stopped)
        finally:
            self.is_in_train, self.signals = False, Signals()
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
            without=self.args.left_out,
        )

    def _engine(self, on: Techniques) -> Engine:
        return make_engine(self, on)

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
                self.optimizer = build(make, options, self.model, self.args.weight_decay)
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
        engine weighs each micro-batch by its number of targets, so return the mean over them. With `num_items_in_batch`
        the sum is divided by that instead, where the model or the function takes it."""
        how = (self.weighted_loss or self.label_smoother, self.compute_loss_func, return_outputs, num_items_in_batch)
        return loss_of(model, inputs, *how, accepts=self.model_accepts_loss_kwargs)

    @property
    def has_own_loss(self) -> bool:
        """Whether the loss is code of the user's."""
        return bool(overrides.own(self, overrides.STEP | {"compute_loss"})) or self.compute_loss_func is not None

    def is_own(self, method: str) -> bool:
        """Whether a subclass, or this very trainer, has put a method of its own in the place of one of these."""
        return overrides.is_own(self, method, Trainer)

    @property
    def precision(self) -> torch.dtype | None:
        """What matrix products run in; None: in the weights' own."""
        return precision.of(self.args, training=self.is_in_train)

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
            named = chosen if eval_dataset is not None else {name: name for name in chosen}
            parts = [self.evaluate(part, ignore_keys, f"{metric_key_prefix}_{name}") for name, part in named.items()]
            return {name: value for part in parts for name, value in part.items()}
        with self.memory.of("eval") as took:
            self.evaluator.check_labels(chosen)
            metrics = self.evaluator.evaluate(eval_dataset, chosen, ignore_keys, metric_key_prefix)
            self.log(metrics)
            self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
            took(metrics)
        return metrics

    def predict(
        self, test_dataset: Any, ignore_keys: list[str] | None = None, metric_key_prefix: str = "test"
    ) -> PredictionOutput:
        """(predictions, label_ids, metrics) of every row, in the order of the rows; the last two as far as there are
        labels. A column of labels that are all -1, as in GLUE's test splits, counts as none. A text is the name of one
        of the trainer's evaluation data sets.
        """
        chosen = data.evaluated(self.eval_dataset, test_dataset) if isinstance(test_dataset, str) else test_dataset
        with self.memory.of("test") as took:
            found, metrics = self.evaluator.predict(chosen, ignore_keys, metric_key_prefix)
            self.control = self.callback_handler.on_predict(self.args, self.state, self.control, metrics)
            took(metrics)
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
        """Add `logs`, with epoch and update, to `state.log_history`, and tell who listens. `start_time`: of this
        training, for input tokens a second."""
        logs["epoch"] = self.state.epoch
        if self.args.include_num_input_tokens_seen not in ("no", False):
            logs["num_input_tokens_seen"] = self.state.num_input_tokens_seen
            tokens = self.state.num_input_tokens_seen - self.run_state.tokens_before
            logs.update({} if start_time is None else speed_metrics("train", start_time, num_tokens=tokens))
        entry = {**plain(logs), "step": self.state.global_step}
        self.state.log_history.append(entry)
        self.emit(Metrics(entry))
        self.control = self.callback_handler.on_log(self.args, self.state, self.control, logs)

    hyperparameter_search = search.hyperparameter_search
