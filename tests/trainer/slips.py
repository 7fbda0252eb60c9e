"""Slips of learners: what is wrong, what has to be said of it, and what mends it."""

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
import transformers
from datasets import Dataset, Sequence, Value
from transformers import DataCollatorForTokenClassification, GPT2Config

from tests import tiny
from tests.trainer.helpers import VOCABULARY, Pad, rows, tiny_bert
from tests.trainer.trainers import TRAIN, Pairs, Plain

Case = dict[str, Any]


def relabelled(change: Callable[[int], Any], source: Dataset = TRAIN) -> Dataset:
    """The rows with other labels, in a column of the type that they have."""
    bare = source.remove_columns("label")
    return bare.add_column("label", [change(label) for label in source["label"]])


def fixed(rows: Dataset, width: int = 24) -> Dataset:
    """All rows as long as each other, so that no padding is needed."""
    return rows.map(lambda row: {name: (row[name] + [0] * width)[:width] for name in ("input_ids", "attention_mask")})


def several(change: Callable[[int], Any]) -> Dataset:
    """Rows as long as each other, each with several labels."""
    return fixed(relabelled(change)).rename_column("label", "labels")


def texts(count: int = 16) -> Dataset:
    return Dataset.from_list([{"text": row["text"], "label": i % 2} for i, row in enumerate(tiny.reviews(count))])


def tokens(labels: Callable[[list[int]], Any]) -> Dataset:
    """Rows for token classification."""
    ids = TRAIN["input_ids"]
    return Dataset.from_dict({"input_ids": list(ids), "labels": [labels(row) for row in ids]})


def tagger() -> Any:
    return transformers.BertForTokenClassification(tiny_bert(labels=3).config)


def gpt2(**settings: Any) -> Any:
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=VOCABULARY, n_positions=64, n_embd=16, n_layer=1, n_head=2, num_labels=2, **settings)
    return transformers.GPT2ForSequenceClassification(config)


def roberta(**settings: Any) -> Any:
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    config = transformers.RobertaConfig(vocab_size=VOCABULARY, pad_token_id=1, **{**sizes, **settings})
    return transformers.RobertaForSequenceClassification(config)


class WithTypes(Pad):
    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = super().__call__(examples)
        return {**batch, "token_type_ids": torch.ones_like(batch["input_ids"])}


@dataclasses.dataclass
class Slipped:
    """A data set, what is made with it, what the error has to name, and which code its fix has to hold, if any."""

    rows: Any
    says: str
    given: Case = dataclasses.field(default_factory=dict)
    model: Callable[[], Any] = tiny_bert
    code: str = r"dataset = dataset\.[^;]*"
    by_hand: Case = dataclasses.field(default_factory=dict)  # what the fix says in words


def bare(**given: Any) -> Case:
    """Without a collator of ours."""
    return {"data_collator": None, **given}


def padded(**given: Any) -> Case:
    return bare(processing_class=tiny.tokenizer(), **given)


def resized(model: Any, size: int) -> Any:
    model.resize_token_embeddings(size)
    return model


