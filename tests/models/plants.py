"""Checkpoints in which something would run code, if it were loaded: each run leaves a mark."""

import json
import pathlib
import pickle
from collections.abc import Callable
from typing import Any

SHARD = "pytorch_model-00001-of-00001.bin"

Plant = Callable[[pathlib.Path], None]


class Bomb:
    """Unpickling it makes a folder."""

    def __init__(self, mark: pathlib.Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return pathlib.Path.mkdir, (self.mark,)


def mark(folder: pathlib.Path) -> pathlib.Path:
    """What is there once the code of the checkpoint in `folder` has run."""
    return folder.parent / f"{folder.name}.ran"


def change(folder: pathlib.Path, file: str, **entries: Any) -> None:
    """Write entries into a JSON file, which need not be there."""
    path = folder / file
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**content, **entries}))


def code(file: str = "config.json", **entries: Any) -> Plant:
    """A module, and entries that name it or other code."""

    def plant(folder: pathlib.Path) -> None:
        (folder / "evil.py").write_text(f"import pathlib\npathlib.Path({str(mark(folder))!r}).mkdir(exist_ok=True)\n")
        change(folder, file, **entries)

    return plant


def pickled(*files: str, **entries: Any) -> Plant:
    """Pickles in place of the weights, and entries of the configuration."""

    def plant(folder: pathlib.Path) -> None:
        (folder / "model.safetensors").unlink()
        for file in files:
            if file.endswith(".json"):
                (folder / file).write_text(json.dumps({"metadata": {}, "weight_map": {"w": SHARD}}))
            else:
                (folder / file).write_bytes(pickle.dumps({"w": Bomb(mark(folder))}))
        change(folder, "config.json", **entries)

    return plant


def adapter(**entries: Any) -> Plant:
    """An adapter of PEFT beside the model, with its weights as a pickle unless there are `entries`."""

    def plant(folder: pathlib.Path) -> None:
        change(folder, "adapter_config.json", **{"peft_type": "LORA", **entries})
        name = "adapter_model.safetensors" if entries else "adapter_model.bin"
        (folder / name).write_bytes(pickle.dumps({"w": Bomb(mark(folder))}))

    return plant


def retrieval(folder: pathlib.Path) -> None:
    """Transformers loads the two tokenizers in it without `trust_remote_code`, and so asks at the terminal."""
    parts = {"question_encoder": {"model_type": "vit"}, "generator": {"model_type": "bert"}}
    (folder / "config.json").write_text(json.dumps({"model_type": "rag", **parts}))
    (folder / "tokenizer_config.json").unlink()
    inner = folder / "question_encoder_tokenizer"
    inner.mkdir()
    (inner / "config.json").write_text("{}")
    code("question_encoder_tokenizer/tokenizer_config.json", auto_map={"AutoTokenizer": [None, "evil.Any"]})(folder)


MODEL_MAP = {"AutoConfig": "evil.Any", "AutoModelForSequenceClassification": "evil.Any"}
TOKENIZER_MAP = {"AutoTokenizer": [None, "evil.Any"]}

# What is planted, and what of it the error names.
PLANTS: dict[str, tuple[Plant, str]] = {
    "code of a model": (code(auto_map=MODEL_MAP), "config.json: auto_map"),
    "code of a type of its own": (code(auto_map=MODEL_MAP, model_type="evil"), "config.json: auto_map"),
    "code of another repository": (code(auto_map={"AutoConfig": "org/evil--evil.Any"}), "config.json: auto_map"),
    "code of a part": (code(text_config={"auto_map": MODEL_MAP}), "config.json: text_config.auto_map"),
    "code of a tokenizer": (code("tokenizer_config.json", auto_map=TOKENIZER_MAP), "tokenizer_config.json: auto_map"),
    "code of a tokenizer, as of old": (
        code("tokenizer_config.json", auto_map=["evil.Any", None]),
        "tokenizer_config.json: auto_map",
    ),
    "code in the file for a version": (
        lambda folder: [
            change(folder, "config.json", configuration_files=["config.4.0.0.json"]),
            code("config.4.0.0.json", model_type="evil", auto_map=MODEL_MAP)(folder),
        ][0],
        "config.4.0.0.json: auto_map",
    ),
    "code of a pipeline": (
        code(custom_pipelines={"evil": {"impl": "evil.Any", "pt": ["AutoModel"]}}),
        "config.json: custom_pipelines",
    ),
    "a tokenizer that is none": (
        code("tokenizer_config.json", tokenizer_class="RagRetriever"),
        "tokenizer_config.json: tokenizer_class",
    ),
    "tokenizers in it": (retrieval, "config.json: model_type"),
    "libraries of a tokenizer": (
        code("tokenizer_config.json", sudachi_kwargs={"sudachi_config_path": "sudachi.json"}),
        "tokenizer_config.json: sudachi_kwargs.sudachi_config_path",
    ),
    "a kernel": (code(attn_implementation="org/evil"), "config.json: attn_implementation"),
    "a kernel, by the inner name": (
        code(_attn_implementation="org/evil@main:attend"),
        "config.json: _attn_implementation",
    ),
    "a kernel of a part": (
        code(attn_implementation={"text_config": "paged|org/evil"}),
        "config.json: attn_implementation",
    ),
    "a kernel of experts": (code(_experts_implementation="org/evil"), "config.json: _experts_implementation"),
    "kernels of layers": (code(kernel_config={"RMSNorm": "org/evil:Norm"}), "config.json: kernel_config"),
    "a quantiser": (code(quantization_config={"quant_method": "mxfp4"}), "config.json: quantization_config"),
    "pickled weights": (pickled("pytorch_model.bin"), "pytorch_model.bin"),
    "pickled shards": (pickled("pytorch_model.bin.index.json", SHARD), "pytorch_model.bin.index.json"),
    "an index of pickles": (pickled("model.safetensors.index.json", SHARD), SHARD),
    "pickled weights by name": (
        pickled("adapter_model.bin", transformers_weights="adapter_model.bin"),
        "config.json: transformers_weights",
    ),
    "an index of pickles by name": (
        pickled("my.safetensors.index.json", SHARD, transformers_weights="my.safetensors.index.json"),
        SHARD,
    ),
    "a pickled adapter": (adapter(), "adapter_model.bin"),
    "a library of an adapter": (
        adapter(auto_mapping={"base_model_class": "Any", "parent_library": "evil"}),
        "adapter_config.json: auto_mapping.parent_library",
    ),
    "a library of an adapter's layers": (adapter(megatron_core="evil"), "adapter_config.json: megatron_core"),
}
