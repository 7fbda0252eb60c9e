"""Small real models and rows for tests of the engine."""

import pathlib
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import BertConfig, BertForSequenceClassification

from warmstart.checkpoints import checkpoint

VOCABULARY = 60


def tiny_bert(dropout: float = 0.0, labels: int = 2, seed: int = 0, **settings: Any) -> BertForSequenceClassification:
    """A two-layer BERT with random weights."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        num_labels=labels,
        **settings,
    )
    return BertForSequenceClassification(config)


def rows(count: int, seed: int = 0, longest: int = 24) -> Dataset:
    """Token rows of random lengths whose label can be learnt: whether the first id is in the upper half."""
    generator = np.random.default_rng(seed)
    ids = [generator.integers(5, VOCABULARY, generator.integers(2, longest)).tolist() for _ in range(count)]
    return Dataset.from_dict(
        {
            "input_ids": ids,
            "attention_mask": [[1] * len(row) for row in ids],
            "label": [int(row[0] > VOCABULARY // 2) for row in ids],
        }
    )


def last_good(folder: pathlib.Path) -> pathlib.Path | None:
    """The newest checkpoint of which every byte is as written, if there is one. Looks only, and sets nothing aside."""
    return next((each for each in reversed(checkpoint.folders(folder)) if checkpoint.why_not(each) is None), None)


class Pad:
    """Dynamic padding without a tokenizer: what `DataCollatorWithPadding` does for id 0."""

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        width = max(len(example["input_ids"]) for example in examples)

        def spread(name: str) -> torch.Tensor:
            return torch.tensor([list(e[name]) + [0] * (width - len(e[name])) for e in examples])

        labels = torch.tensor([e["label"] if "label" in e else e["labels"] for e in examples])
        return {"input_ids": spread("input_ids"), "attention_mask": spread("attention_mask"), "labels": labels}
