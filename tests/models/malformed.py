"""Model folders that are not what they should be: changes to a sound one (`tests.tiny.checkpoint`), by name.

Each is a function that changes the folder. Whoever loads what comes of it is to get a `UserError` that names the
folder, or a model, in seconds and without much memory.
"""

import json
import os
import pathlib
import struct
from collections.abc import Callable
from typing import Any

Change = Callable[[pathlib.Path], None]
WEIGHTS, CONFIG, TOKENIZER, TOKENIZER_CONFIG = (
    *("model.safetensors", "config.json"),
    *("tokenizer.json", "tokenizer_config.json"),
)
DEEP = 50_000
HUGE = 10**18


# Ways to change


def text(file: str, content: str | bytes) -> Change:
    def change(folder: pathlib.Path) -> None:
        (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())

    return change


def entries(file: str, **changed: Any) -> Change:
    """Entries of a JSON object, or None for one to leave out."""

    def change(folder: pathlib.Path) -> None:
        content = json.loads((folder / file).read_text())
        kept = {**content, **changed}
        (folder / file).write_text(json.dumps({name: value for name, value in kept.items() if value is not LEFT_OUT}))

    return change


LEFT_OUT = object()


def within(file: str, *path: str, **changed: Any) -> Change:
    """Entries of an object inside a JSON file."""

    def change(folder: pathlib.Path) -> None:
        content = json.loads((folder / file).read_text())
        inner = content
        for name in path:
            inner = inner[name]
        inner.update(changed)
        (folder / file).write_text(json.dumps(content))

    return change


def instead(file: str, make: Callable[[pathlib.Path], object]) -> Change:
    def change(folder: pathlib.Path) -> None:
        (folder / file).unlink(missing_ok=True)
        make(folder / file)

    return change


def cut(file: str, share: float) -> Change:
    def change(folder: pathlib.Path) -> None:
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: int(len(content) * share)])

    return change


def header(change_header: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    """Another header before the same bytes."""

    def change(folder: pathlib.Path) -> None:
        content = (folder / WEIGHTS).read_bytes()
        (size,) = struct.unpack("<Q", content[:8])
        said = json.dumps(change_header(json.loads(content[8 : 8 + size]))).encode()
        (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(said)) + said + content[8 + size :])

    return change


