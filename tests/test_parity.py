"""Differential tests: the same weights, rows and order give `transformers.Trainer`'s loss at every step."""

import math
import pathlib
from typing import Any

import pytest
import torch
import transformers

import warmstart
from tests.trainer.helpers import Pad, rows, tiny_bert


class MeanOfMeans(transformers.Trainer):
    """The stock trainer, told what is so: this model returns the mean loss of a micro-batch.

    Left to itself it takes a `**kwargs` in BERT's `forward` as a promise to divide by the items of the whole update,
    which BERT's loss does not do, and then its loss and gradients are `accumulation` times too large.
    """

    loss_is_scaled_for_ga = False


def losses(trainer_class: Any, arguments_class: Any, folder: pathlib.Path, count: int, **settings: Any) -> list[float]:
    plain = {"report_to": "none", "disable_tqdm": True, "logging_steps": 1, "save_strategy": "no", "use_cpu": True}
    if trainer_class is not warmstart.Trainer:
        plain["logging_nan_inf_filter"] = False
    arguments = arguments_class(str(folder), **{**plain, "train_sampling_strategy": "sequential", **settings})
    trainer = trainer_class(tiny_bert(), arguments, data_collator=Pad(), train_dataset=rows(count))
    trainer.pop_callback(transformers.PrinterCallback)
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


CASES = {
    "plain": {"learning_rate": 1e-3},
    "random order, another in each epoch": {"learning_rate": 1e-3, "train_sampling_strategy": "random", "seed": 7},
    "warm-up": {"learning_rate": 1e-3, "warmup_steps": 10, "lr_scheduler_type": "cosine"},
    "accumulation": {"learning_rate": 1e-3, "gradient_accumulation_steps": 3},
    "weight decay, old torch optimizer": {"learning_rate": 1e-3, "weight_decay": 0.1, "optim": "adamw_torch"},
    "no clipping": {"learning_rate": 1e-3, "max_grad_norm": 0.0},
    "label smoothing": {"learning_rate": 1e-3, "label_smoothing_factor": 0.1},
}


@pytest.mark.parametrize("name", CASES)
def test_every_loss_is_that_of_the_stock_trainer(name: str, tmp_path: pathlib.Path) -> None:
    settings = {"per_device_train_batch_size": 8, "num_train_epochs": 2, **CASES[name]}
    per_update = 8 * settings.get("gradient_accumulation_steps", 1)
    count = 30 * per_update  # 60 updates, every micro-batch full
    ours = losses(warmstart.Trainer, warmstart.TrainingArguments, tmp_path / "ours", count, **settings)
    theirs = losses(MeanOfMeans, transformers.TrainingArguments, tmp_path / "theirs", count, **settings)
    assert len(ours) == len(theirs) == 60
    assert ours == pytest.approx(theirs, rel=1e-5)
    assert ours[-1] < ours[0]  # something was learnt


def test_an_epoch_with_a_short_last_batch(tmp_path: pathlib.Path) -> None:
    settings = {"per_device_train_batch_size": 8, "num_train_epochs": 3, "learning_rate": 1e-3}
    ours = losses(warmstart.Trainer, warmstart.TrainingArguments, tmp_path / "ours", 8 * 20 + 3, **settings)
    theirs = losses(MeanOfMeans, transformers.TrainingArguments, tmp_path / "theirs", 8 * 20 + 3, **settings)
    assert len(ours) == 63
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_unequal_micro_batches_equal_one_large_batch_where_theirs_do_not(tmp_path: pathlib.Path) -> None:
    """19 rows as one batch, or as micro-batches of 8, 8 and 3: the same update, but not a mean of means."""
    large = {"per_device_train_batch_size": 19, "max_steps": 50, "learning_rate": 1e-3}
    small = {"per_device_train_batch_size": 8, "gradient_accumulation_steps": 3, "max_steps": 50, "learning_rate": 1e-3}
    one = losses(warmstart.Trainer, warmstart.TrainingArguments, tmp_path / "a", 19, **large)
    pieces = losses(warmstart.Trainer, warmstart.TrainingArguments, tmp_path / "b", 19, **small)
    theirs = losses(MeanOfMeans, transformers.TrainingArguments, tmp_path / "c", 19, **small)
    assert pieces == pytest.approx(one, rel=1e-5)
    assert not math.isclose(theirs[0], one[0], rel_tol=1e-4)


def test_what_the_stock_trainer_does_to_accumulated_losses_of_bert(tmp_path: pathlib.Path) -> None:
    """The reason for `MeanOfMeans`: remove it when this fails."""
    settings = {"per_device_train_batch_size": 8, "gradient_accumulation_steps": 3, "max_steps": 1}
    stock = losses(transformers.Trainer, transformers.TrainingArguments, tmp_path / "a", 24, **settings)
    ours = losses(warmstart.Trainer, warmstart.TrainingArguments, tmp_path / "b", 24, **settings)
    assert stock[0] == pytest.approx(3 * ours[0], rel=1e-4)


def test_final_weights_and_evaluation_agree(tmp_path: pathlib.Path) -> None:
    settings = {"per_device_train_batch_size": 8, "num_train_epochs": 2, "learning_rate": 1e-3, "save_strategy": "no"}
    found = []
    for trainer_class, arguments_class in (
        (warmstart.Trainer, warmstart.TrainingArguments),
        (MeanOfMeans, transformers.TrainingArguments),
    ):
        arguments = arguments_class(
            str(tmp_path),
            report_to="none",
            disable_tqdm=True,
            train_sampling_strategy="sequential",
            use_cpu=True,
            **settings,
        )
        trainer = trainer_class(
            tiny_bert(), arguments, data_collator=Pad(), train_dataset=rows(100), eval_dataset=rows(37, seed=1)
        )
        trainer.pop_callback(transformers.PrinterCallback)
        trainer.train()
        found.append((trainer.model.state_dict(), trainer.evaluate(), trainer.predict(rows(21, seed=2))))
    (ours, our_scores, our_predictions), (theirs, their_scores, their_predictions) = found
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-4, atol=1e-6)
    assert our_scores["eval_loss"] == pytest.approx(their_scores["eval_loss"], rel=0.05)  # theirs repeats rows' batches
    assert our_predictions.predictions == pytest.approx(their_predictions.predictions, rel=1e-4, abs=1e-5)
    assert (our_predictions.label_ids == their_predictions.label_ids).all()
