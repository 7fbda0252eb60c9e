"""Trainer: the public surface of `transformers.Trainer` on this engine. Read `train` from top to bottom."""

import contextlib
import logging
import math
import pathlib
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers.trainer_callback import CallbackHandler, DefaultFlowCallback, TrainerControl, TrainerState
from transformers.trainer_utils import EvalPrediction, TrainOutput, speed_metrics

from warmstart.batches.dataloaders import Batch, Feed
from warmstart.batches.ragged import pad
from warmstart.batches.tokens import TokenTable
from warmstart.engine.capturable import why_no_graphs
from warmstart.engine.cuda_graphs import Graphs
from warmstart.engine.distributed.processes import Processes
from warmstart.engine.loop import updates
from warmstart.engine.loss_meter import LossMeter
from warmstart.engine.losses import default_collator, label_names_of
from warmstart.engine.oom import Fitting
from warmstart.engine.optimizer import switch
from warmstart.engine.signals import Interrupted, Signals, listening
from warmstart.engine.step import Engine, Hooks, StepResult, needs_metric
from warmstart.engine.techniques import Techniques, techniques
from warmstart.errors import UserError, text
from warmstart.models.ragged.encoder import Unpadded
from warmstart.trainer.arguments import TrainingArguments
from warmstart.trainer.extent import extent, need_rows
from warmstart.trainer.inputs import first_epoch, make_feed
from warmstart.trainer.keeping import Keeping
from warmstart.trainer.progress import put_away


