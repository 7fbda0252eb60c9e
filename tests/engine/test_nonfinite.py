"""A loss or gradient that is not finite never reaches a weight: the run stops and says where, or skips and counts."""

import json
import pathlib
from typing import Any

import pytest
import torch

from tests.trainer.helpers import Pad, last_good, rows, tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.errors import UserError

DATA = rows(40)
BAD = 7  # the update, counted from 0, that goes wrong


class Bad(Trainer):
    """Goes wrong at one update: in its loss, or only in its gradient."""

    kind = "loss"
    seen = 0

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        loss, outputs = super().compute_loss(model, inputs, return_outputs=True)
        if model.training:
            self.seen += 1
            if self.seen == BAD + 1:
                # The root has an endless slope at 0, and 0 times that is not a number.
                loss = loss * float("nan") if self.kind == "loss" else loss + (loss * 0).sqrt()
        return (loss, outputs) if return_outputs else loss


def make(folder: pathlib.Path, kind: str = "loss", **settings: Any) -> Bad:
    plain = {"report_to": "none", "disable_tqdm": True, "logging_steps": 2, "save_steps": 2, "save_strategy": "steps"}
    arguments = TrainingArguments(str(folder), num_train_epochs=4, **{**plain, "use_cpu": True, **settings})
    trainer = Bad(tiny_bert(), arguments, data_collator=Pad(), train_dataset=DATA)
    trainer.kind = kind
    return trainer


def weights(model: torch.nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


@pytest.mark.parametrize("kind", ["loss", "gradient"])
@pytest.mark.parametrize(
    "settings", [{}, {"max_grad_norm": 0.0}, {"without": ("folded-clipping",)}, {"optim": "adamw_torch"}], ids=str
)
def test_it_stops_before_the_weights_and_says_where(
    kind: str, settings: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    trainer = make(tmp_path, kind, **settings)
    with pytest.raises(UserError) as caught:
        trainer.train()
    assert f"update {BAD + 1}" in caught.value.where
    wrong = trainer_rows(BAD)
    assert ", ".join(str(row + 1) for row in wrong) in caught.value.where
    assert "--on-nonfinite skip" in caught.value.fix
    assert all(parameter.isfinite().all() for parameter in trainer.model.parameters())
    last = last_good(tmp_path)
    assert last is not None
    assert last.name == "checkpoint-6"
    # As if it had ended one update before.
    before = make(tmp_path / "before", kind, **settings, max_steps=BAD, lr_scheduler_type="constant")
    again = make(tmp_path / "again", kind, **settings, lr_scheduler_type="constant")
    before.train()
    with pytest.raises(UserError):
        again.train()
    for one, other in zip(weights(again.model), weights(before.model), strict=True):
        assert torch.equal(one, other)


def trainer_rows(update: int) -> list[int]:
    from warmstart.batches.plan import BatchPlan

    rows_: list[int] = BatchPlan(40, 8, 8, seed=42).update(update).rows.tolist()
    return rows_


@pytest.mark.parametrize("kind", ["loss", "gradient"])
def test_skipping_counts_it_and_goes_on(kind: str, tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, kind, on_nonfinite="skip")
    result = trainer.train()
    assert trainer.state.global_step == 20
    history = trainer.state.log_history
    assert [entry.get("skipped_updates") for entry in history if "loss" in entry] == [None] * 3 + [1] * 7
    json.dumps(history, allow_nan=False)  # raises for what is not a number
    assert result.training_loss > 0
    assert all(parameter.isfinite().all() for parameter in trainer.model.parameters())


def test_an_update_that_is_skipped_changes_no_weight(tmp_path: pathlib.Path) -> None:
    settings = {"lr_scheduler_type": "constant", "on_nonfinite": "skip"}
    before, after = make(tmp_path, max_steps=BAD, **settings), make(tmp_path, max_steps=BAD + 1, **settings)
    before.train()
    after.train()
    for one, other in zip(weights(before.model), weights(after.model), strict=True):
        assert torch.equal(one, other)


def test_only_two_ways_are_known(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserError, match="on_nonfinite"):
        TrainingArguments(str(tmp_path), on_nonfinite="ignore")
