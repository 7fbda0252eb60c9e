"""Evaluating and predicting: every row once, in order, metrics under their names."""

import pathlib
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from datasets import Dataset
from torch import nn

from tests.trainer.helpers import Pad, rows, tiny_bert
from tests.trainer.trainers import EVAL, accuracy, make, same, weights
from warmstart import Trainer
from warmstart.errors import UserError


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