class Trainer(Keeping):
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
        self.args = args if args is not None else TrainingArguments("tmp_trainer")
        _refuse_what_cannot_work(self.args, model_init, optimizers)
        self.processes = Processes(use_cpu=self.args.use_cpu)
        _seed(self.args)
        if (model is None) == (model_init is None):
            raise UserError(
                text(
                    "Trainer needs a model or a model_init, and not both",
                    "Trainer 需要 model 与 model_init 中的一个, 且只能给一个",
                ),
                where="Trainer",
                fix="Trainer(model=..., args=...)",
            )
        self.model_init = model_init
        self.model: nn.Module = model if model is not None else self.call_model_init()
        self.processing_class = processing_class if processing_class is not None else tokenizer
        self.data_collator = data_collator or default_collator(self.processing_class)
        self.train_dataset = train_dataset
        self.eval_dataset = eval_dataset
        self.compute_loss_func = compute_loss_func
        self.compute_metrics = compute_metrics
        self.preprocess_logits_for_metrics = preprocess_logits_for_metrics
        self.optimizer, self.lr_scheduler = optimizers
        self._made = (None, None)
        self.optimizer_cls_and_kwargs = optimizer_cls_and_kwargs
        self.label_names = self.args.label_names or label_names_of(self.model)
        self.is_in_train = False
        self.announce: Callable[[Techniques], None] = _log_techniques  # told before the first update
        self.tell: Callable[[str], None] = logging.getLogger(__name__).warning
        self.described = {}
        self.rows_seen = self.skipped = 0
        self._prepare_model()
        self.control = TrainerControl()
        self.state = TrainerState()
        self.callback_handler = CallbackHandler(
            [DefaultFlowCallback, *self.default_callbacks(), *(callbacks or [])],
            self.model,
            self.processing_class,
            self.optimizer,
            self.lr_scheduler,
        )
        self._new_state()
        self.control = self.callback_handler.on_init_end(self.args, self.state, self.control)

    # Training

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
                text("hyper-parameter trials are not supported", "不支持超参数搜索"),
                where="Trainer.train",
                fix=text("run train once for each setting", "请对每组设置各训练一次"),
            )
        need_rows(self.args, self.train_dataset, self.eval_dataset)
        resume = self._checkpoint_to_resume(resume_from_checkpoint or self.args.resume_from_checkpoint)
        _seed(self.args)
        if self.model_init is not None:
            self.model = self.call_model_init()
            self.optimizer, self.lr_scheduler = None, None  # of the model before
            self._prepare_model()

        dataset, collate = self._columns(self.train_dataset)
        feed = make_feed(dataset, collate, self.args, self.processes.count)
        self.callback_handler.train_dataloader = first_epoch(feed, dataset, collate, self.args, self.processes)
        per_epoch, last = extent(self.args, feed.updates_per_epoch)
        self._create_for(last)
        self._new_state()
        self.state.max_steps = last
        self.state.num_train_epochs = math.ceil(last / per_epoch)
        self.state.train_batch_size = self.args.per_device_train_batch_size
        self.state.compute_steps(self.args, last)
        show_norm = bool(self.args.max_grad_norm and self.args.max_grad_norm > 0)
        self.losses = LossMeter(skip=self.args.on_nonfinite == "skip", show_norm=show_norm)
        self.rows_seen, self.skipped, self.saved_at = 0, 0, -1
        self.fitting = Fitting(self.tell)
        self.identify()
        had_stopped = resume is not None and self._resume(resume)
        first = self.state.global_step
        with self._techniques() as on, listening() as signals, put_away(self.callback_handler.callbacks):
            self.announce(on)
            engine = self._engine(on, signals)
            return self._updates(feed, first, had_stopped, engine, per_epoch, last, ignore_keys_for_eval)

    def _techniques(self) -> contextlib.AbstractContextManager[Techniques]:
        """What makes this trainer's steps fast, inside a block."""
        assert self.optimizer is not None
        return techniques(
            self.model,
            self.optimizer,
            self.callback_handler.callbacks,
            self._graphs,
            processes=self.processes.count,
            without=self.args.without,
        )

    def _graphs(self, encoder: Unpadded, folded: bool) -> tuple[Graphs | None, str]:
        """CUDA graphs of this run's updates, or why there are none."""
        table, args = self.train_dataset, self.args
        assert self.optimizer is not None
        own_loss = self._has_own_loss() or args.label_smoothing_factor > 0
        why_not = why_no_graphs(
            self.optimizer,
            encoder,
            self.callback_handler.callbacks,
            table=isinstance(table, TokenTable),
            micro_batches=args.gradient_accumulation_steps,
            processes=self.processes.count,
            folded=folded,
            own_loss=own_loss,
        )
        if why_not:
            return None, why_not
        made = Graphs(
            self.model,
            self.optimizer,
            encoder,
            rows=args.per_device_train_batch_size,
            max_grad_norm=args.max_grad_norm or 0.0,
            precision=self._precision(),
        )
        return made, ""

    def _updates(
        self,
        feed: Feed,
        first: int,
        had_stopped: bool,
        engine: Engine,
        per_epoch: int,
        last: int,
        ignore_keys_for_eval: list[str] | None,
    ) -> TrainOutput:
        """The updates after the `first` ones, and what callbacks and arguments ask for between them."""
        self.is_in_train = True
        began, rows_before = time.time(), self.rows_seen
        self.callback_handler.model = self.model
        self.callback_handler.optimizer = self.optimizer
        self.callback_handler.lr_scheduler = self.lr_scheduler
        self.control = self.callback_handler.on_train_begin(self.args, self.state, self.control)
        self.control.should_training_stop = self.control.should_training_stop or had_stopped
        if self.args.eval_on_start and first == 0:
            self.evaluate(ignore_keys=ignore_keys_for_eval)

        done = first + self.skipped  # of the updates that the rows are cut into; `global_step` counts those that ran
        if self.control.should_epoch_stop:  # a callback had ended the epoch where the run goes on
            done = self._next_epoch(done, per_epoch)
        while done < (end := self._end(per_epoch, last)) and not self.control.should_training_stop:
            epoch_end = min((done // per_epoch + 1) * per_epoch, end)
            self.control = self.callback_handler.on_epoch_begin(self.args, self.state, self.control)
            stream = updates(engine, feed, done, epoch_end)
            ran = ended = False
            while not ended:
                self.control = self.callback_handler.on_step_begin(self.args, self.state, self.control)
                at_a_time = self.fitting.limit
                with self.processes.working():
                    result = next(stream, None)
                if result is None:
                    break
                ran = True
                self.losses.add(result)
                self._count(result, per_epoch)
                if self.fitting.limit is not None and self.fitting.limit != at_a_time:
                    self.log({"rows_at_a_time": self.fitting.limit})
                done = result.update.index + 1
                self.control = self.callback_handler.on_step_end(self.args, self.state, self.control)
                ended = done == epoch_end or self.control.should_training_stop or self.control.should_epoch_stop
                if ended:
                    # The end of an epoch belongs to its last update: what a checkpoint holds is then complete.
                    self.control = self.callback_handler.on_epoch_end(self.args, self.state, self.control)
                self._act(ignore_keys_for_eval)
                if result.told_to_stop and done < end:
                    raise self._interrupted()
                if self.control.should_training_stop or self.control.should_epoch_stop:
                    break  # an evaluation may have said so (early stopping)
            stream.close()
            if not ended:
                self.control = self.callback_handler.on_epoch_end(self.args, self.state, self.control)
                self._act(ignore_keys_for_eval)
            if not ran:
                break
            if self.control.should_epoch_stop:
                done = self._next_epoch(done, per_epoch)
        return self._finish(began, self.rows_seen - rows_before, self.state.global_step - first)

    def _next_epoch(self, done: int, per_epoch: int) -> int:
        """Where the next epoch begins, when the rest of this one is left out."""
        begins = math.ceil(done / per_epoch) * per_epoch
        self.skipped += begins - done
        return begins

    def _end(self, per_epoch: int, last: int) -> int:
        """Where the run ends: when `last` updates have run, or all epochs are over, as in `transformers`."""
        return min(last + self.skipped, math.ceil(last / per_epoch) * per_epoch)

    def _act(self, ignore_keys: list[str] | None) -> None:
        """What the callbacks asked for after an update: log, evaluate, save, in this order."""
        if self.control.should_log and self.losses.since_log:
            self.log(self.losses.report())
        best = False
        if self.control.should_evaluate:
            metrics = self.evaluate(ignore_keys=ignore_keys)
            best = self._is_best(metrics)
            if self.lr_scheduler is not None and needs_metric(self.lr_scheduler):
                self.lr_scheduler.step(self._watched(metrics))
        if self.control.should_save or (self.args.save_strategy == "best" and best):
            self.save_checkpoint()
            self.control = self.callback_handler.on_save(self.args, self.state, self.control)

    def _interrupted(self) -> Interrupted:
        """Save everything, if that has not just been done, and say where."""
        if self.saved_at != self.state.global_step:
            self.save_checkpoint(resumable=True)
            self.control = self.callback_handler.on_save(self.args, self.state, self.control)
        return Interrupted(self._checkpoint_folder(), self.state.global_step)

    def _finish(self, began: float, rows: int, steps: int) -> TrainOutput:
        metrics = speed_metrics("train", began, num_samples=rows, num_steps=steps)
        metrics["total_flos"] = self.state.total_flos
        metrics["train_loss"] = self.losses.mean()
        self.is_in_train = False
        self.log(metrics)
        switch(self.optimizer, "eval")
        if self.args.load_best_model_at_end and self.state.best_model_checkpoint is not None:
            self._load_best(pathlib.Path(self.state.best_model_checkpoint))
        self.control = self.callback_handler.on_train_end(self.args, self.state, self.control)
        return TrainOutput(self.state.global_step, metrics["train_loss"], metrics)

    def _engine(self, on: Techniques, signals: Signals) -> Engine:
        assert self.optimizer is not None
        handler = self.callback_handler

        def tell(event: Callable[..., TrainerControl]) -> Callable[[], None]:
            def told() -> None:
                self.control = event(self.args, self.state, self.control)

            return told

        return Engine(
            model=self.model,
            optimizer=self.optimizer,
            scheduler=self.lr_scheduler,
            processes=self.processes,
            loss=self._training_loss,
            label_names=self.label_names,
            max_grad_norm=self.args.max_grad_norm or 0.0,
            seed=self.args.seed,
            precision=self._precision(),
            own_loss=self._has_own_loss(),
            hooks=Hooks(
                tell(handler.on_substep_end), tell(handler.on_pre_optimizer_step), tell(handler.on_optimizer_step)
            ),
            techniques=on,
            signals=signals,
            fitting=self.fitting,
        )

    def _count(self, result: StepResult, per_epoch: int) -> None:
        done = result.update.index + 1
        self.state.global_step = done - self.skipped
        self.state.epoch = done / per_epoch
        self.rows_seen += len(result.update.rows)
        self.state.num_input_tokens_seen += result.tokens
        if hasattr(self.model, "num_parameters"):
            self.state.total_flos += 6 * result.tokens * self._parameters_computed

    def _training_loss(self, model: nn.Module, batch: Batch) -> torch.Tensor:
        loss: torch.Tensor = self.compute_loss(model, pad(batch) if self._has_own_loss() else batch)
        return loss


def _refuse_what_cannot_work(args: Any, model_init: Any, optimizers: tuple[Any, Any]) -> None:
    if not isinstance(args, TrainingArguments):
        raise UserError(
            text(
                f"args is a {type(args).__module__}.{type(args).__name__}",
                f"args 是 {type(args).__module__}.{type(args).__name__}",
            ),
            where="Trainer",
            fix=text("use warmstart.TrainingArguments", "请用 warmstart.TrainingArguments"),
        )
    if model_init is not None and any(each is not None for each in optimizers):
        raise UserError(
            text(
                "optimizers hold the weights of one model, and model_init makes a new one for each run",
                "optimizers 属于某一个模型, 而 model_init 每次训练都会新建模型",
            ),
            where="Trainer",
            fix=text("pass optimizer_cls_and_kwargs, or a model", "请传入 optimizer_cls_and_kwargs, 或传入 model"),
        )


def _log_techniques(on: Techniques) -> None:
    logging.getLogger(__name__).info("%s", on)


def _seed(args: TrainingArguments) -> None:
    """Seed what is made before the first update, such as a new head; each update seeds itself."""
    from transformers import enable_full_determinism, set_seed

    if args.full_determinism:
        enable_full_determinism(args.seed)
    else:
        set_seed(args.seed)
