"""`hyperparameter_search` with optuna: the stock arguments, results and folders."""

import pathlib
import sys
from typing import Any

import optuna
import pytest
import transformers

from tests.trainer.helpers import tiny_bert
from tests.trainer.trainers import accuracy, make
from warmstart import Trainer, UserError

RATES = [1e-4, 1e-3, 1e-2]


def drawn(trial: Any) -> dict[str, Any]:
    return {"learning_rate": trial.suggest_categorical("learning_rate", RATES)}


def searching(folder: pathlib.Path, kind: Any = Trainer, **given: Any) -> Any:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    settings = {"max_steps": 3, "train_sampling_strategy": "sequential", "model_init": lambda: tiny_bert(), **given}
    return make(folder, kind=kind, **settings)


def grid() -> Any:
    return optuna.samplers.GridSampler({"learning_rate": RATES}, seed=0)


def test_the_best_run_is_the_one_that_the_stock_class_finds(tmp_path: pathlib.Path) -> None:
    found = []
    for kind in (transformers.Trainer, Trainer):
        saves = {"eval_strategy": "epoch", "save_strategy": "epoch", "max_steps": 1}
        trainer = searching(tmp_path / kind.__module__, kind, **saves)
        found.append(trainer.hyperparameter_search(drawn, n_trials=2, sampler=grid()))
    assert found[1].hyperparameters == found[0].hyperparameters
    assert found[1].run_id == found[0].run_id
    assert found[1].objective == pytest.approx(found[0].objective, rel=1e-4)
    folders = [
        sorted(path.name for path in (tmp_path / kind.__module__).iterdir()) for kind in (transformers.Trainer, Trainer)
    ]
    assert folders[0] == folders[1] == ["run-0", "run-1"]


def test_the_arguments_are_afterwards_what_they_were_and_the_best_can_be_trained(tmp_path: pathlib.Path) -> None:
    trainer = searching(tmp_path)
    before = trainer.args.to_dict()
    best = trainer.hyperparameter_search(drawn, n_trials=2, direction="minimize", backend="optuna", sampler=grid())
    assert trainer.args.to_dict() == before
    for name, value in best.hyperparameters.items():
        setattr(trainer.args, name, value)
    trainer.train()
    assert trainer.evaluate()["eval_loss"] == pytest.approx(best.objective, rel=1e-5)


def test_several_directions_names_and_objectives(tmp_path: pathlib.Path) -> None:
    trainer = searching(tmp_path, compute_metrics=accuracy, save_strategy="steps", save_steps=3)
    runs = trainer.hyperparameter_search(
        drawn,
        lambda metrics: (metrics["eval_loss"], metrics["eval_accuracy"]),
        n_trials=2,
        direction=["minimize", "maximize"],
        hp_name=lambda trial: f"rate-{trial.params['learning_rate']}",
        sampler=grid(),
    )
    assert all(len(run.objective) == 2 for run in runs)
    assert all(path.name.startswith("rate-") for path in tmp_path.iterdir())


def test_a_model_may_be_drawn_and_a_poor_trial_ended(tmp_path: pathlib.Path) -> None:
    asked, ended = [], []

    def model(trial: Any) -> Any:
        asked.append(None if trial is None else trial.suggest_int("labels", 2, 2))
        return tiny_bert(labels=2)

    class Ends(transformers.TrainerCallback):  # type: ignore[misc]
        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            ended.append(state.global_step)

    class All(optuna.pruners.BasePruner):
        def prune(self, study: Any, trial: Any) -> bool:
            return trial.number > 0

    trainer = searching(tmp_path, model_init=model, eval_strategy="steps", eval_steps=1, callbacks=[Ends()])
    best = trainer.hyperparameter_search(drawn, n_trials=2, sampler=grid(), pruner=All())
    assert best.run_id == "0"
    assert ended == [3, 1]
    assert asked == [None, 2, 2]


def test_what_is_no_setting_is_told(tmp_path: pathlib.Path, caplog: Any) -> None:
    trainer = searching(tmp_path)
    trainer.hyperparameter_search(lambda trial: {"layers": trial.suggest_int("layers", 1, 1)}, n_trials=1)
    assert "'layers', which is no setting" in caplog.text


@pytest.mark.parametrize(
    ("given", "said"),
    [({"backend": "ray"}, "optuna"), ({"backend": "wandb"}, "optuna"), ({"model_init": None}, "model_init")],
    ids=str,
)
def test_what_cannot_be_searched_is_refused(given: dict[str, Any], said: str, tmp_path: pathlib.Path) -> None:
    of_trainer = {"model": tiny_bert(), "model_init": None} if "model_init" in given else {}
    trainer = searching(tmp_path, **of_trainer)
    with pytest.raises(UserError) as told:
        trainer.hyperparameter_search(drawn, backend=given.get("backend"))
    assert said in told.value.fix


def test_without_optuna_the_extra_is_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError) as told:
        searching(tmp_path).hyperparameter_search(drawn)
    assert "warmstart[tune]" in told.value.fix
