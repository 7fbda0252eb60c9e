"""The `Trainer`'s checkpoints: which evaluation is the best, what is kept, how a run goes on."""

import pathlib
from typing import Any

from transformers.trainer_callback import TrainerState

from warmstart.errors import UserError, did_you_mean, text
from warmstart.training import checkpoint
from warmstart.training.evaluating import Evaluating
from warmstart.training.history import Losses
from warmstart.training.saving import load_weights, save_weights


class Keeping(Evaluating):
    """What `Trainer` inherits to save its progress and to go on from it."""

    lr_scheduler: Any
    losses: Losses

    def _checkpoint_folder(self) -> pathlib.Path:
        return pathlib.Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"

    def _save_checkpoint(self, *, resumable: bool = False) -> None:
        """Write a checkpoint of this update. With `resumable` it is one to resume from also where the arguments ask for
        weights only."""
        folder = self._checkpoint_folder()
        if self.state.best_global_step == self.state.global_step:
            self.state.best_model_checkpoint = str(folder)
        self._export_callbacks()
        if self.processes.is_main:
            with_progress = resumable or not self.args.save_only_model
            checkpoint.save(
                folder,
                save_weights=lambda work: save_weights(self.model, self.processing_class, work),
                state={**vars(self.state)},
                optimizer=self.optimizer if with_progress else None,
                scheduler=self.lr_scheduler if with_progress else None,
                losses=self.losses.state(),
            )
            best = self.state.best_model_checkpoint
            checkpoint.rotate(folder.parent, self.args.save_total_limit, {pathlib.Path(best)} if best else set())
        self.processes.barrier()

    def _checkpoint_to_resume(self, wanted: str | bool | None) -> pathlib.Path | None:
        if not wanted:
            return None
        if isinstance(wanted, bool):
            folder = checkpoint.last(pathlib.Path(self.args.output_dir))
            if folder is None:
                raise UserError(
                    text("there is no checkpoint to resume from", "没有可恢复的检查点"),
                    where=str(self.args.output_dir),
                    fix=text("train without resume_from_checkpoint", "去掉 resume_from_checkpoint 重新训练"),
                )
            wanted = str(folder)
        checkpoint.check(pathlib.Path(wanted))
        return pathlib.Path(wanted)

    def _resume(self, folder: pathlib.Path) -> bool:
        """Go back to where the checkpoint was written. Whether a callback had ended the run there (early stopping)."""
        load_weights(self.model, folder)
        assert self.optimizer is not None
        checkpoint.load_progress(folder, self.optimizer, self.lr_scheduler)
        limits = {name: getattr(self.state, name) for name in ("max_steps", "num_train_epochs")}
        places = {
            "is_local_process_zero": self.is_local_process_zero(),
            "is_world_process_zero": self.is_world_process_zero(),
        }
        saved = checkpoint.load_state(folder)
        if saved["best_model_checkpoint"]:  # the run's folder may have been moved since
            here = pathlib.Path(self.args.output_dir) / pathlib.Path(saved["best_model_checkpoint"]).name
            saved["best_model_checkpoint"] = str(here if here.is_dir() else saved["best_model_checkpoint"])
        self.state = TrainerState(**{**saved, **limits, **places})
        losses = checkpoint.load_losses(folder)
        if losses is not None:
            self.losses.restore(losses)
        self._import_callbacks()
        control = (saved["stateful_callbacks"] or {}).get("TrainerControl", {}).get("args", {})
        return bool(control.get("should_training_stop")) and saved["global_step"] < saved["max_steps"]

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
