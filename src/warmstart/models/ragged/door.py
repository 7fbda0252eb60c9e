"""The door of a model: calls of the whole model, with a ragged batch or a padded one, run on tokens end to end."""

import inspect
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from warmstart.batches.ragged import RaggedBatch, from_padded, pad
from warmstart.models.load import POSITIONS_BEHIND_PADDING
from warmstart.models.ragged.families import reader_of

TOKENS = ("input_ids", "attention_mask", "token_type_ids")
KNOWN = {*TOKENS, "labels", "return_dict", "num_items_in_batch"}  # the others are of rows, or of nothing


def call(model: nn.Module, batch: Any) -> Any:
    """What `model` makes of a batch. Here, and nowhere else, a ragged one is padded for a model that needs padding."""
    return model(batch) if takes(model, batch) else model(**pad(batch))


def takes(model: nn.Module, batch: Any) -> bool:
    """Whether `model` reads this batch as it is. Ask before the batch goes to an accelerator: its ids are looked at."""
    door = vars(model).get("forward")
    return isinstance(door, Door) and isinstance(batch, RaggedBatch) and door.takes(batch)


class Door:
    """Stands in for the `forward` of a model of a known family. `batch`: that of the call under way, for its encoder;
    None where the call runs padded.
    """

    def __init__(self, model: Any) -> None:
        self._model, self._stock = model, model.forward
        self.__signature__ = inspect.signature(model.forward)
        self._names = list(self.__signature__.parameters)
        self._own_hooks, self._hooks = hooks_in([model]), hooks_in(parts_of(model))  # later ones will be in there too
        self._pad_id = model.config.pad_token_id if model.config.model_type in POSITIONS_BEHIND_PADDING else None
        self.batch: RaggedBatch | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """In a copy of the model, the stock one."""
        return getattr, (self._model, "forward")

    def takes(self, batch: RaggedBatch) -> bool:
        """Whether rows of this batch mean to the model what they would mean padded, and nobody looks at its tokens."""
        if any(self._own_hooks) or self._looked_into({}) or not bool(batch.lengths.all()):
            return False
        if batch.pad_left and batch.indices is not None:  # a head reads the first place of each row, padding or not
            return False
        tokens = int(batch.cu_seqlens[-1])  # a padding id has no number of its own among the positions of some families
        return self._pad_id is None or not bool((batch.input_ids[:tokens] == self._pad_id).any())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        before = self.batch
        try:
            if args and isinstance(args[0], RaggedBatch):
                self.batch = args[0]
                return self._stock(labels=self.batch.labels, **self._inputs(self.batch))
            given = {**dict(zip(self._names, args, strict=False)), **kwargs}
            self.batch = self._of_padded(given)
            if self.batch is None:
                return self._stock(*args, **kwargs)
            others = {name: value for name, value in given.items() if name not in TOKENS}
            return self._stock(**others, **self._inputs(self.batch))
        finally:
            self.batch = before

    def _inputs(self, batch: RaggedBatch) -> dict[str, torch.Tensor]:
        """What the stock model is given: one row of all tokens, and a mask that it hands on and nobody reads (without
        one it may make its own, for every pair of tokens)."""
        first = 0 if self._pad_id is None else self._pad_id + 1
        inputs = {"input_ids": batch.input_ids[None], "position_ids": batch.position_ids[None] + first}
        inputs["attention_mask"] = batch.cu_seqlens[None, None, None]
        if "token_type_ids" in self._names and batch.token_type_ids is not None:
            inputs["token_type_ids"] = batch.token_type_ids[None]
        return inputs

    def _of_padded(self, given: dict[str, Any]) -> RaggedBatch | None:
        """The tokens of a padded call; None if it has to run padded."""
        ids, mask, types = (given.get(name) for name in TOKENS)
        if ids is None or self._looked_into(given):
            return None
        mask = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask.bool()
        if mask.shape != ids.shape or not bool(mask[:, 0].all()):  # a head may read the first place of each row
            return None
        if self._pad_id is None:
            positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        else:
            counted = ids != self._pad_id
            positions = counted.cumsum(1) * counted - 1
        return from_padded(ids, mask, types, positions)

    def _looked_into(self, given: dict[str, Any]) -> bool:
        """Whether somebody looks at what happens inside, or gives what only the stock model takes."""
        if any(self._hooks):
            return True
        if any(value is not None and value is not False for name, value in given.items() if name not in KNOWN):
            return True
        return any(getattr(self._model.config, name, False) for name in ("output_hidden_states", "output_attentions"))


def hooks_in(modules: Iterable[nn.Module]) -> list[dict[int, Any]]:
    """The modules' own dictionaries of hooks, in which later ones will be too."""
    names = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return [getattr(module, name) for module in modules for name in names]


def parts_of(model: Any) -> list[nn.Module]:
    """Those parts of one of the known models that are given what is computed for every token."""
    reader = reader_of(model)
    return [*model.base_model.modules(), *([reader] if reader else ())]
