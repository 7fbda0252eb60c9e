"""The `Trainer`'s checkpoints: which evaluation is the best, what is kept, how a run goes on."""

import pathlib
from collections.abc import Callable
from typing import Any

from transformers.trainer_callback import EarlyStoppingCallback, TrainerState

from warmstart.checkpoints import checkpoint
from warmstart.checkpoints.provenance import (
    Identity,
    differences,
    machine_of,
    refusal,
    rows_of,
    settings_of,
    tokenizer_of,
    weights_of,
)
from warmstart.checkpoints.weights import holds_weights, load_weights, save_weights
from warmstart.engine.loss_meter import LossMeter
from warmstart.engine.oom import Fitting
from warmstart.engine.optimizer import switch
from warmstart.errors import UserError, did_you_mean, text
from warmstart.trainer.evaluating import Evaluating


class Keeping(Evaluating):
    """What `Trainer` inherits to save its progress and to go on from it.

    `tell` is given short lines for the user. `described` is what a checkpoint records of the run besides rows,
    tokenizer and versions: by default the arguments; who composes a run from a recipe puts that in their place.
    """

    lr_scheduler: Any
    losses: LossMeter
    tell: Callable[[str], None]
    described: dict[str, Any]
    identity: Identity
    rows_seen: int  # by the updates of this run
    skipped: int  # updates that were left out because a callback ended their epoch
    fitting: Fitting
    saved_at: int  # the update of the last checkpoint that can be resumed from

    def _checkpoint_folder(self) -> pathlib.Path:
        return checkpoint.place(pathlib.Path(self.args.output_dir), self.state.global_step)

    def identify(self) -> None:
        """Look at everything that the run is made of, before the first update changes the weights."""
        if not self.processes.is_main:
            self.identity = {}
            return
        settings = self.described or {"settings": settings_of(self.args, self.processes)}
        self.identity = {
            **settings,
            "data": {"training": rows_of(self.train_dataset), "validation": rows_of(self.eval_dataset)},
            "tokenizer": {"sha256": tokenizer_of(self.processing_class)},
            "weights": {"class": type(self.model).__name__, "sha256": weights_of(self.model)},
            "machine": machine_of(self.processes),
        }

    def save_checkpoint(self, *, resumable: bool = False) -> None:
        """Write a checkpoint of this update. With `resumable` it is one to resume from also where the arguments ask for
        weights only. Raises UserError, on every process, if it cannot be written."""
        folder = self._checkpoint_folder()
        if self.state.best_global_step == self.state.global_step:
            self.state.best_model_checkpoint = str(folder)
        self._export_callbacks()
        switch(self.optimizer, "eval")
        with_progress = resumable or not self.args.save_only_model
        with self.processes.together():
            if self.processes.is_main:
                self._write(folder, with_progress=with_progress)
        self.saved_at = self.state.global_step if with_progress else self.saved_at

    def _write(self, folder: pathlib.Path, *, with_progress: bool) -> None:
        best = self.state.best_model_checkpoint
        state = {**vars(self.state), "best_model_checkpoint": pathlib.Path(best).name if best else None}
        checkpoint.save(
            folder,
            save_weights=self._write_weights,
            state=state,  # no path of this machine: a run may be moved
            optimizer=self.optimizer if with_progress else None,
            scheduler=self.lr_scheduler if with_progress else None,
            progress={
                "rows": self.rows_seen,
                "skipped": self.skipped,
                "rows_at_a_time": self.fitting.limit,
                "losses": self.losses.state(),
            },
            identity=self.identity,
        )
        self._rotate(folder)

    def _write_weights(self, work: pathlib.Path) -> None:
        """As `save_model` does, which may be the user's; where that leaves other weights than the model's, or none, the
        model's are written after it, since the run could not go on without them."""
        self.save_model(str(work), _internal_call=True)
        if type(self).save_model is not Keeping.save_model and not holds_weights(self.model, work):
            save_weights(self.model, self.processing_class, work)

    def _rotate(self, newest: pathlib.Path) -> None:
        best = self.state.best_model_checkpoint
        checkpoint.rotate(newest.parent, self.args.save_total_limit, {newest, *([pathlib.Path(best)] if best else [])})

    def _checkpoint_to_resume(self, wanted: str | bool | None) -> pathlib.Path | None:
        """The folder that training goes on from, the same on every process. A process group that was started again
        (torchrun --max-restarts) goes on by itself."""
        output_dir = pathlib.Path(self.args.output_dir)
        chosen: pathlib.Path | None = None
        with self.processes.together():
            if not self.processes.is_main:
                pass
            elif wanted and not isinstance(wanted, bool):
                chosen = pathlib.Path(wanted)
                checkpoint.check(chosen)
            elif wanted or self.processes.restarted:
                chosen = checkpoint.newest_good(output_dir, self.tell)
                if chosen is not None:
                    checkpoint.check(chosen, verified=True)
                elif wanted:
                    raise UserError(
                        text("there is no checkpoint to resume from", "没有可恢复的检查点"),
                        where=str(output_dir),
                        fix=text("train without resume_from_checkpoint", "请去掉 resume_from_checkpoint 重新训练"),
                    )
            else:
                checkpoint.recover(output_dir)
        found: pathlib.Path | None = self.processes.gathered(chosen)[0]
        return found

    def _check_identity(self, folder: pathlib.Path) -> list[str]:
        """What differs from the run that the checkpoint is of, if the user accepts it. Raises UserError if not.

        A `Trainer` that was given a model may have been given it with another head, or half trained: the checkpoint's
        weights take its place, and nothing depends on it. Where a recipe says how the weights come to be, they must.
        """
        with self.processes.together():
            if not self.processes.is_main:
                return []
            was = checkpoint.load_identity(folder)
            found = [] if was is None else differences(was, self.identity)
            if not self.described:
                found = [line for line in found if not line.startswith("weights.sha256")]
            if found and not self.args.accept_changes:
                raise refusal(found, str(folder))
        if found:
            self.tell(text(f"accepted: {'; '.join(found)}", f"已接受: {'; '.join(found)}"))
        return found

    def _resume(self, folder: pathlib.Path) -> bool:
        """Go back to where the checkpoint was written. Whether a callback had ended the run there (early stopping)."""
        accepted = self._check_identity(folder)
        load_weights(self.model, folder)
        assert self.optimizer is not None
        checkpoint.load_optimizer(folder, self.optimizer, self.lr_scheduler)
        limits = {name: getattr(self.state, name) for name in ("max_steps", "num_train_epochs")}
        places = {
            "is_local_process_zero": self.is_local_process_zero(),
            "is_world_process_zero": self.is_world_process_zero(),
        }
        saved = checkpoint.load_state(folder)
        if saved["best_model_checkpoint"]:
            saved["best_model_checkpoint"] = str(folder.parent / pathlib.Path(saved["best_model_checkpoint"]).name)
        self.state = TrainerState(**{**saved, **limits, **places})
        if accepted:
            self.state.log_history.append({"accepted_changes": accepted, "step": self.state.global_step})
        progress = checkpoint.load_progress(folder)
        if progress is not None:
            self.losses.restore(progress["losses"])
            self.rows_seen, self.fitting.limit = progress["rows"], progress["rows_at_a_time"]
            self.skipped = progress.get("skipped", 0)  # older checkpoints count them as run
        ours = folder.parent.resolve() == pathlib.Path(self.args.output_dir).resolve()
        if self.processes.is_main and ours and [folder] == checkpoint.folders(folder.parent)[-1:]:
            self._rotate(folder)  # a crash may have come before the old ones went
        self._import_callbacks()
        control = (saved["stateful_callbacks"] or {}).get("TrainerControl", {}).get("args", {})
        self.control.should_epoch_stop = bool(control.get("should_epoch_stop"))
        return bool(control.get("should_training_stop")) and self._stays_stopped(saved)

    def _stays_stopped(self, saved: dict[str, Any]) -> bool:
        """Whether a run that a callback had ended is over. It is if early stopping, as it is set now, has waited long
        enough; what another callback had in mind (a limit of time) is not known, and the run goes on."""
        update = saved["global_step"]
        if update >= saved["max_steps"]:
            return False
        stoppers = [each for each in self.callback_handler.callbacks if isinstance(each, EarlyStoppingCallback)]
        over = any(each.early_stopping_patience_counter >= each.early_stopping_patience for each in stoppers)
        if over:
            line = text(
                f"early stopping ended this run after update {update}: a larger patience, or none, goes on from there",
                f"早停已在第 {update} 次更新后结束该运行: 增大或去掉 patience 即可继续",
            )
        else:
            line = text(
                f"a callback had ended this run after update {update}: it goes on",
                f"回调曾在第 {update} 次更新后结束该运行: 现在继续",
            )
        if self.processes.is_main:
            self.tell(line)
        return over

    def _load_best(self, folder: pathlib.Path) -> None:
        """Take the weights of the best checkpoint. Raises UserError if it is damaged."""
        with self.processes.together():
            if self.processes.is_main:
                checkpoint.check_bytes(folder)
        load_weights(self.model, folder)

    def _watched(self, metrics: dict[str, float]) -> float:
        """The metric that `metric_for_best_model` names."""
        name = self.args.metric_for_best_model or "loss"
        name = name if name.startswith("eval_") else f"eval_{name}"
        if name not in metrics:
            raise UserError(
                text(f"evaluation gives no {name!r}", f"评估结果中没有 {name!r}"),
                where="metric_for_best_model",
                fix=did_you_mean(name, [key for key in metrics if key.startswith("eval_")]),
            )
        return metrics[name]

    def _is_best(self, metrics: dict[str, float]) -> bool:
        if self.args.metric_for_best_model is None:
            return False
        value, best = self._watched(metrics), self.state.best_metric
        better = best is None or (value > best if self.args.greater_is_better else value < best)
        if better:
            self.state.best_metric = value
            self.state.best_global_step = self.state.global_step
        return better
