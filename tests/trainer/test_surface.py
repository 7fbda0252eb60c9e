"""The public surface is that of the stock trainer."""

import inspect
import json
import pathlib
import types
from typing import Any, ClassVar

import huggingface_hub
import numpy as np
import pytest
import torch
import transformers
from transformers import TrainerCallback

from tests.trainer.helpers import Pad
from tests.trainer.trainers import EVAL, Plain, Stream, make
from warmstart import Trainer
from warmstart.batches.tokens import TokenTable
from warmstart.errors import UserError

# What the stock trainer shows of its own insides. Here there is nothing for these names to do.
INSIDES = {
    *("training_step evaluation_loop get_batch_samples set_initial_training_values store_flos current_flos").split(),
    *("accelerator create_accelerator_and_postprocess gather_function deepspeed is_deepspeed_enabled").split(),
    *("is_fsdp_enabled is_fsdp_xla_enabled is_fsdp_xla_v1_enabled is_fsdp_xla_v2_enabled is_model_parallel").split(),
    *("is_distributed_loading_by_transformers place_model_on_device get_cp_size get_sp_size get_tp_size").split(),
    *("autocast_smart_context_manager compute_loss_context_manager can_return_loss label_smoother").split(),
    *("loss_is_scaled_for_ga model_accepts_loss_kwargs neftune_noise_alpha").split(),
    *("hp_name hp_search_backend hub_model_id init_hf_repo").split(),
}


def public(thing: Any) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def test_every_public_name_of_the_stock_trainer_is_there(tmp_path: pathlib.Path) -> None:
    stock, ours = make(tmp_path, kind=transformers.Trainer), make(tmp_path)
    assert public(stock) - public(ours) <= INSIDES
    for name in public(transformers.Trainer) & public(Trainer):
        assert callable(getattr(transformers.Trainer, name)) == callable(getattr(Trainer, name)), name


def test_methods_take_what_those_of_the_stock_trainer_take() -> None:
    for name in public(transformers.Trainer) & public(Trainer) - {
        "hyperparameter_search",
        "create_model_card",
        "push_to_hub",
    }:
        if inspect.isfunction(getattr(transformers.Trainer, name)):
            theirs = list(inspect.signature(getattr(transformers.Trainer, name)).parameters)
            assert list(inspect.signature(getattr(Trainer, name)).parameters)[: len(theirs)] == theirs, name


def test_small_answers_are_those_of_the_stock_trainer(tmp_path: pathlib.Path) -> None:
    stock = make(tmp_path, kind=transformers.Trainer, weight_decay=0.1)
    theirs = stock.get_train_dataloader()
    ours = make(tmp_path, weight_decay=0.1)
    for trainer in (stock, ours):
        trainer.create_optimizer_and_scheduler(10)
    assert ours.get_num_trainable_parameters() == stock.get_num_trainable_parameters()
    assert ours.get_learning_rates() == stock.get_learning_rates()
    assert ours.get_decay_parameter_names(ours.model) == stock.get_decay_parameter_names(stock.model)
    assert ours.num_examples(ours.get_train_dataloader()) == stock.num_examples(theirs) == 40
    assert ours.num_examples(ours.get_eval_dataloader()) == 13
    assert ours.get_total_train_batch_size(ours.args) == 8
    assert ours.is_world_process_zero()
    assert ours.is_local_process_zero()
    first = next(ours.model.parameters())
    assert any(p is first for p in ours.get_optimizer_group(first)["params"])
    assert len(ours.get_optimizer_group()) == 2
    assert ours.model_wrapped is ours.model
    batches = list(ours.get_train_dataloader())
    assert sum(len(batch["labels"]) for batch in batches) == 40
    assert batches[0].keys() == next(iter(theirs)).keys()
    assert [len(batch["labels"]) for batch in ours.get_test_dataloader(EVAL)] == [8, 5]
    metrics = {"eval_loss": 0.123456, "eval_runtime": 61.0}
    ours.save_metrics("eval", metrics)
    assert json.loads((tmp_path / "eval_results.json").read_text()) == metrics
    ours.save_state()
    assert json.loads((tmp_path / "trainer_state.json").read_text())["global_step"] == 0


