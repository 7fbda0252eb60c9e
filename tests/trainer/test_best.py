"""The best checkpoint, early stopping, and models that were changed after they were made."""

import pathlib
import shutil
from typing import Any

import pytest
import torch
import transformers
from torch import nn
from transformers import EarlyStoppingCallback, TrainerCallback

from tests.hearing import warnings
from tests.trainer.helpers import VOCABULARY, Pad, tiny_bert
from tests.trainer.trainers import BEST, make, same, weights
from warmstart import Trainer
from warmstart.errors import UserError


@pytest.mark.parametrize("keep", [1, 2, None])
def test_the_best_model_is_the_one_at_the_end_and_is_never_removed(keep: int | None, tmp_path: pathlib.Path) -> None:
    seen: dict[int, dict[str, torch.Tensor]] = {}
    left: list[set[int]] = []

    class Keep(TrainerCallback):  # type: ignore[misc]
        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            seen[state.global_step] = weights(trainer)
            left.append({int(path.name.split("-")[1]) for path in tmp_path.glob("checkpoint-*")})

    trainer = make(tmp_path, num_train_epochs=5, save_total_limit=keep, callbacks=[Keep()], **BEST)
    trainer.train()
    assert trainer.state.best_metric == 0.9
    assert trainer.state.best_global_step == 10
    assert trainer.state.best_model_checkpoint == str(tmp_path / "checkpoint-10")
    assert same(weights(trainer), seen[10])
    assert all(
        max(seen_so_far) in kept for kept, seen_so_far in zip(left, [range(5, s + 1, 5) for s in seen], strict=True)
    )
    assert all(10 in kept for kept in left[1:])
    assert left[-1] == ({5, 10, 15, 20, 25} if keep is None else {10, 25})


class Weighted(transformers.BertForSequenceClassification):  # type: ignore[misc]
    """A class of the user's that takes more than a configuration."""

    def __init__(self, config: Any, weights: list[float]) -> None:
        super().__init__(config)
        self.weighs = weights


def changed(kind: str) -> Any:
    """Models that their configuration alone does not describe, and one with tied weights."""
    model = tiny_bert(seed=3)
    if kind == "two layers":
        model.classifier = nn.Sequential(nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 2))
    elif kind == "more classes":
        model.classifier, model.num_labels = nn.Linear(32, 5), 5
    return {"own class": Weighted(model.config, [1.0]), "tied": transformers.BertForMaskedLM(model.config)}.get(
        kind, model
    )


class PadWords(Pad):
    """Every token is its own label."""

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = super().__call__(examples)
        return {**batch, "labels": batch["input_ids"]}


@pytest.mark.parametrize("kind", ["two layers", "more classes", "own class", "tied"])
def test_a_model_changed_after_it_was_made_is_resumed_and_its_best_is_loaded(kind: str, tmp_path: pathlib.Path) -> None:
    seen: dict[int, dict[str, torch.Tensor]] = {}
    made: list[Any] = []

    class Keep(TrainerCallback):  # type: ignore[misc]
        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            now = weights(made[-1])
            assert same(seen.setdefault(state.global_step, now), now)

    for resume in (False, True):
        collate = PadWords() if kind == "tied" else Pad()
        settings = {**BEST, "num_train_epochs": 3, "data_collator": collate, "callbacks": [Keep()]}
        made.append(make(tmp_path, model=changed(kind), **settings))
        made[-1].train(resume_from_checkpoint=resume)
        assert made[-1].state.best_global_step == 10
        assert same(weights(made[-1]), seen[10])
        if kind == "tied":
            inside = made[-1].model
            assert inside.cls.predictions.decoder.weight is inside.get_input_embeddings().weight
        shutil.rmtree(tmp_path / "checkpoint-15")  # so that it goes on from the one before, which is the best


def test_early_stopping_waits_as_long_as_it_is_told_and_remembers(tmp_path: pathlib.Path) -> None:
    def patient(folder: pathlib.Path, **settings: Any) -> Any:
        return make(folder, callbacks=[EarlyStoppingCallback(2)], num_train_epochs=6, **{**BEST, **settings})

    whole = patient(tmp_path / "whole")
    assert whole.train().global_step == 20  # 0.9, then 0.7 and 0.8
    assert whole.state.best_global_step == 10

    class Cut(TrainerCallback):  # type: ignore[misc]
        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == 17:
                raise KeyboardInterrupt

    cut = patient(tmp_path / "cut")
    cut.add_callback(Cut())
    with pytest.raises(KeyboardInterrupt):
        cut.train()
    resumed = patient(tmp_path / "cut")
    assert resumed.train(resume_from_checkpoint=True).global_step == 20  # one evaluation without a better one before
    assert same(weights(resumed), weights(whole))
    again = patient(tmp_path / "cut")
    assert again.train(resume_from_checkpoint=True).global_step == 20  # it had stopped
    assert same(weights(again), weights(whole))


