"""The head that a checkpoint brings along: kept by the names of its labels, or new, and said either way."""

import json
import pathlib
import shutil
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from tests import tiny
from tests.models.test_architectures import FAMILIES, SMALL
from warmstart.errors import UserError
from warmstart.events import Event
from warmstart.models.load import load_model, load_tokenizer
from warmstart.table.task import Task

MORE: dict[str, dict[str, Any]] = {
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64},
    "bart": {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 4,
             "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "eos_token_id": 3},
    "mpnet": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64},
}  # fmt: skip
NAMES = ("anger", "fear", "joy")
IDS = torch.tensor([[2, 7, 8, 9, 3], [2, 5, 6, 7, 3]])


def task(*classes: str, kind: str = "classes", label: str = "label") -> Task:
    return Task(kind, "text", None, label, classes, classes)


def source(family: str, names: tuple[str, ...] | None, folder: pathlib.Path, **settings: Any) -> pathlib.Path:
    """A saved classifier of random weights, with its labels' names."""
    torch.manual_seed(3)
    numbers = dict(enumerate(names or ()))
    named = {"id2label": numbers, "label2id": {name: number for number, name in numbers.items()}} if names else {}
    sizes = {**SMALL, **FAMILIES.get(family, MORE.get(family, {})), "num_labels": len(names or NAMES)}
    config = AutoConfig.for_model(family, **{**sizes, **named, **settings})
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return folder


def loaded(folder: pathlib.Path, wanted: Task, seed: int = 0) -> tuple[Any, str]:
    """The model, and what was said of it."""
    heard: list[Event] = []
    tokenizer = load_tokenizer(str(folder))
    torch.manual_seed(seed)
    model = load_model(str(folder), wanted, tokenizer, heard.append).eval()
    return model, "\n".join(map(str, heard))


def outputs(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        return model(IDS, attention_mask=torch.ones_like(IDS)).logits


@pytest.mark.parametrize("family", [*FAMILIES, *MORE])
def test_the_same_labels_in_any_order_get_the_same_outputs(family: str, tmp_path: pathlib.Path) -> None:
    folder = source(family, NAMES, tmp_path)
    model, said = loaded(folder, task(*NAMES))
    assert "kept: it has the same labels" in said
    wanted = outputs(model)
    order = [1, 2, 0]  # which is not its own inverse
    again, said = loaded(folder, task(*(NAMES[number] for number in order)))
    torch.testing.assert_close(outputs(again), wanted[:, order])
    assert "in the order of this table's labels" in said
    assert again.config.id2label == {place: NAMES[number] for place, number in enumerate(order)}


def test_labels_that_differ_in_case_are_the_same_unless_two_are_then_one(tmp_path: pathlib.Path) -> None:
    folder = source("bert", ("NEGATIVE", "POSITIVE"), tmp_path / "one")
    model, said = loaded(folder, task("positive", " negative"))
    torch.testing.assert_close(outputs(model)[:, [1, 0]], outputs(loaded(folder, task("NEGATIVE", "POSITIVE"))[0]))
    assert "kept" in said
    folder = source("bert", ("a", "A"), tmp_path / "two")
    model, said = loaded(folder, task("A", "a"))
    torch.testing.assert_close(outputs(model)[:, [1, 0]], outputs(loaded(folder, task("a", "A"))[0]))


@pytest.mark.parametrize(
    ("names", "settings", "wanted", "why"),
    [
        (NAMES, {}, task("low", "medium", "high"), "other labels (anger, fear, joy)"),
        (NAMES, {}, task("anger", "fear", "calm"), "other labels"),
        (NAMES, {"problem_type": "multi_label_classification"}, task(*NAMES), "is for multi_label_classification"),
        (NAMES, {"problem_type": "single_label_classification"}, task(*NAMES, kind="labels"), "single_label"),
        (NAMES, {"problem_type": "regression"}, task(*NAMES), "is for regression"),
        (None, {"problem_type": "regression"}, task("a", "b", "c"), "is for regression"),
        (("price",), {"problem_type": "regression"}, task(kind="number", label="stars"), "other labels (price)"),
        (("a", "b"), {}, task(*NAMES), "other outputs"),
        (("price",), {"problem_type": "regression"}, task("a", "b"), "other outputs"),
        (NAMES, {}, task(kind="number", label="stars"), "other outputs"),
    ],
    ids=str,
)
def test_a_head_for_something_else_begins_anew(
    names: Any, settings: Any, wanted: Task, why: str, tmp_path: pathlib.Path
) -> None:
    """As it would for the same checkpoint without a head, with the same seed; all else is the checkpoint's."""
    folder = source("bert", names, tmp_path / "with", **settings)
    model, said = loaded(folder, wanted, seed=7)
    assert why in said
    assert "the head is new" in said
    bare = tmp_path / "without"
    shutil.copytree(folder, bare)
    whole = AutoModelForSequenceClassification.from_pretrained(folder)
    whole.base_model.save_pretrained(bare)
    fresh = loaded(bare, wanted, seed=7)[0]
    base = {name for name in model.state_dict() if name.startswith(model.base_model_prefix)}
    for name, tensor in model.state_dict().items():
        if name in base:
            assert torch.equal(tensor, whole.state_dict()[name]), name
        else:
            assert torch.equal(tensor, fresh.state_dict()[name]), name
            if tensor.shape == whole.state_dict()[name].shape and tensor.ndim == 2:
                assert not torch.equal(tensor, whole.state_dict()[name])


def test_of_a_head_of_several_layers_the_last_begins_anew(tmp_path: pathlib.Path) -> None:
    """As by stock where it has another size."""
    folder = source("roberta", NAMES, tmp_path)
    was = AutoModelForSequenceClassification.from_pretrained(folder).state_dict()
    for wanted in (task("low", "medium", "high"), task("low", "high")):
        model, said = loaded(folder, wanted)
        changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, was[name])}
        assert changed <= {"classifier.out_proj.weight", "classifier.out_proj.bias"}
        assert "classifier.out_proj.weight" in changed
        assert "classifier.dense" not in said


