"""Checkpoints: a resumed run ends with the bytes of an undisturbed one, what is damaged is told."""

import json
import pathlib
import shutil
from typing import Any

import pytest
import transformers
from transformers import TrainerCallback

from tests.trainer.helpers import tiny_bert
from tests.trainer.trainers import BEST, make, recorder, same, weights
from warmstart import Trainer
from warmstart.errors import UserError


def test_an_override_of_save_model_that_saves_a_part_leaves_whole_checkpoints(tmp_path: pathlib.Path) -> None:
    class Part(Trainer):
        def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
            super().save_model(str(pathlib.Path(output_dir or "") / "inner"), _internal_call)
            self.model.bert.save_pretrained(output_dir)

    def made() -> Any:
        return make(tmp_path, kind=Part, max_steps=4, save_strategy="steps", save_steps=2)

    whole = made()
    whole.train()
    shutil.rmtree(tmp_path / "checkpoint-4")
    assert (tmp_path / "checkpoint-2" / "inner" / "model.safetensors").is_file()
    again = made()
    again.train(resume_from_checkpoint=True)
    assert same(weights(again), weights(whole))


def test_what_another_program_wrote_is_set_aside_and_not_removed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "checkpoint-2").mkdir()
    (tmp_path / "checkpoint-2" / "optimizer.pt").write_text("theirs")
    make(tmp_path, max_steps=2, save_strategy="steps", save_steps=2).train()
    assert [path.read_text() for path in tmp_path.rglob("optimizer.pt")] == ["theirs"]


def interrupted(folder: pathlib.Path, after: int, **settings: Any) -> None:
    """A run that is cut off when `after` updates are done."""

    class Cut(TrainerCallback):  # type: ignore[misc]
        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == after:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(folder, model=tiny_bert(dropout=0.3), callbacks=[Cut()], **settings).train()


SAVING = {"num_train_epochs": 3, "save_strategy": "steps", "save_steps": 4, "logging_steps": 4}


@pytest.mark.parametrize("after", [4, 7, 10])
@pytest.mark.parametrize("settings", [{}, {"train_sampling_strategy": "group_by_length"}], ids=["random", "by length"])
def test_a_resumed_run_ends_with_the_bytes_of_an_undisturbed_one(
    after: int, settings: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    whole = make(tmp_path / "whole", model=tiny_bert(dropout=0.3), **SAVING, **settings)
    whole.train()
    interrupted(tmp_path / "cut", after, **SAVING, **settings)
    resumed = make(tmp_path / "cut", model=tiny_bert(dropout=0.3, seed=9), **SAVING, **settings)
    done = resumed.train(resume_from_checkpoint=True)
    assert same(weights(resumed), weights(whole))
    assert done.global_step == 15
    ours, theirs = (
        [(entry["step"], entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]
        for trainer in (resumed, whole)
    )
    assert ours == theirs
    by_path = make(tmp_path / "cut", model=tiny_bert(dropout=0.3), **SAVING, **settings)
    by_path.train(resume_from_checkpoint=str(tmp_path / "whole" / "checkpoint-8"))
    assert same(weights(by_path), weights(whole))


@pytest.mark.parametrize("saves", ["more", "nothing"])
def test_a_save_model_of_ones_own_writes_the_checkpoints(saves: str, tmp_path: pathlib.Path) -> None:
    class Mine(Trainer):
        def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
            if saves == "more":
                super().save_model(output_dir)
            pathlib.Path(output_dir or "", "mine.txt").write_text(f"{_internal_call}")

    make(tmp_path, kind=Mine, num_train_epochs=2, save_strategy="epoch").train()
    for folder in (tmp_path / "checkpoint-5", tmp_path / "checkpoint-10"):
        assert (folder / "mine.txt").read_text() == "True"
        assert "mine.txt" in json.loads((folder / "manifest.json").read_text())["files"]
        assert [path.name for path in folder.iterdir() if path.is_dir()] == []
    resumed = make(tmp_path, kind=Mine, num_train_epochs=2, save_strategy="epoch")
    assert resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-5")).global_step == 10


def test_a_damaged_checkpoint_is_passed_over_or_refused(tmp_path: pathlib.Path) -> None:
    whole = make(tmp_path / "whole", model=tiny_bert(dropout=0.3), **SAVING)
    whole.train()
    interrupted(tmp_path / "cut", 10, **SAVING)
    damaged = tmp_path / "cut" / "checkpoint-8" / "optimizer.safetensors"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    resumed = make(tmp_path / "cut", model=tiny_bert(dropout=0.3), **SAVING)
    with pytest.raises(UserError, match="damaged"):
        resumed.train(resume_from_checkpoint=str(damaged.parent))
    steps: list[tuple[str, int]] = []
    resumed.add_callback(recorder(steps))
    resumed.train(resume_from_checkpoint=True)
    assert steps[0] == ("on_train_begin", 4)
    assert same(weights(resumed), weights(whole))


def test_a_rotation_that_was_cut_off_is_finished_but_only_in_this_run(tmp_path: pathlib.Path) -> None:
    kept = {"num_train_epochs": 2, "save_strategy": "epoch", "save_total_limit": 5}
    make(tmp_path / "one", **kept).train()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 2
    fewer = {**kept, "save_total_limit": 1}
    make(tmp_path / "one", **fewer).train(resume_from_checkpoint=True)
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["checkpoint-10"]
    make(tmp_path / "three", **fewer).train(resume_from_checkpoint=str(tmp_path / "two" / "checkpoint-10"))
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == names


def test_a_damaged_best_checkpoint_is_not_loaded(tmp_path: pathlib.Path) -> None:
    class Damage(TrainerCallback):  # type: ignore[misc]
        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == state.max_steps:
                weights = pathlib.Path(state.best_model_checkpoint) / "model.safetensors"
                content = bytearray(weights.read_bytes())
                content[-1] ^= 1
                weights.write_bytes(content)

    trainer = make(tmp_path, num_train_epochs=2, callbacks=[Damage()], **BEST)
    with pytest.raises(UserError, match=r"damaged: .*model.safetensors"):
        trainer.train()


def test_what_cannot_be_resumed_from_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserError, match="No valid checkpoint found"):
        make(tmp_path).train(resume_from_checkpoint=True)
    with pytest.raises(UserError, match="Can't find a valid checkpoint at"):
        make(tmp_path).train(resume_from_checkpoint=str(tmp_path / "checkpoint-9"))
    only_weights = {**SAVING, "save_only_model": True}
    make(tmp_path, **only_weights).train()
    for wanted in (True, str(tmp_path / "checkpoint-4")):
        with pytest.raises(UserError, match="weights only"):
            make(tmp_path, **only_weights).train(resume_from_checkpoint=wanted)


def test_a_checkpoint_of_the_stock_trainer_is_refused_and_left_as_it_is(tmp_path: pathlib.Path) -> None:
    saving = {"max_steps": 2, "save_strategy": "steps", "save_steps": 2}
    make(tmp_path, kind=transformers.Trainer, **saving).train()
    names = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    for wanted in (True, str(tmp_path / "checkpoint-2")):
        with pytest.raises(UserError, match=r"transformers\.Trainer") as caught:
            make(tmp_path, **saving).train(resume_from_checkpoint=wanted)
        assert "checkpoint-2" in caught.value.where
        assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == names
