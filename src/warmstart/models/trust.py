"""A checkpoint is data: its files are looked at before anything is loaded; what names code or pickles is refused."""

import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

from warmstart.errors import UserError
from warmstart.models import hub, sound
from warmstart.models.refused import CONVERT, IN_CALLS, IN_FILES, PICKLE, Rule, is_safe

FILES = ("config.json", "tokenizer_config.json", "adapter_config.json")
LABELS = ("id2label", "label2id")  # their keys are anybody's words


def trusted(name: str, settings: dict[str, Any], *, weights: bool = True) -> dict[str, Any]:
    """The settings with which `from_pretrained(name)` runs no code: `settings`, at the commit that was looked at.

    With `weights` those are looked at too, else only what is there to read besides.

    Raises UserError if `settings` or a file of the checkpoint names code, a kernel to fetch, or weights that are no
    safetensors; OSError for a Hub id that does not exist.
    """
    check_call(settings)
    settings = {**settings, "trust_remote_code": False}
    files = _look(name, settings, weights)
    base = files.get("adapter_config.json", {}).get("base_model_name_or_path")
    if weights and base and not os.path.isfile(os.path.join(name, "config.json")):  # then PEFT's adapter is put on this
        _look(str(base), {key: value for key, value in settings.items() if key != "revision"}, weights)
    if weights:
        settings["use_safetensors"] = True
    return settings


def check_call(settings: dict[str, Any]) -> None:
    """Raises UserError if the settings of a `from_pretrained` or `from_config` ask for code to be run."""
    for key, value in settings.items():
        for rule in _broken(IN_CALLS, key, value):
            raise _refusal(rule, "from_pretrained", f"{key}={value!r}", key)


def _look(name: str, settings: dict[str, Any], weights: bool) -> dict[str, dict[str, Any]]:
    """What the checkpoint's files say, if they may. `settings` are changed to name the commit that these are of."""
    found: dict[str, dict[str, Any]] = {}
    waiting = list(FILES)
    if os.path.isdir(name):
        sound.check_files(name, pathlib.Path(name, settings.get("subfolder") or ""))
    while waiting:
        file = waiting.pop(0)
        path = hub.find(name, file, settings)
        if path is None:
            continue
        commit = hub.commit_in(path)
        if commit and not found:
            sound.check_files(name, path.parent)
        settings["revision"] = commit or settings.get("revision")
        is_weights = os.path.isfile(name) and not name.endswith(".json")
        found[file] = {} if is_weights else sound.read(name, path)
        sound.check_counts(name, file, _entries(found[file]))
        for place, key, value in _entries(found[file]):
            for rule in _broken(IN_FILES, key, value):
                raise _refusal(rule, name, f"{place}: {str(value)[: sound.MOST_SHOWN]}", f"{name}/{file}: {place}")
        if file == "config.json":  # which can send to a file for each version of transformers
            others = found[file].get("configuration_files")
            waiting += [str(other) for other in others if other != file] if isinstance(others, list) else []
    if weights:
        _check_weights(name, found, settings)
    return found


def _entries(content: Any, place: str = "") -> Iterator[tuple[str, str, Any]]:
    """(dotted place, key, value) of everything in a JSON document, however deep."""
    if isinstance(content, list):
        for item in content:
            yield from _entries(item, place)
    elif isinstance(content, dict):
        for key, value in content.items():
            here = f"{place}.{key}" if place else key
            yield here, key, value
            if key not in LABELS:
                yield from _entries(value, here)


def _check_weights(name: str, files: dict[str, dict[str, Any]], settings: dict[str, Any]) -> None:
    """Raises UserError where transformers would unpickle weights, or find none but pickles."""
    variant = f".{settings['variant']}" if settings.get("variant") else ""
    entries = [entry for content in files.values() for entry in _entries(content)]
    asked = [str(value) for _, key, value in entries if key == "transformers_weights" and value]
    wanted = asked or [f"model{variant}.safetensors", f"model.safetensors.index{variant}.json"]
    found = [path for file in wanted if (path := hub.find(name, file, settings))]
    listed = [sound.shards(name, path) for path in found if path.suffix == ".json"]
    pickles = [shard for shards in listed for shard in shards if not is_safe(shard)]
    if os.path.isfile(name):
        pickles = [] if is_safe(name) else [name]
    elif not found:
        others = (f"pytorch_model{variant}.bin", f"pytorch_model.bin.index{variant}.json")
        pickles = [file for file in others if hub.has(name, file, settings)]
    if "adapter_config.json" in files and hub.find(name, "adapter_model.safetensors", settings) is None:
        pickles.append("adapter_model.bin")
    if pickles:
        raise _refusal(Rule((), bool, PICKLE, CONVERT), name, pickles[0], f"{name}/{pickles[0]}")


def _broken(rules: Iterable[Rule], key: str, value: Any) -> Iterator[Rule]:
    return (rule for rule in rules if key in rule.keys and rule.refused(value))


def _refusal(rule: Rule, who: str, what: str, where: str) -> UserError:
    problem, fix = rule.told()
    return UserError(f"{who} {problem}: {what}", where, fix)
