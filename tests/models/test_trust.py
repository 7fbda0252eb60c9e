"""Nothing of a checkpoint is executed: what would run code is refused, from a folder and from the Hub's cache."""

import contextlib
import json
import pathlib
import pickle
import shutil
import sys
from typing import Any

import huggingface_hub.constants
import pytest
import transformers

from tests import tiny
from tests.models.plants import PLANTS, change, mark
from warmstart import AutoModelForSequenceClassification, AutoTokenizer
from warmstart.errors import UserError
from warmstart.models.hub import commit_of
from warmstart.models.load import load_model, load_tokenizer, longest_input
from warmstart.models.trust import trusted
from warmstart.runs.saved import SavedRun
from warmstart.table.task import Task

TASK = Task("classes", "text", None, "label", ("bad", "good"), ("bad", "good"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("sound")
    tiny.checkpoint(folder)
    return folder


@pytest.fixture
def checkpoint(sound: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of the sound checkpoint, to plant something in."""
    return pathlib.Path(shutil.copytree(sound, tmp_path / "checkpoint"))


def load(name: str) -> Any:
    """All of it, as a training does."""
    tokenizer = load_tokenizer(name)
    longest_input(tokenizer, name)
    return load_model(name, TASK, tokenizer)


# A folder


@pytest.mark.parametrize("what", PLANTS)
def test_what_would_run_code_is_refused(what: str, checkpoint: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, named = PLANTS[what]
    plant(checkpoint)
    with pytest.raises(UserError) as caught:
        load(str(checkpoint))
    assert not mark(checkpoint).exists()
    assert caught.value.where.endswith(named)
    assert named.split(": ")[-1] in caught.value.problem
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    with pytest.raises(UserError) as chinese:
        load(str(checkpoint))
    assert chinese.value.fix != caught.value.fix


@pytest.mark.parametrize("what", [name for name in PLANTS if "tokenizer" not in name])
def test_so_it_is_by_the_name_of_the_course(what: str, checkpoint: pathlib.Path) -> None:
    plant, named = PLANTS[what]
    plant(checkpoint)
    with pytest.raises(UserError) as caught:
        AutoModelForSequenceClassification.from_pretrained(checkpoint)
    assert caught.value.where.endswith(named)
    assert not mark(checkpoint).exists()


@pytest.mark.parametrize("what", ["code of a model", "code of a tokenizer"])
def test_a_run_that_was_tampered_with_is_not_opened(what: str, checkpoint: pathlib.Path) -> None:
    run = checkpoint.parent
    (run / "recipe.toml").write_text('data = "reviews.csv"\n')
    (run / "task.json").write_text(json.dumps(TASK.to_dict()))
    model = checkpoint.rename(run / "model")
    load(str(model)).save_pretrained(model)
    assert SavedRun.open(run).predictor.model.config.num_labels == 2
    plant, named = PLANTS[what]
    plant(model)
    with pytest.raises(UserError) as caught:
        SavedRun.open(run)
    assert caught.value.where == f"{model}/{named}"


def test_a_pickle_cannot_be_named_itself(checkpoint: pathlib.Path) -> None:
    PLANTS["pickled weights"][0](checkpoint)
    config = transformers.AutoConfig.from_pretrained(checkpoint)
    with pytest.raises(UserError, match="no safetensors"):
        AutoModelForSequenceClassification.from_pretrained(checkpoint / "pytorch_model.bin", config=config)


def test_pickles_beside_safetensors_are_not_read(checkpoint: pathlib.Path) -> None:
    weights = checkpoint / "model.safetensors"
    kept = weights.read_bytes()
    PLANTS["pickled weights"][0](checkpoint)
    weights.write_bytes(kept)
    assert load(str(checkpoint)).config.num_labels == 2
    assert not mark(checkpoint).exists()


# The plants are alive: the same checkpoints run their code, or go for it, where they are trusted


@pytest.mark.parametrize("what", ["code of a model", "code of a tokenizer", "code of a tokenizer, as of old"])
def test_the_code_runs_where_it_is_trusted(
    what: str, checkpoint: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _modules_in(tmp_path, monkeypatch)
    PLANTS[what][0](checkpoint)
    stock: Any = transformers.AutoTokenizer if "tokenizer" in what else transformers.AutoModelForSequenceClassification
    with contextlib.suppress(AttributeError):  # the module has run, and has no such class
        stock.from_pretrained(checkpoint, trust_remote_code=True)
    assert mark(checkpoint).exists()


def test_tokenizers_in_a_checkpoint_would_ask_and_run(
    checkpoint: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _modules_in(tmp_path, monkeypatch)
    PLANTS["tokenizers in it"][0](checkpoint)
    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    with contextlib.suppress(AttributeError, ValueError, OSError):
        transformers.AutoTokenizer.from_pretrained(checkpoint, trust_remote_code=False)
    assert mark(checkpoint).exists()


def test_the_pickles_run_where_they_are_read(checkpoint: pathlib.Path) -> None:
    PLANTS["pickled weights"][0](checkpoint)
    with (checkpoint / "pytorch_model.bin").open("rb") as file:
        pickle.load(file)
    assert mark(checkpoint).exists()


@pytest.mark.parametrize("what", ["a kernel", "a kernel, by the inner name"])
def test_a_kernel_is_gone_for(what: str, checkpoint: pathlib.Path) -> None:
    PLANTS[what][0](checkpoint)
    with pytest.raises(ImportError, match="kernels"):
        transformers.AutoModelForSequenceClassification.from_pretrained(checkpoint)


def _modules_in(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where transformers copies a checkpoint's modules to and imports them from."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(folder / "modules"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in [name for name in sys.modules if name.startswith("transformers_modules")]:
        monkeypatch.delitem(sys.modules, name)


# What is asked for in a call


@pytest.mark.parametrize(
    "setting",
    [
        {"trust_remote_code": True},
        {"attn_implementation": "org/evil"},
        {"experts_implementation": "org/evil"},
        {"use_kernels": True},
        {"allow_all_kernels": True},
        {"use_safetensors": False},
        {"gguf_file": "model.gguf"},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_a_call_cannot_ask_for_it_either(setting: dict[str, Any], checkpoint: pathlib.Path) -> None:
    PLANTS["code of a model"][0](checkpoint)
    for call in (AutoModelForSequenceClassification.from_pretrained, AutoTokenizer.from_pretrained):
        with pytest.raises(UserError) as caught:
            call(checkpoint, **setting)
        assert caught.value.where == next(iter(setting))
    with pytest.raises(UserError):
        AutoModelForSequenceClassification.from_config(transformers.BertConfig(), **setting)
    assert not mark(checkpoint).exists()


def test_a_configuration_with_code_makes_a_model_of_transformers_own(checkpoint: pathlib.Path) -> None:
    config = transformers.AutoConfig.from_pretrained(checkpoint, auto_map={})
    config.auto_map = {"AutoModelForSequenceClassification": "evil.Any"}
    model = AutoModelForSequenceClassification.from_config(config)
    assert type(model) is transformers.BertForSequenceClassification


# What does no harm


@pytest.mark.parametrize(
    ("file", "entries"),
    [
        ("config.json", {"_attn_implementation": "sdpa", "attn_implementation": {"": "eager"}, "auto_map": None}),
        ("config.json", {"_attn_implementation": "flash_attention_2"}),
        ("config.json", {"quantization_config": None, "custom_pipelines": {}, "experts_implementation": "eager"}),
        ("config.json", {"id2label": {"0": "auto_map", "1": "b"}, "label2id": {"quantization_config": 1, "b": 0}}),
        ("config.json", {"_name_or_path": "org/name", "architectures": ["EvilModel"], "trust_remote_code": False}),
        ("config.json", {"tokenizer_class": "BertTokenizerFast", "transformers_weights": "model.safetensors"}),
        ("tokenizer_config.json", {"tokenizer_class": "SomeTokenizerOfTheirOwn", "auto_map": {}}),
        ("adapter_config.json", {"megatron_core": "megatron.core", "auto_mapping": None}),
        ("adapter_config.json", {"auto_mapping": {"parent_library": "transformers.models.bert.modeling_bert"}}),
    ],
)
def test_harmless_settings_are_none_of_that(file: str, entries: dict[str, Any], checkpoint: pathlib.Path) -> None:
    change(checkpoint, file, **entries)
    (checkpoint / "adapter_model.safetensors").write_bytes(b"")
    settings = trusted(str(checkpoint), {})
    assert settings["trust_remote_code"] is False
    assert settings["use_safetensors"] is True


@pytest.mark.parametrize(
    "entries",
    [
        {"_attn_implementation": "flash_attention_2"},
        {"attn_implementation": "paged|flash_attention_3"},
        {"experts_implementation": "sonicmoe"},
        {"model_type": "mra"},
        {"model_type": "yoso"},
    ],
    ids=str,
)
def test_some_of_it_does_harm_where_there_is_a_package_that_fetches(
    entries: dict[str, Any], checkpoint: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(checkpoint, "config.json", **entries)
    assert trusted(str(checkpoint), {})["trust_remote_code"] is False
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match="downloaded and run"):
        trusted(str(checkpoint), {})


def test_no_tokenizer_of_transformers_is_refused(checkpoint: pathlib.Path) -> None:
    names = transformers.models.auto.tokenization_auto.TOKENIZER_MAPPING_NAMES.values()
    for name in sorted({name for name in names if name} - {"RagTokenizer"}):
        change(checkpoint, "tokenizer_config.json", tokenizer_class=name)
        trusted(str(checkpoint), {}, weights=False)


def test_shards_of_safetensors_load(checkpoint: pathlib.Path, tmp_path: pathlib.Path) -> None:
    model = transformers.AutoModel.from_pretrained(checkpoint)
    model.save_pretrained(tmp_path / "sharded", max_shard_size="10KB")
    tiny.tokenizer().save_pretrained(tmp_path / "sharded")
    assert (tmp_path / "sharded" / "model.safetensors.index.json").exists()
    loaded = load(str(tmp_path / "sharded")).bert.state_dict()
    assert all((loaded[name] == tensor).all() for name, tensor in model.state_dict().items())


# The Hub


@pytest.fixture
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The Hub's cache, still empty."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    commit_of.cache_clear()
    return tmp_path / "hub"


def test_a_checkpoint_of_the_hub_is_known_by_its_commit(sound: pathlib.Path, cache: pathlib.Path) -> None:
    tiny.publish(sound, cache)
    assert load("org/tiny").config.num_labels == 2
    assert commit_of("org/tiny") == tiny.COMMIT
    settings = trusted("org/tiny", {"cache_dir": str(cache)})
    assert settings["revision"] == tiny.COMMIT
    assert AutoModelForSequenceClassification.from_pretrained("org/tiny").config._name_or_path == "org/tiny"


def test_a_folder_has_no_commit(sound: pathlib.Path, cache: pathlib.Path) -> None:
    assert commit_of(str(sound)) is None
    assert commit_of("all-MiniLM-L6-v2") is None
    assert commit_of("org/never-heard-of") is None


def test_a_run_sees_one_commit_although_the_branch_moves(
    sound: pathlib.Path, checkpoint: pathlib.Path, cache: pathlib.Path
) -> None:
    tiny.publish(sound, cache)
    assert commit_of("org/tiny") == tiny.COMMIT
    PLANTS["code of a model"][0](checkpoint)
    tiny.publish(checkpoint, cache, commit=tiny.COMMIT[::-1])
    assert load("org/tiny").config.num_labels == 2
    assert commit_of("org/tiny") == tiny.COMMIT
    with pytest.raises(UserError, match="auto_map"):
        AutoModelForSequenceClassification.from_pretrained("org/tiny")  # asks anew
    AutoModelForSequenceClassification.from_pretrained("org/tiny", revision=tiny.COMMIT)


@pytest.mark.parametrize("what", PLANTS)
def test_what_would_run_code_is_refused_from_the_hub(what: str, checkpoint: pathlib.Path, cache: pathlib.Path) -> None:
    plant, named = PLANTS[what]
    plant(checkpoint)
    tiny.publish(checkpoint, cache)
    with pytest.raises(UserError) as caught:
        load("org/tiny")
    assert caught.value.where == f"org/tiny/{named}"
    assert not mark(checkpoint).exists()


def test_an_adapter_is_put_on_another_checkpoint(
    sound: pathlib.Path, checkpoint: pathlib.Path, cache: pathlib.Path
) -> None:
    """Of the Hub also where there is a configuration beside it: transformers looks for that among local files only."""
    PLANTS["code of a model"][0](checkpoint)
    both = pathlib.Path(shutil.copytree(sound, checkpoint.with_name("both")))
    (both / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(checkpoint)}))
    (both / "adapter_model.safetensors").write_bytes(b"")
    assert trusted(str(both), {})["use_safetensors"] is True
    tiny.publish(both, cache)
    (both / "config.json").unlink()
    for name in ("org/tiny", str(both)):
        with pytest.raises(UserError, match="auto_map"):
            AutoModelForSequenceClassification.from_pretrained(name)
    assert not mark(checkpoint).exists()
