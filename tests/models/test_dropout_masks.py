"""Dropout's random bits: the right share, independent of each other, and a function of where they are used."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from warmstart.models.ragged.dropout_masks import DropoutMasks, keep_rate, made_up, masked, torch_keep

MANY = 10_000_000


def bits(seed: int = 1, update: int = 0, process: int = 0) -> DropoutMasks:
    made = DropoutMasks()
    made.begin(seed, update, process)
    return made


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9, 0.037])
def test_the_share_that_is_kept(p: float) -> None:
    """Within 3 standard errors of what is configured, over 10 million draws."""
    kept = float((bits().keep_tokens(MANY // 100, 100, p) == -1).double().mean())
    assert abs(kept - (1 - p)) < 3 * math.sqrt(p * (1 - p) / MANY)
    assert abs(keep_rate(p) - (1 - p)) <= 2**-16


def test_nothing_and_everything() -> None:
    assert (bits().keep_tokens(100, 100, 0.0) == -1).all()
    assert (bits().keep_tokens(100, 100, 1.0) == 0).all()
    assert (made_up(0.0), made_up(0.5), made_up(1.0)) == (1.0, 2.0, 0.0)


def test_masks_of_updates_places_and_processes_are_uncorrelated() -> None:
    """Every pair of 40 masks of a million draws: correlations of that many pairs reach 5 standard errors in 1 of 2,000
    test runs, and this one always draws the same."""
    count = 1_000_000
    masks = []
    for seed, update, process in [
        (1, 0, 0),
        (1, 1, 0),
        (1, 2, 0),
        (1, 0, 1),
        (2, 0, 0),
        (2, 1, 1),
        (0, 0, 0),
        (0, 1, 0),
    ]:
        source = bits(seed, update, process)
        masks += [source.keep_tokens(count // 100, 100, 0.1) for _ in range(5)]
    flat = np.stack([mask.numpy().reshape(-1) for mask in masks]).astype(np.float32)
    correlations = np.corrcoef(flat)[np.triu_indices(len(flat), 1)]
    assert np.abs(correlations).max() < 5 / math.sqrt(count)
    shifted = np.array([np.corrcoef(flat[0][lag:], flat[0][: count - lag])[0, 1] for lag in range(1, 65)])
    assert np.abs(shifted).max() < 5 / math.sqrt(count)


def test_the_same_place_gives_the_same_mask() -> None:
    first, again = bits(), bits()
    for p in (0.1, 0.5):
        assert torch.equal(first.keep_rows(3, 20, p), again.keep_rows(3, 20, p))
    others = [bits(2), bits(update=1), bits(process=1)]
    for other in others:
        assert not torch.equal(other.keep_rows(30, 20, 0.5), bits().keep_rows(30, 20, 0.5))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.integers(1, 7), st.integers(1, 4))
def test_a_rows_mask_does_not_depend_on_its_micro_batch(lengths: list[int], features: int, size: int) -> None:
    """Three places: tokens, pairs of tokens, whole rows. In one piece, and in micro-batches of `size` rows, each as
    wide as its own longest row or wider."""

    def draw(source: DropoutMasks, start: int, stop: int) -> tuple[torch.Tensor, list[torch.Tensor], torch.Tensor]:
        before, now = lengths[:start], lengths[start:stop]
        source.micro_batch(start, sum(before), sum(length**2 for length in before))
        tokens = source.keep_tokens(sum(now), features, 0.5)
        width = max(now) + start % 3
        pairs = source.keep_pairs(now, 2, width, 0.5)
        for row, length in enumerate(now):
            assert not pairs[row, :, length:].any()
            assert not pairs[row, :, :, length:].any()
        pairs_of_rows = [pairs[row, :, :length, :length].reshape(-1) for row, length in enumerate(now)]
        return tokens, pairs_of_rows, source.keep_rows(stop - start, features, 0.5)

    whole = draw(bits(), 0, len(lengths))
    source = bits()
    starts = range(0, len(lengths), size)
    parts = [draw(source, start, min(start + size, len(lengths))) for start in starts]
    assert torch.equal(torch.cat([part[0] for part in parts]), whole[0])
    assert torch.equal(torch.cat([pairs for part in parts for pairs in part[1]]), torch.cat(whole[1]))
    assert torch.equal(torch.cat([part[2] for part in parts]), whole[2])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_masking_is_multiplying(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = torch.randn(40, 30).to(dtype)
    for keep in (bits().keep_tokens(40, 30, 0.3), torch_keep((40, 30), 0.3, torch.device("cpu"))):
        assert keep.dtype == torch.int16
        assert set(keep.unique().tolist()) == {-1, 0}
        assert torch.equal(masked(x, keep), x * (keep != 0))


def test_an_update_begins_and_ends() -> None:
    source = DropoutMasks()
    assert not source.active
    source.begin(1, 2, 3)
    assert source.active
    source.end()
    assert not source.active