MULTI: Any = lambda: tiny_bert(labels=3, problem_type="multi_label_classification")  # noqa: E731
ONE: Any = lambda: tiny_bert(labels=1)  # noqa: E731
LONG = rows(40, longest=100)
SLIPS = {
    "classes from 1": Slipped(relabelled(lambda label: label + 1), "labels go from 1 to 2.*classes 0 to 1"),
    "more classes than the model has": Slipped(
        relabelled(lambda label: label * 4), "labels go from 0 to 4", code="num_labels=5",
        by_hand={"model": lambda: tiny_bert(labels=5)},
    ),
    "a label of -1": Slipped(relabelled(lambda label: label - 1), "labels go from -1 to 0"),
    "classes as floats": Slipped(relabelled(float), "labels are float32"),
    "booleans": Slipped(relabelled(bool), "labels are booleans", {}),
    "several labels as whole numbers": Slipped(
        several(lambda label: [label, 1, 0]), "floats", bare(), model=lambda: tiny_bert(labels=3)
    ),
    "several labels, told so, as whole numbers": Slipped(
        several(lambda label: [label, 1, 0]), "floats", bare(), model=MULTI
    ),
    "several labels, and too few of them": Slipped(
        fixed(relabelled(lambda label: [float(label), 1.0])), r"shape \[8, 2\].*has 3", bare(), model=MULTI,
        code="as many num_labels", by_hand={"model": lambda: tiny_bert(problem_type="multi_label_classification")},
    ),
    "several labels beyond 1": Slipped(
        fixed(relabelled(lambda label: [float(label), 7.0, 0.0])), "1.0 or 0.0 each, and here is 7", bare(),
        model=MULTI, code="1.0 for a label", by_hand={"rows": several(lambda label: [float(label), 1.0, 0.0])},
    ),
    "several numbers for one output": Slipped(
        fixed(relabelled(lambda label: [float(label), 1.0])), r"shape \[8, 2\].*one number", bare(), model=ONE,
        code="num_labels=2", by_hand={"model": lambda: tiny_bert(problem_type="regression")},
    ),
    "one number for several outputs": Slipped(
        relabelled(float), r"shape \[8\].*predicts 8 numbers", {},
        model=lambda: tiny_bert(labels=8, problem_type="regression"), code="num_labels=1", by_hand={"model": ONE},
    ),
    "labels that are texts": Slipped(fixed(relabelled(lambda label: "no" if label else "yes")), "texts", bare()),
    "labels that are texts, padded": Slipped(relabelled(lambda label: "no" if label else "yes"), "texts", padded()),
    "a label that is missing": Slipped(
        fixed(relabelled(lambda label: label or None)), "has no label", bare(processing_class=tiny.tokenizer())
    ),
    "ids beyond the table": Slipped(
        TRAIN.map(lambda row: {"input_ids": [i + 30 for i in row["input_ids"]]}), r"token id \d+ .* has 60",
        code="resize_token_embeddings", by_hand={"model": lambda: resized(tiny_bert(), 100)},
    ),
    "ids that are not": Slipped(
        TRAIN.map(lambda row: {"input_ids": [-100, *row["input_ids"][1:]]}), "token id -100 is negative",
        code="pad_token_id", by_hand={"rows": TRAIN},
    ),
    "ids as floats": Slipped(fixed(TRAIN).cast_column("input_ids", Sequence(Value("float32"))), "float32", bare()),
    "longer than the model": Slipped(
        LONG, r"has \d+ tokens.*places for 64", code="max_length=64",
        by_hand={"rows": LONG.map(lambda r: {n: r[n][:64] for n in ("input_ids", "attention_mask")})},
    ),
    "positions behind padding": Slipped(
        LONG, "places for 64", model=lambda: roberta(max_position_embeddings=66), code="max_length=64",
        by_hand={"rows": LONG.map(lambda r: {n: r[n][:64] for n in ("input_ids", "attention_mask")})},
    ),
    "types that the model has not": Slipped(
        TRAIN, "token_type_ids go up to 1.*has 1", {"data_collator": WithTypes()},
        model=lambda: roberta(type_vocab_size=1), by_hand={"data_collator": Pad()}, code="remove_columns",
    ),
    "no token to pad with": Slipped(
        TRAIN, "no padding token", model=gpt2, code=r"model\.config\.pad_token_id = ",
        by_hand={"model": lambda: gpt2(pad_token_id=0)},
    ),
    "no padding": Slipped(
        TRAIN, "have .* tokens, and nothing pads them", bare(), code="processing_class=tokenizer",
        by_hand={"processing_class": tiny.tokenizer()},
    ),
    "no padding for labels": Slipped(
        tokens(lambda ids: [i % 3 for i in ids]), "labels have .* nothing pads them", padded(), model=tagger,
        code="DataCollatorForTokenClassification",
        by_hand={"data_collator": DataCollatorForTokenClassification(tiny.tokenizer())},
    ),
    "labels of words, not of tokens": Slipped(
        tokens(lambda ids: [i % 3 for i in ids][:1]), "one for each token", padded(), model=tagger, code="word_ids",
        by_hand={"rows": tokens(lambda ids: [i % 3 for i in ids]),
                 "data_collator": DataCollatorForTokenClassification(tiny.tokenizer())},
    ),
    "a label for a token that is none": Slipped(
        tokens(lambda ids: [i % 4 for i in ids]), "labels go from 0 to 3",
        {"data_collator": DataCollatorForTokenClassification(tiny.tokenizer())}, model=tagger, code="num_labels=4",
        by_hand={"model": lambda: transformers.BertForTokenClassification(tiny_bert(labels=4).config)},
    ),
    "texts that are texts": Slipped(
        texts(), "have not been tokenised", bare(), by_hand={"processing_class": tiny.tokenizer()}
    ),
    "texts that are texts, padded": Slipped(texts(), "have not been tokenised", padded()),
    "labels under another name": Slipped(
        fixed(TRAIN.rename_column("label", "klass")), "no labels.*takes labels", bare()
    ),
    "no head": Slipped(
        fixed(TRAIN), "gives no loss.*no head", bare(), model=lambda: transformers.BertModel(tiny_bert().config),
        code="AutoModelForSequenceClassification", by_hand={"model": tiny_bert},
    ),
    "a column that the model does not take": Slipped(
        [{**Pairs()[i], "idx": i} for i in range(24)], "takes no 'idx'", bare(remove_unused_columns=False), model=Plain,
        code="remove_unused_columns", by_hand={"remove_unused_columns": True},
    ),
    "an input that is missing": Slipped(
        [{"labels": Pairs()[i]["labels"]} for i in range(24)], "needs 'x'", bare(), model=Plain, code="data_collator",
        by_hand={"rows": Pairs()},
    ),
    "rows without a token": Slipped(
        TRAIN.select(range(8)).map(lambda row: {"input_ids": [], "attention_mask": []}).cast(TRAIN.features),
        "without any token", code="filter", by_hand={"rows": TRAIN},
    ),
}  # fmt: skip
