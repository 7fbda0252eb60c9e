"""Updates on flat batches, which is what CUDA graphs capture: the operations themselves, on any device.

Capturing and replaying need a CUDA device; without one these tests say so and skip that part.
"""

import copy
import dataclasses
import pathlib
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import BertConfig, BertForSequenceClassification, PrinterCallback, TrainerCallback
from transformers.trainer_callback import DefaultFlowCallback

from tests.models.test_ragged import FAMILIES, batch, outcome, small
from tests.trainer.helpers import tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.batches.ragged import from_padded, ragged
from warmstart.batches.tokens import TokenTable
from warmstart.engine.capturable import why_no_graphs
from warmstart.engine.cuda_graphs import Graphs, bucket_of, bucketed
from warmstart.engine.randomness import reseed
from warmstart.engine.techniques import Techniques
from warmstart.events import Events
from warmstart.models.ragged.encoder import Unpadded, unpadded

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a CUDA device")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("lengths", [[3, 9, 1, 20], [7] * 8, [32, 32], list(range(1, 34))])
def test_a_flat_batch_gives_the_padded_models_gradients(family: str, lengths: list[int]) -> None:
    model = small(family)
    inputs = batch(lengths, model.config.pad_token_id)
    logits, gradients = outcome(model, inputs)
    tokens = from_padded(inputs["input_ids"], inputs["attention_mask"].bool())
    flat = bucketed(dataclasses.replace(tokens, labels=inputs["labels"]))
    assert flat.filled == bucket_of(sum(lengths))
    assert flat.filled % 64 == 0
    with unpadded(model):
        ours, our_gradients = outcome(model, flat)
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


def made(model: nn.Module, encoder: Unpadded, kind: type[Graphs] = NeverCaptured, rate: float = 1e-3) -> Graphs:
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, fused=True)
    return kind(model, optimizer, encoder, rows=8, max_grad_norm=0.1, precision=None)


def test_updates_are_those_of_the_padded_model() -> None:
    """Twenty updates of buckets that come again and again, every one of them clipped."""
    rows = table()
    model = tiny_bert()
    plain = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(plain.parameters(), lr=1e-3, fused=True)
    with unpadded(model.train()) as encoder:
        graphs = made(model, encoder)
        for number in range(20):
            inputs = ragged(rows, np.arange(number, number + 8))
            assert graphs.takes([inputs])
            outcome = graphs.run(inputs)
            assert outcome is not None
            loss, norm = outcome
            theirs = plain(**inputs.padded()).loss
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
        usual = ragged(rows, np.arange(8))
        assert graphs.takes([usual])
        assert not graphs.takes([usual, usual])
        assert not graphs.takes([ragged(rows, np.arange(7))])
        assert not graphs.takes([dataclasses.replace(usual, labels=None)])
        assert not graphs.takes([{**usual.padded(), "weight": torch.ones(8)}])
        handle = model.bert.register_forward_hook(lambda module, args, output: None)  # it would see flat tokens
        assert not graphs.takes([usual])
        handle.remove()
        assert graphs.takes([usual])
        graphs.broken = "once"
        assert not graphs.takes([usual])


HOOKS: dict[str, Any] = {
    "the head": lambda model, optimizer: model.classifier.register_forward_hook(lambda *given: None),
    "the embeddings": lambda model, optimizer: model.bert.embeddings.register_full_backward_hook(lambda *given: None),
    "a gradient": lambda model, optimizer: model.classifier.weight.register_hook(lambda gradient: None),
    "a finished gradient": lambda model, optimizer: model.classifier.bias.register_post_accumulate_grad_hook(
        lambda parameter: None
    ),
    "the optimizer, before": lambda model, optimizer: optimizer.register_step_pre_hook(lambda *given: None),
    "the optimizer, after": lambda model, optimizer: optimizer.register_step_post_hook(lambda *given: None),
}


@pytest.mark.parametrize("what", HOOKS)
def test_while_somebody_wants_to_be_called_nothing_is_replayed(what: str) -> None:
    """A replay would not call them."""
    model, usual = tiny_bert(), ragged(table(), np.arange(8))
    with unpadded(model) as encoder:
        graphs = made(model, encoder)
        handle = HOOKS[what](model, graphs._optimizer)
        assert not graphs.takes([usual])
        handle.remove()
        assert graphs.takes([usual])


