"""What goes through a model's door: ragged batches and padded calls run on the same tokens, with the same masks; what
means something else without padding is padded."""

import dataclasses
import inspect
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.families import FAMILIES, VOCABULARY, agree, batch, outcome, small
from tests.models.test_ragged import shared
from warmstart.batches.ragged import RaggedBatch, ragged
from warmstart.batches.tokens import TokenTable
from warmstart.models.ragged.door import call, takes
from warmstart.models.ragged.encoder import DROPOUT_BITS, FIRST_TOKEN, unpadded


def table(lengths: list[int], left: bool = False, pad_id: int = 0, seed: int = 0) -> TokenTable:
    generator = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = generator.integers(5, VOCABULARY, offsets[-1]).astype(np.int32)
    return TokenTable(ids, offsets, None, generator.integers(0, 2, len(lengths)), pad_id, left, 99, "x")


def rows_of(lengths: list[int], **options: Any) -> RaggedBatch:
    return ragged(table(lengths, **options), np.arange(len(lengths)))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("lengths", [[3, 9, 1, 20], [7] * 8, [16], list(range(1, 34))])
@pytest.mark.parametrize("without", [(), (FIRST_TOKEN,)])
def test_a_ragged_batch_gives_the_padded_models_gradients(
    family: str, lengths: list[int], without: tuple[str, ...]
) -> None:
    model = small(family)
    inputs = rows_of(lengths, pad_id=model.config.pad_token_id)
    logits, gradients = outcome(model, inputs)  # there is no door: padded
    with unpadded(model, without):
        assert takes(model, inputs)
        ours, our_gradients = outcome(model, inputs)
    assert (ours - logits).abs().max() <= 1e-6
    whole = torch.stack([g.norm() for g in gradients.values()]).norm()
    for name, theirs in gradients.items():
        assert (our_gradients[name] - theirs).norm() <= 1e-5 * theirs.norm() + 1e-8 * whole, name


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=2, max_size=9), st.integers(1, 4), st.integers(0, 9))
def test_a_row_is_dropped_alike_in_any_company(family: str, lengths: list[int], size: int, more: int) -> None:
    """Ragged or padded, whole or in micro-batches of `size` rows, with `more` columns of padding: its logits are the
    same."""
    model, inputs = shared(family, dropout=True), rows_of(lengths)
    pad_id = model.config.pad_token_id
    inputs = dataclasses.replace(inputs, pad_id=pad_id, labels=None)

    def logits(how: Any, start: int, stop: int) -> torch.Tensor:
        before = lengths[:start]
        on.masks.begin(1, 2, 3)
        on.masks.micro_batch(start, sum(before), sum(length**2 for length in before))
        found: torch.Tensor = call(model, how(inputs.part(start, stop))).logits.detach()
        return found

    def wider(part: RaggedBatch) -> Any:
        padded = part.padded()
        extra = [("input_ids", pad_id), ("attention_mask", 0)]
        return {name: torch.nn.functional.pad(padded[name], (0, more), value=fill) for name, fill in extra}

    with unpadded(model) as on:
        assert DROPOUT_BITS in on.on
        whole = logits(lambda part: part, 0, len(lengths))
        for how in (lambda part: part, RaggedBatch.padded, wider):
            parts = [logits(how, start, start + size) for start in range(0, len(lengths), size)]
            torch.testing.assert_close(torch.cat(parts), whole, atol=1e-5, rtol=1e-5)
        on.masks.end()


def test_the_rows_before_decide_where_a_row_begins_and_no_more() -> None:
    """The masks of a row are others elsewhere in the update: the test above can fail."""
    model, inputs = small("bert", dropout=True), rows_of([9, 20, 7])
    with unpadded(model) as on:
        found = []
        for start in ((0, 0, 0), (1, 9, 81)):
            on.masks.begin(1, 2, 3)
            on.masks.micro_batch(*start)
            found.append(call(model, inputs).logits.detach())
    assert (found[0] - found[1]).abs().max() > 1e-3


def special(model: Any) -> RaggedBatch:
    """With the padding's id among the tokens: RoBERTa counts positions without it."""
    inputs = rows_of([9, 20, 7], pad_id=model.config.pad_token_id)
    inputs.input_ids[11] = model.config.pad_token_id
    return inputs


