"""Weights to a folder and back, for `transformers` models (loadable by every tool) and for any other module."""

import json
import pathlib
from typing import Any

import torch
from safetensors.torch import load_file, save_model
from torch import nn

from warmstart.checkpoints import adapters
from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.models.load import quietly

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
Tensors = dict[str, torch.Tensor]


def save_weights(model: nn.Module, processing_class: Any, folder: pathlib.Path) -> None:
    """Write the weights as safetensors, and configuration and tokenizer where there are such."""
    if hasattr(model, "save_pretrained"):
        with quietly():
            model.save_pretrained(folder)  # type: ignore[operator]
    else:
        save_model(model, str(folder / WEIGHTS))
    if hasattr(processing_class, "save_pretrained"):
        processing_class.save_pretrained(folder)
        _keep_full_length(folder / "tokenizer.json")


def load_weights(model: nn.Module, folder: pathlib.Path) -> None:
    """Put the saved weights into `model`, in place, however it was changed since it was made. Raises UserError, and
    changes nothing, if they are not the weights of such a model."""
    with_adapters = adapters.has_adapters(model)
    saved = {} if with_adapters else _saved(model, folder)
    wrong = adapters.misfits(model, folder) if with_adapters else _misfits(model, saved)
    if wrong:
        listed = "; ".join([*wrong[:5], *(["..."] if len(wrong) > 5 else [])])
        raise UserError(
            _("these weights are not of this model: {listed}").format(listed=listed),
            where=str(folder),
            fix=_("make the model as it was when they were saved"),
        )
    if with_adapters:
        adapters.load(model, folder)
    else:
        model.load_state_dict(saved, strict=False)  # in place: what is tied stays tied


def holds_weights(model: nn.Module, folder: pathlib.Path) -> bool:
    """Whether all of the model's weights are in a folder, under names that `load_weights` knows."""
    if adapters.has_adapters(model):
        return not adapters.misfits(model, folder)
    there = (folder / WEIGHTS).is_file() or (folder / INDEX).is_file()
    return there and not _misfits(model, _saved(model, folder))


def _saved(model: nn.Module, folder: pathlib.Path) -> Tensors:
    """The saved weights, under the names that `model` has for them."""
    saved = _tensors(folder)
    if _misfits(model, saved) and hasattr(type(model), "from_pretrained"):
        return _renamed_back(model, folder, saved)
    return saved


def _tensors(folder: pathlib.Path) -> Tensors:
    """The saved weights by name, from one file or from several and their index."""
    index = folder / INDEX
    names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()) if index.is_file() else {WEIGHTS}
    return {name: tensor for file in sorted(names) for name, tensor in load_file(folder / file).items()}


def _misfits(model: nn.Module, saved: Tensors) -> list[str]:
    """What of `saved` and `model` does not belong together, a line each. Of tied weights only one is saved."""
    own = {name: tensor for name, tensor in model.state_dict().items() if isinstance(tensor, torch.Tensor)}
    tied = {own[name].untyped_storage().data_ptr() for name in saved.keys() & own.keys()}
    unsaved = getattr(model, "_keys_to_ignore_on_save", None) or ()
    missing = [
        name
        for name, tensor in own.items()
        if name not in saved and name not in unsaved and tensor.untyped_storage().data_ptr() not in tied
    ]
    grows = dict(model.named_buffers()) if type(model).load_state_dict is not nn.Module.load_state_dict else {}
    fixed = [name for name in own if name in saved and name not in grows]  # what a method of its own makes fit
    sizes = {name: (tuple(saved[name].shape), tuple(own[name].shape)) for name in fixed}
    return [
        *(_("{name} was not saved").format(name=name) for name in missing),
        *(_("the model has no {name}").format(name=name) for name in saved if name not in own),
        *(f"{name}: {was} != {now}" for name, (was, now) in sizes.items() if was != now),
    ]


def _renamed_back(model: Any, folder: pathlib.Path, saved: Tensors) -> Tensors:
    """`saved` under the names that `model` has for it. In the files of some models (ViT, mixtures of experts)
    `transformers` uses older names, and only its own loading knows them; it knows nothing of parts put in later, whose
    names are the same in both."""
    settings = {"dtype": next(model.parameters()).dtype, "use_safetensors": True, "ignore_mismatched_sizes": True}
    try:
        with quietly():
            loaded, told = type(model).from_pretrained(
                folder, config=model.config, output_loading_info=True, **settings
            )
    except (RuntimeError, TypeError, ValueError):
        return saved  # and what is wrong with it will be told
    made_up = {*told["missing_keys"], *(name for name, *_unused in told["mismatched_keys"])}
    found = {name: tensor for name, tensor in loaded.state_dict().items() if name not in made_up}
    own = {*model.state_dict(), *told["unexpected_keys"]}
    return {**found, **{name: tensor for name, tensor in saved.items() if name in own}}


def _keep_full_length(path: pathlib.Path) -> None:
    """A fast tokenizer saves the truncation and padding of its last call; who loads it did not ask for those."""
    if path.is_file():
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("truncation") or content.get("padding"):
            content.update(truncation=None, padding=None)
            path.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")
