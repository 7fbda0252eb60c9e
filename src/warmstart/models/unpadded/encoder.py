"""Running a model's encoder on ragged tokens: attached for a while, and taken off without a trace."""

import contextlib
import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from warmstart.errors import text
from warmstart.models.unpadded import layer as layers
from warmstart.models.unpadded.bits import Bits
from warmstart.models.unpadded.dropout import Dropout
from warmstart.models.unpadded.families import FIRST_TOKEN_HEADS, find_encoder, is_stock, layers_of
from warmstart.models.unpadded.layer import Layer, Pass
from warmstart.models.unpadded.places import Places, key_mask, pad, places, unpad
from warmstart.models.unpadded.working import Working, linear

# Techniques that can be left out one by one, by these names.
PADDING_FREE, FIRST_TOKEN, DROPOUT_BITS, WORKING_WEIGHTS = (
    "padding-free",
    "first-token",
    "dropout-bits",
    "working-weights",
)


@dataclasses.dataclass(frozen=True)
class Unpadded:
    """What is on. `on`: names of the techniques; `why_not`: why the encoder runs padded, where it does."""

    on: tuple[str, ...] = ()
    why_not: str = ""
    bits: Bits = dataclasses.field(default_factory=Bits)
    working: Working = dataclasses.field(default_factory=Working)
    flat: list[Places] = dataclasses.field(default_factory=list)  # of a call whose inputs are flat already


_ATTACHED = "_warmstart_unpadded"


@contextlib.contextmanager
def unpadded(model: nn.Module, without: tuple[str, ...] = ()) -> Iterator[Unpadded]:
    """Inside the block the encoder of `model` computes no padding, if it is of a known family.

    Outputs and gradients are those of the padded model to rounding. A call that asks for hidden states or attentions
    runs padded. Blocks may be nested: the inner ones change nothing.
    """
    if hasattr(model, _ATTACHED):
        yield getattr(model, _ATTACHED)
        return
    encoder = find_encoder(model)
    why_not = _why_not(model, encoder, without)
    if why_not or encoder is None:
        yield Unpadded(why_not=why_not)
        return
    on = [name for name in (PADDING_FREE, DROPOUT_BITS, WORKING_WEIGHTS) if name not in without]
    reads_first = type(model).__name__ in FIRST_TOKEN_HEADS and is_stock(model) and FIRST_TOKEN not in without
    on += [FIRST_TOKEN] if reads_first else []
    device = next(model.parameters()).device
    if device.type != "cpu" and DROPOUT_BITS in on:
        on.remove(DROPOUT_BITS)  # an accelerator draws its own numbers faster than they can be sent
    state = Unpadded(tuple(on), "", Bits(), Working(WORKING_WEIGHTS in on))
    swapped = _swap_dropout(model, encoder, state.bits) if DROPOUT_BITS in on else []
    stock = encoder.forward
    encoder.forward = functools.partial(_forward, encoder, stock, layers_of(encoder), state)
    object.__setattr__(model, _ATTACHED, state)
    try:
        yield state
    finally:
        del encoder.forward
        object.__delattr__(model, _ATTACHED)
        for parent, name, module in swapped:
            module.train(parent.training)
            setattr(parent, name, module)


def _why_not(model: nn.Module, encoder: nn.Module | None, without: tuple[str, ...]) -> str:
    if PADDING_FREE in without:
        return text("as asked", "按要求")
    if encoder is None:
        return text(
            f"{type(model).__name__} has no encoder of a known family", f"{type(model).__name__} 的编码器不属于已知系列"
        )
    config: Any = getattr(model, "config", None)
    if getattr(config, "is_decoder", False) or getattr(config, "add_cross_attention", False):
        return text("the model is a decoder", "模型是解码器")
    if any(getattr(module, "gradient_checkpointing", False) for module in model.modules()):
        return text("gradient checkpointing is on", "启用了梯度检查点")
    dtypes = {parameter.dtype for parameter in encoder.parameters()}
    if dtypes != {torch.float32}:
        return text("its weights are not fp32", "权重不是 fp32")
    for module in encoder.modules():
        hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
        if any(hooks) or "forward" in vars(module) or hasattr(module, "base_layer"):
            return text("something is hooked into its layers", "其层中挂有钩子")
        if isinstance(module, nn.Linear) and (type(module) is not nn.Linear or module.bias is None):
            return text("its layers have been replaced", "其层已被替换")
    return ""


def _swap_dropout(model: nn.Module, encoder: nn.Module, bits: Bits) -> list[tuple[nn.Module, str, nn.Module]]:
    """Put cheap dropout in place of torch's outside the encoder. Returns what to put back where."""
    inside = set(encoder.modules())
    swapped: list[tuple[nn.Module, str, nn.Module]] = []
    for parent in [module for module in model.modules() if module not in inside]:
        for name, child in list(parent.named_children()):
            if type(child) is nn.Dropout:
                cheap = Dropout(child.p, bits)
                cheap.train(child.training)
                setattr(parent, name, cheap)
                swapped.append((parent, name, child))
    return swapped


def _forward(
    encoder: Any,
    stock: Any,
    stack: list[Layer],
    state: Unpadded,
    hidden_states: torch.Tensor,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Stands in for the encoder's `forward`: `[rows, width, hidden]` in and out (`[rows, 1, hidden]` where the head
    reads the first token only).
    """
    from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

    at = state.flat[-1] if state.flat else _places(encoder, hidden_states, args, kwargs)
    if at is None:
        return stock(hidden_states, *args, **kwargs)
    device = hidden_states.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden_states.dtype
    now = Pass(at, dtype, encoder.training, state.bits if DROPOUT_BITS in state.on else None, state.working)
    first = at.first if FIRST_TOKEN in state.on else None
    with torch.autocast(device, enabled=False):
        x = hidden_states[0] if state.flat else unpad(hidden_states, at)
        if hasattr(encoder, "embedding_hidden_mapping_in"):
            x = linear(x.to(dtype), (encoder.embedding_hidden_mapping_in,), state.working).to(torch.float32)
        narrow = x.to(dtype)
        for number, layer in enumerate(stack):
            only = first if number + 1 == len(stack) else None
            x, narrow = layers.run(layer, x, narrow, now, only)
        out = pad(x, at) if first is None else x[:, None]
    return BaseModelOutputWithPastAndCrossAttentions(last_hidden_state=out)


def _places(encoder: Any, hidden: torch.Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Places | None:
    """Where the tokens of a padded call lie; None if this call has to run padded."""
    if _looks_inside(encoder, kwargs):
        return None
    tokens = key_mask(args[0] if args else kwargs.get("attention_mask"), hidden)
    if tokens is None or not bool(tokens[:, 0].all()):  # a head may read the first place of each row
        return None
    return places(tokens)


def _looks_inside(encoder: Any, kwargs: dict[str, Any]) -> bool:
    """Whether this call wants what happens between layers, or has inputs that only the stock encoder takes."""
    config = getattr(encoder, "config", None)
    wants = any(
        kwargs.get(name, getattr(config, name, False)) for name in ("output_hidden_states", "output_attentions")
    )
    return wants or any(kwargs.get(name) is not None for name in ("encoder_hidden_states", "past_key_values"))
