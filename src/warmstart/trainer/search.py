"""`Trainer.hyperparameter_search` with optuna, with the arguments and results that it has in `transformers`."""

import copy
import pathlib
from collections.abc import Callable
from typing import Any

from transformers.trainer_utils import BestRun, default_compute_objective, default_hp_space_optuna

from warmstart.errors import UserError, UserNotImplementedError, UserValueError
from warmstart.messages import _

OF_OPTIMIZE = ("timeout", "gc_after_trial", "catch")  # the others are of the study
Objective = Callable[[dict[str, float]], Any]


class Trial:
    """One trial of a search: `trainer` trains with the settings that `space` draws, in a folder of its own."""

    def __init__(self, trainer: Any, trial: Any, objective: Objective) -> None:
        self._trainer, self._trial, self._objective = trainer, trial, objective
        self.value: Any = None

    def report(self, metrics: dict[str, float]) -> None:
        """Tell the study what an evaluation gave; raises `optuna.TrialPruned` where the study has seen enough."""
        import optuna

        self.value = self._objective(dict(metrics))
        study = getattr(self._trial, "study", None)
        if study is None or len(study.directions) > 1:
            return
        self._trial.report(self.value, self._trainer.state.global_step)
        if self._trial.should_prune():
            handler = self._trainer.callback_handler
            handler.on_train_end(self._trainer.args, self._trainer.state, self._trainer.control)
            raise optuna.TrialPruned

    def begin(self, space: Callable[[Any], dict[str, Any]], name: Callable[[Any], str] | None) -> None:
        """Put the trial's settings into the trainer's arguments. What is no setting is told: it may be the model's."""
        args = self._trainer.args
        for key, value in space(self._trial).items():
            if not hasattr(args, key):
                self._trainer.warn(_("hyperparameter_search draws {name!r}, which is no setting").format(name=key))
                continue
            before = getattr(args, key)
            setattr(args, key, value if before is None else type(before)(value))
        folder = name(self._trial) if name is not None else f"run-{self._trial.number}"
        args.output_dir = str(pathlib.Path(args.output_dir) / folder)


def drawn(trial: Any) -> dict[str, Any] | None:
    """The settings that a trial has drawn, or is; None where there is none."""
    params = trial if isinstance(trial, dict) else getattr(trial, "params", None)
    return None if params is None else dict(params)


def hyperparameter_search(
    self: Any,
    hp_space: Callable[[Any], dict[str, Any]] | None = None,
    compute_objective: Objective | None = None,
    n_trials: int = 20,
    direction: str | list[str] = "minimize",
    backend: str | None = None,
    hp_name: Callable[[Any], str] | None = None,
    **kwargs: Any,
) -> BestRun | list[BestRun] | None:
    """Train once for each trial, from a fresh model of `model_init` and with the settings that `hp_space(trial)` draws,
    and return the best run; of several directions, all runs that no other beats. Needs optuna:
    pip install 'warmstart[tune]'.

    `compute_objective(metrics)`: the number, or numbers, of an evaluation to look at; by default the loss, or the sum
    of all metrics where there are some. `hp_name(trial)`: the folder of its checkpoints within `output_dir`. `kwargs`
    go to `optuna.create_study` (`sampler`, `pruner`, `storage`), and `timeout`, `catch` and `gc_after_trial` to its
    `optimize`. The trainer's arguments are afterwards what they were before. Of several processes all but the main one
    get None. Raises UserError where a search cannot be made.
    """
    trainer, optuna, settings = self, _optuna(self, backend), kwargs
    several = direction if isinstance(direction, list) else None
    space = default_hp_space_optuna if hp_space is None else hp_space
    measure = default_compute_objective if compute_objective is None else compute_objective
    before = trainer.args

    def run(trial: Any) -> Any:
        trainer.args = copy.copy(before)
        trainer.trial = Trial(trainer, trial, measure)
        trainer.trial.begin(space, hp_name)
        trainer.train(trial=trial)
        if trainer.trial.value is None:
            trainer.trial.report(trainer.evaluate())
        return trainer.trial.value

    def led(trial: Any) -> Any:
        """On the main process: the others follow with what this trial has drawn."""
        if trainer.processes.count > 1:
            space(trial)
            trainer.processes.gathered(optuna.trial.FixedTrial(trial.params, trial.number))
        return run(trial)

    try:
        if not trainer.processes.is_main:
            for _unused in range(n_trials):
                run(trainer.processes.gathered(None)[0])
            return None
        rest = {name: value for name, value in settings.items() if name not in OF_OPTIMIZE}
        study = optuna.create_study(direction=None if several else direction, directions=several, **rest)
        study.optimize(led, n_trials=n_trials, **{name: settings[name] for name in OF_OPTIMIZE if name in settings})
    finally:
        trainer.args, trainer.trial = before, None
    if several:
        return [BestRun(str(each.number), each.values, each.params) for each in study.best_trials]
    return BestRun(str(study.best_trial.number), study.best_trial.value, study.best_trial.params)


def _optuna(trainer: Any, backend: Any) -> Any:
    """The package. Raises UserError where a search cannot be made."""
    name = str(getattr(backend, "value", backend or "optuna"))
    if name != "optuna":
        raise UserNotImplementedError(
            _("hyperparameter_search runs on optuna, and not on {backend!r}").format(backend=name),
            where="hyperparameter_search",
            fix=_("backend='optuna', or leave backend out"),
        )
    if trainer.model_init is None:
        raise UserValueError(
            _("hyperparameter_search needs a fresh model for each trial"),
            where="hyperparameter_search",
            fix=_("Trainer(model_init=...), a function that makes the model, in the place of model"),
        )
    try:
        import optuna
    except ImportError as error:
        raise UserError(
            _("hyperparameter_search needs optuna, which is not installed"),
            where="hyperparameter_search",
            fix="pip install 'warmstart[tune]'",
        ) from error
    return optuna
