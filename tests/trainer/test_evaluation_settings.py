"""Settings of evaluation give what they give in the stock class: its inputs and losses, batch by batch, unjoined."""

import pathlib
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from tests.trainer.helpers import Pad, rows
from tests.trainer.trainers import EVAL, make
from warmstart import Trainer, UserError
from warmstart.batches.tokens import TokenTable

BOTH = (transformers.Trainer, Trainer)
SAME = {"train_sampling_strategy": "sequential"}


def shapes(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [shapes(each) for each in value]
    return None if value is None else (type(value).__name__, tuple(value.shape))


@pytest.mark.parametrize("joined", [True, False])
@pytest.mark.parametrize("wanted", [[], ["inputs"], ["loss"], ["inputs", "loss"]], ids=str)
def test_metrics_are_given_what_is_asked_for(wanted: list[str], joined: bool, tmp_path: pathlib.Path) -> None:
    seen: list[Any] = []

    def look(found: Any) -> dict[str, float]:
        seen.append([found.predictions, found.label_ids, found.inputs, found.losses])
        return {"parts": float(len(list(found)))}

    metrics = []
    for kind in BOTH:
        given = {"include_for_metrics": wanted, "eval_do_concat_batches": joined, "compute_metrics": look}
        metrics.append(make(tmp_path, kind=kind, **given).evaluate())
    theirs, ours = seen
    assert shapes(ours[:3]) == shapes(theirs[:3])
    assert metrics[1]["eval_parts"] == metrics[0]["eval_parts"]
    for one, other in zip(theirs, ours, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            flat = [
                np.concatenate([np.ravel(x) for x in (each if isinstance(each, list) else [each])])
                for each in (one, other)
            ]
            np.testing.assert_allclose(flat[1], flat[0], rtol=1e-4, atol=1e-6)


def test_predictions_may_stay_in_their_batches(tmp_path: pathlib.Path) -> None:
    found = [make(tmp_path, kind=kind, eval_do_concat_batches=False).predict(EVAL) for kind in BOTH]
    assert shapes(found[1].predictions) == shapes(found[0].predictions)
    assert shapes(found[1].label_ids) == shapes(found[0].label_ids)


class Counts:
    """Accuracy that keeps only counts; the last batch gives it."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, bool]] = []
        self.right = self.rows = 0

    def __call__(self, found: Any, compute_result: bool) -> dict[str, float] | None:
        assert isinstance(found.predictions, torch.Tensor)
        self.right += int((found.predictions.argmax(-1) == found.label_ids).sum())
        self.rows += len(found.label_ids)
        self.batches.append((len(found.label_ids), compute_result))
        return {"accuracy": self.right / self.rows} if compute_result else None


@pytest.mark.parametrize("size", [4, 8, 13, 50])
def test_metrics_batch_by_batch(size: int, tmp_path: pathlib.Path) -> None:
    found = []
    for kind in BOTH:
        counts = Counts()
        given = {"batch_eval_metrics": True, "per_device_eval_batch_size": size, "compute_metrics": counts}
        trainer = make(tmp_path, kind=kind, **given)
        evaluated = trainer.evaluate()
        predicted = trainer.predict(EVAL)
        found.append((evaluated["eval_accuracy"], predicted.metrics["test_accuracy"], counts.batches))
        assert predicted.predictions.shape == (13, 2)
    assert found[1] == found[0]
    whole = make(tmp_path, compute_metrics=lambda f: {"accuracy": float((f[0].argmax(-1) == f[1]).mean())}).evaluate()
    assert found[1][0] == whole["eval_accuracy"]


def test_batches_of_a_token_table_come_in_the_order_of_the_rows(tmp_path: pathlib.Path) -> None:
    texts, labels = rows(11, seed=5), np.arange(11) % 2
    offsets = np.cumsum([0, *map(len, texts["input_ids"])])
    ids = np.concatenate(texts["input_ids"]).astype(np.int32)
    table = TokenTable(ids, offsets, None, labels, 0, False, 64, "x")
    seen: list[int] = []

    def metrics(found: Any, compute_result: bool) -> dict[str, float]:
        seen.extend(found.label_ids.tolist())
        return {}

    given = {"batch_eval_metrics": True, "compute_metrics": metrics, "eval_dataset": table}
    make(tmp_path, per_device_eval_batch_size=4, **given).evaluate()
    assert seen == labels.tolist()


def test_what_cannot_end_is_refused_and_the_advice_leads_out(tmp_path: pathlib.Path) -> None:
    for kind in BOTH:
        with pytest.raises(ValueError, match="compute_result"):
            make(tmp_path, kind=kind, batch_eval_metrics=True, compute_metrics=lambda found: {})
    with pytest.raises(UserError) as told:
        make(tmp_path, batch_eval_metrics=True, compute_metrics=lambda found: {})
    assert "compute_metrics(found, compute_result)" in told.value.fix
    made = make(tmp_path, batch_eval_metrics=True, compute_metrics=lambda found, compute_result: {"one": 1.0})
    assert made.evaluate()["eval_one"] == 1.0


@pytest.mark.parametrize("half", ["bf16_full_eval", "fp16_full_eval"])
def test_evaluating_in_half_precision_leaves_the_weights(half: str, tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, **{half: True})
    exact = make(tmp_path).predict(EVAL).predictions
    found = trainer.predict(EVAL).predictions
    assert 0 < np.abs(found - exact).max() < 0.02
    assert {p.dtype for p in trainer.model.parameters()} == {torch.float32}


def test_rows_of_any_length_may_be_inputs(tmp_path: pathlib.Path) -> None:
    """What `inputs` has is padded with -100 where batches differ in length."""
    seen = []
    for kind in BOTH:
        make(
            tmp_path,
            kind=kind,
            include_for_metrics=["inputs"],
            data_collator=Pad(),
            per_device_eval_batch_size=3,
            compute_metrics=lambda found: seen.append(found.inputs) or {},
        ).evaluate()
    np.testing.assert_array_equal(seen[0], seen[1])
    assert (seen[1] == -100).any()
