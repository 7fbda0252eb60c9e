"""Data sets by their names, tokens of a loader, a checkpoint before training, and what the parts of a trainer are."""

import json
import pathlib
from typing import Any

import pytest
from transformers import BertForSequenceClassification

from tests.hearing import only
from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import Trainer, TrainingArguments, UserError
from warmstart.events import Ended, Metrics, Progress, Saved, Started, TechniquesOn
from warmstart.trainer.surface import Surface

QUIET: dict[str, Any] = {"report_to": "none", "disable_tqdm": True, "use_cpu": True}
PLAIN = rows(12, seed=1)


def make(folder: pathlib.Path, eval_dataset: Any = PLAIN, **settings: Any) -> Trainer:
    args = TrainingArguments(str(folder), **{**QUIET, "max_steps": 3, "save_strategy": "no", **settings})
    return Trainer(tiny_bert(), args, data_collator=Pad(), train_dataset=rows(20), eval_dataset=eval_dataset)


NAMED = {"mine": rows(5, seed=2), "theirs": rows(7, seed=3)}


def test_one_of_several_data_sets_is_evaluated_by_its_name(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, NAMED)
    assert trainer.evaluate("theirs")["eval_loss"] == trainer.evaluate(NAMED["theirs"])["eval_loss"]
    assert sum(len(batch["labels"]) for batch in trainer.get_eval_dataloader("theirs")) == 7
    assert sum(len(batch["labels"]) for batch in trainer.get_eval_dataloader(NAMED["mine"])) == 5


@pytest.mark.parametrize("given", [NAMED, PLAIN, None], ids=["several", "one", "none"])
@pytest.mark.parametrize("name", ["thiers", "label", "input_ids", ""])
def test_a_name_that_there_is_not_is_an_error_and_never_a_column(given: Any, name: str, tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, given)
    for ask in (trainer.evaluate, trainer.get_eval_dataloader):
        with pytest.raises(UserError, match=f"named {name!r}") as told:
            ask(name)
        assert told.value.where == "eval_dataset"
        if given is NAMED and name == "thiers":
            assert "did you mean 'theirs'" in told.value.fix


def test_the_advice_for_a_name_leads_out(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserError) as told:
        make(tmp_path).evaluate("held_out")
    assert "Trainer(eval_dataset={'held_out': ...})" in told.value.fix
    assert "eval_loss" in make(tmp_path, {"held_out": PLAIN}).evaluate("held_out")


def test_a_loader_is_over_one_data_set(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserError, match="several data sets") as told:
        make(tmp_path, NAMED).get_eval_dataloader()
    assert "mine, theirs" in told.value.fix
    with pytest.raises(UserError, match="nothing to evaluate on"):
        make(tmp_path, None).get_eval_dataloader()


def test_tokens_of_some_steps_are_those_of_their_batches(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, per_device_train_batch_size=8)
    loader = trainer.get_train_dataloader()
    counts = [batch["input_ids"].numel() for batch in loader]
    assert len(counts) == 3
    assert trainer.num_tokens(loader) == sum(counts)
    for steps in range(9):  # a loader of three batches begins again
        assert trainer.num_tokens(loader, steps) == sum(counts[step % 3] for step in range(steps))
    assert trainer.num_tokens([], 5) == 0


@pytest.mark.parametrize("with_optimizer", [False, True])
def test_a_checkpoint_can_be_saved_before_training(with_optimizer: bool, tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path)
    if with_optimizer:
        trainer.create_optimizer_and_scheduler(3)
    trainer.save_checkpoint()
    saved = tmp_path / "checkpoint-0"
    BertForSequenceClassification.from_pretrained(saved)
    assert json.loads((saved / "progress.json").read_text())["rows"] == 0
    assert (saved / "optimizer.safetensors").is_file() == with_optimizer
    whole, resumed = make(tmp_path / "whole"), make(tmp_path)
    whole.train()
    if with_optimizer:
        resumed.train(resume_from_checkpoint=str(saved))
        assert all(
            (a == b).all() for a, b in zip(*(t.model.state_dict().values() for t in (whole, resumed)), strict=True)
        )
    else:
        with pytest.raises(UserError, match="weights only"):
            resumed.train(resume_from_checkpoint=str(saved))


def test_what_happens_is_heard_in_order(tmp_path: pathlib.Path) -> None:
    trainer, heard = make(tmp_path, save_strategy="steps", save_steps=2, logging_steps=2), []
    for kind in (TechniquesOn, Started, Progress, Metrics, Saved, Ended):
        trainer.events.listeners.append(only(kind, heard.append))
    trainer.train()
    expected = [TechniquesOn, Started, Progress, Progress, Metrics, Saved, Progress, Metrics, Ended]
    kinds = [type(event) for event in heard]
    # The last update is saved by `transformers` too, whatever the steps.
    assert [kind for kind in kinds if kind is not Saved] == [kind for kind in expected if kind is not Saved]
    assert next(event.update for event in heard if isinstance(event, Saved)) == 2
    assert [event.values for event in heard if isinstance(event, Metrics)] == trainer.state.log_history
    assert [(event.update, event.last) for event in heard if isinstance(event, Progress)] == [(1, 3), (2, 3), (3, 3)]


def test_a_trainer_has_one_base_of_ours() -> None:
    ours = [base for base in Trainer.__mro__[1:] if base.__module__.startswith("warmstart.")]
    assert ours == [Surface]
