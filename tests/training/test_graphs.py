"""Updates on flat batches, which is what CUDA graphs capture: the operations themselves, on any device.

Capturing and replaying need a CUDA device; without one these tests say so and skip that part.
"""

import copy
import pathlib
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.models.test_unpadded import FAMILIES, batch, outcome, small
from tests.training.helpers import tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.data.batches import padded
from warmstart.data.tokens import TokenTable
from warmstart.models.unpadded.encoder import Unpadded, unpadded
from warmstart.models.unpadded.flat import bucket_of, flat_inputs, flatten, position_offset
from warmstart.training.graphs import Graphs, why_no_graphs
from warmstart.training.techniques import Techniques

WIDTH = 128
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a CUDA device")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("lengths", [[3, 9, 1, 20], [7] * 8, [32, 32], list(range(1, 34))])
def test_a_flat_batch_gives_the_padded_models_gradients(family: str, lengths: list[int]) -> None:
    model = small(family)
    inputs = batch(lengths, model.config.pad_token_id)
    logits, gradients = outcome(model, inputs)
    flat = flatten(inputs, WIDTH, position_offset(model))
    assert flat.bucket == bucket_of(sum(lengths))
    assert flat.bucket % 64 == 0
    with unpadded(model) as on, flat_inputs(on, flat, WIDTH, family != "distilbert") as given:
        ours, our_gradients = outcome(model, given)
    assert (ours - logits).abs().max() <= 1e-6
    whole = torch.stack([g.norm() for g in gradients.values()]).norm()
    for name, theirs in gradients.items():
        assert (our_gradients[name] - theirs).norm() <= 1e-5 * theirs.norm() + 1e-8 * whole, name


def table(rows: int = 40) -> TokenTable:
    generator = np.random.default_rng(0)
    lengths = generator.integers(2, 30, rows)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = generator.integers(5, 60, offsets[-1]).astype(np.int32)
    return TokenTable(ids, offsets, None, (ids[offsets[:-1]] > 30).astype(np.int64), 0, False, 32, "x")


class NeverCaptured(Graphs):
    """What is left where capturing fails: every update is done on its flat batch, one operation after the other."""

    def _captured(self, bucket: Any) -> Any:
        return bucket


def made(model: nn.Module, encoder: Unpadded, kind: type[Graphs] = NeverCaptured, device: str = "cpu") -> Graphs:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    return kind(model, optimizer, encoder, rows=8, width=32, max_grad_norm=0.1, precision=None)


def test_updates_are_those_of_the_padded_model() -> None:
    """Twenty updates of buckets that come again and again, every one of them clipped."""
    rows = table()
    model = tiny_bert()
    plain = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(plain.parameters(), lr=1e-3, fused=True)
    with unpadded(model.train()) as encoder:
        graphs = made(model, encoder)
        for number in range(20):
            inputs = padded(rows, np.arange(number, number + 8))
            assert graphs.takes([inputs])
            loss, norm = graphs.run(inputs)
            theirs = plain(**inputs).loss
            theirs.backward()
            their_norm = nn.utils.clip_grad_norm_(plain.parameters(), 0.1)
            optimizer.step()
            optimizer.zero_grad()
            torch.testing.assert_close(loss, theirs.detach(), rtol=1e-5, atol=1e-6)
            torch.testing.assert_close(norm, their_norm, rtol=1e-4, atol=1e-6)
    for ours, theirs_ in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs_, rtol=1e-3, atol=1e-5)


def test_what_is_unusual_is_not_taken() -> None:
    rows = table()
    model = tiny_bert()
    with unpadded(model) as encoder:
        graphs = made(model, encoder)
        usual = padded(rows, np.arange(8))
        assert graphs.takes([usual])
        assert not graphs.takes([usual, usual])
        assert not graphs.takes([padded(rows, np.arange(7))])
        assert not graphs.takes([{name: value for name, value in usual.items() if name != "labels"}])
        assert not graphs.takes([{**usual, "weight": torch.ones(8)}])
        handle = model.bert.register_forward_hook(lambda module, args, output: None)  # it would see flat tokens
        assert not graphs.takes([usual])
        handle.remove()
        assert graphs.takes([usual])
        graphs.broken = "once"
        assert not graphs.takes([usual])


def test_the_trainer_says_why_there_are_none() -> None:
    optimizer = torch.optim.AdamW(tiny_bert().parameters(), fused=True)
    usual: dict[str, Any] = {"table": True, "micro_batches": 1, "processes": 1, "folded": True, "own_loss": False}
    on = Unpadded(("padding-free", "first-token"))
    assert why_no_graphs(optimizer, on, **usual) == ""
    unusual = {"table": False, "micro_batches": 2, "processes": 2, "folded": False, "own_loss": True}
    reasons = {why_no_graphs(optimizer, on, **{**usual, name: value}) for name, value in unusual.items()}
    reasons.add(why_no_graphs(optimizer, Unpadded(), **usual))
    optimizer.add_param_group({"params": [nn.Parameter(torch.ones(1))], "lr": 0.5})
    reasons.add(why_no_graphs(optimizer, on, **usual))
    assert len(reasons) == 7
    assert "" not in reasons


def test_a_trainer_whose_updates_are_flat_learns_the_same(tmp_path: pathlib.Path) -> None:
    """Through the whole trainer, with a short last update that is not taken."""

    def losses(flat: bool) -> list[float]:
        quiet = {"save_strategy": "no", "report_to": "none", "disable_tqdm": True, "use_cpu": True}
        arguments = TrainingArguments(str(tmp_path), num_train_epochs=2, learning_rate=1e-3, logging_steps=1, **quiet)
        trainer = Trainer(tiny_bert(), arguments, train_dataset=table(43))
        if flat:
            stock = trainer._engine

            def engine(on: Techniques, signals: Any) -> Any:
                assert trainer.optimizer is not None
                kinds = {"rows": 8, "width": 32, "max_grad_norm": 1.0, "precision": None}
                graphs = NeverCaptured(trainer.model, trainer.optimizer, on.encoder, **kinds)  # type: ignore[arg-type]
                return stock(Techniques(on.on, "", "", on.encoder, graphs), signals)

            trainer._engine = engine  # type: ignore[method-assign]
        trainer.train()
        return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]

    assert losses(flat=True) == pytest.approx(losses(flat=False), rel=1e-5)


@needs_cuda
def test_graphs_agree_with_eager_updates() -> None:
    """fp32, 20 updates, to 1e-5."""
    rows = table()

    def losses(kind: type[Graphs]) -> list[float]:
        torch.manual_seed(0)
        model = tiny_bert().cuda().train()
        with unpadded(model) as encoder:
            graphs = made(model, encoder, kind)
            found = [float(graphs.run(padded(rows, np.arange(n, n + 8)))[0]) for n in range(20)]
            assert graphs.broken == ""
        return found

    assert losses(Graphs) == pytest.approx(losses(NeverCaptured), rel=1e-5)