def test_a_token_table_can_be_looked_at(tmp_path: pathlib.Path) -> None:
    offsets = np.arange(0, 15, 2)
    table = TokenTable(np.arange(5, 19, dtype=np.int32), offsets, None, np.arange(7) % 2, 0, False, 9, "x")
    loader = make(tmp_path, eval_dataset=table, per_device_eval_batch_size=3).get_eval_dataloader()
    assert [len(batch["labels"]) for batch in loader] == [3, 3, 1]
    assert torch.cat([batch["input_ids"] for batch in loader]).flatten().tolist() == list(range(5, 19))


@pytest.mark.parametrize("which", ["get_train_dataloader", "get_eval_dataloader"])
def test_loaders_are_what_those_of_the_stock_trainer_are(which: str, tmp_path: pathlib.Path) -> None:
    sizes = {"per_device_train_batch_size": 4, "per_device_eval_batch_size": 5}
    theirs, ours = (getattr(make(tmp_path, kind=kind, **sizes), which)() for kind in (transformers.Trainer, Trainer))
    for name in ("total_batch_size", "num_workers", "drop_last"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert isinstance(ours, torch.utils.data.DataLoader)
    assert len(ours) == len(theirs) == len(list(ours))


@pytest.mark.parametrize("level", ["info", "warning"])
def test_what_is_said_before_the_first_update(
    level: str, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    said = []
    for kind in (transformers.Trainer, Trainer):
        caplog.clear()
        make(tmp_path, kind=kind, log_level=level, max_steps=2).train()
        said.append([each.message for each in caplog.records if each.name == "transformers.trainer"])
    lines = [line for line in said[0] if line.startswith(("*****", "  Num", "  Inst", "  Total", "  Grad"))]
    assert said[1] == lines
    assert bool(lines) == (level == "info")


class Hub:
    """Takes what the real one takes, and keeps it."""

    calls: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def __init__(self, token: str | None = None) -> None:
        self.token = token

    def create_repo(self, repo_id: str, **settings: Any) -> Any:
        inspect.signature(huggingface_hub.HfApi.create_repo).bind(self, repo_id, **settings)
        self.calls.append(("create", {"repo_id": repo_id, **settings}))
        return types.SimpleNamespace(repo_id=f"me/{repo_id}")

    def upload_folder(self, **settings: Any) -> str:
        inspect.signature(huggingface_hub.HfApi.upload_folder).bind(self, **settings)
        self.calls.append(("upload", settings))
        return "done"


def test_a_model_is_pushed_as_the_stock_trainer_pushes_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock = inspect.signature(transformers.Trainer.push_to_hub).parameters
    assert list(inspect.signature(Trainer.push_to_hub).parameters)[: len(stock) - 1] == list(stock)[:-1]
    monkeypatch.setattr("huggingface_hub.HfApi", type("Api", (Hub,), {"calls": (calls := [])}))
    trainer = make(tmp_path / "mine", eval_strategy="epoch", num_train_epochs=1)
    trainer.train()
    with pytest.raises(UserError, match="takes no 'tag'"):
        trainer.push_to_hub(tag="x")
    assert calls == []
    assert (
        trainer.push_to_hub("Training complete", tags="text-classification", dataset="glue", blocking=False) == "done"
    )
    (_, made), (_, sent) = calls
    assert made["repo_id"] == "mine"
    assert (sent["repo_id"], sent["run_as_future"]) == ("me/mine", True)
    card = (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")
    assert "- text-classification" in card
    assert "learning_rate: 0.001" in card
    assert str(tmp_path) not in card
    assert (tmp_path / "mine" / "model.safetensors").is_file()


@pytest.mark.parametrize("sizes", [(8, 1), (4, 3)], ids=str)
def test_loaders_are_to_look_at_as_those_of_the_stock_trainer(sizes: tuple[int, int], tmp_path: pathlib.Path) -> None:
    taken: list[int] = []

    class Counted(Pad):
        def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
            taken.append(len(examples))
            return super().__call__(examples)

    class Look(TrainerCallback):  # type: ignore[misc]
        def on_epoch_end(self, args: Any, state: Any, control: Any, train_dataloader: Any = None, **_: Any) -> None:
            seen.append([len(batch["labels"]) for batch in train_dataloader])

        def on_evaluate(self, args: Any, state: Any, control: Any, eval_dataloader: Any = None, **_: Any) -> None:
            seen.append([len(batch["labels"]) for batch in eval_dataloader])

    found = []
    for kind in (transformers.Trainer, Trainer):
        seen: list[list[int]] = []
        size = {"per_device_train_batch_size": sizes[0], "gradient_accumulation_steps": sizes[1]}
        settings = {"num_train_epochs": 1, "eval_strategy": "epoch", "data_collator": Counted(), **size}
        trainer = make(tmp_path, kind=kind, callbacks=[Look()], **settings)
        loader = trainer.get_train_dataloader()
        taken.clear()
        next(iter(loader))
        assert len(taken) <= 1 + sizes[1]  # theirs looks a batch ahead, ours makes an update at a time
        shown = [len(loader), len(loader.dataset), isinstance(loader.collate_fn, Counted), len(list(loader))]
        trainer.train()
        found.append((shown, seen, len(trainer.get_eval_dataloader())))
    assert found[0] == found[1]
    assert loader.batch_size == sizes[0]


def test_a_loader_of_a_stream_ends_with_its_first_pass_and_has_no_length(tmp_path: pathlib.Path) -> None:
    loader = make(tmp_path, model=Plain(), data_collator=None, train_dataset=Stream()).get_train_dataloader()
    assert [len(batch["labels"]) for batch in loader] == [8, 8, 8]
    with pytest.raises(TypeError, match="length"):
        len(loader)


def test_callbacks_come_and_go(tmp_path: pathlib.Path) -> None:
    class Mine(TrainerCallback):  # type: ignore[misc]
        pass

    trainer = make(tmp_path)
    trainer.add_callback(Mine)
    assert isinstance(trainer.pop_callback(Mine), Mine)
    assert trainer.pop_callback(Mine) is None
    mine = Mine()
    trainer.add_callback(mine)
    trainer.remove_callback(mine)
    assert mine not in trainer.callback_handler.callbacks


NEVER = ["_inner_training_loop", "_run_epoch", "get_batch_samples", "_clip_grad_norm", "_save_rng_state"]
NEVER += ["set_initial_training_values", "store_flos", "_get_learning_rate", "_finalize_training"]


@pytest.mark.parametrize("name", NEVER)
def test_overriding_what_is_never_called_is_refused(name: str) -> None:
    assert hasattr(transformers.Trainer, name)
    with pytest.raises(UserError) as caught:
        type("Mine", (Trainer,), {name: lambda self, *a, **k: None})
    assert name in caught.value.problem
    assert caught.value.fix


def test_so_is_a_method_of_a_mixin_that_comes_before_the_trainer() -> None:
    mixin = type("Mixin", (), {"_run_epoch": None, "my_own": 1})
    with pytest.raises(UserError, match=r"Mixin\._run_epoch"):
        type("Mine", (mixin, Trainer), {})
    type("Mine", (Trainer, mixin), {})  # behind the stock trainer it would not be called either
    type("Mine", (type("Fine", (), {"compute_loss": None, "my_own": 1}), Trainer), {})


def test_own_methods_and_what_is_called_may_be_defined() -> None:
    type("Mine", (Trainer,), {"compute_loss": None, "prediction_step": None, "log": None, "my_own": 1, "__doc__": "x"})
    type("Mine", (Trainer,), {"create_optimizer": None, "create_scheduler": None, "evaluate": None, "_mine": 2})
