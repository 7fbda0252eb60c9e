"""The Trainer beside `transformers.Trainer`: the same surface, events, log and results, and honest refusals."""

import contextlib
import inspect
import json
import pathlib
import shutil
import types
from collections.abc import Iterator
from typing import Any, ClassVar

import huggingface_hub
import numpy as np
import pytest
import torch
import transformers
from datasets import Dataset
from torch import nn
from transformers import EarlyStoppingCallback, TrainerCallback

from tests import tiny
from tests.hearing import warnings
from tests.trainer.helpers import VOCABULARY, Pad, rows, tiny_bert
from warmstart import AdamW, Trainer, TrainingArguments
from warmstart.batches.tokens import TokenTable
from warmstart.errors import UserError
from warmstart.events import Started
from warmstart.trainer.progress import TerminalProgress

EVENTS = [name for name in dir(TrainerCallback) if name.startswith("on_")]
TRAIN, EVAL = rows(40), rows(13, seed=1)


def arguments(folder: pathlib.Path, kind: Any = TrainingArguments, **settings: Any) -> Any:
    plain = {
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
        "per_device_train_batch_size": 8,
        "per_device_eval_batch_size": 8,
        "learning_rate": 1e-3,
        "save_strategy": "no",
    }
    return kind(str(folder), **{**plain, **settings})


def make(folder: pathlib.Path, *, model: Any = None, kind: Any = Trainer, **given: Any) -> Any:
    """A trainer of a tiny model; names that are not `Trainer`'s are arguments."""
    names = {
        "train_dataset",
        "eval_dataset",
        "data_collator",
        "callbacks",
        "compute_metrics",
        "optimizers",
        "model_init",
    }
    names |= {"preprocess_logits_for_metrics", "compute_loss_func", "processing_class", "optimizer_cls_and_kwargs"}
    own = {name: given.pop(name) for name in names & given.keys()}
    args = arguments(
        folder, transformers.TrainingArguments if kind is transformers.Trainer else TrainingArguments, **given
    )
    if model is None and "model_init" not in own:
        model = tiny_bert()
    trainer = kind(model, args, **{"train_dataset": TRAIN, "eval_dataset": EVAL, "data_collator": Pad(), **own})
    trainer.pop_callback(transformers.PrinterCallback)
    return trainer


def weights(trainer: Any) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def accuracy(found: Any) -> dict[str, float]:
    logits, labels = found
    return {"accuracy": float((logits.argmax(axis=1) == labels).mean())}


# The surface

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


NEVER = ["training_step", "evaluation_loop", "get_train_dataloader", "_inner_training_loop", "get_batch_samples"]
NEVER += ["_prepare_inputs", "_get_eval_sampler", "_load_best_model", "compute_loss_context_manager", "_save"]
NEVER += ["get_decay_parameter_names", "get_optimizer_cls_and_kwargs"]


@pytest.mark.parametrize("name", NEVER)
def test_overriding_what_is_never_called_is_refused(name: str) -> None:
    assert hasattr(transformers.Trainer, name)
    with pytest.raises(UserError) as caught:
        type("Mine", (Trainer,), {name: lambda self, *a, **k: None})
    assert name in caught.value.problem
    assert caught.value.fix


def test_so_is_a_method_of_a_mixin_that_comes_before_the_trainer() -> None:
    mixin = type("Mixin", (), {"training_step": None, "my_own": 1})
    with pytest.raises(UserError, match=r"Mixin\.training_step"):
        type("Mine", (mixin, Trainer), {})
    type("Mine", (Trainer, mixin), {})  # behind the stock trainer it would not be called either
    type("Mine", (type("Fine", (), {"compute_loss": None, "my_own": 1}), Trainer), {})


def test_own_methods_and_what_is_called_may_be_defined() -> None:
    type("Mine", (Trainer,), {"compute_loss": None, "prediction_step": None, "log": None, "my_own": 1, "__doc__": "x"})
    type("Mine", (Trainer,), {"create_optimizer": None, "create_scheduler": None, "evaluate": None, "_mine": 2})


# Log and events


def recorder(events: list[tuple[str, int]]) -> Any:
    """A callback that writes down every event with the update it came at."""

    def note(name: str) -> Any:
        return lambda self, args, state, control, **kwargs: events.append((name, state.global_step))

    return type("Recorder", (TrainerCallback,), {name: note(name) for name in EVENTS})()


RUNS: dict[str, dict[str, Any]] = {
    "each epoch": {"num_train_epochs": 2, "eval_strategy": "epoch", "save_strategy": "epoch", "logging_steps": 3},
    "every so many updates": {
        "num_train_epochs": 2,
        "eval_strategy": "steps",
        "eval_steps": 4,
        "save_strategy": "steps",
        "save_steps": 4,
        "logging_steps": 2,
        "gradient_accumulation_steps": 2,
    },
    "updates, no evaluation": {"max_steps": 7, "logging_strategy": "epoch"},
    "the best": {
        "num_train_epochs": 2,
        "eval_strategy": "steps",
        "eval_steps": 3,
        "save_strategy": "best",
        "metric_for_best_model": "loss",
        "logging_first_step": True,
        "eval_on_start": True,
    },
}


