"""Small models of every known family, padded and not."""

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from warmstart.models.ragged.door import call
from warmstart.models.ragged.encoder import PADDING_FREE, unpadded

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
