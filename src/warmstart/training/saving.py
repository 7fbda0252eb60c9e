"""Weights to a folder and back, for `transformers` models (loadable by every tool) and for any other module."""

import json
import pathlib
from typing import Any

from torch import nn

from warmstart.models.load import quietly

WEIGHTS = "model.safetensors"


def save_weights(model: nn.Module, processing_class: Any, folder: pathlib.Path) -> None:
    """Write the weights as safetensors, and configuration and tokenizer where there are such."""
    if hasattr(model, "save_pretrained"):
        with quietly():
            model.save_pretrained(folder)  # type: ignore[operator]
    else:
        from safetensors.torch import save_model

        save_model(model, str(folder / WEIGHTS))
    if hasattr(processing_class, "save_pretrained"):
        processing_class.save_pretrained(folder)
        _keep_full_length(folder / "tokenizer.json")


def load_weights(model: nn.Module, folder: pathlib.Path) -> None:
    """Put the saved weights into `model`, in place."""
    if hasattr(model, "save_pretrained") and hasattr(type(model), "from_pretrained"):
        with quietly():
            settings = {"dtype": next(model.parameters()).dtype, "use_safetensors": True}
            saved = type(model).from_pretrained(folder, config=model.config, **settings)  # type: ignore[attr-defined]
        model.load_state_dict(saved.state_dict())
    else:
        from safetensors.torch import load_model

        load_model(model, str(folder / WEIGHTS))


def _keep_full_length(path: pathlib.Path) -> None:
    """A fast tokenizer saves the truncation and padding of its last call; who loads it did not ask for those."""
    if path.is_file():
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("truncation") or content.get("padding"):
            content.update(truncation=None, padding=None)
            path.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")
