"""With dropout on and the same masks, every technique together trains as the plain padded model in fp32 does.

The reference is the stock model of `transformers`, padded, whose dropout reads the masks that the fast path would
draw, put where padding has them; plain autograd, `clip_grad_norm_`, the multi-tensor AdamW.
"""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

from tests.models.test_unpadded import FAMILIES, batch, small
from warmstart.models.unpadded.bits import Bits, made_up, masked
from warmstart.models.unpadded.encoder import FIRST_TOKEN, unpadded
from warmstart.models.unpadded.families import find_encoder
from warmstart.training.clipping import step_clipped, total_norm

UPDATES, RATE, NORM = 12, 1e-3, 0.5


class PaddedMask(nn.Module):
    """Dropout inside the encoder of a padded batch: the ragged tokens' mask, where the tokens are."""

    def __init__(self, p: float, bits: Bits, now: dict[str, Any]) -> None:
        super().__init__()
        self.p, self._bits, self._now = p, bits, now

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        real = self._now["mask"]
        keep = torch.zeros(x.shape, dtype=torch.int16)
        keep[real] = self._bits.keep_tokens(int(real.sum()), x.shape[-1], self.p)
        return x * (keep != 0) * made_up(self.p)


class RowMask(PaddedMask):
    """Dropout outside the encoder."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shape = (x.shape[1],) if x.ndim == 2 else (self._now["mask"].shape[1], x.shape[2])
        return x * (self._bits.keep_rows(len(x), shape, self.p) != 0) * made_up(self.p)


def masked_attention(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    dropout: float = 0.0,
    scaling: Any = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention as `transformers` writes it out, with our masks."""
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    weights = torch.softmax(scores if attention_mask is None else scores + attention_mask, dim=-1)
    if dropout:
        rows, heads, width, _ = weights.shape
        keep = masked_attention.bits.keep_rows(rows, (heads, width, width), dropout)  # type: ignore[attr-defined]
        weights = weights * (keep != 0) * made_up(dropout)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), None


@pytest.fixture(scope="module", autouse=True)
def _attention() -> None:
    AttentionInterface.register("masked_attention", masked_attention)
    AttentionMaskInterface.register("masked_attention", eager_mask)


def reference(model: Any, bits: Bits) -> dict[str, Any]:
    """Make a stock model drop by `bits`. Returns where each call has to put its mask of tokens."""
    now: dict[str, Any] = {}
    model.config._attn_implementation = "masked_attention"
    masked_attention.bits = bits  # type: ignore[attr-defined]
    inside = set(find_encoder(model).modules())  # type: ignore[union-attr]
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Dropout and child.p > 0:
                setattr(parent, name, (PaddedMask if parent in inside else RowMask)(child.p, bits, now))
    return now


def sharp(family: str) -> Any:
    """A model whose outputs depend on its masks: as initialised, a small one says nearly the same of everything."""
    model = small(family, dropout=True)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(5)
    return model


def batches(pad_id: int) -> list[dict[str, torch.Tensor]]:
    generator = np.random.default_rng(0)
    return [batch(generator.integers(1, 40, 8).tolist(), pad_id, seed=n) for n in range(UPDATES)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("without", [(), (FIRST_TOKEN,)])
def test_losses_are_those_of_the_padded_model(family: str, without: tuple[str, ...]) -> None:
    ours, theirs = sharp(family), sharp(family)
    bits = Bits()
    now = reference(theirs, bits)
    fused = torch.optim.AdamW(ours.parameters(), lr=RATE, fused=True)
    plain = torch.optim.AdamW(theirs.parameters(), lr=RATE, foreach=True)
    with unpadded(ours, without) as on:
        for number, inputs in enumerate(batches(ours.config.pad_token_id)):
            place = (7, number, 0, inputs["input_ids"].shape[1])
            on.bits.begin(*place)
            on.working.refresh()
            loss = ours(**inputs).loss
            loss.backward()
            norm = total_norm(fused)
            step_clipped(fused, norm, NORM)
            fused.zero_grad()

            now["mask"] = inputs["attention_mask"].bool()
            bits.begin(*place)
            their_loss = theirs(**inputs).loss
            their_loss.backward()
            their_norm = nn.utils.clip_grad_norm_(theirs.parameters(), NORM)
            plain.step()
            plain.zero_grad()

            torch.testing.assert_close(loss.detach(), their_loss.detach(), rtol=1e-5, atol=1e-6)
            torch.testing.assert_close(norm, their_norm, rtol=1e-4, atol=1e-6)


def test_the_masks_matter() -> None:
    """With those of another update the losses are not equal: the test above can fail."""
    ours, theirs = sharp("bert"), sharp("bert")
    bits = Bits()
    now = reference(theirs, bits)
    inputs = batches(0)[0]
    now["mask"] = inputs["attention_mask"].bool()
    with unpadded(ours) as on:
        on.bits.begin(7, 0, 0, inputs["input_ids"].shape[1])
        loss = float(ours(**inputs).loss.detach())
    found = []
    for update in (0, 1):
        bits.begin(7, update, 0, inputs["input_ids"].shape[1])
        found.append(float(theirs(**inputs).loss.detach()))
    assert found[0] == pytest.approx(loss, rel=1e-5)
    assert found[1] != pytest.approx(loss, rel=1e-3)


def test_masked_is_what_the_reference_multiplies_with() -> None:
    keep = torch.tensor([[0, -1]], dtype=torch.int16)
    assert masked(torch.tensor([[3.0, 4.0]]), keep).tolist() == [[0.0, 4.0]]
