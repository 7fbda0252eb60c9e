"""What trains: models, optimizers, losses, labels."""

import pathlib
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from datasets import Dataset
from torch import nn

from tests import tiny
from tests.trainer.helpers import VOCABULARY, Pad, tiny_bert
from tests.trainer.trainers import TRAIN, Pairs, Plain, accuracy, arguments, make, same, weights
from warmstart import AdamW, Trainer, TrainingArguments
from warmstart.errors import UserError


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
