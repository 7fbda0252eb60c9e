"""One call of `Trainer.train`: the updates, and what callbacks and arguments ask for between them."""

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers.trainer_callback import TrainerControl
from transformers.trainer_utils import TrainOutput, speed_metrics

from warmstart.batches.dataloaders import Batch, Feed
from warmstart.batches.ragged import pad
from warmstart.batches.tokens import TokenTable
from warmstart.engine.capturable import why_no_graphs
from warmstart.engine.cuda_graphs import Graphs
from warmstart.engine.loop import updates
from warmstart.engine.losses import items_in, takes_items
from warmstart.engine.optimizer import switch
from warmstart.engine.signals import Interrupted, Signals
from warmstart.engine.step import Engine, Hooks, StepResult, needs_metric
from warmstart.engine.techniques import Techniques
from warmstart.events import Progress, Started
from warmstart.models.ragged.encoder import Unpadded
from warmstart.trainer.checkpointer import Checkpointer
from warmstart.trainer.whole import Whole


class Training:
    """The updates of `trainer` after those that are done. `per_epoch`, `last`: updates of an epoch and of the run;
    `took` adds to the run's metrics what it took."""

    def __init__(
        self,
        trainer: Whole,
        checkpointer: Checkpointer,
        feed: Feed,
        engine: Engine,
        per_epoch: int,
        last: int,
        ignore_keys: list[str] | None,
        took: Callable[[dict[str, float]], None] = lambda metrics: None,
    ) -> None:
        self._trainer, self._checkpointer, self._feed, self._engine = trainer, checkpointer, feed, engine
        self._per_epoch, self._last, self._ignore_keys, self._took = per_epoch, last, ignore_keys, took
        self._first = trainer.state.global_step
        self._began, self._rows_before = time.time(), trainer.run_state.rows

    def run(self, had_stopped: bool) -> TrainOutput:
        """Run them. `had_stopped`: a callback had ended the run, and nothing is left to do."""
        trainer, counted = self._trainer, self._trainer.run_state
        handler = trainer.callback_handler
        handler.model, handler.optimizer, handler.lr_scheduler = trainer.model, trainer.optimizer, trainer.lr_scheduler
        trainer.emit(Started(self._first, trainer.state.max_steps, tuple(trainer.state.log_history)))
        self._call(handler.on_train_begin)
        trainer.control.should_training_stop = trainer.control.should_training_stop or had_stopped
        if trainer.args.eval_on_start and self._first == 0:
            trainer.evaluate(ignore_keys=self._ignore_keys)

        done = self._first + counted.skipped  # of the updates that the rows are cut into; `global_step` counts those
        if trainer.control.should_epoch_stop:  # that ran. A callback had ended the epoch where the run goes on
            done = self._next_epoch(done)
        while done < self._end() and not trainer.control.should_training_stop:
            before = done
            done = self._epoch(done)
            if done == before:
                break  # a stream has no more rows
            if trainer.control.should_epoch_stop:
                done = self._next_epoch(done)
        return self._finish()

    def _epoch(self, done: int) -> int:
        """The updates from `done` to the end of their epoch, or as far as callbacks let them go. Returns how many are
        done then."""
        trainer, control_of = self._trainer, self._trainer.callback_handler
        end = self._end()
        epoch_end = min((done // self._per_epoch + 1) * self._per_epoch, end)
        self._call(control_of.on_epoch_begin)
        stream = updates(self._engine, self._feed, done, epoch_end)
        ended = False
        while not ended:
            self._call(control_of.on_step_begin)
            at_a_time = trainer.run_state.rows_at_a_time.limit
            with trainer.processes.working():
                result = next(stream, None)
            if result is None:
                break
            self._count(result)
            if trainer.run_state.rows_at_a_time.limit not in (None, at_a_time):
                trainer.log({"rows_at_a_time": trainer.run_state.rows_at_a_time.limit})
            done = result.update.index + 1
            self._call(control_of.on_step_end)
            ended = done == epoch_end or trainer.control.should_training_stop or trainer.control.should_epoch_stop
            if ended:
                # The end of an epoch belongs to its last update: what a checkpoint holds is then complete.
                self._call(control_of.on_epoch_end)
            self._act()
            if result.told_to_stop and done < end:
                raise self._interrupted()
            if trainer.control.should_training_stop or trainer.control.should_epoch_stop:
                break  # an evaluation may have said so (early stopping)
        stream.close()
        if not ended:
            self._call(control_of.on_epoch_end)
            self._act()
        return done

    def _call(self, event: Callable[..., TrainerControl]) -> None:
        """Let the callbacks do what they do at this event."""
        trainer = self._trainer
        trainer.control = event(trainer.args, trainer.state, trainer.control)

    def _next_epoch(self, done: int) -> int:
        """Where the next epoch begins, when the rest of this one is left out."""
        begins = math.ceil(done / self._per_epoch) * self._per_epoch
        self._trainer.run_state.skipped += begins - done
        return begins

    def _end(self) -> int:
        """Where the run ends: when `last` updates have run, or all epochs are over, as in `transformers`."""
        epochs = math.ceil(self._last / self._per_epoch)
        return min(self._last + self._trainer.run_state.skipped, epochs * self._per_epoch)

    def _count(self, result: StepResult) -> None:
        trainer, state, counted = self._trainer, self._trainer.state, self._trainer.run_state
        counted.losses.add(result)
        done = result.update.index + 1
        state.global_step = done - counted.skipped
        state.epoch = done / self._per_epoch
        counted.rows += len(result.update.rows)
        padded = trainer.args.include_num_input_tokens_seen == "all"
        state.num_input_tokens_seen += result.padded_tokens if padded else result.tokens
        state.total_flos += 6 * result.tokens * trainer.parameters_computed
        seconds = (time.time() - self._began) / max(state.global_step - self._first, 1)
        rows = trainer.get_total_train_batch_size(trainer.args) / max(seconds, 1e-9)
        left = seconds * (state.max_steps - state.global_step)
        trainer.emit(Progress(self._first, state.global_step, state.max_steps, rows, left))

    def _act(self) -> None:
        """What the callbacks asked for after an update: log, evaluate, save, in this order."""
        trainer = self._trainer
        if trainer.control.should_log and trainer.run_state.losses.since_log:
            began = {} if trainer.args.include_num_input_tokens_seen == "no" else {"start_time": self._began}
            trainer.log(trainer.run_state.losses.report(), **began)
        best = False
        if trainer.control.should_evaluate:
            metrics = trainer.evaluate(ignore_keys=self._ignore_keys)
            if trainer.trial is not None:
                trainer.trial.report(metrics)
            best = self._checkpointer.is_best(metrics)
            if trainer.lr_scheduler is not None and needs_metric(trainer.lr_scheduler):
                trainer.lr_scheduler.step(self._checkpointer.watched(metrics))
        if trainer.control.should_save or (trainer.args.save_strategy == "best" and best):
            trainer.save_checkpoint()
            self._call(trainer.callback_handler.on_save)

    def _interrupted(self) -> Interrupted:
        """Save everything, if that has not just been done, and say where."""
        trainer = self._trainer
        if trainer.run_state.saved_at != trainer.state.global_step:
            trainer.save_checkpoint(resumable=True)
            self._call(trainer.callback_handler.on_save)
        return Interrupted(self._checkpointer.folder, trainer.state.global_step)

    def _finish(self) -> TrainOutput:
        trainer, state = self._trainer, self._trainer.state
        rows, steps = trainer.run_state.rows - self._rows_before, state.global_step - self._first
        metrics = speed_metrics("train", self._began, num_samples=rows, num_steps=steps)
        metrics["total_flos"] = state.total_flos
        metrics["train_loss"] = trainer.run_state.losses.mean()
        trainer.is_in_train = False
        self._took(metrics)
        trainer.log(metrics)
        switch(trainer.optimizer, "eval")
        if trainer.args.load_best_model_at_end:
            self._checkpointer.load_best()
        self._call(trainer.callback_handler.on_train_end)
        trainer.pushes.finish()
        return TrainOutput(state.global_step, metrics["train_loss"], metrics)


def make_engine(trainer: Whole, on: Techniques, signals: Signals) -> Engine:
    """What the updates of `trainer` need. Its callbacks are called within them, as `transformers` calls them."""
    assert trainer.optimizer is not None
    handler = trainer.callback_handler

    def calling(event: Callable[..., TrainerControl]) -> Callable[[], None]:
        def call() -> None:
            trainer.control = event(trainer.args, trainer.state, trainer.control)

        return call

    own = trainer.is_own("compute_loss")
    counts = own and takes_items(trainer.compute_loss)

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        items: Any = {"num_items_in_batch": items_in(batch, trainer.label_names)} if counts else {}
        found: torch.Tensor = trainer.compute_loss(model, pad(batch) if own else batch, **items)
        return found

    return Engine(
        model=trainer.model,
        optimizer=trainer.optimizer,
        scheduler=trainer.lr_scheduler,
        processes=trainer.processes,
        loss=loss,
        label_names=trainer.label_names,
        max_grad_norm=trainer.args.max_grad_norm or 0.0,
        seed=trainer.args.seed,
        precision=trainer.precision,
        own_loss=trainer.has_own_loss,
        scaler=trainer.run_state.scaler,
        hooks=Hooks(
            calling(handler.on_substep_end), calling(handler.on_pre_optimizer_step), calling(handler.on_optimizer_step)
        ),
        techniques=on,
        signals=signals,
        rows_at_a_time=trainer.run_state.rows_at_a_time,
    )


def make_graphs(trainer: Whole, encoder: Unpadded, folded: bool) -> tuple[Graphs | None, str]:
    """CUDA graphs of this trainer's updates, or why there are none. `folded`: clipping is part of the optimizer's
    step."""
    args = trainer.args
    assert trainer.optimizer is not None
    why_not = why_no_graphs(
        trainer.optimizer,
        encoder,
        trainer.callback_handler.callbacks,
        table=isinstance(trainer.train_dataset, TokenTable),
        micro_batches=args.gradient_accumulation_steps,
        processes=trainer.processes.count,
        folded=folded,
        own_loss=trainer.has_own_loss or trainer.label_smoother is not None or args.fp16,
    )
    if why_not:
        return None, why_not
    made = Graphs(
        trainer.model,
        trainer.optimizer,
        encoder,
        rows=args.per_device_train_batch_size,
        max_grad_norm=args.max_grad_norm or 0.0,
        precision=trainer.precision,
        warn=trainer.warn,
    )
    return made, ""
