"""Models of other families, made small from their configurations, train, save, load and predict like any other."""

import pathlib
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedTokenizerFast

import warmstart
from tests.trainer.helpers import VOCABULARY, Pad, rows

SMALL = {"vocab_size": VOCABULARY, "max_position_embeddings": 64, "num_labels": 2, "pad_token_id": 0}
BERT_LIKE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
FAMILIES: dict[str, dict[str, Any]] = {
    "bert": BERT_LIKE,
    "roberta": BERT_LIKE,
    "xlm-roberta": BERT_LIKE,
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
    "electra": {**BERT_LIKE, "embedding_size": 16},
    "albert": {**BERT_LIKE, "embedding_size": 16},
    "deberta": BERT_LIKE,
    "deberta-v2": {**BERT_LIKE, "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 16},
    "modernbert": {**BERT_LIKE, "global_attn_every_n_layers": 2, "local_attention": 8},
}


def small(family: str) -> Any:
    torch.manual_seed(0)
    settings = {**SMALL, **FAMILIES[family]}
    special = {"bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
    config = AutoConfig.for_model(family, **settings, **(special if family == "modernbert" else {}))
    return AutoModelForSequenceClassification.from_config(config)


@pytest.mark.parametrize("family", FAMILIES)
def test_it_trains_saves_loads_and_predicts(family: str, tmp_path: pathlib.Path) -> None:
    arguments = warmstart.TrainingArguments(
        str(tmp_path),
        num_train_epochs=8,
        learning_rate=3e-3,
        save_strategy="epoch",
        save_total_limit=1,
        eval_strategy="epoch",
        logging_steps=5,
        disable_tqdm=True,
    )
    train, held_out = rows(64), rows(24, seed=1)
    trainer = warmstart.Trainer(
        small(family), arguments, data_collator=Pad(), train_dataset=train, eval_dataset=held_out
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # some families script functions with torch.jit
        trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses[-1] < losses[0]
    predicted = trainer.predict(held_out).predictions

    trainer.save_model(str(tmp_path / "model"))
    for folder in (tmp_path / "model", tmp_path / f"checkpoint-{trainer.state.global_step}"):
        loaded = warmstart.AutoModelForSequenceClassification.from_pretrained(folder)
        assert type(loaded) is type(trainer.model)
        again = warmstart.Trainer(loaded, arguments, data_collator=Pad()).predict(held_out)
        np.testing.assert_allclose(again.predictions, predicted, atol=1e-5)
    assert again.label_ids.tolist() == held_out["label"][:]


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "modernbert"])
def test_the_whole_command_trains_it(family: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a CSV file to predictions, with a checkpoint of this family given as --model."""
    monkeypatch.chdir(tmp_path)
    small(family).save_pretrained("checkpoint")
    tokenizer(family != "distilbert").save_pretrained("checkpoint")
    words = [f"w{i}" for i in range(8, VOCABULARY)]
    lines = [
        f"{words[i % len(words)]} {words[(i * 7) % len(words)]},{'low' if i % len(words) < 26 else 'high'}"
        for i in range(60)
    ]
    table = ["text,label", *lines]
    pathlib.Path("table.csv").write_text("\n".join(table) + "\n")
    recipe = warmstart.Recipe.of({"data": "table.csv", "model": "checkpoint", "epochs": 1, "out": "run"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        result = warmstart.train(recipe)
    assert result.logits is not None
    assert result.logits.shape == (6, 2)
    assert result.task.classes == ("high", "low")
    from warmstart.runs.saved import SavedRun

    np.testing.assert_allclose(SavedRun.open("run").logits(result.splits["validation"]), result.logits, atol=1e-5)


def tokenizer(with_types: bool) -> PreTrainedTokenizerFast:
    """A word-level tokenizer for the words w8, w9, ..."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3} | {f"w{i}": i for i in range(8, VOCABULARY)}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    names = ["input_ids", "token_type_ids", "attention_mask"] if with_types else ["input_ids", "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        unk_token="[UNK]",
        model_max_length=64,
        model_input_names=names,
    )
