"""One call of `Trainer.train`: the updates, and what callbacks and arguments ask for between them."""

import copy
import dataclasses
import math
import time
from collections.abc import Callable
from typing import Any

import torch
from transformers.trainer_callback import TrainerControl
from transformers.trainer_utils import TrainOutput, speed_metrics

from warmstart.batches.dataloaders import Feed
from warmstart.checkpoints import checkpoint
from warmstart.engine.loop import updates
from warmstart.engine.optimizer import switch
from warmstart.engine.signals import Interrupted, Told
from warmstart.engine.step import Engine, StepResult
from warmstart.events import Progress, Started
from warmstart.messages import _
from warmstart.trainer import callbacks, overrides
from warmstart.trainer.checkpointer import Checkpointer
from warmstart.trainer.first_batch import FirstBatch
from warmstart.trainer.stepping import Stepping
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
        measured = trainer.args.eval_strategy != "no" and trainer.eval_dataset is not None
        self._look = FirstBatch(trainer, trainer.train_dataset, "train_dataset", training=True, measured=measured)
        feed = self._look.over(feed)
        if Stepping.is_needed(trainer):
            feed = stepping = Stepping(trainer, feed)
            if overrides.own(trainer, overrides.STEP):
                engine = dataclasses.replace(engine, backward=stepping.backward)
        self._trainer, self._checkpointer, self._feed, self._engine = trainer, checkpointer, feed, engine
        self._per_epoch, self._last, self._ignore_keys, self._took = per_epoch, last, ignore_keys, took
        self._first = trainer.state.global_step
        self._began, self._rows_before = time.time(), trainer.run_state.rows
        self._asks_user = trainer.is_own("_maybe_log_save_evaluate")
        self._told = False  # that a method of the user's left no checkpoint
        self._entries: int | None = None  # of the log, before what ends a run
        self._best_is_back = False
        trainer._globalstep_last_logged, trainer._total_loss_scalar = self._first, 0.0

    def run(self, had_stopped: bool) -> TrainOutput:
        """Run them. `had_stopped`: a callback had ended the run, and nothing is left to do. Raises Interrupted, when
        everything is saved, if a signal ended it."""
        try:
            self._updates(had_stopped)
            self._listen()
            found = self._finish()
            self._listen()
        except Told:
            raise self._interrupted() from None
        return found

    def _listen(self) -> None:
        """Raises Told, on every process, if any of them has been told to stop."""
        if any(self._trainer.processes.totals(int(self._trainer.signals.told))):
            raise Told

    def _updates(self, had_stopped: bool) -> None:
        """The updates that are left, with what belongs between them."""
        trainer, counted = self._trainer, self._trainer.run_state
        handler = trainer.callback_handler
        handler.model, handler.optimizer, handler.lr_scheduler = trainer.model, trainer.optimizer, trainer.lr_scheduler
        trainer.emit(Started(self._first, trainer.state.max_steps, tuple(trainer.state.log_history)))
        self._call(handler.on_train_begin)
        trainer.control.should_training_stop = trainer.control.should_training_stop or had_stopped
        if trainer.control.should_evaluate:  # a signal had come in the evaluation that the run goes on with
            self._act_or_ask(1)
        if trainer.args.eval_on_start and self._first == 0:
            self._evaluate(skip_scheduler=True)

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
            with trainer.processes.working(), self._look.explaining():
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
            self._act_or_ask(2 if ended else 1)
            if result.told_to_stop and done < end:
                raise Told
            if trainer.control.should_training_stop or trainer.control.should_epoch_stop:
                break  # an evaluation may have said so (early stopping)
        stream.close()
        if not ended:
            self._call(control_of.on_epoch_end)
            self._act_or_ask(1)
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
        if trainer.row_losses is not None:
            trainer.row_losses.count(result.update)
        done = result.update.index + 1
        state.global_step = done - counted.skipped
        state.epoch = done / self._per_epoch
        every = trainer.args.torch_empty_cache_steps
        if every and state.global_step % every == 0 and trainer.processes.device.type != "cpu":
            torch.accelerator.memory.empty_cache()
        counted.rows += len(result.update.rows)
        padded = trainer.args.include_num_input_tokens_seen == "all"
        state.num_input_tokens_seen += result.padded_tokens if padded else result.tokens
        if trainer.is_own("floating_point_ops"):
            trainer.store_flos()
        else:
            state.total_flos += 6 * result.tokens * trainer.parameters_computed
        seconds = (time.time() - self._began) / max(state.global_step - self._first, 1)
        rows = trainer.get_total_train_batch_size(trainer.args) / max(seconds, 1e-9)
        left = seconds * (state.max_steps - state.global_step)
        trainer.emit(Progress(self._first, state.global_step, state.max_steps, rows, left))

    def act(self) -> None:
        """What the callbacks asked for after an update: log, evaluate, save, in this order."""
        trainer = self._trainer
        if trainer.control.should_log and trainer.run_state.losses.since_log:
            began = {} if trainer.args.include_num_input_tokens_seen == "no" else {"start_time": self._began}
            trainer.log(trainer.run_state.losses.report(), **began)
            trainer._globalstep_last_logged = trainer.state.global_step
        best = False
        if trainer.control.should_evaluate:
            best = trainer._determine_best_metric(self._evaluate(), None)
        if trainer.control.should_save or (trainer.args.save_strategy == "best" and best):
            trainer._save_checkpoint(trainer.model_wrapped, None)
            self._tell_what_was_not_saved()
            self._call(trainer.callback_handler.on_save)

    def _evaluate(self, **how: bool) -> Any:
        """Evaluate, for a callback. If a signal comes meanwhile, everything is as if it had not begun, and the run goes
        on with it."""
        trainer, kept = self._trainer, self._trainer.callback_handler.callbacks
        control, entries = copy.copy(trainer.control), len(trainer.state.log_history)
        before = copy.deepcopy(callbacks.exported(kept))
        try:
            metrics = trainer._evaluate(None, self._ignore_keys, **how)
        except Told:
            trainer.control = control
            del trainer.state.log_history[entries:]
            callbacks.restore(kept, before, as_made=True)
            raise
        trainer.control.should_evaluate = False  # also where a user's method has not told the callbacks
        return metrics

    def _act_or_ask(self, times: int) -> None:
        """`act`, through a method of the user's if there is one: the stock trainer calls that after the last update of
        an epoch and at its end, and so twice there."""
        trainer, losses = self._trainer, self._trainer.run_state.losses
        if not self._asks_user:
            self.act()
            return
        for _unused in range(times):
            loss, last = losses.unreported()
            trainer._maybe_log_save_evaluate(
                torch.tensor(loss, device=trainer.processes.device),
                None if last is None else last.grad_norm,
                trainer.model_wrapped,
                None,
                math.ceil(trainer.state.epoch or 0) - 1,
                self._ignore_keys,
                self._began,
                learning_rate=None if last is None else last.learning_rate,
            )
            if trainer._globalstep_last_logged == trainer.state.global_step and losses.since_log:
                losses.report()  # the user's method has

    def _tell_what_was_not_saved(self) -> None:
        """Once, where the user's own way to save leaves nothing to resume from."""
        trainer = self._trainer
        missing = trainer.run_state.saved_at != trainer.state.global_step and not trainer.args.save_only_model
        if missing and not self._told and trainer.is_own("_save_checkpoint"):
            self._told = True
            trainer.warn(
                _(
                    "{type}._save_checkpoint left no checkpoint to resume from: "
                    "call super()._save_checkpoint(model, trial) in it"
                ).format(type=type(trainer).__name__)
            )

    def _interrupted(self) -> Interrupted:
        """Save everything, if that has not just been done, and say where."""
        trainer, folder = self._trainer, self._checkpointer.folder
        if self._best_is_back:  # those of the last update are gone; where a best one is, there is a checkpoint
            folder = checkpoint.named(folder.parent)[-1]
        elif trainer.run_state.saved_at != trainer.state.global_step:
            if self._entries is not None:
                del trainer.state.log_history[self._entries :]  # what ends a run, it will log again
            trainer.save_checkpoint(resumable=True)
            self._call(trainer.callback_handler.on_save)
        return Interrupted(folder, trainer.state.global_step)

    def _finish(self) -> TrainOutput:
        trainer, state = self._trainer, self._trainer.state
        rows, steps = trainer.run_state.rows - self._rows_before, state.global_step - self._first
        if trainer.is_own("num_examples"):
            examples = trainer.num_examples(trainer.callback_handler.train_dataloader)
            if trainer.args.max_steps <= 0:
                rows = examples * trainer.args.num_train_epochs * steps // max(state.max_steps, 1)
        self._entries = len(state.log_history)
        metrics = speed_metrics("train", self._began, num_samples=rows, num_steps=steps)
        state.total_flos = metrics["total_flos"] = float(state.total_flos)
        metrics["train_loss"] = trainer.run_state.losses.mean()
        trainer.is_in_train = False
        self._took(metrics)
        trainer.log(metrics)
        switch(trainer.optimizer, "eval")
        if trainer.args.load_best_model_at_end:
            trainer._load_best_model()
            self._best_is_back = state.best_model_checkpoint is not None
        self._checkpointer.leave_the_best()
        self._call(trainer.callback_handler.on_train_end)
        trainer.pushes.finish()
        return TrainOutput(state.global_step, metrics["train_loss"], metrics)
