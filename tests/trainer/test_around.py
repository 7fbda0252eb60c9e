"""What the stock trainer does around training, evaluating and saving, is done here too: ours beside the stock class."""

import json
import logging
import pathlib
import warnings
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from datasets import Sequence, Value
from torch import nn
from transformers import GPT2Config, GPT2ForSequenceClassification

from tests import tiny
from tests.trainer.helpers import Pad, rows, tiny_bert
from tests.trainer.trainers import EVAL, TRAIN, Pairs, Plain, make, recorder
from warmstart import Trainer, UserError
from warmstart.checkpoints import checkpoint
from warmstart.trainer.callbacks import ProgressCallback

BOTH = (transformers.Trainer, Trainer)


def losses(trainer: Any) -> list[float]:
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def test_special_tokens_of_the_tokenizer_become_the_models(tmp_path: pathlib.Path) -> None:
    tokenizer, found = tiny.tokenizer(), []
    tokenizer.eos_token = tokenizer.bos_token = "[SEP]"
    for kind in BOTH:
        torch.manual_seed(0)
        config = GPT2Config(vocab_size=60, n_positions=64, n_embd=16, n_layer=1, n_head=2, pad_token_id=None)
        trainer = make(
            tmp_path, kind=kind, model=GPT2ForSequenceClassification(config), processing_class=tokenizer, max_steps=1
        )
        before = trainer.model.config.pad_token_id
        trainer.train()
        made = trainer.model.config
        found.append((before, made.pad_token_id, made.eos_token_id, made.bos_token_id))
    assert found[0] == found[1]
    assert found[1] == (None, tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.bos_token_id)


def several_labels() -> Any:
    def more(row: dict[str, Any]) -> dict[str, Any]:
        return {"label": [float(row["label"]), 1.0, 0.0]}

    return TRAIN.map(more).cast_column("label", Sequence(Value("float32")))


def test_labels_are_not_smoothed_where_a_row_has_several(tmp_path: pathlib.Path, caplog: Any) -> None:
    found = []
    for kind in BOTH:
        for smoothing in (0.0, 0.2):
            model = tiny_bert(labels=3, problem_type="multi_label_classification")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the stock class says it with one
                trainer = make(
                    tmp_path,
                    kind=kind,
                    model=model,
                    train_dataset=several_labels(),
                    max_steps=3,
                    logging_steps=1,
                    label_smoothing_factor=smoothing,
                    train_sampling_strategy="sequential",
                )
            assert trainer.label_smoother is None
            if kind is Trainer and smoothing:
                assert "nothing is smoothed" in caplog.text
            trainer.train()
            found.append(losses(trainer))
    for other in found[1:]:
        assert other == pytest.approx(found[0], rel=1e-4)


def test_labels_are_smoothed_as_in_the_stock_class_and_a_script_may_ask(tmp_path: pathlib.Path) -> None:
    class Copied(Trainer):
        """The stock method as scripts copy it, to change a line."""

        def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_: Any) -> Any:
            labels = inputs.pop("labels") if self.label_smoother is not None else None
            outputs = model(**inputs)
            loss = outputs.loss if labels is None else self.label_smoother(outputs, labels)
            return (loss, outputs) if return_outputs else loss

    found = []
    for kind in (*BOTH, Copied):
        given = {"max_steps": 3, "logging_steps": 1, "label_smoothing_factor": 0.2}
        trainer = make(tmp_path, kind=kind, train_sampling_strategy="sequential", **given)
        trainer.train()
        found.append([*losses(trainer), trainer.evaluate()["eval_loss"]])
    assert found[1][:3] == pytest.approx(found[0][:3], rel=1e-4)
    assert found[2] == pytest.approx(found[1], rel=1e-4)


