"""The encoder without padding gives the padded model's outputs and gradients, and leaves no trace."""

import copy
import functools
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import AutoConfig, AutoModelForSequenceClassification

import warmstart
from warmstart.models.embedding_grad import row_gradients
from warmstart.models.ragged.door import call
from warmstart.models.ragged.encoder import DROPOUT_BITS, FIRST_TOKEN, PADDING_FREE, WORKING_WEIGHTS, unpadded

LONGEST, VOCABULARY = 60, 90
COMMON = {"vocab_size": VOCABULARY, "max_position_embeddings": LONGEST + 4, "num_labels": 3}
BERT_LIKE = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 80}
FAMILIES: dict[str, dict[str, Any]] = {
    "albert": {**BERT_LIKE, "embedding_size": 16, "num_hidden_groups": 2, "inner_group_num": 2, "num_hidden_layers": 4},
    "bert": BERT_LIKE,
    "camembert": BERT_LIKE,
    "distilbert": {"dim": 48, "n_layers": 3, "n_heads": 4, "hidden_dim": 80},
    "electra": {**BERT_LIKE, "embedding_size": 16},
    "roberta": BERT_LIKE,
    "xlm-roberta": BERT_LIKE,
}
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "classifier_dropout_prob": 0.0}
NO_DROPOUT_DISTILBERT = {"dropout": 0.0, "attention_dropout": 0.0, "seq_classif_dropout": 0.0}


def small(family: str, dropout: bool = False, **more: Any) -> Any:
    torch.manual_seed(0)
    on = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1} if family == "albert" else {}
    off = on if dropout else NO_DROPOUT_DISTILBERT if family == "distilbert" else NO_DROPOUT
    config = AutoConfig.for_model(family, **COMMON, **FAMILIES.get(family, BERT_LIKE), **off, **more)
    return AutoModelForSequenceClassification.from_config(config).float().train()


@functools.cache
def shared(family: str, dropout: bool = False) -> Any:
    return small(family, dropout)


def batch(lengths: list[int], pad_id: int, left: bool = False, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random ids in rows of these lengths, padded to the longest."""
    generator = torch.Generator().manual_seed(seed)
    rows, width = len(lengths), max(lengths)
    mask = torch.arange(width) < torch.tensor(lengths)[:, None]
    mask = mask.flip(1) if left else mask
    ids = torch.randint(5, VOCABULARY, (rows, width), generator=generator).masked_fill(~mask, pad_id)
    labels = torch.randint(0, 2, (rows,), generator=generator)
    return {"input_ids": ids, "attention_mask": mask.long(), "labels": labels}


def outcome(model: Any, inputs: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The logits and every gradient."""
    model.zero_grad()
    out = call(model, inputs)
    out.loss.backward()
    return out.logits.detach(), {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def agree(model: Any, inputs: dict[str, Any], without: tuple[str, ...] = ()) -> None:
    """Logits within 1e-6 and each gradient within 1e-5 relative. Some gradients are truly 0: a key's bias moves all
    scores of a query together, and a single token attends to itself whatever its query. What is there is rounding, less
    than 1e-8 of the whole gradient."""
    logits, gradients = outcome(model, inputs)
    with unpadded(model, without) as on:
        assert PADDING_FREE in on.on, on.why_not
        ours, our_gradients = outcome(model, inputs)
    assert (ours - logits).abs().max() <= 1e-6
    assert our_gradients.keys() == gradients.keys()
    whole = torch.stack([g.norm() for g in gradients.values()]).norm()
    for name, theirs in gradients.items():
        assert (our_gradients[name] - theirs).norm() <= 1e-5 * theirs.norm() + 1e-8 * whole, name


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


def test_frozen_layers_get_no_gradient() -> None:
    model = small("bert")
    for parameter in model.bert.embeddings.parameters():
        parameter.requires_grad_(False)
    for parameter in model.bert.encoder.layer[0].parameters():
        parameter.requires_grad_(False)
    model.bert.encoder.layer[1].output.dense.bias.requires_grad_(False)
    agree(model, batch([9, 20, 7], 0))
