"""Steps over the rows of an embedding that ever had a gradient give the bits of steps over all of them."""

import pathlib
from typing import Any

import pytest
import torch

from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.engine.techniques import LIVE_ROWS
from warmstart.models import embedding_grad

DATA = rows(80)


@pytest.fixture(autouse=True)
def _small_tables_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_grad, "SMALLEST", 1)


def make(folder: pathlib.Path, *, left_out: bool, callbacks: Any = (), **settings: Any) -> Trainer:
    plain = {"report_to": "none", "disable_tqdm": True, "use_cpu": True, "save_strategy": "steps", "save_steps": 4}
    chosen = {"max_steps": 12, "per_device_train_batch_size": 4, "learning_rate": 1e-2, **plain, **settings}
    arguments = TrainingArguments(str(folder), without=(LIVE_ROWS,) if left_out else (), **chosen)
    return Trainer(tiny_bert(0.1), arguments, Pad(), DATA, callbacks=list(callbacks))


def files(folder: pathlib.Path) -> dict[str, bytes]:
    return {
        name: (folder / "checkpoint-12" / name).read_bytes() for name in ("model.safetensors", "optimizer.safetensors")
    }


SETTINGS: list[dict[str, Any]] = [
    {},
    {"without_folding": True},
    {"max_grad_norm": 0.05, "gradient_accumulation_steps": 2},
    {"max_grad_norm": 0.0},
    {"optim": "adamw_torch_fused", "adam_beta2": 0.9, "adam_epsilon": 1e-3},
    {"bf16": True, "seed": 3},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_bits_are_those_of_whole_steps(settings: dict[str, Any], tmp_path: pathlib.Path) -> None:
    settings = dict(settings)
    folding = settings.pop("without_folding", False)
    found = []
    for left_out in (False, True):
        trainer = make(tmp_path / str(left_out), left_out=left_out, **settings)
        if folding:
            trainer.args.without = (*trainer.args.without, "folded-clipping")
        trainer.train()
        assert (LIVE_ROWS in trainer.techniques.on) != left_out
        found.append(files(tmp_path / str(left_out)))
    assert found[0] == found[1]


def test_few_rows_take_part_and_a_resumed_run_has_the_same(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path / "whole", left_out=False)
    trainer.train()
    seen = {token for row in DATA for token in row["input_ids"]}
    state = trainer.optimizer.state[trainer.model.get_input_embeddings().weight]  # type: ignore[union-attr]
    moved = set(state["exp_avg"].any(1).nonzero().flatten().tolist())
    assert moved <= seen
    assert len(moved) < len(state["exp_avg"])
    make(tmp_path / "cut", left_out=False, max_steps=12).train()
    again = make(tmp_path / "cut", left_out=False)
    again.train(resume_from_checkpoint=str(tmp_path / "cut" / "checkpoint-8"))
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


@pytest.mark.parametrize(
    "settings", [{"weight_decay": 0.1}, {"optim": "adamw_torch"}, {"optim": "adafactor"}, {"optim": "sgd"}], ids=str
)
def test_where_a_row_without_a_gradient_moves_or_may_all_rows_take_part(
    settings: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    trainer = make(tmp_path, left_out=False, max_steps=2, **settings)
    trainer.train()
    assert LIVE_ROWS not in trainer.techniques.on


def test_a_step_that_fails_leaves_the_optimizer_as_it_was(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, calls = torch.optim.AdamW.step, []

    def failing(self: Any, closure: Any = None) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("no step")
        return step(self, closure)

    monkeypatch.setattr(torch.optim.AdamW, "step", failing)
    trainer = make(tmp_path, left_out=False)
    with pytest.raises(RuntimeError, match="no step"):
        trainer.train()
    optimizer: Any = trainer.optimizer
    weight = trainer.model.get_input_embeddings().weight  # type: ignore[union-attr]
    assert sum(p is weight for group in optimizer.param_groups for p in group["params"]) == 1
    assert set(optimizer.state) == set(trainer.model.parameters())