def test_a_metric_that_is_no_number_is_never_the_best(tmp_path: pathlib.Path) -> None:
    script, found = iter([float("nan"), 0.5, float("nan"), 0.7] * 2), []
    for kind in BOTH:
        settings = {"eval_strategy": "epoch", "save_strategy": "epoch", "metric_for_best_model": "score"}
        trainer = make(
            tmp_path / kind.__module__,
            kind=kind,
            num_train_epochs=4,
            load_best_model_at_end=True,
            compute_metrics=lambda found: {"score": next(script)},
            greater_is_better=False,
            **settings,
        )
        trainer.train()
        state = trainer.state
        found.append((state.best_metric, state.best_global_step, pathlib.Path(state.best_model_checkpoint).name))
    assert found[0] == found[1] == (0.5, 10, "checkpoint-10")


def test_metrics_may_be_arrays_and_do_not_stop_saving(tmp_path: pathlib.Path) -> None:
    def metrics(found: Any) -> dict[str, Any]:
        return {"f1": np.array([0.5, 0.25]), "kappa": np.float32(0.5), "count": torch.tensor(3)}

    seen = []
    for kind in BOTH:
        trainer = make(tmp_path / kind.__module__, kind=kind, compute_metrics=metrics)
        result = trainer.evaluate()
        seen.append({name: result[name] for name in ("eval_f1", "eval_kappa", "eval_count")})
        assert isinstance(result["eval_f1"], np.ndarray)
    assert {name: np.asarray(value).tolist() for name, value in seen[0].items()} == {
        name: np.asarray(value).tolist() for name, value in seen[1].items()
    }
    trainer = make(tmp_path, compute_metrics=metrics, eval_strategy="epoch", save_strategy="epoch", num_train_epochs=1)
    trainer.train()  # of the stock class, saving the log fails here
    state = json.loads((checkpoint.folders(tmp_path)[-1] / "trainer_state.json").read_text())
    assert [entry["eval_f1"] for entry in state["log_history"] if "eval_f1" in entry] == [[0.5, 0.25]]
    best = make(
        tmp_path / "b",
        compute_metrics=metrics,
        eval_strategy="epoch",
        save_strategy="epoch",
        metric_for_best_model="f1",
        num_train_epochs=1,
    )
    with pytest.raises(UserError, match="'eval_f1' is 2 numbers"):
        best.train()


@pytest.mark.parametrize("hidden", [True, False])
def test_callbacks_have_the_stock_names_and_order(hidden: bool, tmp_path: pathlib.Path) -> None:
    names = []
    for kind in BOTH:
        events: list[Any] = []
        trainer = kind(tiny_bert(), make(tmp_path, kind=kind, disable_tqdm=hidden).args, callbacks=[recorder(events)])
        names.append([type(each).__name__ for each in trainer.callback_handler.callbacks])
    assert names[0] == names[1]
    assert names[1][-1] == ("PrinterCallback" if hidden else "ProgressCallback")


def test_progress_is_taken_out_by_its_stock_name(tmp_path: pathlib.Path, capsys: Any) -> None:
    for kept in (True, False):
        trainer = make(tmp_path, disable_tqdm=False, max_steps=2)
        if not kept:
            trainer.remove_callback(transformers.ProgressCallback)
        trainer.train()
        assert ("2/2" in capsys.readouterr().err) == kept
        assert bool([each for each in trainer.callback_handler.callbacks if isinstance(each, ProgressCallback)]) == kept


def test_the_log_level_is_set(tmp_path: pathlib.Path) -> None:
    before = transformers.utils.logging.get_verbosity(), logging.getLogger("warmstart").level
    try:
        for kind in BOTH:
            make(tmp_path, kind=kind, log_level="error")
            assert transformers.utils.logging.get_verbosity() == logging.ERROR
            transformers.utils.logging.set_verbosity(before[0])
        assert logging.getLogger("warmstart").level == logging.ERROR
        make(tmp_path, log_level="passive")
        assert transformers.utils.logging.get_verbosity() == before[0]
    finally:
        transformers.utils.logging.set_verbosity(before[0])
        logging.getLogger("warmstart").setLevel(before[1])