@pytest.mark.parametrize("family", ["bert", "roberta"])
@pytest.mark.parametrize("what", ["padding on the left", "a row without tokens", "an id of padding"])
def test_what_it_cannot_read_it_is_given_padded(family: str, what: str) -> None:
    model = small(family).eval()
    pad_id = model.config.pad_token_id
    if what == "padding on the left":
        inputs = rows_of([9, 20, 7], left=True, pad_id=pad_id)
    elif what == "a row without tokens":
        inputs = rows_of([9, 0, 7], pad_id=pad_id)
    else:
        inputs = special(model)
    stock = model(**inputs.padded()).logits
    with unpadded(model):
        assert takes(model, inputs) == (family == "bert" and what == "an id of padding")
        torch.testing.assert_close(call(model, inputs).logits, stock, atol=1e-6, rtol=0)
        assert takes(model, rows_of([7, 7, 7], left=True, pad_id=pad_id))


@pytest.mark.parametrize("family", ["camembert", "roberta", "xlm-roberta"])
def test_ids_of_padding_and_holes_in_padded_calls(family: str) -> None:
    model = small(family)
    inputs = batch([9, 20, 7], model.config.pad_token_id)
    inputs["input_ids"][1, 4] = model.config.pad_token_id
    agree(model, inputs)
    inputs["attention_mask"][:, 3:5] = 0
    agree(model, inputs)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_no_mask_of_all_pairs_of_tokens_is_made(attention: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, inputs = small("bert", attn_implementation=attention), rows_of([9, 20, 7])
    seen = []
    with unpadded(model):
        stock = model.bert._create_attention_masks
        monkeypatch.setattr(
            model.bert, "_create_attention_masks", lambda **given: seen.append(stock(**given)) or seen[-1]
        )
        call(model, inputs)
    assert seen[0][0].numel() <= len(inputs.cu_seqlens)


def test_hooks_of_the_model_see_a_padded_call() -> None:
    model, inputs = small("bert").eval(), rows_of([9, 20, 7])
    padded = inputs.padded()
    seen: list[Any] = []
    with unpadded(model):
        model.register_forward_hook(lambda module, args, given, output: seen.append(given), with_kwargs=True)
        assert not takes(model, inputs)
        call(model, inputs)
    assert seen[0].keys() == padded.keys()
    assert all(torch.equal(seen[0][name], padded[name]) for name in padded)


@pytest.mark.parametrize("part", ["bert.embeddings", "bert.embeddings.dropout", "bert.encoder.layer.1", "bert.pooler"])
def test_hooks_of_parts_see_padded_rows(part: str) -> None:
    model, inputs = small("bert").eval(), rows_of([9, 20, 7])
    seen: list[int] = []
    with unpadded(model):
        model.get_submodule(part).register_forward_hook(lambda module, args, output: seen.append(len(output)))
        call(model, inputs)
        model(**inputs.padded())
    assert seen == [3, 3]


def test_the_door_looks_like_the_models_own_forward() -> None:
    model = small("bert").eval()
    inputs = rows_of([9, 20, 7])
    padded = inputs.padded()
    stock, before = model(**padded), inspect.signature(model.forward)
    with unpadded(model):
        assert inspect.signature(model.forward) == before
        ids, mask = padded["input_ids"], padded["attention_mask"]
        for found in (model(ids, mask, labels=padded["labels"]), model.forward(ids, attention_mask=mask)):
            torch.testing.assert_close(found.logits, stock.logits, atol=1e-6, rtol=0)
        pair = model(**padded, return_dict=False)
        assert float(pair[0].detach()) == pytest.approx(float(stock.loss.detach()), abs=1e-6)
        torch.testing.assert_close(pair[1], stock.logits, atol=1e-6, rtol=0)


def test_calls_with_embeddings_or_positions_are_the_stock_ones() -> None:
    model = small("bert").eval()
    padded = rows_of([9, 20, 7]).padded()
    ids, mask = padded["input_ids"], padded["attention_mask"]
    embeds = model.bert.embeddings.word_embeddings(ids)
    positions = torch.arange(20).flip(0)[None]
    given = [
        {"inputs_embeds": embeds, "attention_mask": mask},
        {"input_ids": ids, "attention_mask": mask, "position_ids": positions},
    ]
    for inputs in given:
        stock = model(**inputs).logits
        with unpadded(model):
            assert torch.equal(model(**inputs).logits, stock)
