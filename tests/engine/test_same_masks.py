"""With dropout on and the same masks, every technique together trains as the plain padded model in fp32 does.

The reference is the stock model of `transformers`, padded, whose dropout reads the masks that the fast path would
draw, put where padding has them; plain autograd, `clip_grad_norm_`, the multi-tensor AdamW; or the whole stock trainer.
"""

import pathlib
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import nn

import warmstart
from benchmarks.same_masks import draw_alike, follow
from tests.models.test_ragged import FAMILIES, batch, small
from tests.trainer.helpers import Pad, rows
from warmstart.engine.clipping import step_clipped, total_norm
from warmstart.models.ragged.dropout_masks import DropoutMasks, masked
from warmstart.models.ragged.encoder import FIRST_TOKEN, unpadded

UPDATES, RATE, NORM = 12, 1e-3, 0.5


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
    masks = DropoutMasks()
    now = draw_alike(theirs, masks)
    fused = torch.optim.AdamW(ours.parameters(), lr=RATE, fused=True)
    plain = torch.optim.AdamW(theirs.parameters(), lr=RATE, foreach=True)
    with unpadded(ours, without) as on:
        for number, inputs in enumerate(batches(ours.config.pad_token_id)):
            place = (7, number, 0)
            on.masks.begin(*place)
            with on.weights.held():
                loss = ours(**inputs).loss
            loss.backward()
            norm = total_norm(fused)
            step_clipped(fused, norm, NORM)
            fused.zero_grad()

            now["mask"] = inputs["attention_mask"].bool()
            masks.begin(*place)
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
    masks = DropoutMasks()
    now = draw_alike(theirs, masks)
    inputs = batches(0)[0]
    now["mask"] = inputs["attention_mask"].bool()
    with unpadded(ours) as on:
        on.masks.begin(7, 0, 0)
        loss = float(ours(**inputs).loss.detach())
    found = []
    for update in (0, 1):
        masks.begin(7, update, 0)
        found.append(float(theirs(**inputs).loss.detach()))
    assert found[0] == pytest.approx(loss, rel=1e-5)
    assert found[1] != pytest.approx(loss, rel=1e-3)


@pytest.mark.parametrize("alike", [True, False])
def test_the_stock_trainer_finds_the_same_losses(alike: bool, tmp_path: pathlib.Path) -> None:
    """Over epochs in random order, whose last batch is short; and not with masks of its own."""
    plain = {"report_to": "none", "disable_tqdm": True, "logging_steps": 1, "save_strategy": "no", "use_cpu": True}
    plain |= {"learning_rate": 1e-3, "num_train_epochs": 2, "seed": 7}
    found = []
    for package in (warmstart, transformers):
        model = sharp("bert")
        if package is transformers and alike:
            follow(model, 7)
        trainer = package.Trainer(
            model,
            package.TrainingArguments(str(tmp_path), **plain),
            data_collator=Pad(),
            train_dataset=rows(44, longest=40),
        )
        trainer.pop_callback(transformers.PrinterCallback)
        trainer.train()
        found.append([entry["loss"] for entry in trainer.state.log_history if "loss" in entry])
    ours, theirs = found
    assert len(ours) == 12
    assert (theirs == pytest.approx(ours, rel=1e-4)) is alike


def test_masked_is_what_the_reference_multiplies_with() -> None:
    keep = torch.tensor([[0, -1]], dtype=torch.int16)
    assert masked(torch.tensor([[3.0, 4.0]]), keep).tolist() == [[0.0, 4.0]]
