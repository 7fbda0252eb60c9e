"""Working weights: copies of fp32 weights in the precision that matrix products run in, made once per micro-batch."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn


class WeightCache:
    """The weights of linear layers, side by side where several read the same input, in the type that is computed in.

    With autocast each call of a layer casts its weights again, or as often as its cache is cleared; while they are
    `held`, these copies are made once. Elsewhere anybody may change a weight between two calls, and they are made anew
    each time. The fp32 weights stay the model's own.
    """

    def __init__(self, keep: bool = True) -> None:
        self.keep = keep
        self._held = False
        self._copies: dict[tuple[Any, torch.dtype], tuple[torch.Tensor, torch.Tensor]] = {}
        self._fresh: set[tuple[Any, torch.dtype]] = set()

    @contextlib.contextmanager
    def held(self, steady: bool = True) -> Iterator[None]:
        """Inside the block no weight changes, if it is `steady`: code of a user's own may change them."""
        self._fresh.clear()
        self._held = self.keep and steady
        try:
            yield
        finally:
            self._held = False

    def of(self, layers: Sequence[nn.Linear], dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        """(weight `[outputs, inputs]`, bias `[outputs]`) of `layers` side by side, in `dtype`, outside autograd."""
        if len(layers) == 1 and layers[0].weight.dtype == dtype:
            return layers[0].weight.detach(), layers[0].bias.detach()
        if not self._held:  # an earlier pass may still need its copies for the way back
            return self._copy(layers, dtype, None)
        key = (tuple(id(layer) for layer in layers), dtype)
        if key not in self._fresh:
            self._copies[key] = self._copy(layers, dtype, self._copies.get(key))
            self._fresh.add(key)
        return self._copies[key]

    @staticmethod
    @torch.inference_mode(False)  # a copy that is made while predicting may next be trained with
    @torch.no_grad()
    def _copy(
        layers: Sequence[nn.Linear], dtype: torch.dtype, into: tuple[torch.Tensor, torch.Tensor] | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if into is None:
            outputs = sum(layer.out_features for layer in layers)
            first = layers[0].weight
            into = (
                torch.empty(outputs, first.shape[1], dtype=dtype, device=first.device),
                torch.empty(outputs, dtype=dtype, device=first.device),
            )
        sizes = [layer.out_features for layer in layers]
        torch._foreach_copy_(  # one kernel where there is a device to launch them
            [*torch.split(into[0], sizes), *torch.split(into[1], sizes)],
            [*(layer.weight for layer in layers), *(layer.bias for layer in layers)],
        )
        return into


def linear(x: torch.Tensor, layers: Sequence[nn.Linear], weights: WeightCache) -> torch.Tensor:
    """The outputs of `layers` for `x` `[tokens, inputs]`, side by side: `[tokens, sum of outputs]`, in the type of
    `x`.
    """
    weight, bias = weights.of(layers, x.dtype)
    masters = [parameter for layer in layers for parameter in (layer.weight, layer.bias)]
    return _Linear.apply(x, weight, bias, *masters)  # type: ignore[no-any-return, no-untyped-call]


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, *masters: torch.Tensor) -> Any:
        ctx.save_for_backward(x, weight)
        ctx.sizes = [len(master) for master in masters[1::2]]
        ctx.dtype = masters[0].dtype
        return nn.functional.linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, weight = ctx.saved_tensors
        g = gradients[0]
        gx = g @ weight if ctx.needs_input_grad[0] else None
        found: list[torch.Tensor | None] = [None] * (2 * len(ctx.sizes))
        if any(ctx.needs_input_grad[3::2]):
            found[0::2] = torch.split((g.t() @ x).to(ctx.dtype), ctx.sizes)
        if any(ctx.needs_input_grad[4::2]):
            found[1::2] = torch.split(g.sum(0, dtype=ctx.dtype), ctx.sizes)
        return gx, None, None, *found
