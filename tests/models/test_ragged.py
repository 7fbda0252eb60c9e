"""Without padding, outputs and gradients are those of the padded model."""

import functools
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoConfig

import warmstart
from tests.models.families import FAMILIES, LONGEST, NO_DROPOUT, agree, batch, outcome, small
from warmstart.models.ragged.encoder import DROPOUT_BITS, FIRST_TOKEN, WORKING_WEIGHTS, unpadded


@functools.cache
def shared(family: str, dropout: bool = False) -> Any:
    return small(family, dropout)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=25, deadline=None)
@given(lengths=st.lists(st.integers(1, LONGEST), min_size=1, max_size=33), seed=st.integers(0, 99))
def test_any_lengths(family: str, lengths: list[int], seed: int) -> None:
    model = shared(family)
    agree(model, batch(lengths, model.config.pad_token_id, seed=seed))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("rows", [1, 2, 8, 33])
def test_all_equal_and_all_different_lengths(family: str, rows: int) -> None:
    model = small(family)
    for lengths in ([LONGEST] * rows, [1] * rows, [1 + i for i in range(rows)]):
        agree(model, batch(lengths, model.config.pad_token_id))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("without", [FIRST_TOKEN, WORKING_WEIGHTS, DROPOUT_BITS])
def test_each_technique_can_be_left_out(family: str, without: str) -> None:
    model = small(family)
    agree(model, batch([3, 9, 1, 20], model.config.pad_token_id), (without,))
    with unpadded(model, (without,)) as on:
        assert without not in on.on


def test_the_packaged_checkpoint() -> None:
    """The real weights, at the lengths of its use."""
    config = AutoConfig.from_pretrained(warmstart.default_checkpoint(), num_labels=2, **NO_DROPOUT)
    model = warmstart.AutoModelForSequenceClassification.from_pretrained("all-MiniLM-L6-v2", config=config).train()
    agree(model, batch([53, 20, 103, 41, 7, 66, 1, 38], 0))


def test_padding_on_the_left_and_holes_in_the_mask() -> None:
    model = small("bert")
    agree(model, batch([3, 9, 1, 20], 0, left=True))
    inputs = batch([9, 20, 7], 0)
    inputs["attention_mask"][:, 3:5] = 0
    agree(model, inputs)


def test_no_mask_is_no_padding() -> None:
    model = small("bert")
    inputs = batch([9, 9, 9], 0)
    del inputs["attention_mask"]
    agree(model, inputs)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_whatever_attention_the_model_was_loaded_with(attention: str) -> None:
    model = small("bert", attn_implementation=attention)
    agree(model, batch([3, 9, 1, 20], 0))


def test_bf16_agrees_with_autocast() -> None:
    """Rounding alone differs: by less than rounding to bf16 (8 bits) changes the model's own gradients."""
    model = small("bert")
    inputs = batch([9, 20, 7, 33, 2], 0)
    _, exact = outcome(model, inputs)
    with torch.autocast("cpu", torch.bfloat16):
        _, theirs = outcome(model, inputs)
        with unpadded(model):
            _, ours = outcome(model, inputs)
    for name, gradient in exact.items():
        if not name.endswith("key.bias"):
            rounding = (theirs[name] - gradient).norm()
            assert (ours[name] - gradient).norm() <= 2 * rounding + 1e-6, name


def test_frozen_layers_get_no_gradient() -> None:
    model = small("bert")
    for parameter in model.bert.embeddings.parameters():
        parameter.requires_grad_(False)
    for parameter in model.bert.encoder.layer[0].parameters():
        parameter.requires_grad_(False)
    model.bert.encoder.layer[1].output.dense.bias.requires_grad_(False)
    agree(model, batch([9, 20, 7], 0))
