"""Recipes of small runs for the tests of this folder."""

import json
import pathlib
from collections.abc import Callable
from typing import Any

from warmstart import Recipe

Make = Callable[..., Recipe]


def weights(folder: pathlib.Path | str) -> bytes:
    return (pathlib.Path(folder) / "model" / "model.safetensors").read_bytes()


def config(folder: pathlib.Path | str) -> Any:
    return json.loads((pathlib.Path(folder) / "model" / "config.json").read_text(encoding="utf-8"))


def log(folder: pathlib.Path | str) -> list[dict[str, Any]]:
    lines = (pathlib.Path(folder) / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
