"""Out of memory: the update is tried again from unchanged state with fewer rows at a time; only rounding differs."""

import pathlib
import subprocess
import sys
from typing import Any

import pytest
import torch
import transformers
from torch import nn

from tests.hearing import warnings
from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.batches.dataloaders import values_of
from warmstart.checkpoints import checkpoint
from warmstart.engine.oom import RowsAtATime, is_out_of_memory
from warmstart.errors import UserError

DATA = rows(32)
TOO_MUCH = 2**60  # bytes: no allocator has them


def cannot_take(model: Any, most: int, when: str = "forward") -> Any:
    """The model, which asks its allocator for too much when it is given more than `most` rows: once some of its work is
    done, in the forward or in the backward pass."""

    def forward(module: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        if module.training and len(output) > most and torch.is_grad_enabled():
            if when == "forward":
                torch.empty(TOO_MUCH, dtype=torch.uint8)
            else:
                output.register_hook(lambda gradient: torch.empty(TOO_MUCH, dtype=torch.uint8))
        return output

    model.classifier.register_forward_hook(forward)
    return model


def make(folder: pathlib.Path, model: Any, **settings: Any) -> Trainer:
    plain = {"report_to": "none", "disable_tqdm": True, "max_steps": 6, "learning_rate": 1e-3, "logging_steps": 1}
    return Trainer(model, TrainingArguments(str(folder), **{**plain, **settings}), Pad(), DATA)


@pytest.mark.parametrize("when", ["forward", "backward"])
@pytest.mark.parametrize("micro", [8, 4])
def test_the_result_differs_only_by_rounding(when: str, micro: int, tmp_path: pathlib.Path) -> None:
    cut = {"per_device_train_batch_size": micro, "gradient_accumulation_steps": 8 // micro}
    whole = make(tmp_path / "whole", tiny_bert(), **cut)
    whole.train()
    told: list[str] = []
    short = make(tmp_path / "short", cannot_take(tiny_bert(), 3, when), **cut)
    short.events = warnings(told.append)
    short.train()
    assert short.run_state.rows_at_a_time.limit == 2
    assert len(told) == (2 if micro == 8 else 1)
    assert "2 at a time" in told[-1]
    assert [entry["step"] for entry in short.state.log_history if "rows_at_a_time" in entry] == [1]
    losses = [[e["loss"] for e in t.state.log_history if "loss" in e] for t in (whole, short)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for a, b in zip(whole.model.parameters(), short.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_with_dropout_too_where_masks_belong_to_rows(tmp_path: pathlib.Path) -> None:
    losses = []
    for most in (8, 2):
        trainer = make(tmp_path / str(most), tiny_bert(dropout=0.2))
        if most == 2:
            trainer.model.classifier.register_forward_hook(asks_for_too_much_with(most))
        trainer.train()
        assert trainer.run_state.rows_at_a_time.limit == (None if most == 8 else 2)
        losses.append([entry["loss"] for entry in trainer.state.log_history if "loss" in entry])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def asks_for_too_much_with(most: int) -> Any:
    def hook(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        if module.training and len(output) > most:
            torch.empty(TOO_MUCH, dtype=torch.uint8)

    return hook


class Counting(nn.Module):
    """A module with a running mean: what a failed attempt has added to it must be taken back."""

    def __init__(self, most: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.norm, self.linear, self.most = nn.BatchNorm1d(4), nn.Linear(4, 2), most

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        found = self.linear(self.norm(x))
        if len(x) > self.most:
            torch.empty(TOO_MUCH, dtype=torch.uint8)
        return {"loss": nn.functional.cross_entropy(found, labels)}


def test_buffers_are_as_they_were_before_the_attempt(tmp_path: pathlib.Path) -> None:
    data = [{"x": torch.randn(4).tolist(), "labels": number % 2} for number in range(32)]

    def collate(examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        return {name: torch.tensor([each[name] for each in examples]) for name in ("x", "labels")}

    found = []
    for most, size, accumulate in ((8, 4, 2), (4, 8, 1)):
        settings = {"per_device_train_batch_size": size, "gradient_accumulation_steps": accumulate, "max_steps": 3}
        arguments = TrainingArguments(str(tmp_path), report_to="none", disable_tqdm=True, **settings)
        trainer = Trainer(Counting(most), arguments, collate, data)
        trainer.train()
        found.append(trainer.model.state_dict())
    for name, value in found[0].items():
        if name != "norm.num_batches_tracked":
            torch.testing.assert_close(found[1][name], value)


def test_the_size_that_works_is_part_of_a_checkpoint(tmp_path: pathlib.Path) -> None:
    settings = {"save_strategy": "steps", "save_steps": 3}
    whole = make(tmp_path, cannot_take(tiny_bert(dropout=0.1), 3), **settings)
    whole.train()
    progress = checkpoint.load_progress(tmp_path / "checkpoint-3")
    assert progress is not None
    assert progress["rows_at_a_time"] == 2
    told: list[str] = []
    resumed = make(tmp_path, cannot_take(tiny_bert(dropout=0.1), 3), **settings)
    resumed.events = warnings(told.append)
    resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert told == []
    for a, b in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_one_row_that_does_not_fit_is_told(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserError, match="one row alone") as caught:
        make(tmp_path, cannot_take(tiny_bert(), 0)).train()
    assert "--max-length" in caught.value.fix


def test_other_errors_are_not_taken_for_it(tmp_path: pathlib.Path) -> None:
    trainer = make(tmp_path, tiny_bert())

    def fail(*given: Any) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    trainer.model.classifier.register_forward_hook(fail)
    with pytest.raises(RuntimeError, match="mat1"):
        trainer.train()
    assert trainer.run_state.rows_at_a_time.limit is None
    assert not is_out_of_memory(ValueError("out of memory"))


def test_pieces_have_all_rows_in_order() -> None:
    rows_at_a_time = RowsAtATime()
    batch = {"input_ids": torch.arange(14).view(7, 2), "names": list("abcdefg"), "scale": torch.tensor(2.0)}
    assert rows_at_a_time.pieces(batch) == [batch]
    rows_at_a_time.limit = 3
    pieces = rows_at_a_time.pieces(batch)
    assert [len(piece["input_ids"]) for piece in pieces] == [3, 3, 1]
    assert torch.equal(torch.cat([piece["input_ids"] for piece in pieces]), batch["input_ids"])
    assert [name for piece in pieces for name in piece["names"]] == batch["names"]
    assert all(piece["scale"] == 2.0 for piece in pieces)


def test_pieces_are_of_the_class_of_the_batch() -> None:
    rows_at_a_time = RowsAtATime()
    rows_at_a_time.limit = 3
    ids = torch.arange(14).view(7, 2)
    for batch in ([ids, ids], (ids, ids), transformers.BatchEncoding({"a": ids, "b": ids})):
        pieces = rows_at_a_time.pieces(batch)
        assert [type(piece) for piece in pieces] == [type(batch)] * 3
        assert [[len(value) for value in values_of(piece)] for piece in pieces] == [[3, 3], [3, 3], [1, 1]]


REAL = """
import resource, sys
import torch
import transformers
from torch import nn
from warmstart import Trainer, TrainingArguments

class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2**16))

    def forward(self, x, labels):  # [rows, 65536]: 256 KiB a row
        return {"loss": ((x[:, None] * self.weight).tanh().mean(1) - labels).square().mean()}

def collate(rows):
    return {"x": torch.tensor([float(row) for row in rows]), "labels": torch.zeros(len(rows))}

arguments = TrainingArguments(sys.argv[1], report_to="none", disable_tqdm=True, max_steps=2, logging_steps=1,
                              per_device_train_batch_size=4096, remove_unused_columns=False)
trainer = Trainer(Wide(), arguments, collate, list(range(4096)))
with open("/proc/self/statm") as file:
    now = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + 600 * 2**20, -1))
trainer.train()
print("limit", trainer.run_state.rows_at_a_time.limit)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a process's memory is Linux's")
def test_a_real_limit_of_the_memory(tmp_path: pathlib.Path) -> None:
    ran = subprocess.run([sys.executable, "-c", REAL, str(tmp_path)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    limit = ran.stdout.split()[-1]
    assert limit != "None"
    assert 16 <= int(limit) < 4096
