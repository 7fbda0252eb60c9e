"""Classes that weigh differently: the loss is the weighted mean over all rows of an update, however it is cut."""

import pathlib
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from tests.engine.weighted import OF_CLASSES, UPDATE, WEIGHTS, by_hand, trained, uneven
from tests.trainer.helpers import Pad, tiny_bert
from warmstart import Trainer, TrainingArguments
from warmstart.engine.class_weights import WeightedLoss

OF_LABELS = ("binary_cross_entropy_with_logits", "pos_weight")


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize(("micro", "accumulation"), [(UPDATE, 1), (2, 4)])
def test_training_is_that_of_a_weighted_cross_entropy_by_hand(
    micro: int, accumulation: int, smoothing: float, tmp_path: pathlib.Path
) -> None:
    losses, model = by_hand(smoothing)
    found, ours = trained(str(tmp_path), micro, accumulation, smoothing)
    assert found == pytest.approx(losses, abs=1e-6)
    for (name, theirs), mine in zip(model.named_parameters(), ours.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-5, msg=name)
    plain = torch.nn.CrossEntropyLoss()(torch.zeros(1, 2), torch.zeros(1, dtype=torch.long))
    assert max(losses) - min(losses) > 1e-3
    assert losses[0] != pytest.approx(float(plain), abs=1e-4)


def test_an_evaluation_has_the_same_loss_over_all_its_rows(tmp_path: pathlib.Path) -> None:
    table, collate = uneven(), Pad()
    arguments = TrainingArguments(str(tmp_path), per_device_eval_batch_size=4, disable_tqdm=True, use_cpu=True)
    trainer = Trainer(tiny_bert(), arguments, data_collator=collate, eval_dataset=table)
    trainer.weighted_loss = WeightedLoss.of(OF_CLASSES, WEIGHTS, 0.0, "cpu")
    whole = collate([table[row] for row in range(len(table))])
    labels = whole.pop("labels")
    wanted = functional.cross_entropy(tiny_bert().eval()(**whole).logits, labels, torch.tensor(WEIGHTS))
    assert trainer.evaluate()["eval_loss"] == pytest.approx(float(wanted.detach()), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 5),
    st.lists(st.integers(1, 7), min_size=1, max_size=5),
    st.floats(0, 0.9),
    st.booleans(),
    st.integers(0, 10**6),
)
def test_batches_weigh_so_that_their_mean_is_that_of_all_rows(
    classes: int, sizes: list[int], smoothing: float, several: bool, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    weights = (torch.rand(classes, generator=generator) * 10 + 0.1).tolist()
    logits = torch.randn(sum(sizes), classes, generator=generator)
    labels: Any = torch.randint(classes, (sum(sizes),), generator=generator)
    if several:
        labels = (torch.rand(logits.shape, generator=generator) < 0.3).float()
        wanted = functional.binary_cross_entropy_with_logits(logits, labels, pos_weight=torch.tensor(weights))
    else:
        wanted = functional.cross_entropy(logits, labels, torch.tensor(weights), label_smoothing=smoothing)
    loss = WeightedLoss.of(OF_LABELS if several else OF_CLASSES, weights, 0.0 if several else smoothing, "cpu")
    parts = list(zip(logits.split(sizes), labels.split(sizes), strict=True))
    shares = [loss.weigh({"labels": part}) for _logits, part in parts]
    means = [float(loss({"logits": each}, part)) for each, part in parts]
    found = sum(mean * share for mean, share in zip(means, shares, strict=True)) / sum(shares)
    assert found == pytest.approx(float(wanted), abs=1e-5)
