"""Adapters of `peft` in a checkpoint: what was trained beside a model whose own weights stay as they are."""

import pathlib
from typing import Any

import torch
from torch import nn

from warmstart.messages import _

FILE = "adapter_model.safetensors"
Tensors = dict[str, torch.Tensor]


def has_adapters(model: nn.Module) -> bool:
    """Whether a model is one of `peft`: it saves its adapters, and not the model that they are in."""
    return hasattr(model, "peft_config") and hasattr(model, "get_base_model")


def misfits(model: Any, folder: pathlib.Path) -> list[str]:
    """What of the adapters in a folder and of the model's does not belong together, a line each."""
    from peft.utils import get_peft_model_state_dict

    wrong = []
    for name, place in _places(model, folder).items():
        if not (place / FILE).is_file():
            wrong.append(_("{name} was not saved").format(name=name))
            continue
        own, saved = get_peft_model_state_dict(model, adapter_name=name), _load(place)
        wrong += [_("{name} was not saved").format(name=key) for key in own if key not in saved]
        wrong += [_("the model has no {name}").format(name=key) for key in saved if key not in own]
        shapes = {key: (tuple(saved[key].shape), tuple(own[key].shape)) for key in own if key in saved}
        wrong += [f"{key}: {was} != {now}" for key, (was, now) in shapes.items() if was != now]
    return wrong


def load(model: Any, folder: pathlib.Path) -> None:
    """Put the adapters of a folder, which fit, into the model, in place: those that are active stay so."""
    from peft.utils import set_peft_model_state_dict

    for name, place in _places(model, folder).items():
        set_peft_model_state_dict(model, _load(place), adapter_name=name)


def _places(model: Any, folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """Where `peft` saves each adapter."""
    return {name: folder if name == "default" else folder / name for name in model.peft_config}


def _load(place: pathlib.Path) -> Tensors:
    from peft.utils import load_peft_weights

    found: Tensors = load_peft_weights(str(place), device="cpu")
    return found