def _each(said: dict[str, Any], one: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    return {name: value if name == "__metadata__" else one(value) for name, value in said.items()}


def split(pattern: str) -> Change:
    """A tokenizer that splits by a regular expression."""
    rule = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return entries(TOKENIZER, pre_tokenizer=rule)


def replace(*rules: tuple[str, str]) -> Change:
    """A tokenizer that replaces what regular expressions find, one after another."""
    steps = [{"type": "Replace", "pattern": {"Regex": one}, "content": other} for one, other in rules]
    return entries(TOKENIZER, normalizer={"type": "Sequence", "normalizers": steps})


def added(count: int, first: int) -> Change:
    """So many added tokens, with ids from `first` on."""

    def change(folder: pathlib.Path) -> None:
        content = json.loads((folder / TOKENIZER).read_text())
        plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
        content["added_tokens"] += [{"id": first + n, "content": f"<new{n}>", **plain} for n in range(count)]
        (folder / TOKENIZER).write_text(json.dumps(content))

    return change


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def all_of(*changes: Change) -> Change:
    def change(folder: pathlib.Path) -> None:
        for each in changes:
            each(folder)

    return change


def without(*files: str) -> Change:
    def change(folder: pathlib.Path) -> None:
        for file in files:
            (folder / file).unlink()

    return change


def _index(weight_map: Any, metadata: Any = None) -> Change:
    """An index of weights in several files in place of the one file."""

    def change(folder: pathlib.Path) -> None:
        (folder / WEIGHTS).rename(folder / "model-00001-of-00001.safetensors")
        content = {"metadata": metadata or {"total_size": 1}, "weight_map": weight_map}
        (folder / f"{WEIGHTS}.index.json").write_text(json.dumps(content))

    return change


def _sparse(path: pathlib.Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


# What is wrong

CONFIGURATION: dict[str, Change] = {
    **{
        f"config is {content}": text(CONFIG, content) for content in ("null", "[]", "1", '"bert"', "{}", "", "NaN", "{")
    },
    "config is bytes": text(CONFIG, bytes(range(256))),
    "config is in UTF-16": text(CONFIG, '{"model_type": "bert"}'.encode("utf-16")),
    "config is nested deep": text(CONFIG, nested(DEEP)),
    "config is nested": text(CONFIG, '{"model_type": "bert", "x": ' + nested(900) + "}"),
    "config is lists in lists": text(CONFIG, '{"model_type": "bert", "x": ' + "[" * 400 + "]" * 400 + "}"),
    "config has a number of a million digits": text(
        CONFIG, '{"model_type": "bert", "vocab_size": ' + "9" * 10**6 + "}"
    ),
    "config of another version has the layers": all_of(
        entries(CONFIG, configuration_files=["config.5.0.0.json"]),
        text("config.5.0.0.json", json.dumps({"model_type": "bert", "num_hidden_layers": HUGE})),
    ),
    "config is a pipe": instead(CONFIG, os.mkfifo),
    "config is a device": instead(CONFIG, lambda path: path.symlink_to("/dev/zero")),
    "config is a folder": instead(CONFIG, pathlib.Path.mkdir),
    "config is a link to itself": instead(CONFIG, lambda path: path.symlink_to(path.name)),
    "config is a terabyte": instead(CONFIG, _sparse),
    "a type nobody knows": entries(CONFIG, model_type="never-heard-of"),
    "a type that is a list": entries(CONFIG, model_type=["bert"]),
    "a type that is a number": entries(CONFIG, model_type=7),
    "a type that is a path": entries(CONFIG, model_type="../../bert"),
    "a type of no text": entries(CONFIG, model_type="vit"),
    **{
        f"{key} is {value}": entries(CONFIG, **{key: value})
        for key, value in [
            *(("hidden_size", value) for value in (-32, 0, 33, 48, 10**6, HUGE, "32", 32.5, None, [32], True)),
            *(("num_hidden_layers", value) for value in (-1, 100_000, HUGE, "2", None)),
            *(("num_attention_heads", value) for value in (0, -4, 3, HUGE)),
            *(("vocab_size", value) for value in (0, -1, 5, 10**9, HUGE)),
            *(("max_position_embeddings", value) for value in (0, -1, 10**9, HUGE)),
            *(("intermediate_size", value) for value in (-1, 65, 10**12)),
            *(("type_vocab_size", value) for value in (-1, 10**10)),
            *(("num_labels", value) for value in (10**9, -1, "many")),
            *(("id2label", value) for value in ([], {"a": "b"}, "x", {"0": None}, {"0": {"1": 2}})),
            *(("hidden_act", value) for value in ("never-heard-of", 3)),
            *(("problem_type", value) for value in ("never-heard-of", 3)),
            *(("pad_token_id", value) for value in (99, -1, HUGE, "0")),
            *(("layer_norm_eps", value) for value in ("small",)),
            *(("hidden_dropout_prob", value) for value in (2.0, "x")),
            *(("attn_implementation", value) for value in ("never-heard-of", 3)),
            *(("dtype", value) for value in ("float99", 4)),
            *(("chunk_size_feed_forward", value) for value in (7, HUGE)),
            *(("architectures", value) for value in ("x", 5)),
        ]
    },
}

WEIGHT_FILES: dict[str, Change] = {
    "weights are gone": without(WEIGHTS),
    "weights are empty": text(WEIGHTS, b""),
    "weights are cut in the header": cut(WEIGHTS, 0.01),
    "weights are cut": cut(WEIGHTS, 0.5),
    "weights are a byte short": lambda folder: (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-1]),
    "weights are a byte longer": lambda folder: (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes() + b"\0"),
    "weights are a terabyte of nothing": instead(WEIGHTS, _sparse),
    "weights are a pipe": instead(WEIGHTS, os.mkfifo),
    "weights are a device": instead(WEIGHTS, lambda path: path.symlink_to("/dev/zero")),
    "weights are a folder": instead(WEIGHTS, pathlib.Path.mkdir),
    "weights are a pickle": text(WEIGHTS, b"\x80\x04\x95\x1c\0\0\0\0\0\0\0\x8c\x05posix\x94."),
    "header of a length beyond the file": text(WEIGHTS, struct.pack("<Q", 2**62) + b"{}"),
    "header of the largest length": text(WEIGHTS, struct.pack("<Q", 2**64 - 1) + b"{}"),
    "header that is no JSON": text(WEIGHTS, struct.pack("<Q", 4) + b"abcd"),
    "header that is nested deep": text(WEIGHTS, struct.pack("<Q", len(nested(DEEP))) + nested(DEEP).encode()),
    "header that lists nothing": header(lambda said: {}),
    "header whose tensors overlap": header(lambda said: _each(said, lambda one: {**one, "data_offsets": [0, 128]})),
    "header with offsets beyond the file": header(
        lambda said: _each(said, lambda one: {**one, "data_offsets": [HUGE, HUGE + 4]})
    ),
    "header with negative offsets": header(lambda said: _each(said, lambda one: {**one, "data_offsets": [-4, 0]})),
    "header with huge shapes": header(lambda said: _each(said, lambda one: {**one, "shape": [HUGE, HUGE]})),
    "header with flat shapes": header(
        lambda said: _each(said, lambda one: {**one, "shape": [(one["data_offsets"][1] - one["data_offsets"][0]) // 4]})
    ),
    "header with an unknown dtype": header(lambda said: _each(said, lambda one: {**one, "dtype": "F31"})),
    "weights of whole numbers": header(lambda said: _each(said, lambda one: {**one, "dtype": "I32"})),
    "weights of other names": header(
        lambda said: {f"x.{name}": value for name, value in said.items() if name != "__metadata__"}
    ),
    "weights of an index that is null": all_of(_index({}), text(f"{WEIGHTS}.index.json", "null")),
    "weights of an index that lists nothing": _index({}),
    "weights of an index that is a list": _index([]),
    "weights of an index that names what is not there": _index({"embeddings.word_embeddings.weight": "x.safetensors"}),
    "weights of an index that leaves the folder": _index({"w": "../../../../etc/passwd"}),
    "weights of an index that names numbers": _index({"w": 3}),
    "weights of an index that is a pipe": all_of(_index({}), instead(f"{WEIGHTS}.index.json", os.mkfifo)),
    "an adapter's configuration beside a huge model": all_of(
        text("adapter_config.json", "{}"), entries(CONFIG, hidden_size=10**6)
    ),
    "an adapter's configuration that is null": text("adapter_config.json", "null"),
}

TOKENIZERS: dict[str, Change] = {
    **{f"tokenizer is {content}": text(TOKENIZER, content) for content in ("null", "[]", "{}", "", "{")},
    "tokenizer is nested deep": text(TOKENIZER, nested(DEEP)),
    "tokenizer is a pipe": instead(TOKENIZER, os.mkfifo),
    "tokenizer is a device": instead(TOKENIZER, lambda path: path.symlink_to("/dev/zero")),
    "tokenizer is a terabyte": instead(TOKENIZER, _sparse),
    "tokenizer is a folder": instead(TOKENIZER, pathlib.Path.mkdir),
    "tokenizer is gone": without(TOKENIZER, TOKENIZER_CONFIG),
    "tokenizer's settings are null": text(TOKENIZER_CONFIG, "null"),
    "tokenizer's settings are a list": text(TOKENIZER_CONFIG, "[]"),
    "tokenizer's settings are nested deep": text(TOKENIZER_CONFIG, nested(DEEP)),
    "tokenizer's settings are a pipe": instead(TOKENIZER_CONFIG, os.mkfifo),
    "special tokens are a pipe": instead("special_tokens_map.json", os.mkfifo),
    "added tokens are a pipe": instead("added_tokens.json", os.mkfifo),
    "a template of chats is a pipe": instead("chat_template.jinja", os.mkfifo),
    "vocabulary is empty": within(TOKENIZER, "model", vocab={}),
    "vocabulary is null": within(TOKENIZER, "model", vocab=None),
    "vocabulary without the unknown token": within(TOKENIZER, "model", vocab={"a": 0}),
    "vocabulary with ids beyond the table": within(TOKENIZER, "model", vocab={"[UNK]": 1, "good": 10**6}),
    "vocabulary with the largest id": within(TOKENIZER, "model", vocab={"[UNK]": 1, "good": 2**32 - 1}),
    "vocabulary with negative ids": within(TOKENIZER, "model", vocab={"[UNK]": 1, "good": -1}),
    "vocabulary with text for ids": within(TOKENIZER, "model", vocab={"[UNK]": "1"}),
    "a model nobody knows": within(TOKENIZER, "model", type="NeverHeardOf"),
    "three added tokens": added(3, 20),
    "one added token far away": added(1, 10**6),
    "one added token at the largest id": added(1, 2**32 - 1),
    "a hundred thousand added tokens": added(100_000, 20),
    "a million added tokens": added(1_000_000, 20),
    "an added token twice": all_of(added(1, 20), added(1, 20)),
    "an added token that is empty": entries(
        TOKENIZER_CONFIG, added_tokens_decoder={"20": {"content": "", "special": True}}
    ),
    "added tokens without ids": entries(TOKENIZER_CONFIG, added_tokens_decoder={"x": {"content": "y"}}),
    "added tokens that are a list": entries(TOKENIZER_CONFIG, added_tokens_decoder=[1]),
    "a special token that is a number": entries(TOKENIZER_CONFIG, pad_token=7),
    "a special token that nobody knows": entries(TOKENIZER_CONFIG, pad_token="[NEVER]"),
    **{
        f"a longest text of {longest!r}": entries(TOKENIZER_CONFIG, model_max_length=longest)
        for longest in (-1, 0, "x", [1], 10**400)
    },
    "a class nobody knows": entries(TOKENIZER_CONFIG, tokenizer_class="NeverHeardOf"),
    "a class that is a number": entries(TOKENIZER_CONFIG, tokenizer_class=3),
    "a side that is neither": entries(TOKENIZER_CONFIG, padding_side="up"),
    "inputs nobody knows": entries(TOKENIZER_CONFIG, model_input_names=3),
    "a template with the id of nothing": within(
        *(TOKENIZER, "post_processor", "special_tokens", "[CLS]"), ids=[10**6], tokens=["[CLS]"]
    ),
    "an unknown step": entries(TOKENIZER, normalizer={"type": "NeverHeardOf"}),
    "a broken expression": split("(a"),
    "a broken class of characters": split("[z-a]"),
    "an empty expression": split(""),
    "an exploding expression": split("(a+)+$"),
    "an exploding expression of words": split("(x+x+)+y"),
    "an expression of nested counts": split("((a{1,900}){1,900}){1,900}"),
    "an expression that looks back at itself": split(r"(\w*)*\1\1\1$"),
    "an expression of many stars": split(r".*.*.*.*.*.*.*.*.*.*=.*z"),
    "a replacement that doubles": replace(*[(".", "aa")] * 40),
    "a replacement of nothing": replace(("", "x" * 1000), ("", "y" * 1000), ("", "z" * 1000)),
    "steps within steps": entries(
        TOKENIZER, normalizer=json.loads('{"type":"Sequence","normalizers":[' * 60 + "]}" * 60)
    ),
    "padding to a length": entries(
        TOKENIZER,
        padding={"strategy": {"Fixed": 10**12}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0,
                 "pad_type_id": 0, "pad_token": "[PAD]"},
    ),
    "truncation to nothing": entries(
        TOKENIZER, truncation={"max_length": 0, "stride": 5, "strategy": "LongestFirst", "direction": "Right"}
    ),
}  # fmt: skip

# The same for a tokenizer of no class of its own, of which the library takes the file as it is.
PLAIN = entries(TOKENIZER_CONFIG, tokenizer_class="PreTrainedTokenizerFast")
FIRST = list(TOKENIZERS).index("vocabulary is empty")
TOKENIZERS |= {f"{name}, of no class": all_of(PLAIN, change) for name, change in list(TOKENIZERS.items())[FIRST:]}

ALL: dict[str, Change] = {**CONFIGURATION, **WEIGHT_FILES, **TOKENIZERS}

# What a library reads all the same: with a value of its own in place of an odd one, or as it is, which does no harm.
LOADS = {
    *("id2label is {'0': None}", "id2label is {'0': {'1': 2}}", "problem_type is never-heard-of", "problem_type is 3"),
    *("pad_token_id is -1", "dtype is 4", "architectures is x", "architectures is 5"),
    *("chunk_size_feed_forward is 7", "chunk_size_feed_forward is 1000000000000000000"),
    *("three added tokens", "one added token far away", "one added token at the largest id"),
    *("a hundred thousand added tokens", "an added token twice", "an added token that is empty"),
    *("a special token that nobody knows", "a class nobody knows", "padding to a length"),
    *(f"a longest text of {longest!r}" for longest in (-1, 0, 10**400)),
    *("an empty expression", "an expression of nested counts"),
}
LOADS |= {f"{name}, of no class" for name in LOADS} | {
    *("a template with the id of nothing", "truncation to nothing, of no class"),  # of a known class its own is made
}
SLOW = {name for name in ALL if "thousand" in name or "million" in name or "doubles" in name}
