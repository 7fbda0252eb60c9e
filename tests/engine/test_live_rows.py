"""Steps over the rows of an embedding that ever had a gradient give the bits of steps over all of them."""

import copy
import pathlib
from typing import Any

import pytest
import torch
from torch import nn

from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.engine import live_rows as live_rows_module
from warmstart.engine.clipping import step_clipped
from warmstart.engine.live_rows import LiveRows, live_rows
from warmstart.engine.techniques import LIVE_ROWS
from warmstart.models import embedding_grad
from warmstart.models.embedding_grad import Embedding

DATA = rows(80)


@pytest.fixture(autouse=True)
def _small_tables_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_grad, "SMALLEST", 1)
    monkeypatch.setattr(live_rows_module, "LARGE", 1)


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
    {"max_grad_norm": 0.05, "gradient_accumulation_steps": 2},
    {"optim": "adamw_torch_fused", "adam_beta2": 0.9, "adam_epsilon": 1e-3},
    {"bf16": True, "seed": 3},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_bits_are_those_of_whole_steps(settings: dict[str, Any], tmp_path: pathlib.Path) -> None:
    found = []
    for left_out in (False, True):
        trainer = make(tmp_path / str(left_out), left_out=left_out, **settings)
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


ROWS, HIDDEN, UPDATES = 300, 32, 12


class Two:
    """The same embedding twice with its optimizer: one is stepped over by rows, the other whole."""

    def __init__(self, **options: Any) -> None:
        torch.manual_seed(0)
        stock = nn.Embedding(ROWS, HIDDEN)
        self.tables = [Embedding(copy.deepcopy(stock)) for _unused in range(2)]
        self.layers = [nn.Linear(HIDDEN, 2) for _unused in range(2)]
        self.layers[1].load_state_dict(self.layers[0].state_dict())
        settings = {"lr": 0.05, "weight_decay": 0.0, **options}
        self.optimizers = [
            torch.optim.AdamW([*table.parameters(), *layer.parameters()], fused=True, **settings)
            for table, layer in zip(self.tables, self.layers, strict=True)
        ]
        self.by_rows = live_rows(self.optimizers[0], self.tables[0]) or LiveRows()
        self.taken = 0

    def update(self, number: int, *, norm: float = 3.0, pieces: int = 2, change: Any = None) -> None:
        for which in range(2):
            draw = torch.Generator().manual_seed(number)
            for _unused in range(pieces):
                ids = torch.randint(number, number + 40, (6, 5), generator=draw)
                loss = self.layers[which](self.tables[which](ids)).pow(2).sum()
                loss.backward()
            if change is not None:
                change(self.tables[which])
            by_rows = self.by_rows if which == 0 else LiveRows()
            self.taken += by_rows._found() is not None
            with by_rows.stepping():
                step_clipped(self.optimizers[which], torch.tensor(norm), 1.0)
            self.optimizers[which].zero_grad(set_to_none=True)

    def agree(self) -> bool:
        states = [optimizer.state[table.weight] for optimizer, table in zip(self.optimizers, self.tables, strict=True)]
        pairs = [(states[0][name], states[1][name]) for name in ("exp_avg", "exp_avg_sq", "step")]
        pairs += list(zip(*(layer.parameters() for layer in self.layers), strict=True))
        return all(torch.equal(*pair) for pair in [*pairs, (self.tables[0].weight, self.tables[1].weight)])


def test_the_bits_are_the_same() -> None:
    two = Two()
    for number in range(UPDATES):
        two.update(number, norm=(3.0, 0.5)[number % 2], pieces=1 + number % 3)
        assert two.agree()
    assert two.taken == UPDATES - 1  # the first makes the moments


def test_an_update_that_is_not_finite_moves_nothing() -> None:
    two = Two()
    for number in range(6):
        two.update(number, norm=float("inf") if number == 3 else 2.0)
        assert two.agree()
    assert int(two.optimizers[0].state[two.tables[0].weight]["step"]) == 5


def test_moments_that_were_loaded_are_stepped_over() -> None:
    two = Two()
    for number in range(4):
        two.update(number * 50)
    for optimizer in two.optimizers:
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for number in range(4):
        two.update(number)
        assert two.agree()
    assert two.taken == 7


def test_a_gradient_that_somebody_else_writes_to_is_seen() -> None:
    two = Two()
    for number in range(8):
        two.update(number, change=(lambda table: table.weight.grad.add_(0.01)) if number in (2, 5) else None)
        assert two.agree()
    assert two.taken == 5


def test_what_is_written_between_two_micro_batches_is_seen_and_does_not_stay() -> None:
    table = Embedding(nn.Embedding(ROWS, HIDDEN))
    ids = torch.tensor([[1, 2, 3]])
    table(ids).sum().backward()
    assert table.kept.is_ours
    table.weight.grad[7] += 1.0
    assert not table.kept.is_ours
    table(ids).sum().backward()
    assert not table.kept.is_ours
    table.weight.grad = None
    table(ids + 1).sum().backward()
    assert table.kept.is_ours
    assert table.weight.grad.any(1).nonzero().flatten().tolist() == [2, 3, 4]


def test_a_step_that_somebody_else_takes_is_seen() -> None:
    two = Two()
    for number in range(6):
        two.update(number)
        for optimizer, table in zip(two.optimizers, two.tables, strict=True):
            if number == 3:
                table.weight.grad = torch.ones_like(table.weight)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
        assert two.agree()


@pytest.mark.parametrize("options", [{"weight_decay": 0.1}, {"amsgrad": True}, {"maximize": True}])
def test_what_moves_every_row_is_left_to_the_optimizer(
    options: dict[str, Any],
) -> None:
    two = Two(**options)
    for number in range(4):
        two.update(number)
    assert two.agree()
    assert not two.taken