@pytest.mark.parametrize(
    ("names", "settings", "wanted"),
    [
        (None, {}, task(*NAMES)),
        (NAMES, {}, task("0", "1", "2")),
        (("0", "1", "2"), {}, task(*NAMES)),
        (("LABEL_0",), {}, task(kind="number", label="stars")),
        (("LABEL_0",), {"problem_type": "regression"}, task(kind="number", label="stars")),
    ],
)
def test_names_that_say_nothing_keep_a_head_of_as_many_outputs(
    names: Any, settings: Any, wanted: Task, tmp_path: pathlib.Path
) -> None:
    folder = source("bert", names, tmp_path, **settings)
    stock = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    model, said = loaded(folder, wanted)
    torch.testing.assert_close(outputs(model), outputs(stock))
    assert "gives them no names" in said


def test_a_checkpoint_without_a_head_says_what_is_new(tmp_path: pathlib.Path) -> None:
    _model, said = loaded(pathlib.Path(tiny.checkpoint(tmp_path)), task("bad", "good"))
    assert said == "the head is new, since the checkpoint has none: classifier.weight, classifier.bias"


def test_a_padding_token_of_its_own_gets_a_row(tmp_path: pathlib.Path) -> None:
    """As people add one to models that have none. Llama's table wants to know its row when it is made."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    config = AutoConfig.for_model("llama", vocab_size=20, num_key_value_heads=4, max_position_embeddings=32, **sizes)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    tokenizer = tiny.tokenizer()
    tokenizer.add_special_tokens({"pad_token": "<pad>"})
    tokenizer.save_pretrained(tmp_path)
    model, said = loaded(tmp_path, task("bad", "good"))
    assert model.config.pad_token_id == 20
    assert "1 token more" in said
    padded, alone = torch.tensor([[2, 7, 8, 3, 20, 20]]), torch.tensor([[2, 7, 8, 3]])
    with torch.inference_mode():
        found = model(padded, attention_mask=(padded != 20).long()).logits
        torch.testing.assert_close(found, model(alone).logits)


# Weights that are not this model's


def rename(folder: pathlib.Path, change: Any) -> None:
    from safetensors.torch import load_file, save_file

    saved = {change(name): tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    saved.pop(None, None)
    save_file(saved, folder / "model.safetensors", {"format": "pt"})


def test_weights_of_which_no_name_fits_are_refused(tmp_path: pathlib.Path) -> None:
    folder = source("bert", NAMES, tmp_path)
    rename(folder, lambda name: f"encoder_of_another.{name}")
    with pytest.raises(UserError, match="none of its weights") as caught:
        loaded(folder, task(*NAMES))
    assert str(folder) in caught.value.where
    assert "--model" in caught.value.fix


def test_a_layer_that_is_not_there_is_told(tmp_path: pathlib.Path) -> None:
    folder = source("bert", NAMES, tmp_path)
    rename(folder, lambda name: None if ".layer.1." in name else name)
    said = loaded(folder, task(*NAMES))[1]
    assert "not in the checkpoint, and new: bert.encoder.layer.1." in said
    assert "and 12 more" in said


@pytest.mark.parametrize("with_head", [True, False])
def test_layers_that_are_not_used_are_told_and_heads_of_pretraining_are_not(
    with_head: bool, tmp_path: pathlib.Path
) -> None:
    folder = source("bert", NAMES, tmp_path)
    if not with_head:
        AutoModelForSequenceClassification.from_pretrained(folder).bert.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 1}))
    assert "in the checkpoint, and not used: " in loaded(folder, task(*NAMES))[1]
    (folder / "config.json").write_text(json.dumps(config))
    rename(folder, lambda name: name.replace("classifier", "cls.predictions"))
    said = loaded(folder, task(*NAMES))[1]
    assert "not used" not in said
    assert "the head is new" in said