def epoch_ends_with_its_last_update(events: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The stock order, with `on_epoch_end` moved to right behind the last `on_step_end` before it.

    That is the one difference, and meant: here the log, the evaluation and the checkpoint of an epoch's last update
    come after the epoch has ended, so that a checkpoint is never written between two events of one update.
    """
    events = list(events)
    for place in [i for i, event in enumerate(events) if event[0] == "on_epoch_end"]:
        ended = events.pop(place)
        last = max(i for i in range(place) if events[i][0] == "on_step_end")
        events.insert(last + 1, ended)
    return events


@pytest.mark.parametrize("name", RUNS)
def test_events_and_log_are_those_of_the_stock_trainer(name: str, tmp_path: pathlib.Path) -> None:
    found: dict[Any, list[tuple[str, int]]] = {transformers.Trainer: [], Trainer: []}
    logs, results = [], []
    for kind, events in found.items():
        trainer = make(tmp_path / kind.__module__, kind=kind, callbacks=[recorder(events)], **RUNS[name])
        results.append(trainer.train())
        trainer.evaluate()
        trainer.predict(EVAL)
        logs.append(trainer.state.log_history)
    assert found[Trainer] == epoch_ends_with_its_last_update(found[transformers.Trainer])
    theirs, ours = logs
    assert [list(entry) for entry in ours] == [list(entry) for entry in theirs]
    assert [entry["step"] for entry in ours] == [entry["step"] for entry in theirs]
    if "gradient_accumulation_steps" not in RUNS[name]:  # with accumulation the stock epoch counts a part as a whole
        assert [entry["epoch"] for entry in ours] == [entry["epoch"] for entry in theirs]
    assert results[1].metrics.keys() == results[0].metrics.keys()
    assert results[1].global_step == results[0].global_step


def test_values_of_the_log(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, num_train_epochs=2, logging_steps=1)
    done = trainer.train()
    entries = [entry for entry in trainer.state.log_history if "loss" in entry]
    assert done.training_loss == pytest.approx(np.mean([entry["loss"] for entry in entries]))
    assert [entry["learning_rate"] for entry in entries] == pytest.approx([1e-3 * (1 - i / 10) for i in range(10)])
    assert all(entry["grad_norm"] > 0 for entry in entries)
    coarse = make(tmp_path, num_train_epochs=2, logging_steps=5)
    coarse.train()
    means = [entry["loss"] for entry in coarse.state.log_history if "loss" in entry]
    assert means == pytest.approx([np.mean([e["loss"] for e in entries[i : i + 5]]) for i in (0, 5)])


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_no_bar_is_left_in_the_terminal(error: Any, tmp_path: pathlib.Path, capsys: Any) -> None:
    class Fail(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if error is not None:
                raise error

    class Bar(TerminalProgress):
        def start(self, began: Started) -> None:
            super().start(began)
            started.append(self.bar)

    started: list[Any] = []
    trainer = make(tmp_path, max_steps=2, callbacks=[Fail()])
    trainer.events.listeners.append(Bar())
    with contextlib.nullcontext() if error is None else pytest.raises(error):
        trainer.train()
    assert len(started) == 1
    assert not started[0].live.is_started
    trainer.evaluate()
    assert "loss" in capsys.readouterr().err.splitlines()[-1]  # as a line: there is no bar now


@pytest.mark.parametrize("length", [{"num_train_epochs": 3}, {"max_steps": 7}, {"num_train_epochs": 1.5}])
def test_updates_that_a_callback_leaves_out_are_not_counted(length: dict[str, Any], tmp_path: pathlib.Path) -> None:
    class Enough(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            control.should_epoch_stop = state.global_step == 2

    found, events = [], []
    for kind in (Trainer, transformers.Trainer):
        seen: list[tuple[str, int]] = []
        trainer = make(tmp_path, kind=kind, callbacks=[Enough(), recorder(seen)], logging_steps=1, **length)
        result = trainer.train()
        rate = result.metrics["train_steps_per_second"] * result.metrics["train_runtime"]
        logged = [(entry["step"], entry["epoch"], entry.get("learning_rate")) for entry in trainer.state.log_history]
        found.append((result.global_step, round(rate), logged))
        events.append(seen)
    assert found[0] == found[1]
    assert events[0] == epoch_ends_with_its_last_update(events[1])


def test_a_callback_can_stop_training_an_epoch_and_ask_for_things(tmp_path: pathlib.Path) -> None:
    class Ask(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            control.should_evaluate = state.global_step == 2
            control.should_save = state.global_step == 3
            control.should_training_stop = state.global_step == 4

    events: list[tuple[str, int]] = []
    trainer = make(tmp_path, num_train_epochs=5, callbacks=[Ask(), recorder(events)])
    assert trainer.train().global_step == 4
    assert [event for event in events if event[0] in ("on_evaluate", "on_save", "on_epoch_end", "on_train_end")] == [
        ("on_evaluate", 2),
        ("on_save", 3),
        ("on_epoch_end", 4),
        ("on_train_end", 4),
    ]
    assert (tmp_path / "checkpoint-3" / "model.safetensors").is_file()


# Evaluating and predicting


def losses_by_row(model: nn.Module, dataset: Dataset) -> list[float]:
    model.eval()
    with torch.no_grad():
        return [float(model(**Pad()([row])).loss) for row in dataset]


@pytest.mark.parametrize("size", [1, 4, 5, 13, 50])
def test_the_evaluation_loss_is_the_mean_over_rows(size: int, tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, per_device_eval_batch_size=size)
    metrics = trainer.evaluate()
    assert metrics["eval_loss"] == pytest.approx(np.mean(losses_by_row(trainer.model, EVAL)), rel=1e-5)
    assert metrics["epoch"] == 0
    assert set(metrics) == {"eval_loss", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second", "epoch"}


def test_metrics_get_an_unpackable_prediction(tmp_path: pathlib.Path) -> None:
    seen = []

    def metrics(found: Any) -> dict[str, Any]:
        logits, labels = found
        seen.append((found.predictions.shape, found.label_ids.shape))
        assert found[0] is found.predictions
        return {"accuracy": np.float64((logits.argmax(1) == labels).mean()), "eval_other": 1}

    result = make(tmp_path, compute_metrics=metrics).evaluate()
    assert seen == [((13, 2), (13,))]
    assert type(result["eval_accuracy"]) is float
    assert result["eval_other"] == 1
    assert "eval_eval_other" not in result


def test_predictions_are_the_models_in_the_order_of_the_rows(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, compute_metrics=accuracy)
    found = trainer.predict(EVAL)
    trainer.model.eval()
    with torch.no_grad():
        alone = np.concatenate([trainer.model(**Pad()([row])).logits.numpy() for row in EVAL])
    np.testing.assert_allclose(found.predictions, alone, atol=1e-5)
    assert found.label_ids.tolist() == list(EVAL["label"])
    assert found.metrics["test_accuracy"] == accuracy((found.predictions, found.label_ids))["accuracy"]
    assert "mine_loss" in trainer.predict(EVAL, metric_key_prefix="mine").metrics


class TakesLabelsOut:
    """The usual way to weigh classes; the batch has no labels after it."""

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_: Any) -> Any:
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        loss = nn.functional.cross_entropy(outputs.logits, labels, weight=torch.tensor([1.0, 3.0]))
        return (loss, outputs) if return_outputs else loss


class OtherLabels:
    """Decides what labels are when it predicts."""

    def prediction_step(self, *args: Any, **settings: Any) -> Any:
        loss, logits, labels = super().prediction_step(*args, **settings)  # type: ignore[misc]
        return loss, logits, 1 - labels


@pytest.mark.parametrize("override", [TakesLabelsOut, OtherLabels])
def test_labels_are_those_of_the_prediction_step(override: type, tmp_path: pathlib.Path) -> None:
    found = []
    for kind in (transformers.Trainer, Trainer):
        own = type("Own", (override, kind), {"__module__": __name__})
        trainer = make(tmp_path, kind=own, compute_metrics=accuracy, **({} if kind is Trainer else {"use_cpu": True}))
        metrics = trainer.evaluate()
        found.append((metrics["eval_accuracy"], trainer.predict(EVAL).label_ids.tolist()))
    assert found[0] == found[1]


def test_hidden_labels_are_no_labels(tmp_path: pathlib.Path) -> None:
    """GLUE's test splits have -1 in every row."""
    hidden = EVAL.remove_columns("label").add_column("label", [-1] * len(EVAL))
    trainer = make(tmp_path, compute_metrics=accuracy)
    found = trainer.predict(hidden)
    assert np.array_equal(found.predictions, trainer.predict(EVAL).predictions)
    assert found.label_ids is None
    assert "test_loss" not in found.metrics
    with pytest.raises(UserError, match="hidden"):
        trainer.evaluate(hidden)


def test_labels_that_are_not_classes_are_not_taken_for_hidden(tmp_path: pathlib.Path) -> None:
    """Vectors in a format, labels that a transform makes, and numbers that are all -1."""
    model = tiny_bert(problem_type="multi_label_classification")
    bare = EVAL.remove_columns("label")
    vectors = bare.add_column("labels", [[1.0, 0.0]] * len(EVAL)).with_format("torch")
    assert "eval_loss" in make(tmp_path, model=model, data_collator=None).evaluate(vectors.select([0]))

    def later(rows: dict[str, Any]) -> dict[str, Any]:
        return {**{name: rows[name] for name in ("input_ids", "attention_mask")}, "labels": rows["label"]}

    trainer = make(tmp_path, remove_unused_columns=False)
    assert "eval_loss" in trainer.evaluate(EVAL.with_transform(later))
    numbers = bare.add_column("label", [-1.0] * len(EVAL))
    assert "eval_loss" in make(tmp_path, model=tiny_bert(labels=1)).evaluate(numbers)


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


def test_rows_without_labels_have_predictions_and_no_metrics(tmp_path: pathlib.Path) -> None:
    class PadInputs(Pad):
        def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
            padded = super().__call__([{**example, "label": 0} for example in examples])
            del padded["labels"]
            return padded

    trainer = make(tmp_path, compute_metrics=accuracy, data_collator=PadInputs())
    found = trainer.predict(EVAL.remove_columns("label"))
    assert found.predictions.shape == (13, 2)
    assert found.label_ids is None
    assert not {"test_loss", "test_accuracy"} & found.metrics.keys()


def test_logits_can_be_made_small_before_they_are_kept(tmp_path: pathlib.Path) -> None:
    def largest(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        assert len(logits) == len(labels)
        return logits.argmax(dim=-1)

    def metrics(found: Any) -> dict[str, float]:
        assert found.predictions.shape == (13,)
        return {"accuracy": float((found.predictions == found.label_ids).mean())}

    small = make(tmp_path, preprocess_logits_for_metrics=largest, compute_metrics=metrics).evaluate()
    assert small["eval_accuracy"] == make(tmp_path, compute_metrics=accuracy).evaluate()["eval_accuracy"]


def test_several_evaluation_sets_each_under_its_name(tmp_path: pathlib.Path) -> None:
    one, two = rows(9, seed=4), rows(11, seed=5)
    trainer = make(
        tmp_path,
        eval_dataset={"one": one, "two": two},
        compute_metrics=accuracy,
        num_train_epochs=1,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="eval_two_accuracy",
    )
    trainer.train()
    logged = [entry for entry in trainer.state.log_history if "eval_one_loss" in entry or "eval_two_loss" in entry]
    assert len(logged) == 2
    together = trainer.evaluate()
    assert together["eval_one_loss"] == pytest.approx(np.mean(losses_by_row(trainer.model, one)), rel=1e-5)
    assert trainer.evaluate("two")["eval_loss"] == pytest.approx(together["eval_two_loss"])
    assert trainer.state.best_metric == together["eval_two_accuracy"]


def test_evaluating_leaves_the_model_and_what_follows_as_they_were(tmp_path: pathlib.Path) -> None:
    quiet = make(tmp_path, model=tiny_bert(dropout=0.3), num_train_epochs=2)
    quiet.train()
    busy = make(tmp_path, model=tiny_bert(dropout=0.3), num_train_epochs=2, eval_strategy="steps", eval_steps=2)
    busy.train()
    assert same(weights(quiet), weights(busy))


# What can be trained, and on what


def test_model_init_makes_a_fresh_model_each_time(tmp_path: pathlib.Path) -> None:
    trials = []

    def fresh(trial: Any = None) -> Any:
        trials.append(trial)
        return tiny_bert(seed=3)

    trainer = make(tmp_path, model_init=fresh, num_train_epochs=1)
    trainer.train()
    first = weights(trainer)
    trainer.train()
    assert same(first, weights(trainer))
    assert len(trials) == 3
    with pytest.raises(UserError, match="not both"):
        Trainer(tiny_bert(), arguments(tmp_path), model_init=fresh)
    with pytest.raises(UserError, match="returned nothing"):
        make(tmp_path, model_init=lambda: None)


def test_training_again_goes_on_from_the_model(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, num_train_epochs=1)
    trainer.train()
    first = weights(trainer)
    assert trainer.train().global_step == 5
    assert not same(first, weights(trainer))


def test_optimizers_of_ones_own(tmp_path: pathlib.Path) -> None:
    model = tiny_bert()
    optimizer = AdamW(model.parameters(), lr=5e-4, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5**step)
    trainer = make(tmp_path, model=model, optimizers=(optimizer, schedule), max_steps=4, logging_steps=1)
    trainer.train()
    assert trainer.optimizer is optimizer
    assert trainer.lr_scheduler is schedule
    rates = [entry["learning_rate"] for entry in trainer.state.log_history if "loss" in entry]
    assert rates == pytest.approx([5e-4 * 0.5**step for step in range(4)])
    named = make(tmp_path, optimizer_cls_and_kwargs=(torch.optim.SGD, {"lr": 0.1, "momentum": 0.5}), max_steps=2)
    named.train()
    assert type(named.optimizer) is torch.optim.SGD
    assert [group["momentum"] for group in named.optimizer.param_groups] == [0.5, 0.5]


def test_an_optimizer_that_the_user_sets_is_the_one_that_trains(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, max_steps=2)
    trainer.optimizer = mine = torch.optim.SGD(trainer.model.parameters(), lr=0.1)
    trainer.train()
    assert trainer.optimizer is mine
    edited = make(tmp_path, max_steps=2, lr_scheduler_type="constant")
    edited.create_optimizer_and_scheduler(100)
    for group in edited.optimizer.param_groups:
        group["lr"] = group["initial_lr"] = 0.0
    before = weights(edited)
    edited.train()
    assert same(weights(edited), before)


@pytest.mark.parametrize("kind", [Trainer, transformers.Trainer])
def test_a_schedule_made_beforehand_gets_the_length_of_the_run(kind: Any, tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, kind=kind, max_steps=2)
    trainer.create_optimizer_and_scheduler(100)
    trainer.train()
    assert trainer.optimizer.param_groups[0]["lr"] == 0.0


def test_training_again_begins_with_a_fresh_optimizer_and_schedule(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, max_steps=2)
    trainer.train()
    first, schedule = trainer.optimizer, trainer.lr_scheduler
    trainer.train()
    assert trainer.optimizer is not first
    assert trainer.lr_scheduler is not schedule
    assert trainer.optimizer.param_groups[0]["initial_lr"] == 1e-3


def test_what_cannot_work_together_is_refused_before_training(tmp_path: pathlib.Path) -> None:
    optimizer = torch.optim.SGD(tiny_bert().parameters(), lr=0.1)
    with pytest.raises(UserError, match="model_init"):
        make(tmp_path, model_init=lambda: tiny_bert(), optimizers=(optimizer, None))
    with pytest.raises(UserError, match="nothing to evaluate on"):
        make(tmp_path, eval_strategy="epoch", eval_dataset=None).train()
    with pytest.raises(UserError, match=r"transformers\.\S+TrainingArguments") as caught:
        Trainer(tiny_bert(), arguments(tmp_path, transformers.TrainingArguments))
    assert "warmstart.TrainingArguments" in caught.value.fix


class Pairs(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """A plain data set of vectors and their class."""

    def __init__(self, count: int = 24) -> None:
        generator = torch.Generator().manual_seed(0)
        self.x = torch.randn(count, 4, generator=generator)
        self.y = (self.x.sum(dim=1) > 0).long()

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i: int) -> dict[str, torch.Tensor]:
        return {"x": self.x[i], "labels": self.y[i]}


class Stream(torch.utils.data.IterableDataset[dict[str, torch.Tensor]]):
    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        pairs = Pairs()
        return (pairs[i] for i in range(len(pairs)))


class Plain(nn.Module):
    """Not a transformer; gives (loss, logits) as a dictionary or a tuple."""

    def __init__(self, gives: str = "dict") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(4, 2)
        self.gives = gives

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> Any:
        logits = self.linear(x)
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        if self.gives == "dict":
            return {"logits": logits} if loss is None else {"loss": loss, "logits": logits}
        return (logits,) if loss is None else (loss, logits)


def test_a_plain_module_and_a_plain_data_set(tmp_path: pathlib.Path) -> None:
    found = []
    for gives in ("dict", "tuple"):
        folder = tmp_path / gives
        trainer = make(
            folder,
            model=Plain(gives),
            data_collator=None,
            train_dataset=Pairs(),
            eval_dataset=Pairs(10),
            compute_metrics=accuracy,
            num_train_epochs=20,
            save_strategy="epoch",
            save_total_limit=1,
            learning_rate=0.1,
        )
        before = trainer.evaluate()
        trainer.train()
        after = trainer.evaluate()
        assert after["eval_loss"] < before["eval_loss"] / 2
        assert trainer.predict(Pairs(10)).predictions.shape == (10, 2)
        trainer.save_model(str(folder / "saved"))
        assert [path.name for path in (folder / "saved").iterdir()] == ["model.safetensors"]
        again = {"data_collator": None, "train_dataset": Pairs(), "eval_dataset": Pairs(10)}
        resumed = make(folder, model=Plain(gives), num_train_epochs=20, learning_rate=0.1, **again)
        assert resumed.train(resume_from_checkpoint=True).global_step == 60
        assert same(weights(resumed), weights(trainer))
        found.append((weights(trainer), after["eval_loss"]))
    assert same(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]


def test_a_stream_trains_for_as_many_updates_as_are_asked_for(tmp_path: pathlib.Path) -> None:
    common = {"model": Plain(), "data_collator": None, "eval_dataset": Pairs(10)}
    with pytest.raises(UserError, match="no length") as caught:
        make(tmp_path, train_dataset=Stream(), **common).train()
    assert "max_steps" in caught.value.fix
    joined = torch.utils.data.ChainDataset([Stream()])  # its length asks the other for one that it has not
    trainer = make(tmp_path, train_dataset=joined, max_steps=7, **common)
    assert trainer.train().global_step == 7
    in_order = make(
        tmp_path,
        train_dataset=Pairs(),
        max_steps=7,
        train_sampling_strategy="sequential",
        **{**common, "model": Plain()},
    )
    in_order.train()
    assert same(weights(trainer), weights(in_order))
    assert trainer.predict(Stream()).predictions.shape == (24, 2)


@pytest.mark.parametrize("extent", [{"num_train_epochs": 3}, {"max_steps": 7}], ids=["epochs", "updates"])
def test_a_stream_with_a_length_has_epochs_as_in_the_stock_trainer(
    extent: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    class Long(Stream):
        def __len__(self) -> int:
            return 24

    found = []
    for kind in (transformers.Trainer, Trainer):
        given = {"model": Plain(), "data_collator": None, "train_dataset": Long(), "eval_dataset": Long()}
        given |= {"eval_strategy": "epoch", "logging_strategy": "epoch", "lr_scheduler_type": "constant", **extent}
        trainer = make(tmp_path, kind=kind, **given)
        trainer.train()
        found.append((trainer.state.log_history, weights(trainer)))
    for theirs, ours in zip(found[0][0], found[1][0], strict=True):
        assert {**theirs, **ours}.keys() == theirs.keys()
        assert [ours[name] for name in ("step", "epoch")] == [theirs[name] for name in ("step", "epoch")]
    for name, tensor in found[0][1].items():
        torch.testing.assert_close(found[1][1][name], tensor)


def test_a_stream_is_shuffled_in_each_pass_as_in_the_stock_trainer_and_resumed(tmp_path: pathlib.Path) -> None:
    def run(kind: Any, resume: str | None = None) -> tuple[list[list[int]], dict[str, torch.Tensor]]:
        order: list[list[int]] = []

        class Watched(Pad):
            def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
                order.append([example["input_ids"][0] for example in examples])
                return super().__call__(examples)

        dataset = TRAIN.to_iterable_dataset().shuffle(seed=3, buffer_size=40)
        given = {"save_strategy": "steps", "save_steps": 8, "max_steps": 13, "data_collator": Watched()}
        trainer = make(tmp_path / kind.__module__, kind=kind, train_dataset=dataset, **given)
        trainer.train(resume_from_checkpoint=resume)
        return order, weights(trainer)

    theirs, _ = run(transformers.Trainer)
    ours, whole = run(Trainer)
    assert ours == theirs[:13]
    assert ours[:5] != ours[5:10]
    again, resumed = run(Trainer, str(tmp_path / Trainer.__module__ / "checkpoint-8"))
    assert again == ours[8:]
    assert same(resumed, whole)


@pytest.mark.parametrize("name", ["eval_strategy", "save_strategy", "logging_strategy"])
def test_a_stream_without_a_length_has_no_epochs_to_act_on(name: str, tmp_path: pathlib.Path) -> None:
    given = {"model": Plain(), "data_collator": None, "train_dataset": Stream(), "max_steps": 3, name: "epoch"}
    with pytest.raises(UserError, match=f"{name} is 'epoch'") as caught:
        make(tmp_path, **given).train()
    assert f"{name}='steps'" in caught.value.fix


def test_columns_the_model_does_not_take_are_left_out(tmp_path: pathlib.Path) -> None:
    class Strict(Pad):
        def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
            assert set(examples[0]) == {"input_ids", "attention_mask", "label"}
            return super().__call__(examples)

    wide = TRAIN.add_column("note", ["x"] * 40)
    narrow = make(tmp_path, train_dataset=wide, data_collator=Strict(), max_steps=2)
    narrow.train()
    as_list = make(tmp_path, train_dataset=list(wide), data_collator=Strict(), max_steps=2)
    as_list.train()
    assert same(weights(narrow), weights(as_list))
    with pytest.raises(AssertionError):
        make(tmp_path, train_dataset=wide, data_collator=Strict(), max_steps=2, remove_unused_columns=False).train()
    with pytest.raises(UserError, match="none of the columns"):
        make(tmp_path, train_dataset=Dataset.from_dict({"text": ["a"]}), max_steps=2).train()


def test_a_loss_of_ones_own(tmp_path: pathlib.Path) -> None:
    class Doubled(Trainer):
        def compute_loss(  # type: ignore[override]
            self, model: Any, inputs: Any, return_outputs: bool = False, **kwargs: Any
        ) -> Any:
            outputs = model(**inputs)
            loss = 2 * outputs.loss
            return (loss, outputs) if return_outputs else loss

    def doubled(outputs: Any, labels: torch.Tensor, num_items_in_batch: int) -> torch.Tensor:
        return 2 * nn.functional.cross_entropy(outputs.logits, labels, reduction="sum") / num_items_in_batch

    stock = make(tmp_path, max_steps=1, logging_steps=1)
    for trainer in (
        make(tmp_path, kind=Doubled, max_steps=1, logging_steps=1),
        make(tmp_path, compute_loss_func=doubled, max_steps=1, logging_steps=1),
    ):
        assert trainer.evaluate()["eval_loss"] == pytest.approx(2 * stock.evaluate()["eval_loss"], rel=1e-5)
        assert trainer.train().training_loss == pytest.approx(2 * stock_loss(tmp_path), rel=1e-5)


def test_a_loss_of_ones_own_takes_batches_as_the_collator_makes_them(tmp_path: pathlib.Path) -> None:
    """As in the stock trainer: a list of tensors, or a class whose entries are attributes."""

    def of_a_list(self: Any, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return model(inputs[0], inputs[1])["loss"]

    def of_attributes(self: Any, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return model(inputs.x, inputs.labels)["loss"]

    def named(examples: list[Any]) -> Any:
        return transformers.BatchEncoding(transformers.default_data_collator(examples))

    pairs = Pairs()
    tensors, stack = torch.utils.data.TensorDataset(pairs.x, pairs.y), torch.utils.data.default_collate
    for loss, dataset, collate in ((of_a_list, tensors, stack), (of_attributes, pairs, named)):
        found = []
        for base, settings in ((transformers.Trainer, transformers.TrainingArguments), (Trainer, TrainingArguments)):
            kind = type("Own", (base,), {"compute_loss": loss, "__module__": __name__})
            args = arguments(tmp_path, settings, max_steps=4, remove_unused_columns=False)
            trainer = kind(Plain(), args, train_dataset=dataset, data_collator=collate)
            trainer.train()
            found.append(weights(trainer))
        for name, tensor in found[0].items():
            torch.testing.assert_close(found[1][name], tensor)
    given = {"train_dataset": tensors, "eval_dataset": tensors, "data_collator": stack, "remove_unused_columns": False}
    plain = make(tmp_path, model=Plain(), **given)
    for run in (plain.train, plain.evaluate):
        with pytest.raises(UserError, match="a batch is a list") as caught:
            run()
        assert "compute_loss" in caught.value.fix


def stock_loss(folder: pathlib.Path) -> float:
    return float(make(folder, max_steps=1).train().training_loss)


def test_label_smoothing_teaches_a_causal_model_the_next_token(tmp_path: pathlib.Path) -> None:
    ids = np.random.default_rng(0).integers(5, VOCABULARY, (16, 10)).tolist()
    texts = Dataset.from_dict({"input_ids": ids, "labels": ids})
    settings = {"train_dataset": texts, "eval_dataset": texts, "data_collator": None, "max_steps": 3}
    found = {}
    for kind in (Trainer, transformers.Trainer):
        torch.manual_seed(0)
        sizes = {"n_positions": 16, "n_embd": 16, "n_layer": 1, "n_head": 2, "vocab_size": VOCABULARY}
        plain = {"embd_pdrop": 0, "attn_pdrop": 0, "resid_pdrop": 0, "bos_token_id": 1, "eos_token_id": 1}
        model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes, **plain))
        trainer = make(tmp_path, model=model, kind=kind, label_smoothing_factor=0.1, **settings)
        before = trainer.evaluate()["eval_loss"]
        trainer.train()
        found[kind] = [before, trainer.evaluate()["eval_loss"]]
    # Ten labels a row are nine targets: the stock mean is over the labels here.
    assert found[Trainer] == pytest.approx([loss * 10 / 9 for loss in found[transformers.Trainer]], rel=1e-4)


def test_labels_under_another_name(tmp_path: pathlib.Path) -> None:
    class Named(Plain):
        def forward(self, x: torch.Tensor, wanted: torch.Tensor | None = None) -> Any:
            return super().forward(x, wanted)

    def collate(examples: list[Any]) -> dict[str, torch.Tensor]:
        x, y = (torch.stack([example[name] for example in examples]) for name in ("x", "wanted"))
        return {"x": x, "wanted": y}

    pairs = Pairs()
    dataset = [{"x": pairs[i]["x"], "wanted": pairs[i]["labels"]} for i in range(24)]
    common = {"data_collator": collate, "train_dataset": dataset, "eval_dataset": dataset, "compute_metrics": accuracy}
    trainer = make(tmp_path, model=Named(), label_names=["wanted"], max_steps=3, **common)
    trainer.train()
    assert trainer.evaluate().keys() >= {"eval_loss", "eval_accuracy"}
    assert trainer.predict(dataset).label_ids.tolist() == pairs.y.tolist()
    plain = make(tmp_path, model=Plain(), data_collator=None, train_dataset=pairs, max_steps=3)
    plain.train()
    assert same(weights(plain), weights(trainer))


def test_a_model_without_a_loss_is_told_so(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, train_dataset=TRAIN.rename_column("label", "klass"), data_collator=None, max_steps=1)
    trainer.data_collator = lambda examples: {"input_ids": torch.tensor([[2, 3]] * len(examples))}
    with pytest.raises(UserError, match="no loss") as caught:
        trainer.train()
    assert "label" in caught.value.fix


@pytest.mark.parametrize("what", ["train_dataset", "eval_dataset"])
def test_nothing_to_work_on(what: str, tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, **{what: None})
    with pytest.raises(UserError):
        trainer.train() if what == "train_dataset" else trainer.evaluate()
    if what == "train_dataset":
        with pytest.raises(UserError, match="empty"):
            make(tmp_path, train_dataset=TRAIN.select([])).train()


def test_accumulation_gives_the_update_of_the_large_batch(tmp_path: pathlib.Path) -> None:
    large = make(tmp_path, per_device_train_batch_size=8, num_train_epochs=2)
    small = make(tmp_path, per_device_train_batch_size=2, gradient_accumulation_steps=4, num_train_epochs=2)
    large.train()
    small.train()
    for name, tensor in weights(large).items():
        torch.testing.assert_close(weights(small)[name], tensor, rtol=1e-4, atol=1e-5)


def test_rows_whose_labels_are_ignored_teach_nothing(tmp_path: pathlib.Path) -> None:
    """A micro-batch, or a whole update, may be without targets: its mean loss is no number, and must not be used."""

    class Ignored(Pad):
        def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
            padded = super().__call__(examples)
            padded["labels"][padded["input_ids"][:, 0] < 30] = -100
            return padded

    ids = [[40, 7], [41, 8], [6, 9], [7, 9], [8, 9], [9, 9], [10, 9], [11, 9]]
    dataset = Dataset.from_dict({"input_ids": ids, "attention_mask": [[1, 1]] * 8, "label": [0, 1] * 4})
    common = {"train_dataset": dataset, "eval_dataset": dataset, "data_collator": Ignored()}
    common |= {"train_sampling_strategy": "sequential", "num_train_epochs": 1, "lr_scheduler_type": "constant"}
    pieces = make(tmp_path, per_device_train_batch_size=2, gradient_accumulation_steps=2, **common)
    assert np.isfinite(pieces.train().training_loss)
    alone = make(tmp_path, per_device_train_batch_size=2, **{**common, "train_dataset": dataset.select([0, 1])})
    alone.train()
    assert np.isfinite(pieces.evaluate()["eval_loss"])
    after_one = make(tmp_path, per_device_train_batch_size=2, gradient_accumulation_steps=2, max_steps=1, **common)
    after_one.train()
    assert same(weights(after_one), weights(alone))


def test_the_tokenizer_pads_and_is_saved(tmp_path: pathlib.Path) -> None:
    dataset = Dataset.from_dict({"input_ids": [[5], [6, 7, 8]] * 8, "label": [0, 1] * 8})
    old = Trainer(tiny_bert(), arguments(tmp_path, max_steps=2), train_dataset=dataset, tokenizer=tiny.tokenizer())
    old.train()
    assert old.tokenizer is old.processing_class
    old.save_model()
    assert (tmp_path / "tokenizer.json").is_file()
    new = make(tmp_path, data_collator=None, processing_class=tiny.tokenizer(), train_dataset=dataset, max_steps=2)
    new.train()
    assert same(weights(old), weights(new))


# Checkpoints


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
    with pytest.raises(UserError, match="no checkpoint to resume from"):
        make(tmp_path).train(resume_from_checkpoint=True)
    with pytest.raises(UserError, match="there is no checkpoint"):
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


class Scripted(Trainer):
    """Evaluations give the accuracies of a script."""

    script: tuple[float, ...] = (0.5, 0.9, 0.7, 0.8, 0.6, 0.95)

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        self.compute_metrics = lambda found: {"accuracy": self.script[round(self.state.epoch or 0) - 1]}
        return super().evaluate(*args, **kwargs)


BEST = {
    "kind": Scripted,
    "eval_strategy": "epoch",
    "save_strategy": "epoch",
    "load_best_model_at_end": True,
    "metric_for_best_model": "accuracy",
    "compute_metrics": accuracy,
}


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
    assert {path.name for path in (tmp_path / "there").glob("checkpoint-*")} == {"checkpoint-10", "checkpoint-25"}


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
