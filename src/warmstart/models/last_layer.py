"""The layer that a model's logits come from, and dividing them by a number there: then every tool that loads the model
divides them."""

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import nn

CLOSE = 1e-4  # of halved logits; most machines halve them exactly


def logits_layer(model: nn.Module, outputs: int, run: Callable[[], torch.Tensor]) -> nn.Linear | None:
    """The linear layer whose weight and bias the logits are proportional to, the last of several; None without one.

    It is found by trial, whatever the family: with half of both, `run`, which gives the logits of some rows, must give
    half the logits. A model that does more to them afterwards has no such layer.
    """
    layers = [each for each in model.modules() if isinstance(each, nn.Linear) and each.out_features == outputs]
    if not layers:
        return None
    whole = run().detach()
    for layer in reversed(layers):
        with divided(layer, 2.0):
            half = run()
        if torch.allclose(2 * half, whole, rtol=CLOSE, atol=CLOSE * float(whole.abs().max())):
            return layer
    return None


@contextlib.contextmanager
def divided(layer: nn.Linear, by: float) -> Iterator[None]:
    """Inside the block, weight and bias of the layer are divided by a number; behind it they are what they were, to the
    bit. In place, so that whoever holds the tensors has them too."""
    held = [each for each in (layer.weight, layer.bias) if each is not None]
    before = [each.detach().clone() for each in held]
    try:
        for each in held:
            each.data.div_(by)
        yield
    finally:
        for each, value in zip(held, before, strict=True):
            each.data.copy_(value)
