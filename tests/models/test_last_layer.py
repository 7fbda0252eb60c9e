"""The layer that logits come from is found in every family, and dividing it there is what every tool then computes."""

import inspect
import pathlib
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import softmax
from torch import nn
from transformers import AutoConfig, AutoModelForSequenceClassification, pipeline

from tests import tiny
from warmstart.models.last_layer import divided, logits_layer

BERT_LIKE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
FAMILIES: dict[str, tuple[dict[str, Any], str]] = {
    "bert": (BERT_LIKE, "classifier"),
    "roberta": (BERT_LIKE, "classifier.out_proj"),
    "distilbert": ({"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}, "classifier"),
    "electra": ({**BERT_LIKE, "embedding_size": 16}, "classifier.out_proj"),
    "albert": ({**BERT_LIKE, "embedding_size": 16}, "classifier"),
    "deberta-v2": (BERT_LIKE, "classifier"),
    "modernbert": ({**BERT_LIKE, "global_attn_every_n_layers": 2, "local_attention": 8}, "classifier"),
    "gpt2": ({"n_embd": 32, "n_layer": 2, "n_head": 4}, "score"),
    "bart": ({"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32,
              "encoder_attention_heads": 4, "decoder_attention_heads": 4}, "classification_head.out_proj"),
}  # fmt: skip
TEXTS = ["a good film", "a very bad book was so awful", "好 书", "film"]


def small(family: str, outputs: int = 3) -> Any:
    """A model of this family whose logits are not all about 0."""
    torch.manual_seed(0)
    common = {"vocab_size": 32, "max_position_embeddings": 64, "num_labels": outputs, "pad_token_id": 0}
    special = {"bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}
    config = AutoConfig.for_model(family, **common, **special, **FAMILIES[family][0])
    model = AutoModelForSequenceClassification.from_config(config).eval()
    with torch.no_grad():
        dict(model.named_modules())[FAMILIES[family][1]].weight.mul_(40)
    return model


def tokenizer_of(model: Any) -> Any:
    tokenizer = tiny.tokenizer()
    if "token_type_ids" not in inspect.signature(model.forward).parameters:
        tokenizer.model_input_names = ["input_ids", "attention_mask"]
    return tokenizer


def logits(model: Any) -> torch.Tensor:
    given = tokenizer_of(model)(TEXTS, return_tensors="pt", padding=True)
    with torch.inference_mode():
        found: torch.Tensor = model(**given).logits
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pipeline_gives_the_probabilities_at_the_temperature(family: str, tmp_path: pathlib.Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # some families script functions with torch.jit
        model = small(family)
        wanted = dict(model.named_modules())[FAMILIES[family][1]]
        before, weights = logits(model), {name: value.clone() for name, value in model.state_dict().items()}
        layer = logits_layer(model, 3, lambda: logits(model))
        assert layer is wanted
        with divided(layer, 1.7):
            model.save_pretrained(tmp_path)
            tokenizer_of(model).save_pretrained(tmp_path)
            np.testing.assert_allclose(logits(model), before / 1.7, atol=1e-5)
        classify = pipeline("text-classification", model=str(tmp_path), top_k=None, device="cpu")
        found = [{each["label"]: each["score"] for each in row} for row in classify(TEXTS)]
    scores = np.array([[row[f"LABEL_{number}"] for number in range(3)] for row in found])
    np.testing.assert_allclose(scores, softmax(before.numpy() / 1.7, axis=1), atol=1e-6)
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


class Squashed(nn.Module):
    """More is done to the outputs of the last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(4, 3), nn.Linear(3, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.last(torch.relu(self.first(inputs))))


@pytest.mark.parametrize("model", [Squashed(), nn.Sequential(nn.Linear(4, 2), nn.Tanh(), nn.Linear(2, 5)), nn.ReLU()])
def test_where_logits_are_not_proportional_to_a_layer_there_is_none(model: nn.Module) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    inputs = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    assert logits_layer(model, 3, lambda: model(inputs)) is None
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_weights_come_back_where_something_fails() -> None:
    layer = nn.Linear(4, 3)
    before = layer.weight.clone()
    with pytest.raises(KeyboardInterrupt), divided(layer, 3.0):
        assert not torch.equal(layer.weight, before)
        raise KeyboardInterrupt
    assert torch.equal(layer.weight, before)