class TimeLimit(TrainerCallback):  # type: ignore[misc]
    """Saves and ends the run after its second update."""

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 2:
            control.should_training_stop = control.should_save = True


@pytest.mark.parametrize("kind", [Trainer, transformers.Trainer])
def test_a_run_that_a_callback_had_ended_goes_on_when_it_is_resumed(kind: Any, tmp_path: pathlib.Path) -> None:
    assert make(tmp_path, kind=kind, max_steps=6, callbacks=[TimeLimit()]).train().global_step == 2
    again = make(tmp_path, kind=kind, max_steps=6, callbacks=[TimeLimit()])
    told: list[str] = []
    again.events = warnings(told.append)
    assert again.train(resume_from_checkpoint=True).global_step == 6
    assert kind is transformers.Trainer or told == ["a callback had ended this run after update 2: it goes on"]


def test_what_a_callback_is_made_with_is_what_is_asked_for_now(tmp_path: pathlib.Path) -> None:
    def patient(patience: int, **settings: Any) -> Any:
        callbacks = [EarlyStoppingCallback(patience)]
        trainer = make(tmp_path, callbacks=callbacks, num_train_epochs=6, **{**BEST, **settings})
        trainer.events = warnings(told.append)
        return trainer

    told: list[str] = []
    assert patient(1).train().global_step == 15  # 0.5, 0.9, then 0.7
    assert patient(1).train(resume_from_checkpoint=True).global_step == 15
    assert "early stopping ended this run after update 15" in told[-1]
    shutil.copytree(tmp_path / "checkpoint-15", tmp_path / "keep")
    shutil.copytree(tmp_path / "checkpoint-10", tmp_path / "best")
    more = patient(3)
    assert more.train(resume_from_checkpoint=True).global_step == 25  # the first failure counts
    assert more.callback_handler.callbacks[-1].early_stopping_patience == 3
    as_it_was = patient(3, restore_callback_states_from_checkpoint=True)
    assert as_it_was.train(resume_from_checkpoint=str(tmp_path / "keep")).global_step == 15
    assert as_it_was.callback_handler.callbacks[-1].early_stopping_patience == 1


def test_a_checkpoint_under_another_name_is_resumed_from(tmp_path: pathlib.Path) -> None:
    saving = {"max_steps": 2, "save_strategy": "steps", "save_steps": 1}
    make(tmp_path, **saving).train()
    (tmp_path / "checkpoint-1").rename(tmp_path / "keep")
    shutil.rmtree(tmp_path / "checkpoint-2")
    assert make(tmp_path, **saving).train(resume_from_checkpoint=str(tmp_path / "keep")).global_step == 2


def test_the_best_checkpoint_is_found_where_the_run_is_now(tmp_path: pathlib.Path) -> None:
    whole = make(tmp_path / "here", num_train_epochs=3, save_total_limit=1, **BEST)
    whole.train()
    (tmp_path / "here").rename(tmp_path / "there")
    resumed = make(tmp_path / "there", num_train_epochs=5, save_total_limit=1, accept_changes=True, **BEST)
    resumed.train(resume_from_checkpoint=True)
    assert resumed.state.best_model_checkpoint == str(tmp_path / "there" / "checkpoint-10")
    assert same(weights(resumed), weights(whole))
    assert {path.name for path in (tmp_path / "there").glob("checkpoint-*")} == {"checkpoint-10"}


def test_a_metric_that_evaluation_does_not_give_is_named(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, num_train_epochs=1, **{**BEST, "kind": Trainer, "metric_for_best_model": "acuracy"})
    with pytest.raises(UserError) as caught:
        trainer.train()
    assert "eval_acuracy" in caught.value.problem
    assert "did you mean 'eval_accuracy'" in caught.value.fix


def test_a_checkpoint_is_a_model_that_every_tool_loads(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, max_steps=5, save_strategy="steps", save_steps=5)
    trainer.train()
    loaded = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "checkpoint-5")
    assert same(weights(trainer), {name: tensor.clone() for name, tensor in loaded.state_dict().items()})
    shutil.rmtree(tmp_path / "checkpoint-5")
    trainer.save_model(str(tmp_path / "model"))
    again = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "model")
    assert same(weights(trainer), {name: tensor.clone() for name, tensor in again.state_dict().items()})
    assert again.config.vocab_size == VOCABULARY
