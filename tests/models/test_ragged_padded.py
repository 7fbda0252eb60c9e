"""What may read padding gets it: other heads, hooks, parts of a model, copies, what is not known."""

import copy
import functools
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers
from torch import nn
from transformers import AutoConfig

from tests.models.families import (
    BERT_LIKE,
    COMMON,
    FAMILIES,
    NO_DROPOUT,
    VOCABULARY,
    agree,
    batch,
    small,
)
from warmstart.models.embedding_grad import row_gradients
from warmstart.models.ragged.encoder import PADDING_FREE, unpadded


def test_a_row_without_any_token_runs_padded() -> None:
    model = small("bert")
    inputs = batch([9, 20, 7], 0)
    inputs["attention_mask"][1] = 0
    agree(model, inputs)


def test_a_call_that_looks_inside_runs_padded() -> None:
    model = small("bert").eval()
    inputs = batch([9, 20, 7], 0)
    stock = model(**inputs, output_hidden_states=True)
    with unpadded(model):
        ours = model(**inputs, output_hidden_states=True)
    assert len(ours.hidden_states) == len(stock.hidden_states) == 4
    for one, other in zip(ours.hidden_states, stock.hidden_states, strict=True):
        assert torch.equal(one, other)


class Mean(nn.Module):
    """A head that reads every token, padding included."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(48, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(x.mean(1))


def mean_head(family: str = "roberta") -> Any:
    model = small(family)
    model.classifier = Mean()
    return model


def mean_pooler() -> Any:
    model = small("bert")
    model.bert.pooler = nn.Sequential(Mean(), nn.Linear(3, 48))
    return model


def with_head(kind: str) -> Callable[[], Any]:
    def make() -> Any:
        torch.manual_seed(0)
        config = AutoConfig.for_model("bert", **{**COMMON, "num_labels": 2}, **BERT_LIKE, **NO_DROPOUT)
        return getattr(transformers, kind)(config)

    return make


def ones_own() -> Any:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = small("bert").bert, Mean()

        def forward(self, **inputs: Any) -> Any:
            return transformers.modeling_outputs.SequenceClassifierOutput(
                logits=self.head(self.body(**inputs).last_hidden_state)
            )

    return Own()


OTHER_HEADS = {
    "a replaced head": mean_head,
    "another replaced head": functools.partial(mean_head, "electra"),
    "a replaced pooler": mean_pooler,
    "questions": with_head("BertForQuestionAnswering"),
    "tokens": with_head("BertForTokenClassification"),
    "masked": with_head("BertForMaskedLM"),
    "none": lambda: small("bert").bert,
    "a model of one's own": ones_own,
}


@pytest.mark.parametrize("make", OTHER_HEADS.values(), ids=OTHER_HEADS.keys())
def test_what_may_read_padding_gets_it(make: Callable[[], Any]) -> None:
    model = make().eval()
    inputs = batch([9, 20, 7], 1)
    del inputs["labels"]
    stock = model(**inputs)
    with unpadded(model) as on:
        assert (on.on, "first token" in on.why_not) == ((), True)
        ours = model(**inputs)
    for name in stock:
        assert torch.equal(ours[name], stock[name]), name


@pytest.mark.parametrize("family", FAMILIES)
def test_a_part_of_the_model_is_stock_when_it_is_called_by_itself(family: str) -> None:
    model = small(family).eval()
    inputs = batch([9, 20, 7], model.config.pad_token_id)
    del inputs["labels"]
    stock = model.base_model(**inputs).last_hidden_state
    with unpadded(model) as on:
        assert PADDING_FREE in on.on
        assert torch.equal(model.base_model(**inputs).last_hidden_state, stock)
        assert model(**inputs).logits.shape == (3, 3)
        assert torch.equal(model.base_model(**inputs).last_hidden_state, stock)


def test_a_hook_that_comes_later_sees_what_it_would_see() -> None:
    model = small("bert").eval()
    inputs = batch([9, 20, 7], 0)
    stock = model.bert(inputs["input_ids"], inputs["attention_mask"]).last_hidden_state
    seen = []
    with unpadded(model):
        handle = model.bert.register_forward_hook(lambda module, args, output: seen.append(output.last_hidden_state))
        model(**inputs)
        handle.remove()
        with pytest.raises(ValueError):
            model(nothing=1)  # a call that fails
        assert model(**inputs).logits.shape == (3, 3)
    assert len(seen) == 1
    assert torch.equal(seen[0], stock)


def test_a_mask_that_differs_between_tokens_runs_padded() -> None:
    """Two texts packed into a row, each of which sees itself alone; and one that sees only what came before."""
    model = small("bert").eval()
    ids = torch.randint(5, VOCABULARY, (2, 10))
    sides = torch.tensor([0] * 4 + [1] * 6)
    packed = (sides[:, None] == sides)[None, None].expand(2, 1, 10, 10)
    causal = torch.ones(10, 10, dtype=torch.bool).tril()[None, None].expand(2, 1, 10, 10)
    seen = torch.tensor([True] * 7 + [False] * 3)[None, None, None].expand(2, 1, 10, 10)
    slopes = -torch.arange(10.0)[None, None, None].expand(2, 1, 10, 10)
    hidden = torch.zeros(2, 1, 10, 10).masked_fill(~seen, torch.finfo(torch.float32).min)
    for mask in (packed, causal, seen, slopes, hidden):
        stock = model(input_ids=ids, attention_mask=mask).logits
        with unpadded(model):
            torch.testing.assert_close(model(input_ids=ids, attention_mask=mask).logits, stock, atol=1e-6, rtol=0)


@pytest.mark.parametrize("family", ["bert", "albert"])
def test_weights_may_change_between_any_two_calls(family: str) -> None:
    """As those of a callback, of a loss that disturbs weights for a while, or of an average that is swapped in."""
    model = small(family).eval()
    inputs = batch([9, 20, 7], 0)
    with unpadded(model) as on:
        with on.weights.held():
            model(**inputs)
        for scale in (-3.0, 0.5):
            for parameter in model.base_model.encoder.parameters():
                parameter.data.mul_(scale)
            ours = model(**inputs).logits
            stock = copy.deepcopy(model)(**inputs).logits
            torch.testing.assert_close(ours, stock, atol=1e-6, rtol=0)
        with on.weights.held(steady=False):
            first = model(**inputs).loss
            for parameter in model.base_model.encoder.parameters():
                parameter.data.mul_(2)
            second = model(**inputs).loss
            assert not torch.equal(first, second)
            (first + second).backward()  # copies of the first pass are as they were


@pytest.mark.parametrize("how", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_is_a_stock_model(how: Callable[[Any], Any]) -> None:
    model = small("bert", dropout=True)
    inputs = batch([9, 20, 7], 0)
    with unpadded(model), row_gradients(model):
        twin = how(model)
        with torch.no_grad():
            for parameter in twin.parameters():
                parameter.mul_(2)
        outside = twin.eval()(**inputs).logits
        again = how(twin)
    assert [type(module) for module in twin.modules()] == [type(module) for module in model.modules()]
    assert (
        twin.bert.embeddings.word_embeddings.weight
        is dict(twin.named_parameters())["bert.embeddings.word_embeddings.weight"]
    )
    assert torch.equal(twin(**inputs).logits, outside)
    assert torch.equal(again(**inputs).logits, outside)
    with unpadded(twin) as on:
        assert PADDING_FREE in on.on
        torch.testing.assert_close(twin(**inputs).logits, outside, atol=1e-6, rtol=0)


def modernbert() -> Any:
    special = {"bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2, "pad_token_id": 0}
    return small("modernbert", **special)


def checkpointing() -> Any:
    model = small("bert")
    model.activation_checkpointing_enable()
    return model


def hooked() -> Any:
    model = small("bert")
    model.bert.encoder.layer[1].register_forward_hook(lambda module, inputs, output: None)
    return model


def half() -> Any:
    return small("bert").bfloat16()


def patched() -> Any:
    model = small("bert")
    pooler = model.bert.pooler
    pooler.forward = lambda hidden: torch.tanh(pooler.dense(hidden.mean(1)))
    return model


def replaced() -> Any:
    class Mine(nn.Linear):
        pass

    model = small("bert")
    model.bert.encoder.layer[0].output.dense = Mine(80, 48)
    return model


@pytest.mark.parametrize("make", [modernbert, lambda: small("deberta"), checkpointing, hooked, half, replaced, patched])
def test_what_it_does_not_know_runs_padded_and_it_says_why(make: Any) -> None:
    model = make()
    inputs = batch([9, 20, 7], 0)
    del inputs["labels"]
    stock = model.eval()(**inputs).logits
    with unpadded(model) as on:
        assert on.on == ()
        assert on.why_not
        assert torch.equal(model(**inputs).logits, stock)
