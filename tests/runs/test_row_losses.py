"""The loss of each row in each epoch, kept from what the updates compute: right, free, and exact over a resume."""

import json
import pathlib
from typing import Any

import numpy as np
import pytest
import torch

from tests import tiny
from tests.runs.recipes import Make, log, weights
from warmstart.batches.plan import BatchPlan, Update
from warmstart.checkpoints import checkpoint
from warmstart.engine.distributed.processes import Processes
from warmstart.heads.losses import confidences, losses
from warmstart.runs import run
from warmstart.runs.forecast import Forecast
from warmstart.trainer.row_losses import FILE, RowLosses, read


def rows_of_kind(kind: str) -> list[dict[str, Any]]:
    found = tiny.reviews(30)
    if kind == "number":
        return [{"text": row["text"], "label": len(row["text"]) / 10 + 0.05} for row in found]
    if kind == "labels":
        return [{"text": row["text"], "label": "|".join(sorted({*row["text"].split()}))} for row in found]
    return found


@pytest.mark.parametrize("kind", ["classes", "labels", "number"])
def test_the_losses_of_an_updates_rows_have_the_mean_that_was_logged(
    kind: str, recipe: Make, tmp_path: pathlib.Path
) -> None:
    """The model's own loss, of the same outputs: with dropout, over micro-batches of uneven sizes."""
    data = tiny.write(tmp_path / "rows.jsonl", rows_of_kind(kind))
    asked = recipe(data=str(data), log_every=1, micro_batch_size=4, batch_size=8, kind=kind)
    done = run.train(asked)
    found = read(done.folder)
    assert found is not None
    rows = len(done.splits["train"])
    assert found.shape == (2, rows)
    assert np.isfinite(found).all()
    plan = BatchPlan(rows=rows, batch_size=8, micro_batch_size=4, seed=asked.seed)
    logged = [entry["loss"] for entry in log(done.folder) if "loss" in entry]
    updates = [plan.update(index) for index in range(len(logged))]
    assert len(updates) == 2 * plan.updates_per_epoch
    means = [found[each.epoch, each.rows].mean() for each in updates]
    np.testing.assert_allclose(means, logged, rtol=2e-3, atol=1e-4)


def test_training_is_the_same_to_the_bit_without(recipe: Make, tmp_path: pathlib.Path) -> None:
    watched = run.train(recipe())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warmstart.runs.run.RowLosses", lambda *given: None)
        bare = run.train(recipe(out=str(tmp_path / "bare")))
    assert weights(watched.folder) == weights(bare.folder)
    assert not (bare.folder / FILE).exists()


class Cut(Exception):
    pass


def test_a_run_that_was_killed_ends_with_the_losses_of_an_undisturbed_one(recipe: Make, tmp_path: pathlib.Path) -> None:
    def die(self: Any, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 9:
            raise Cut

    whole = run.train(recipe(out=str(tmp_path / "whole"), save_every=4))
    asked = recipe(out=str(tmp_path / "cut"), save_every=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Forecast, "on_step_begin", die)
        with pytest.raises(Cut):
            run.train(asked)
    run.train(asked, resume=True)
    assert (tmp_path / "cut" / FILE).read_bytes() == (whole.folder / FILE).read_bytes()
    for folder in checkpoint.folders(whole.folder):
        assert (folder / "progress.json").read_bytes() == (
            tmp_path / "cut" / folder.name / "progress.json"
        ).read_bytes()


def test_a_checkpoint_from_before_there_were_any(recipe: Make, tmp_path: pathlib.Path) -> None:
    """Its epochs are not known; the rest is."""
    asked = recipe(epochs=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warmstart.runs.run.RowLosses", lambda *given: None)
        run.train(asked)
    found = run.train(asked.changed({"epochs": 2}), resume=True, accept_changes=True)
    known = read(found.folder)
    assert known is not None
    assert known.shape == (1, 54)
    assert np.isfinite(known).all()


def outputs(logits: Any) -> Any:
    return type("Outputs", (), {"logits": torch.tensor(logits)})


def update(rows: list[int], epoch: int = 0) -> Update:
    return Update(0, epoch, np.array(rows), (np.array(rows),))


def test_an_attempt_that_did_not_fit_leaves_nothing(tmp_path: pathlib.Path) -> None:
    kept = RowLosses("single_label_classification", np.array([0, 1, 0, 1]))
    kept.saw(outputs([[9.0, -9.0], [9.0, -9.0]]))  # then memory ran out, and rows were taken one at a time
    for logits in ([[0.0, 0.0]], [[0.0, 2.0]], [[1.0, 1.0]]):
        kept.saw(outputs(logits))
    kept.count(update([3, 1, 0]))
    kept.count(update([2]))  # shown to nobody, as by a CUDA graph
    kept.gather(Processes(use_cpu=True))
    kept.write(tmp_path)
    found = read(tmp_path)
    assert found is not None
    np.testing.assert_allclose(found[0, [3, 1, 0]], [np.log(2), np.log1p(np.exp(-2)), np.log(2)], rtol=1e-6)
    assert np.isnan(found[0, 2])


def test_no_more_than_fit_are_kept(tmp_path: pathlib.Path) -> None:
    kept = RowLosses("regression", np.zeros(4, np.float32), most=11)
    for epoch in range(3):
        kept.saw(outputs([[float(epoch)]] * 4))
        kept.count(update([0, 1, 2, 3], epoch))
    kept.gather(Processes(use_cpu=True))
    kept.write(tmp_path)
    found = read(tmp_path)
    assert found is not None
    assert found.tolist() == [[0] * 4, [1] * 4]
    assert kept.lacks(3)
    assert not kept.lacks(2)
    assert json.loads((tmp_path / FILE).read_text())["rows"] == 4


def test_losses_are_those_of_torch() -> None:
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(7, 3)) * 4
    ids, bits, number = draw.integers(3, size=7), draw.integers(2, size=(7, 3)).astype(np.float32), draw.normal(size=7)
    given = torch.tensor(logits)
    torch_losses = {
        "single_label_classification": torch.nn.functional.cross_entropy(given, torch.tensor(ids), reduction="none"),
        "multi_label_classification": torch.nn.functional.binary_cross_entropy_with_logits(
            given, torch.tensor(bits).double(), reduction="none"
        ).mean(1),
        "regression": (given[:, 0] - torch.tensor(number)) ** 2,
    }
    labels = {"single_label_classification": ids, "multi_label_classification": bits, "regression": number}
    for kind, expected in torch_losses.items():
        found = losses(kind, logits[:, :1] if kind == "regression" else logits, labels[kind])
        np.testing.assert_allclose(found, expected.numpy(), rtol=1e-6)
        known = confidences(kind, found)
        assert ((known >= 0) & (known <= 1)).all()
        assert (np.argsort(known, kind="stable") == np.argsort(-found, kind="stable")).all()