CHANGES: dict[str, Any] = {
    "the decay": lambda optimizer: optimizer.param_groups[0].update(weight_decay=0.5),
    "the momentum": lambda optimizer: optimizer.param_groups[0].update(betas=(0.8, 0.9)),
    "what is trained": lambda optimizer: optimizer.param_groups[0]["params"][0].requires_grad_(False),
    "where a weight lies": lambda optimizer: setattr(
        optimizer.param_groups[0]["params"][0], "data", optimizer.param_groups[0]["params"][0].data.clone()
    ),
    "a group": lambda optimizer: optimizer.add_param_group({"params": [nn.Parameter(torch.ones(1))]}),
    "a group's rate": lambda optimizer: optimizer.add_param_group({"params": [nn.Parameter(torch.ones(1))], "lr": 0.5}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_a_graph_holds_may_not_change(what: str) -> None:
    """It would go on with what was there when it was captured."""
    model, usual = tiny_bert(), ragged(table(), np.arange(8))
    with unpadded(model) as encoder:
        graphs = made(model, encoder)
        graphs._optimizer.param_groups[0]["lr"] = 0.1  # this may: schedules do
        assert graphs.takes([usual])
        CHANGES[what](graphs._optimizer)
        assert not graphs.takes([usual])
        assert graphs.broken


class Greedy(nn.Linear):
    """A head that asks for more memory than there is, when it has to do with more than `most` rows."""

    most = 4

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if self.training and len(input) > self.most:
            torch.empty(2**60, dtype=torch.uint8)
        return super().forward(input)


def test_what_does_not_fit_is_done_in_pieces_and_not_as_a_graph(tmp_path: pathlib.Path) -> None:
    def run(most: int) -> Trainer:
        quiet = {"save_strategy": "no", "report_to": "none", "disable_tqdm": True, "use_cpu": True}
        model = tiny_bert(dropout=0.1)
        greedy = Greedy(32, 2)
        greedy.load_state_dict(model.classifier.state_dict())
        greedy.most, model.classifier = most, greedy
        arguments = TrainingArguments(str(tmp_path), max_steps=6, learning_rate=1e-3, logging_steps=1, **quiet)
        trainer = Trainer(model, arguments, train_dataset=table(43))
        trainer.events = Events()
        if most < 8:
            flat(trainer)
        trainer.train()
        return trainer

    whole, pieces = run(8), run(4)
    assert pieces.run_state.rows_at_a_time.limit == 4
    losses = [[e["loss"] for e in t.state.log_history if "loss" in e] for t in (whole, pieces)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def flat(trainer: Trainer) -> list[Graphs]:
    """Have the trainer do its updates on flat batches. What is returned will hold the graphs."""
    stock, kept = trainer._engine, []

    def engine(on: Techniques) -> Any:
        assert trainer.optimizer is not None
        graphs = NeverCaptured(trainer.model, trainer.optimizer, on.encoder, rows=8, max_grad_norm=1.0, precision=None)
        kept.append(graphs)
        return stock(Techniques(on.on, "", "", on.encoder, graphs))

    trainer._engine = engine  # type: ignore[method-assign]
    return kept


def test_positions_of_the_filling_are_positions_that_the_model_has() -> None:
    """The shortest table of positions that the rows allow, and a filling that is longer."""
    rows = TokenTable(np.full(72, 7, np.int32), np.arange(0, 80, 9), None, np.zeros(8, np.int64), 0, False, 9, "x")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=9
    )
    model = BertForSequenceClassification(config).train()
    with unpadded(model) as encoder:
        outcome = made(model, encoder).run(ragged(rows, np.arange(8)))
    assert outcome is not None
    assert outcome[0].isfinite()


def test_the_trainer_says_why_there_are_none() -> None:
    optimizer = torch.optim.AdamW(tiny_bert().parameters(), fused=True)
    usual: dict[str, Any] = {"table": True, "micro_batches": 1, "processes": 1, "folded": True, "own_loss": False}
    usual["callbacks"] = [PrinterCallback(), DefaultFlowCallback()]

    class Looks(TrainerCallback):  # type: ignore[misc]
        def on_optimizer_step(self, *given: Any, **more: Any) -> None:
            pass

    on = Unpadded(("padding-free", "first-token"))
    assert why_no_graphs(optimizer, on, **usual) == ""
    unusual = {"table": False, "micro_batches": 2, "processes": 2, "folded": False, "own_loss": True}
    unusual["callbacks"] = [Looks()]  # type: ignore[assignment]
    reasons = {why_no_graphs(optimizer, on, **{**usual, name: value}) for name, value in unusual.items()}
    reasons.add(why_no_graphs(optimizer, Unpadded(), **usual))
    optimizer.add_param_group({"params": [nn.Parameter(torch.ones(1))], "lr": 0.5})
    reasons.add(why_no_graphs(optimizer, on, **usual))
    assert len(reasons) == 8
    assert "" not in reasons


def test_a_trainer_whose_updates_are_flat_learns_the_same(tmp_path: pathlib.Path) -> None:
    """Through the whole trainer, with a short last update that is not taken."""

    def losses(on_flat_batches: bool) -> list[float]:
        quiet = {"save_strategy": "no", "report_to": "none", "disable_tqdm": True, "use_cpu": True}
        arguments = TrainingArguments(str(tmp_path), num_train_epochs=2, learning_rate=1e-3, logging_steps=1, **quiet)
        trainer = Trainer(tiny_bert(), arguments, train_dataset=table(43))
        if on_flat_batches:
            flat(trainer)
        trainer.train()
        return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]

    assert losses(True) == pytest.approx(losses(False), rel=1e-5)


@needs_cuda
@pytest.mark.parametrize("hidden", [32, 768])
def test_graphs_agree_with_eager_updates(hidden: int) -> None:
    """fp32, dropout on, a rate that falls, 20 updates that nobody looks at until the last: losses, gradient norms and
    weights to 1e-5. The wide one has BERT-base's shape."""
    rows = table()

    def run(kind: type[Graphs]) -> tuple[torch.Tensor, torch.Tensor, Graphs]:
        torch.manual_seed(0)
        shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
        model = BertForSequenceClassification(BertConfig(vocab_size=60, **(shape if hidden == 32 else {})))
        model.cuda().train()
        with unpadded(model) as encoder:
            graphs = made(model, encoder, kind, rate=1e-4)
            found = []
            for number in range(20):
                reseed(7, number, 0)
                graphs._optimizer.param_groups[0]["lr"] = 1e-4 * (1 - number / 20)
                outcome = graphs.run(ragged(rows, np.arange(number, number + 8)))
                assert outcome is not None
                found.append(torch.stack(outcome))
            weights = torch.cat([parameter.detach().reshape(-1) for parameter in model.parameters()])
        assert graphs.broken == ""
        return torch.stack(found).cpu(), weights.cpu(), graphs

    replayed, eager = run(Graphs), run(NeverCaptured)
    assert replayed[2].captured > 0
    assert eager[2].captured == 0
    torch.testing.assert_close(replayed[0], eager[0], rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(replayed[1], eager[1], rtol=1e-5, atol=1e-6)


@needs_cuda
def test_a_whole_run_is_the_same_with_graphs_and_without(tmp_path: pathlib.Path) -> None:
    """With evaluations between its updates, which write to the same copies of the weights."""

    def run(without: tuple[str, ...]) -> list[float]:
        quiet = {"save_strategy": "no", "report_to": "none", "disable_tqdm": True, "without": without}
        arguments = TrainingArguments(
            str(tmp_path), num_train_epochs=4, learning_rate=1e-3, logging_steps=1, eval_strategy="epoch", **quiet
        )
        trainer = Trainer(tiny_bert(), arguments, train_dataset=table(43), eval_dataset=table(20))
        trainer.train()
        graphs = trainer.techniques.graphs
        assert (graphs is None) == bool(without)
        if graphs is not None:
            assert graphs.captured > 0
        return [entry.get("loss", entry.get("eval_loss", 0.0)) for entry in trainer.state.log_history]

    assert run(()) == pytest.approx(run(("cuda-graphs",)), rel=1e-5)
