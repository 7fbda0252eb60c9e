"""Dropout without padding: its masks, its share, and that nothing of it is left behind."""

import pytest
import torch

from tests.models.families import FAMILIES, batch, small
from warmstart.models.ragged.encoder import unpadded


@pytest.mark.parametrize("family", FAMILIES)
def test_dropout_depends_on_seed_update_and_process_alone(family: str) -> None:
    model = small(family, dropout=True)
    inputs = batch([9, 20, 7, 33, 2], model.config.pad_token_id)

    def loss(seed: int, update: int, process: int) -> float:
        on.masks.begin(seed, update, process)
        torch.manual_seed(int(torch.randint(0, 10**6, ())))  # torch's own generator plays no part
        return float(model(**inputs).loss.detach())

    with unpadded(model) as on:
        first = loss(1, 2, 0)
        assert loss(1, 2, 0) == first
        assert first not in (loss(2, 2, 0), loss(1, 3, 0), loss(1, 2, 1))
        model.eval()
        assert loss(1, 2, 0) == loss(1, 3, 0)


def test_dropout_drops_the_share_that_is_configured() -> None:
    """In training mode the mean output over many updates is the output without dropout, up to what is not linear."""
    model = small("bert", dropout=True)
    seen: dict[str, list[float]] = {}
    inputs = batch([9, 20, 7, 33, 2], 0)
    with unpadded(model) as on:
        stock_draw = on.masks._draw

        def draw(start: int, count: int, p: float) -> torch.Tensor:
            keep = stock_draw(start, count, p)
            seen.setdefault(f"{p}", []).append(float((keep != 0).double().mean()))
            return keep

        on.masks._draw = draw  # type: ignore[method-assign]
        for update in range(20):
            on.masks.begin(0, update, 0)
            model(**inputs)
    places = 1 + 3 * 3 + 1  # embeddings; weights, attention, feed-forward in each layer; head
    assert len(seen["0.1"]) == 20 * places
    assert abs(sum(seen["0.1"]) / len(seen["0.1"]) - 0.9) < 0.003


def test_nothing_is_left_behind() -> None:
    model = small("bert", dropout=True)
    before = dict(model.named_modules())
    names = list(model.state_dict())
    with unpadded(model) as outer:
        assert list(model.state_dict()) == names
        with unpadded(model) as inner:
            assert inner is outer
        assert "forward" in vars(model.bert.encoder)
    assert dict(model.named_modules()) == before
    assert "forward" not in vars(model.bert.encoder)
    with pytest.raises(RuntimeError), unpadded(model):
        raise RuntimeError
    assert dict(model.named_modules()) == before
    model.eval()
    with unpadded(model):
        model.train()
    assert all(module.training for module in model.modules())
