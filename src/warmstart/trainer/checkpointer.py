"""A `Trainer`'s checkpoints: what is written, which evaluation is the best, what is kept, how a run goes on."""

import math
import pathlib
import socket
from typing import Any

import numpy as np
from transformers.trainer_callback import EarlyStoppingCallback, TrainerState

from warmstart.checkpoints import checkpoint
from warmstart.checkpoints.provenance import (
    Identity,
    differences,
    machine_of,
    refusal,
    refuse_unlike,
    rows_of,
    settings_of,
    tokenizer_of,
    weights_of,
    what_stays,
)
from warmstart.checkpoints.weights import holds_weights, load_weights, save_weights
from warmstart.engine.optimizer import switch
from warmstart.errors import UserError, did_you_mean
from warmstart.events import Saved
from warmstart.messages import _
from warmstart.trainer import callbacks
from warmstart.trainer.whole import Whole

# What of the state is asked for now, and not what it was when the checkpoint was written.
OF_NOW = ("max_steps", "num_train_epochs", "logging_steps", "eval_steps", "save_steps", "train_batch_size")


class Checkpointer:
    """Saves the progress of `trainer` and goes on from it.

    `described` is what a checkpoint records of the run besides rows, tokenizer and versions: by default the arguments;
    who composes a run from a recipe puts that in their place.
    """

    def __init__(self, trainer: Whole) -> None:
        self._trainer = trainer
        self.described: dict[str, Any] = {}
        self.identity: Identity | None = None

    @property
    def folder(self) -> pathlib.Path:
        """Of the checkpoint that is written after the updates done so far."""
        trainer = self._trainer
        return checkpoint.place(pathlib.Path(trainer.args.output_dir), trainer.state.global_step)

    def identify(self) -> Identity:
        """Look at everything that the run is made of, before the first update changes the weights."""
        self.identity = self._made_of() if self._trainer.processes.is_main else {}
        return self.identity

    def agree(self) -> None:
        """`identify`, on every process. Raises UserError, on each, if one would train something else."""
        processes, mine = self._trainer.processes, self._made_of()
        refuse_unlike(processes.gathered((socket.gethostname(), mine)))
        self.identity = mine if processes.is_main else {}

    def _made_of(self) -> Identity:
        trainer = self._trainer
        return {
            **(self.described or {"settings": settings_of(trainer.args, trainer.processes)}),
            "data": {"training": rows_of(trainer.train_dataset), "validation": rows_of(trainer.eval_dataset)},
            "tokenizer": {"sha256": tokenizer_of(trainer.processing_class)},
            "weights": {"class": type(trainer.model).__name__, "sha256": weights_of(trainer.model)},
            "machine": machine_of(trainer.processes),
        }

    def save(self, *, resumable: bool = False) -> None:
        """Write a checkpoint of this update. With `resumable` it is one to resume from also where the arguments ask for
        weights only. Raises UserError, on every process, if it cannot be written."""
        trainer, folder = self._trainer, self.folder
        state = trainer.state
        if state.best_global_step == state.global_step:
            state.best_model_checkpoint = str(folder)
        state.stateful_callbacks = callbacks.exported([*trainer.callback_handler.callbacks, trainer.control])
        switch(trainer.optimizer, "eval")
        with_progress = resumable or not trainer.args.save_only_model
        if trainer.row_losses is not None:
            trainer.row_losses.gather(trainer.processes)
        with trainer.processes.together():
            if trainer.processes.is_main:
                self._write(folder, with_progress=with_progress)
        if with_progress:
            trainer.run_state.saved_at = state.global_step
        trainer.emit(Saved(folder, state.global_step))
        trainer.pushes.saved(folder)

    def _write(self, folder: pathlib.Path, *, with_progress: bool) -> None:
        trainer = self._trainer
        best = trainer.state.best_model_checkpoint
        checkpoint.save(
            folder,
            save_weights=self._write_weights,
            # No path of this machine: a run may be moved.
            state={**vars(trainer.state), "best_model_checkpoint": pathlib.Path(best).name if best else None},
            optimizer=trainer.optimizer if with_progress else None,
            scheduler=trainer.lr_scheduler if with_progress else None,
            progress={**trainer.run_state.to_dict(), **self._row_losses()},
            identity=self.identify() if self.identity is None else self.identity,
        )
        self._rotate(folder)

    def _row_losses(self) -> dict[str, Any]:
        kept = self._trainer.row_losses
        return {} if kept is None else {"row_losses": kept.to_dict()}

    def _write_weights(self, work: pathlib.Path) -> None:
        """As `save_model` does, which may be the user's; where that leaves other weights than the model's, or none, the
        model's are written after it, since the run could not go on without them."""
        trainer = self._trainer
        trainer.save_model(str(work), _internal_call=True)
        if (trainer.is_own("save_model") or trainer.is_own("_save")) and not holds_weights(trainer.model, work):
            save_weights(trainer.model, trainer.processing_class, work)

    def _rotate(self, newest: pathlib.Path) -> None:
        best = self._trainer.state.best_model_checkpoint
        never = {newest, *([pathlib.Path(best)] if best else []), *self._trainer.pushes.folders}
        checkpoint.rotate(newest.parent, self._trainer.args.save_total_limit, never)

    def to_resume(self, wanted: str | bool | None) -> pathlib.Path | None:
        """The folder that training goes on from, the same on every process. A process group that was started again
        (torchrun --max-restarts) goes on by itself."""
        processes = self._trainer.processes
        output_dir = pathlib.Path(self._trainer.args.output_dir)
        chosen: pathlib.Path | None = None
        with processes.together():
            if not processes.is_main:
                pass
            elif wanted and not isinstance(wanted, bool):
                chosen = pathlib.Path(wanted)
                checkpoint.check(chosen)
            elif wanted or processes.restarted:
                chosen = checkpoint.newest_good(output_dir, self._trainer.warn)
                if chosen is not None:
                    checkpoint.check(chosen, verified=True)
                elif wanted:
                    raise UserError(
                        _("No valid checkpoint found in output directory"),
                        where=str(output_dir),
                        fix=_("train without resume_from_checkpoint"),
                    )
            else:
                checkpoint.recover(output_dir)
        found: pathlib.Path | None = processes.gathered(chosen)[0]
        return found

    def resume(self, folder: pathlib.Path) -> bool:
        """Go back to where the checkpoint was written. Whether a callback had ended the run there (early stopping)."""
        trainer = self._trainer
        accepted = self._check_identity(folder)
        trainer._load_from_checkpoint(str(folder))
        assert trainer.optimizer is not None
        checkpoint.load_optimizer(folder, trainer.optimizer, trainer.lr_scheduler)
        saved = checkpoint.load_state(folder)
        if saved["best_model_checkpoint"]:
            saved["best_model_checkpoint"] = str(folder.parent / pathlib.Path(saved["best_model_checkpoint"]).name)
        kept = [*OF_NOW, "is_local_process_zero", "is_world_process_zero"]
        trainer.state = TrainerState(**{**saved, **{name: getattr(trainer.state, name) for name in kept}})
        if accepted:
            trainer.state.log_history.append({"accepted_changes": accepted, "step": trainer.state.global_step})
        progress = checkpoint.load_progress(folder)
        if progress is not None:
            trainer.run_state.restore(progress)
            if trainer.row_losses is not None:
                trainer.row_losses.restore(progress.get("row_losses"))
        ours = folder.parent.resolve() == pathlib.Path(trainer.args.output_dir).resolve()
        if trainer.processes.is_main and ours and [folder] == checkpoint.folders(folder.parent)[-1:]:
            self._rotate(folder)  # a crash may have come before the old ones went
        self.restore_callbacks()
        control = checkpoint.control_of(saved)
        trainer.control.should_epoch_stop = bool(control.get("should_epoch_stop"))
        if control.get("should_evaluate"):  # a signal had come in an evaluation: it is to be done, and what follows it
            trainer.control.should_evaluate, trainer.control.should_save = True, bool(control.get("should_save"))
        return bool(control.get("should_training_stop")) and self._stays_stopped(saved)

    def restore_callbacks(self) -> None:
        """Give the callbacks back what `state` has of them. One that is not there any more is told, if it was asked
        for."""
        trainer = self._trainer
        as_made = trainer.args.restore_callback_states_from_checkpoint
        missing = callbacks.restore(
            trainer.callback_handler.callbacks, trainer.state.stateful_callbacks, as_made=as_made
        )
        if missing and as_made:
            trainer.warn(_("the checkpoint has callbacks that are not there now: {names}").format(names=missing))

    def _check_identity(self, folder: pathlib.Path) -> list[str]:
        """What differs from the run that the checkpoint is of, if the user accepts it. Raises UserError if not.

        A `Trainer` that was given a model may have been given it with another head, or half trained: the checkpoint's
        weights take its place, and nothing depends on it. Where a recipe says how the weights come to be, they must.
        """
        trainer = self._trainer
        with trainer.processes.together():
            if not trainer.processes.is_main:
                return []
            was = checkpoint.load_identity(folder)
            found = [] if was is None else differences(was, self.identity or {})
            if not self.described:
                found = [line for line in found if not line.startswith("weights.sha256")]
            if found and not trainer.args.accept_changes:
                raise refusal(found, str(folder), by_command=bool(self.described))
        if found:
            kept = [] if self.described else what_stays(found)
            trainer.warn(" ".join([_("accepted: {found}").format(found="; ".join(found)) + ".", *kept]))
        return found

    def _stays_stopped(self, saved: dict[str, Any]) -> bool:
        """Whether a run that a callback had ended is over. It is if early stopping, as it is set now, has waited long
        enough; what another callback had in mind (a limit of time) is not known, and the run goes on."""
        trainer, update = self._trainer, saved["global_step"]
        if update >= saved["max_steps"]:
            return bool(update >= trainer.state.max_steps)  # its last one, and more may be asked for now
        stoppers = [each for each in trainer.callback_handler.callbacks if isinstance(each, EarlyStoppingCallback)]
        over = any(each.early_stopping_patience_counter >= each.early_stopping_patience for each in stoppers)
        if over:
            line = _(
                "early stopping ended this run after update {update}: a larger patience, or none, goes on from there"
            ).format(update=update)
        else:
            line = _("a callback had ended this run after update {update}: it goes on").format(update=update)
        if trainer.processes.is_main:
            trainer.warn(line)
        return over

    def load_best(self) -> None:
        """Take the weights of the best checkpoint, if there is one. Raises UserError if it is damaged."""
        trainer = self._trainer
        if trainer.state.best_model_checkpoint is None:
            return
        folder = pathlib.Path(trainer.state.best_model_checkpoint)
        with trainer.processes.together():
            if trainer.processes.is_main:
                checkpoint.check_bytes(folder)
        load_weights(trainer.model, folder)

    def leave_the_best(self) -> None:
        """Where one checkpoint is to be kept, the best is the one that stays once training is over. A run from a recipe
        keeps the last too: it is what such a run goes on from."""
        trainer, best = self._trainer, self._trainer.state.best_model_checkpoint
        if trainer.args.save_total_limit == 1 and best is not None and not self.described and trainer.processes.is_main:
            checkpoint.rotate(pathlib.Path(best).parent, 1, {pathlib.Path(best), *trainer.pushes.folders})

    def watched(self, metrics: dict[str, float]) -> float:
        """The metric that `metric_for_best_model` names. Raises UserError if evaluation does not give it."""
        name = self._trainer.args.metric_for_best_model or "loss"
        name = name if name.startswith("eval_") else f"eval_{name}"
        if name not in metrics:
            raise UserError(
                _("evaluation gives no {name!r}").format(name=name),
                where="metric_for_best_model",
                fix=did_you_mean(name, [key for key in metrics if key.startswith("eval_")]),
            )
        if np.ndim(metrics[name]) != 0:
            raise UserError(
                _("{name!r} is {count} numbers, and the best has to be found by one").format(
                    name=name, count=np.size(metrics[name])
                ),
                where="metric_for_best_model",
                fix=_("let compute_metrics return one number too, such as their mean, and name that"),
            )
        return metrics[name]

    def is_best(self, metrics: dict[str, float]) -> bool:
        """Whether these are better than any before; the state notes it."""
        args, state = self._trainer.args, self._trainer.state
        if args.metric_for_best_model is None:
            return False
        value, best = self.watched(metrics), state.best_metric
        if math.isnan(value):
            return False  # nor does it stay the best: no later value would be better than it
        better = best is None or (value > best if args.greater_is_better else value < best)
        if better:
            state.best_metric, state.best_global_step = value, state.global_step
        return better
