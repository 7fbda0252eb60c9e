"""An embedding whose gradient is kept has the gradient of torch's, whatever comes between."""

import pytest
import torch
from torch import nn

from tests.trainer.helpers import tiny_bert
from warmstart.models import embedding_grad
from warmstart.models.embedding_grad import Embedding, row_gradients


def pair(padding_idx: int | None = 0) -> tuple[nn.Embedding, Embedding]:
    torch.manual_seed(0)
    stock = nn.Embedding(50, 6, padding_idx=padding_idx)
    other = nn.Embedding(50, 6, padding_idx=padding_idx)
    other.load_state_dict(stock.state_dict())
    return stock, Embedding(other)


@pytest.mark.parametrize("padding_idx", [None, 0, 7])
def test_the_gradient_is_that_of_torch(padding_idx: int | None) -> None:
    stock, ours = pair(padding_idx)
    generator = torch.Generator().manual_seed(1)
    for update in range(6):
        for _ in range(1 + update % 3):  # micro-batches
            ids = torch.randint(0, 50, (4, 5), generator=generator)
            weight = torch.randn(4, 5, 6, generator=generator)
            for table in (stock, ours):
                (table(ids) * weight).sum().backward()
        assert torch.allclose(ours.weight.grad, stock.weight.grad, atol=1e-6)
        for table in (stock, ours):
            table.zero_grad(set_to_none=True)


def test_a_gradient_that_somebody_else_put_there_is_added_to() -> None:
    _, ours = pair()
    ours.weight.grad = torch.ones(50, 6)
    ours(torch.tensor([[3, 3, 4]])).sum().backward()
    assert ours.weight.grad is not None
    assert ours.weight.grad[3].tolist() == [3.0] * 6
    assert ours.weight.grad[4].tolist() == [2.0] * 6
    assert ours.weight.grad[5].tolist() == [1.0] * 6


def test_scaling_in_place_and_stepping_leave_no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    stock, ours = pair()
    optimizers = [torch.optim.AdamW(table.parameters(), lr=0.1, fused=True) for table in (stock, ours)]
    for update in range(5):
        ids = torch.tensor([[update, update + 1, 30]])
        for table, optimizer in zip((stock, ours), optimizers, strict=True):
            table(ids).pow(2).sum().backward()
            nn.utils.clip_grad_norm_(table.parameters(), 0.1)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
    assert torch.allclose(ours.weight, stock.weight, atol=1e-6)


def test_it_is_put_in_and_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_bert()
    stock = model.bert.embeddings.word_embeddings
    with row_gradients(model) as on:
        assert not on  # a small table is not worth it
    monkeypatch.setattr(embedding_grad, "SMALLEST", 1)
    names = list(model.state_dict())
    with row_gradients(model) as on:
        assert on
        assert isinstance(model.bert.embeddings.word_embeddings, Embedding)
        assert list(model.state_dict()) == names
        assert model.get_input_embeddings().weight is stock.weight
    assert model.bert.embeddings.word_embeddings is stock


def test_what_else_reads_the_table_keeps_it_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_grad, "SMALLEST", 1)
    tied = tiny_bert()
    tied.classifier.weight = tied.bert.embeddings.word_embeddings.weight
    frozen = tiny_bert()
    frozen.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    hooked = tiny_bert()
    hooked.bert.embeddings.word_embeddings.register_forward_hook(lambda module, inputs, output: None)
    for model in (tied, frozen, hooked, nn.Linear(2, 2)):
        with row_gradients(model) as on:
            assert not on
