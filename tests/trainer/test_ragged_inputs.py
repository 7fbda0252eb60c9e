"""A token table trains on ragged batches, and who looks at a batch sees a padded one, as in the stock trainer."""

import pathlib
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import nn

from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.batches.ragged import RaggedBatch
from warmstart.batches.tokens import TokenTable

ROWS = rows(37)
NAMES = ["input_ids", "attention_mask", "labels"]


def table(dataset: Any = ROWS) -> TokenTable:
    ids = list(dataset["input_ids"])
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in ids])]).astype(np.int64)
    return TokenTable(
        np.concatenate(ids).astype(np.int32), offsets, None, np.array(dataset["label"]), 0, False, 64, "x"
    )


def make(folder: pathlib.Path, dataset: Any, kind: type[Trainer] = Trainer, model: Any = None, **settings: Any) -> Any:
    options = {name: settings.pop(name) for name in ("compute_loss_func", "compute_metrics") if name in settings}
    plain: dict[str, Any] = {"report_to": "none", "disable_tqdm": True, "logging_steps": 1, "save_strategy": "no"}
    arguments = TrainingArguments(str(folder), **{**plain, "max_steps": 6, "learning_rate": 1e-3, **settings})
    trainer = kind(
        model or tiny_bert(dropout=0.1), arguments, Pad(), train_dataset=dataset, eval_dataset=dataset, **options
    )
    trainer.pop_callback(transformers.PrinterCallback)
    return trainer


def losses(trainer: Any) -> list[float]:
    trainer.train()
    found = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return [*found, trainer.evaluate()["eval_loss"]]


def weighed(outputs: Any, labels: torch.Tensor, num_items_in_batch: int) -> torch.Tensor:
    weight = torch.tensor([1.0, 3.0])
    return nn.functional.cross_entropy(outputs.logits, labels, weight=weight, reduction="sum") / num_items_in_batch


class OwnLoss(Trainer):
    """The usual way to weigh classes."""

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_: Any) -> Any:  # type: ignore[override]
        assert isinstance(inputs, dict)
        assert list(inputs) == NAMES
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        loss = nn.functional.cross_entropy(outputs.logits, labels)
        return (loss, outputs) if return_outputs else loss


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "smoothed": {"label_smoothing_factor": 0.2},
    "a function": {"compute_loss_func": weighed},
    "an override": {"kind": OwnLoss},
    "padded by name": {"without": ("padding-free",), "dropout": 0.0},
    "another family": {"dropout": 0.0, "family": "deberta"},
}


@pytest.mark.parametrize("what", SETTINGS)
@pytest.mark.parametrize("micro", [8, 2])
def test_a_table_and_its_rows_train_alike(what: str, micro: int, tmp_path: pathlib.Path) -> None:
    """Through a collator or ragged, in micro-batches of any size, with dropout where its masks belong to rows."""
    chosen = dict(SETTINGS[what])
    dropout, family = chosen.pop("dropout", 0.1), chosen.pop("family", "bert")
    sizes = {"per_device_train_batch_size": micro, "gradient_accumulation_steps": 8 // micro}

    def model() -> Any:
        if family == "bert":
            return tiny_bert(dropout=dropout)
        torch.manual_seed(0)
        shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
        off = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        config = transformers.AutoConfig.for_model(family, vocab_size=60, **shape, **off)
        return transformers.AutoModelForSequenceClassification.from_config(config).float()

    found = [losses(make(tmp_path, rows_, model=model(), **chosen, **sizes)) for rows_ in (ROWS, table())]
    assert len(found[0]) == 7
    assert found[0] == pytest.approx(found[1], rel=1e-5)


def test_the_loss_of_the_engine_is_given_the_ragged_batch(tmp_path: pathlib.Path) -> None:
    seen = []
    trainer = make(tmp_path, table(), max_steps=1)
    stock = Trainer.compute_loss

    def look(self: Any, model: Any, inputs: Any, *args: Any, **given: Any) -> Any:
        seen.append(type(inputs))
        return stock(self, model, inputs, *args, **given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("warmstart.trainer.trainer.Trainer.compute_loss", look)
        trainer.train()
        trainer.evaluate()
    assert set(seen) == {RaggedBatch}


class Looks(transformers.TrainerCallback):  # type: ignore[misc]
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, train_dataloader: Any = None, **_: Any) -> None:
        self.seen.append(next(iter(train_dataloader)))

    def on_evaluate(self, args: Any, state: Any, control: Any, eval_dataloader: Any = None, **_: Any) -> None:
        self.seen.append(next(iter(eval_dataloader)))


def test_loaders_and_steps_of_ones_own_are_given_padded_batches(tmp_path: pathlib.Path) -> None:
    given = []

    class OwnStep(Trainer):
        def prediction_step(self, model: Any, inputs: Any, *args: Any, **more: Any) -> Any:  # type: ignore[override]
            given.append(inputs)
            return super().prediction_step(model, inputs, *args, **more)

    trainer, looks = make(tmp_path, table(), OwnStep, max_steps=1), Looks()
    trainer.add_callback(looks)
    trainer.train()
    plain = make(tmp_path, table())
    metrics = trainer.evaluate(), plain.evaluate()
    assert metrics[0]["eval_loss"] != metrics[1]["eval_loss"]  # trained and not
    for batch in [
        *looks.seen,
        *given,
        next(iter(trainer.get_train_dataloader())),
        next(iter(plain.get_eval_dataloader())),
    ]:
        assert isinstance(batch, dict)
        assert list(batch) == NAMES
        assert batch["input_ids"].shape == batch["attention_mask"].shape
    stock = transformers.Trainer(
        tiny_bert(), transformers.TrainingArguments(str(tmp_path), use_cpu=True, report_to="none"), Pad(), ROWS
    )
    theirs, ours = next(iter(stock.get_train_dataloader())), next(iter(trainer.get_train_dataloader()))
    assert all(torch.equal(theirs[name], ours[name]) for name in NAMES)


def test_labels_left_out_are_left_out_of_ragged_batches_too(tmp_path: pathlib.Path) -> None:
    found = make(tmp_path, table()).predict(table())
    assert found.label_ids.tolist() == list(ROWS["label"])
    without = TokenTable(*(getattr(table(), name) for name in ("ids", "offsets", "types")), None, 0, False, 64, "x")
    bare = make(tmp_path, table()).predict(without)
    assert bare.label_ids is None
    np.testing.assert_array_equal(bare.predictions, found.predictions)