def test_memory_is_measured_under_the_stock_names(tmp_path: pathlib.Path) -> None:
    keys, few = [], Pairs(8)
    for kind in BOTH:
        given = {"model": Plain(), "train_dataset": few, "eval_dataset": few, "data_collator": None, "max_steps": 1}
        trainer = make(tmp_path, kind=kind, skip_memory_metrics=False, **given)
        found = (trainer.train().metrics, trainer.evaluate(), trainer.predict(few).metrics)
        keys.append([{name for name in metrics if "_mem_" in name} for metrics in found])
    assert keys[0] == keys[1]
    assert "init_mem_cpu_alloc_delta" in keys[1][0]


def test_memory_is_measured_again_after_an_error(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, skip_memory_metrics=False, train_dataset=None)
    with pytest.raises(UserError):
        trainer.train()
    assert "eval_mem_cpu_alloc_delta" in trainer.evaluate()


@pytest.mark.parametrize("what", ["all", "non_padding", True])
def test_input_tokens_are_counted_as_in_the_stock_class(what: Any, tmp_path: pathlib.Path) -> None:
    found = []
    for kind in BOTH:
        given = {"max_steps": 4, "logging_steps": 2, "gradient_accumulation_steps": 2}
        trainer = make(
            tmp_path, kind=kind, include_num_input_tokens_seen=what, train_sampling_strategy="sequential", **given
        )
        trainer.train()
        logged = [entry["num_input_tokens_seen"] for entry in trainer.state.log_history if "loss" in entry]
        names = [sorted(entry) for entry in trainer.state.log_history]
        found.append((trainer.state.num_input_tokens_seen, logged, names))
    assert found[0] == found[1]


class Weighs:
    """A loss that is a sum, over as many items as it is told that there are."""

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        labels = inputs["labels"]
        outputs = model(**inputs)
        counted.append(int(num_items_in_batch))
        loss = nn.functional.cross_entropy(outputs.logits, labels, reduction="sum") / num_items_in_batch
        return (loss, outputs) if return_outputs else loss


counted: list[int] = []


@pytest.mark.parametrize("size", [8, 3])
def test_a_loss_is_told_how_many_items_there_are(size: int, tmp_path: pathlib.Path) -> None:
    seen, found = [], []
    for kind in BOTH:
        counted.clear()
        trainer = make(
            tmp_path,
            kind=type("Mine", (Weighs, kind), {}),
            per_device_train_batch_size=size,
            max_steps=5,
            logging_steps=1,
            train_sampling_strategy="sequential",
            report_to="none",
        )
        trainer.args = make(
            tmp_path,
            kind=kind,
            per_device_train_batch_size=size,
            max_steps=5,
            logging_steps=1,
            train_sampling_strategy="sequential",
        ).args
        trainer.train()
        found.append(losses(trainer))
        seen.append(list(counted))
    assert seen[0] == seen[1] == [size] * 5
    assert found[1] == pytest.approx(found[0], rel=1e-4)


def test_a_loss_that_sums_weighs_the_same_however_an_update_is_cut(tmp_path: pathlib.Path) -> None:
    found = []
    for size, steps in ((8, 1), (4, 2), (2, 4)):
        given = {"per_device_train_batch_size": size, "gradient_accumulation_steps": steps, "max_steps": 3}
        trainer = make(tmp_path, kind=type("Mine", (Weighs, Trainer), {}), logging_steps=1, **given)
        trainer.train()
        found.append(losses(trainer))
    assert found[1] == pytest.approx(found[0], rel=1e-4)
    assert found[2] == pytest.approx(found[0], rel=1e-4)


def test_data_sets_are_evaluated_by_their_names(tmp_path: pathlib.Path) -> None:
    class Names:
        def evaluate(self, eval_dataset: Any = None, *args: Any, **given: Any) -> Any:
            asked.append(eval_dataset if isinstance(eval_dataset, str) else type(eval_dataset).__name__)
            return super().evaluate(eval_dataset, *args, **given)  # type: ignore[misc]

    named, found = {"one": EVAL, "two": rows(5, seed=4)}, []
    for kind in BOTH:
        asked: list[Any] = []
        trainer = kind.__new__(type("Mine", (Names, kind), {}))
        trainer.__init__(tiny_bert(), make(tmp_path, kind=kind).args, Pad(), TRAIN, named)
        keys = [name for name in trainer.evaluate() if name.endswith("loss")]
        keys += [name for name in trainer.evaluate("two") if name.endswith("loss")]
        keys += [name for name in trainer.evaluate({"three": EVAL}) if name.endswith("loss")]
        found.append((keys, asked))
    assert found[0] == found[1]
    assert trainer.predict("two").predictions.shape == (5, 2)
    with pytest.raises(UserError, match="named 'three'"):
        trainer.predict("three")


