"""Which calls are of a whole model, with nobody looking at what its parts are given."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn

from warmstart.models.ragged.families import find_encoder, reader_of


class Calls:
    """Follows the calls of a model. A copy, in a copy of the model, knows of none."""

    def __init__(self) -> None:
        self._model: nn.Module | None = None
        self._hooks: list[dict[int, Any]] = []
        self._under_way: list[bool] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return Calls, ()

    @property
    def observed(self) -> bool:
        """Whether a part of the model is hooked into."""
        return any(self._hooks)

    @property
    def whole(self) -> bool:
        """Whether the innermost call under way is one of the whole model, and not observed."""
        return bool(self._under_way) and self._under_way[-1]

    @contextlib.contextmanager
    def followed(self, model: nn.Module) -> Iterator[None]:
        """Inside the block calls of `model` are known of."""
        self._model, self._hooks = model, hooks_of(model)  # the model's own dictionaries: hooks may come later
        before = model.register_forward_pre_hook(self._begin)
        after = model.register_forward_hook(self._end, always_call=True)
        try:
            yield
        finally:
            before.remove()
            after.remove()
            self._model, self._hooks = None, []

    def _begin(self, module: nn.Module, args: Any) -> None:
        self._under_way.append(module is self._model and not self.observed)

    def _end(self, module: nn.Module, args: Any, output: Any) -> None:
        self._under_way.pop()


def hooks_of(model: Any) -> list[dict[int, Any]]:
    """The hooks of those parts of `model` that are given what is computed for every token."""
    return hooks_in(parts_of(model))


def hooks_in(modules: Iterable[nn.Module]) -> list[dict[int, Any]]:
    """The modules' own dictionaries of hooks, in which later ones will be too."""
    names = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return [getattr(module, name) for module in modules for name in names]


def parts_of(model: Any) -> list[nn.Module]:
    """Those parts of one of the known models that are given what is computed for every token."""
    encoder, reader = find_encoder(model), reader_of(model)
    return [model.base_model, *(encoder.modules() if encoder else ()), *([reader] if reader else ())]
