"""Running a model's encoder on ragged tokens: attached for a while, and taken off without a trace."""

import contextlib
import dataclasses
import weakref
from collections.abc import Collection, Iterator
from typing import Any

import torch
from torch import nn

from warmstart.batches.ragged import RaggedBatch
from warmstart.messages import _
from warmstart.models.ragged import layer as layers
from warmstart.models.ragged.attention import key_bias
from warmstart.models.ragged.door import Door, hooks_in, parts_of
from warmstart.models.ragged.dropout import Dropout
from warmstart.models.ragged.dropout_masks import DropoutMasks
from warmstart.models.ragged.families import find_encoder, layers_of, reads_first_token
from warmstart.models.ragged.layer import Pass
from warmstart.models.ragged.weight_cache import WeightCache, linear

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
    masks: DropoutMasks = dataclasses.field(default_factory=DropoutMasks)
    weights: WeightCache = dataclasses.field(default_factory=WeightCache)


_attached: "weakref.WeakKeyDictionary[nn.Module, Unpadded]" = weakref.WeakKeyDictionary()


@contextlib.contextmanager
def unpadded(model: nn.Module, without: Collection[str] = ()) -> Iterator[Unpadded]:
    """Inside the block the encoder of `model` computes no padding, if it is of a known family and its output is read
    for the first token only.

    Outputs and gradients are those of the padded model to rounding. Calls of a part of the model, and calls whose
    inner values are looked at, run padded. Blocks may be nested: the inner ones change nothing. Copies that are made of
    the model are stock ones.
    """
    if model in _attached:
        yield _attached[model]
        return
    encoder = find_encoder(model)
    why_not = _why_not(model, encoder, without)
    if why_not or encoder is None:
        yield Unpadded(why_not=why_not)
        return
    on = [name for name in (PADDING_FREE, DROPOUT_BITS, WORKING_WEIGHTS, FIRST_TOKEN) if name not in without]
    device = next(model.parameters()).device
    if device.type != "cpu" and DROPOUT_BITS in on:
        on.remove(DROPOUT_BITS)  # an accelerator draws its own numbers faster than they can be sent
    state = Unpadded(tuple(on), "", DropoutMasks(), WeightCache(WORKING_WEIGHTS in on))
    swapped = _swap_dropout(model, encoder, state.masks) if DROPOUT_BITS in on else []
    door = Door(model)
    model.forward = door
    encoder.forward = _Forward(encoder, door, state)
    _attached[model] = state
    try:
        yield state
    finally:
        del model.forward, encoder.forward, _attached[model]
        for parent, name, module in swapped:
            module.train(parent.training)
            setattr(parent, name, module)


def _why_not(model: nn.Module, encoder: nn.Module | None, without: Collection[str]) -> str:
    if PADDING_FREE in without:
        return _("as asked")
    if encoder is None:
        return _("{type} has no encoder of a known family").format(type=type(model).__name__)
    if not reads_first_token(model):
        return _("{type} may read more than the first token of each row").format(type=type(model).__name__)
    config: Any = getattr(model, "config", None)
    if getattr(config, "is_decoder", False) or getattr(config, "add_cross_attention", False):
        return _("the model is a decoder")
    if any(getattr(module, "gradient_checkpointing", False) for module in model.modules()):
        return _("gradient checkpointing is on")
    dtypes = {parameter.dtype for parameter in encoder.parameters()}
    if dtypes != {torch.float32}:
        return _("its weights are not fp32")
    parts = [model, *parts_of(model)]
    if any(hooks_in(parts_of(model))) or any(_has_own_forward(m) or hasattr(m, "base_layer") for m in parts):
        return _("something is hooked into its layers")
    if any(isinstance(m, nn.Linear) and (type(m) is not nn.Linear or m.bias is None) for m in encoder.modules()):
        return _("its layers have been replaced")
    return ""


def _has_own_forward(module: nn.Module) -> bool:
    own = vars(module).get("forward")  # in a copy that was made in a block like this it is the stock one
    return own is not None and getattr(own, "__func__", None) is not type(module).forward


def _swap_dropout(model: nn.Module, encoder: nn.Module, masks: DropoutMasks) -> list[tuple[nn.Module, str, nn.Module]]:
    """Put cheap dropout in place of torch's outside the encoder. Returns what to put back where."""
    inside = set(encoder.modules())
    swapped: list[tuple[nn.Module, str, nn.Module]] = []
    for parent in [module for module in model.modules() if module not in inside]:
        for name, child in list(parent.named_children()):
            if type(child) is nn.Dropout:
                cheap = Dropout(child.p, masks)
                cheap.train(child.training)
                setattr(parent, name, cheap)
                swapped.append((parent, name, child))
    return swapped


class _Forward:
    """Stands in for the encoder's `forward`: `[1, filled, hidden]` in, the first token of each row out, `[rows, 1,
    hidden]`.
    """

    def __init__(self, encoder: Any, door: Door, state: Unpadded) -> None:
        self._encoder, self._stock, self._door, self._state = encoder, encoder.forward, door, state
        self._layers = layers_of(encoder)

    def __reduce__(self) -> tuple[Any, ...]:
        """In a copy of the model, the stock one."""
        return getattr, (self._encoder, "forward")

    def __call__(self, hidden_states: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

        batch = self._door.batch
        # A call of a part may come from inside a call of the whole.
        if batch is None or hidden_states.shape[:2] != (1, batch.filled):
            return self._stock(hidden_states, *args, **kwargs)
        return BaseModelOutputWithPastAndCrossAttentions(last_hidden_state=self._run(hidden_states[0], batch)[:, None])

    def _run(self, x: torch.Tensor, batch: RaggedBatch) -> torch.Tensor:
        """`[filled, hidden]` to `[rows, hidden]`."""
        encoder, state = self._encoder, self._state
        device = x.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
        now = Pass(
            batch,
            key_bias(batch, self._layers[0].heads, dtype),
            dtype,
            encoder.training,
            state.masks if DROPOUT_BITS in state.on else None,
            state.weights,
        )
        first = batch.cu_seqlens[:-1]
        with torch.autocast(device, enabled=False):
            if hasattr(encoder, "embedding_hidden_mapping_in"):
                x = linear(x.to(dtype), (encoder.embedding_hidden_mapping_in,), state.weights).to(torch.float32)
            narrow = x.to(dtype)
            for number, layer in enumerate(self._layers):
                only = first if FIRST_TOKEN in state.on and number + 1 == len(self._layers) else None
                x, narrow = layers.run(layer, x, narrow, now, only)
            return x if FIRST_TOKEN in state.on else x.index_select(0, first)
