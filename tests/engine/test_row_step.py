"""A step over the rows that ever had a gradient leaves the bits of a step over the whole table."""

import copy
from typing import Any

import pytest
import torch
from torch import nn

from warmstart.engine import row_step
from warmstart.engine.clipping import step_clipped
from warmstart.models.embedding_grad import Embedding, kept_gradient

ROWS, HIDDEN, UPDATES = 300, 24, 12


class Two:
    """The same embedding twice with its optimizer: one is stepped over by rows, the other whole."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
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
        self.patch = monkeypatch
        self.taken: list[bool] = []
        inner = row_step._step
        monkeypatch.setattr(row_step, "_step", lambda *given: (self.taken.append(True), inner(*given))[1])

    def update(self, number: int, *, norm: float = 3.0, pieces: int = 2, change: Any = None) -> None:
        for which, large in enumerate((1, 10**9)):
            draw = torch.Generator().manual_seed(number)
            for _unused in range(pieces):
                ids = torch.randint(number, number + 40, (6, 5), generator=draw)
                loss = self.layers[which](self.tables[which](ids)).pow(2).sum()
                loss.backward()
            if change is not None:
                change(self.tables[which])
            self.patch.setattr(row_step, "LARGE", large)
            step_clipped(self.optimizers[which], torch.tensor(norm), 1.0)
            self.optimizers[which].zero_grad(set_to_none=True)

    def agree(self) -> bool:
        states = [optimizer.state[table.weight] for optimizer, table in zip(self.optimizers, self.tables, strict=True)]
        pairs = [(states[0][name], states[1][name]) for name in ("exp_avg", "exp_avg_sq", "step")]
        pairs += list(zip(*(layer.parameters() for layer in self.layers), strict=True))
        return all(torch.equal(*pair) for pair in [*pairs, (self.tables[0].weight, self.tables[1].weight)])


def test_the_bits_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Two(monkeypatch)
    for number in range(UPDATES):
        two.update(number, norm=(3.0, 0.5)[number % 2], pieces=1 + number % 3)
        assert two.agree()
    assert len(two.taken) == UPDATES - 1  # the first makes the moments


def test_an_update_that_is_not_finite_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Two(monkeypatch)
    for number in range(6):
        two.update(number, norm=float("inf") if number == 3 else 2.0)
        assert two.agree()
    assert int(two.optimizers[0].state[two.tables[0].weight]["step"]) == 5


def test_moments_that_were_loaded_are_stepped_over(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Two(monkeypatch)
    for number in range(4):
        two.update(number * 50)
    for optimizer in two.optimizers:
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for number in range(4):
        two.update(number)
        assert two.agree()
    assert len(two.taken) == 7


def test_a_gradient_that_somebody_else_writes_to_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Two(monkeypatch)
    for number in range(8):
        two.update(number, change=(lambda table: table.weight.grad.add_(0.01)) if number in (2, 5) else None)
        assert two.agree()
    assert len(two.taken) == 5


def test_what_is_written_between_two_micro_batches_is_seen() -> None:
    table = Embedding(nn.Embedding(ROWS, HIDDEN))
    ids = torch.tensor([[1, 2, 3]])
    table(ids).sum().backward()
    kept = kept_gradient(table.weight.grad)
    assert kept is not None
    assert kept.rows().tolist() == [1, 2, 3]
    table.weight.grad[7] += 1.0
    assert kept.rows() is None
    table(ids).sum().backward()
    assert kept.rows() is None
    table.weight.grad = None
    table(ids + 1).sum().backward()
    assert kept.rows().tolist() == [2, 3, 4]


def test_a_step_that_somebody_else_takes_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    two = Two(monkeypatch)
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
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    two = Two(monkeypatch, **options)
    for number in range(4):
        two.update(number)
    assert two.agree()
    assert not two.taken