@pytest.mark.parametrize("limit", [1, 2])
def test_of_one_checkpoint_the_best_is_left(limit: int, tmp_path: pathlib.Path) -> None:
    script, left = iter([0.9, 0.5, 0.4] * 2), []
    for kind in BOTH:
        settings = {"eval_strategy": "epoch", "save_strategy": "epoch", "metric_for_best_model": "score"}
        folder = tmp_path / kind.__module__
        metrics = {"compute_metrics": lambda found: {"score": next(script)}, "num_train_epochs": 3}
        make(folder, kind=kind, save_total_limit=limit, **metrics, **settings).train()
        left.append(sorted(path.name for path in folder.iterdir() if path.name.startswith("checkpoint-")))
    assert left[0] == left[1]
    assert "checkpoint-5" in left[1]


def test_a_subclass_may_say_how_its_loss_is_scaled(tmp_path: pathlib.Path) -> None:
    found = []
    for scaled, items in ((True, True), (False, False)):

        class Mine(Trainer):
            loss_is_scaled_for_ga = scaled
            told = items

            def compute_loss(
                self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
            ) -> Any:
                outputs = model(**inputs)
                loss = nn.functional.cross_entropy(outputs.logits, inputs["labels"], reduction="sum")
                loss = loss / (num_items_in_batch if self.told else len(inputs["labels"]))
                return (loss, outputs) if return_outputs else loss

        trainer = make(tmp_path, kind=Mine, gradient_accumulation_steps=2, max_steps=2, logging_steps=1)
        trainer.train()
        found.append(losses(trainer))
    assert found[0] == pytest.approx(found[1])


def test_the_extent_of_a_run_is_told_as_in_the_stock_class(tmp_path: pathlib.Path) -> None:
    found = []
    for kind in BOTH:
        trainer = make(tmp_path, kind=kind, gradient_accumulation_steps=2, num_train_epochs=2)
        found.append(trainer.set_initial_training_values(trainer.args, trainer.get_train_dataloader()))
        trainer.train()
        found.append(type(trainer.state.total_flos))
    assert found[:2] == found[2:]


def test_weights_in_shards_are_resumed_from_and_loaded_as_the_best(tmp_path: pathlib.Path) -> None:
    class InShards:
        def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
            self.model.save_pretrained(output_dir, max_shard_size="80KB")  # type: ignore[attr-defined]

    given = {"num_train_epochs": 2, "eval_strategy": "epoch", "save_strategy": "epoch", "load_best_model_at_end": True}
    found = []
    for kind in BOTH:
        mine, folder = type("Mine", (InShards, kind), {}), tmp_path / kind.__module__
        settings = {"train_sampling_strategy": "sequential", "report_to": "none", **given}
        whole = make(folder, kind=mine, **settings)
        whole.train()
        best = pathlib.Path(whole.state.best_model_checkpoint)
        assert (best / "model.safetensors.index.json").is_file()
        assert not (best / "model.safetensors").exists()
        again = make(folder, kind=mine, **settings)
        again.train(resume_from_checkpoint=str(folder / "checkpoint-5"))
        assert all(
            torch.allclose(p, q) for p, q in zip(again.model.parameters(), whole.model.parameters(), strict=True)
        )
        found.append([best.name, *(each["eval_loss"] for each in whole.state.log_history if "eval_loss" in each)])
    assert found[1][0] == found[0][0]
    assert found[1][1:] == pytest.approx(found[0][1:], rel=1e-4)
