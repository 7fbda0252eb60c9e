"""What makes training fast changes only rounding and which random bits are drawn, and can be left out by name."""

import json
import pathlib
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from tests import tiny
from tests.hearing import only
from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.batches.tokens import TokenTable
from warmstart.engine import live_rows
from warmstart.engine.cuda_graphs import CUDA_GRAPHS
from warmstart.engine.techniques import FOLDED_CLIPPING, LIVE_ROWS, NAMES, ROW_GRADIENTS
from warmstart.errors import UserError
from warmstart.events import TechniquesOn, lines
from warmstart.models import embedding_grad as embedding_rows

DATA = rows(44)
ON_CPU = [name for name in NAMES if name != CUDA_GRAPHS]


@pytest.fixture(autouse=True)
def _small_tables_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_rows, "SMALLEST", 1)
    monkeypatch.setattr(live_rows, "LARGE", 1)


def table() -> TokenTable:
    ids = list(DATA["input_ids"])
    offsets = np.concatenate([[0], np.cumsum(list(map(len, ids)))]).astype(np.int64)
    return TokenTable(
        np.concatenate(ids).astype(np.int32), offsets, None, np.array(DATA["label"][:]), 0, False, 99, "x"
    )


TABLE = table()


def trained(
    folder: pathlib.Path, dropout: float = 0.0, callbacks: Any = (), train_dataset: Any = DATA, **settings: Any
) -> Trainer:
    plain = {"report_to": "none", "disable_tqdm": True, "logging_steps": 1, "save_strategy": "no", "use_cpu": True}
    settings = {"num_train_epochs": 2, "learning_rate": 1e-3, "max_grad_norm": 0.1, **plain, **settings}
    arguments = TrainingArguments(str(folder), **settings)
    trainer = Trainer(
        tiny_bert(dropout), arguments, data_collator=Pad(), train_dataset=train_dataset, callbacks=list(callbacks)
    )
    trainer.train()
    return trainer


def losses(trainer: Trainer) -> list[float]:
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def on(trainer: Trainer) -> tuple[str, ...]:
    return trainer.techniques.on


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    return trained(tmp_path_factory.mktemp("plain"), without=tuple(NAMES))


def test_all_are_on_unless_left_out(plain: Trainer, tmp_path: pathlib.Path) -> None:
    assert on(plain) == ()
    assert set(on(trained(tmp_path))) == set(ON_CPU)


@pytest.mark.parametrize("name", ON_CPU)
def test_each_changes_nothing_but_rounding(name: str, plain: Trainer, tmp_path: pathlib.Path) -> None:
    """Each alone, without dropout (some need the padding-free encoder, or row gradients, which are then on too)."""
    needed = {name, "padding-free", *([ROW_GRADIENTS] if name == LIVE_ROWS else [])}
    with_it = trained(tmp_path, without=tuple(other for other in NAMES if other not in needed))
    assert name in on(with_it)
    assert losses(with_it) == pytest.approx(losses(plain), rel=1e-5)
    norms = [[entry["grad_norm"] for entry in t.state.log_history if "grad_norm" in entry] for t in (with_it, plain)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)
    assert min(norms[0]) > 0.1  # every update was clipped


@pytest.mark.parametrize("name", ON_CPU)
def test_each_can_be_left_out(name: str, tmp_path: pathlib.Path) -> None:
    assert name not in on(trained(tmp_path, without=(name,), max_steps=1))


def test_a_name_that_does_not_exist(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserError) as caught:
        TrainingArguments(str(tmp_path), without=("padding-fre",))
    assert "padding-free" in caught.value.fix


@pytest.mark.parametrize("accumulation", [2, 4, 8])
def test_micro_batches_change_nothing_with_dropout_on(accumulation: int, tmp_path: pathlib.Path) -> None:
    """A mask belongs to the rows of the update and not to the micro-batch that they are computed in."""
    whole = trained(tmp_path, dropout=0.2, per_device_train_batch_size=8)
    parts = trained(
        tmp_path, dropout=0.2, per_device_train_batch_size=8 // accumulation, gradient_accumulation_steps=accumulation
    )
    assert losses(parts) == pytest.approx(losses(whole), rel=1e-5)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: pathlib.Path) -> None:
    def weights(**settings: Any) -> bytes:
        state = trained(tmp_path, dropout=0.2, **settings).model.state_dict()
        return b"".join(value.numpy().tobytes() for value in state.values())

    assert weights() == weights() != weights(seed=1)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_data_loading_threads_changes_no_byte(threads: int, tmp_path: pathlib.Path) -> None:
    def weights(workers: int) -> list[np.ndarray[Any, Any]]:
        state = trained(tmp_path, dropout=0.2, train_dataset=TABLE, dataloader_num_workers=workers).model.state_dict()
        return [value.numpy() for value in state.values()]

    for one, other in zip(weights(0), weights(threads), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_callback_that_looks_at_clipped_gradients_sees_them_clipped(tmp_path: pathlib.Path) -> None:
    seen = []

    class Look(transformers.TrainerCallback):  # type: ignore[misc]
        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
            gradients = [p.grad for p in model.parameters() if p.grad is not None]
            seen.append(float(torch.nn.utils.get_total_norm(gradients)))

    trainer = trained(tmp_path, callbacks=[Look()], max_steps=3)
    assert FOLDED_CLIPPING not in on(trainer)
    assert seen == pytest.approx([0.1] * 3, rel=1e-4)


def test_an_optimizer_of_ones_own_is_clipped_in_the_plain_way(tmp_path: pathlib.Path) -> None:
    trainer = trained(tmp_path, optim="adamw_torch", max_steps=3)
    assert FOLDED_CLIPPING not in on(trainer)
    assert ROW_GRADIENTS in on(trainer)


def test_a_run_tells_what_is_on_first(tmp_path: pathlib.Path) -> None:
    import warmstart

    data = tiny.write(tmp_path / "data.csv", tiny.reviews(40))
    said: list[str] = []
    recipe = {
        "data": str(data),
        "model": tiny.checkpoint(tmp_path / "m"),
        "updates": 2,
        "baselines": False,
        "cpu": True,
    }
    result = warmstart.train(
        warmstart.Recipe.of({**recipe, "out": str(tmp_path / "run"), "without": ("first-token",)}),
        listen=lines(said.append),
    )
    first = json.loads((result.folder / "log.jsonl").read_text().splitlines()[0])
    assert "padding-free" in first["techniques"]
    assert "first-token" not in first["techniques"]
    (line,) = [line for line in said if "padding-free" in line]
    assert "dropout-bits" in line


def test_what_is_unknown_is_told_with_the_reason(tmp_path: pathlib.Path) -> None:
    arguments = TrainingArguments(str(tmp_path), max_steps=1, report_to="none", save_strategy="no", disable_tqdm=True)
    config = transformers.DebertaConfig(
        vocab_size=60, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_labels=2
    )
    model = transformers.DebertaForSequenceClassification(config)
    trainer = Trainer(model, arguments, data_collator=Pad(), train_dataset=DATA)
    told: list[TechniquesOn] = []
    trainer.events.listeners.append(only(TechniquesOn, told.append))
    trainer.train()
    assert "DebertaForSequenceClassification" in trainer.techniques.padded_because
    assert "DebertaForSequenceClassification" in str(told[0])
