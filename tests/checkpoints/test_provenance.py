"""A checkpoint knows what run it is of: another table, learning rate or package is told, not swallowed."""

import json
import pathlib
from typing import Any

import datasets
import pytest
import torch

from tests.hearing import warnings
from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.checkpoints import checkpoint
from warmstart.checkpoints.provenance import differences, refuse_unlike, rows_of, weights_of
from warmstart.errors import UserError

DATA = rows(24)


def make(folder: pathlib.Path, data: Any = DATA, model: Any = None, **settings: Any) -> Trainer:
    plain = {"report_to": "none", "disable_tqdm": True, "save_strategy": "epoch", "num_train_epochs": 2}
    arguments = TrainingArguments(str(folder), **{**plain, "learning_rate": 1e-3, **settings})
    return Trainer(model or tiny_bert(dropout=0.1), arguments, data_collator=Pad(), train_dataset=data)


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "learning rate": ({"learning_rate": 1e-2}, "settings.learning_rate: 0.001 before, 0.01 now"),
    "epochs": ({"num_train_epochs": 3}, "settings.num_train_epochs: 2 before, 3 now"),
    "batch size": ({"per_device_train_batch_size": 4}, "settings.rows_per_update: 8 before, 4 now"),
    "schedule": ({"lr_scheduler_type": "constant"}, "settings.lr_scheduler_type: linear before, constant now"),
    "seed": ({"seed": 7}, "settings.seed: 42 before, 7 now"),
    "precision": ({"bf16": True}, "settings.bf16: False before, True now"),
    "rows": ({"data": DATA.select(range(23))}, "data.training.rows: 24 before, 23 now"),
    "order": ({"data": DATA.select(range(23, -1, -1))}, "data.training.columns.input_ids: the content has changed"),
    "labels": (
        {"data": DATA.map(lambda row: {"label": 1 - row["label"]})},
        "data.training.columns.label: the content has changed",
    ),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("run")
    make(folder).train()
    return folder


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_refused_with_what_it_is(name: str, run: pathlib.Path) -> None:
    change, line = CHANGES[name]
    with pytest.raises(UserError) as caught:
        make(run, **change).train(resume_from_checkpoint=str(run / "checkpoint-3"))
    assert line in caught.value.problem
    assert "accept_changes=True" in caught.value.fix
    listed = caught.value.problem.split(": ", 1)[1].split("; ")
    assert len(listed) == 1 or all(each.startswith("data.training.") for each in listed)  # and nothing else


def test_what_is_accepted_is_told_and_logged_and_not_asked_again(tmp_path: pathlib.Path) -> None:
    make(tmp_path).train()
    told: list[str] = []
    trainer = make(tmp_path, learning_rate=1e-2, accept_changes=True)
    trainer.events = warnings(told.append)
    trainer.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    line = "settings.learning_rate: 0.001 before, 0.01 now"
    assert any(line in said for said in told)
    assert {"accepted_changes": [line], "step": 3} in trainer.state.log_history
    again = make(tmp_path, learning_rate=1e-2)
    again.train(resume_from_checkpoint=True)
    assert {"accepted_changes": [line], "step": 3} in again.state.log_history


def test_rows_cut_otherwise_into_micro_batches_are_the_same_run(tmp_path: pathlib.Path) -> None:
    make(tmp_path).train()
    other = make(tmp_path, per_device_train_batch_size=2, gradient_accumulation_steps=4)
    assert other.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3")).global_step == 6


def test_other_weights_to_begin_with_do_not_matter_to_a_trainer_but_are_recorded(tmp_path: pathlib.Path) -> None:
    whole = make(tmp_path)
    began = weights_of(whole.model)
    whole.train()
    recorded = checkpoint.load_identity(tmp_path / "checkpoint-3")
    assert recorded is not None
    assert recorded["weights"]["sha256"] == began
    resumed = make(tmp_path, model=tiny_bert(dropout=0.1, seed=5))
    resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert weights_of(resumed.model) == weights_of(whole.model)


def test_another_version_is_refused(run: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import warmstart.checkpoints.provenance as identity

    real = identity.importlib.metadata.version
    monkeypatch.setattr(identity.importlib.metadata, "version", lambda name: "9.9" if name == "torch" else real(name))
    with pytest.raises(UserError, match=r"machine.torch: .* before, 9.9 now"):
        make(run).train(resume_from_checkpoint=True)


def test_rows_are_known_by_what_they_say_and_not_by_how_they_are_stored(tmp_path: pathlib.Path) -> None:
    texts = [f"row {number} é 好" for number in range(2500)]
    whole = datasets.Dataset.from_dict({"text": texts, "label": list(range(2500))})
    whole.to_parquet(str(tmp_path / "rows.parquet"))
    halves = datasets.concatenate_datasets([whole.select(range(7)), whole.select(range(7, 2500))])
    shuffled_back = whole.select(range(2499, -1, -1)).select(range(2499, -1, -1))
    stored = datasets.Dataset.from_parquet(str(tmp_path / "rows.parquet"), cache_dir=str(tmp_path / "cache"))
    found = rows_of(whole)
    assert found["rows"] == 2500
    for other in (halves, shuffled_back, stored):
        assert differences(found, rows_of(other)) == []
    texts[1234] += " "
    other = datasets.Dataset.from_dict({"text": texts, "label": list(range(2500))})
    assert [line.split(":")[0] for line in differences(found, rows_of(other))] == ["columns.text"]


def test_nothing_of_this_machine_is_in_a_checkpoint(run: pathlib.Path) -> None:
    for path in (run / "checkpoint-6").glob("*.json"):
        if path.name != "manifest.json":
            assert str(run) not in path.read_text(), path.name
    recorded = json.loads((run / "checkpoint-6" / "identity.json").read_text())
    assert recorded["machine"]["torch"] == torch.__version__
    assert json.loads((run / "checkpoint-6" / "progress.json").read_text())["rows"] == 48


@pytest.mark.parametrize("what", ["rows", "order", "labels", "learning rate"])
def test_a_process_that_would_train_something_else_is_named(what: str, tmp_path: pathlib.Path) -> None:
    changed, _said = CHANGES[what]
    here, there = make(tmp_path).identify(), make(tmp_path, **changed).identify()
    refuse_unlike([("one", here), ("two", here)])
    with pytest.raises(UserError, match="process 2 of 3 would train something else") as caught:
        refuse_unlike([("one", here), ("one", here), ("two", there)])
    assert ("data." if what != "learning rate" else "settings.learning_rate") in caught.value.problem
    assert "machine two, and one for process 0" in caught.value.where
