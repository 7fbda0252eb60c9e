"""Small answers of a `Trainer` about loaders, parameters and the optimizer: methods of it, as `self` says."""

import itertools
from typing import Any

import torch

from warmstart.errors import UserValueError
from warmstart.messages import _


def one(self: Any) -> int:
    """Over how many devices a row is spread: each process computes whole rows."""
    del self
    return 1


def _load_callback_state(self: Any) -> None:
    """Give callbacks back what `state` has of them, and `control`, if `restore_callback_states_from_checkpoint`."""
    if not self.args.restore_callback_states_from_checkpoint:
        return
    self.checkpointer.restore_callbacks()
    control = (self.state.stateful_callbacks or {}).get("TrainerControl")
    self.control = self.control if control is None else type(self.control).from_state(control)


def num_examples(self: Any, dataloader: Any) -> int:
    """Rows of a loader; where it does not know them, as many as its batches may have."""
    try:
        return len(dataloader.dataset)
    except (AttributeError, TypeError):
        return int(len(dataloader) * self.args.per_device_train_batch_size)


def num_tokens(self: Any, dataloader: Any, max_steps: int | None = None) -> int:
    """Input ids of a loader's batches, padding included; with `max_steps`, of so many batches, for which the loader
    begins again where it ends."""
    counts: list[int] = [batch["input_ids"].numel() for batch in itertools.islice(dataloader, max_steps)]
    if max_steps is None or not counts:
        return sum(counts)
    again, rest = divmod(max_steps, len(counts))
    return again * sum(counts) + sum(counts[:rest])


def get_num_trainable_parameters(self: Any) -> int:
    """Numbers that training changes."""
    return sum(p.numel() for p in self.model.parameters() if p.requires_grad)


def get_learning_rates(self: Any) -> list[float]:
    """The learning rate of each parameter group."""
    return [float(group["lr"]) for group in _made(self).param_groups]


def get_optimizer_group(self: Any, param: Any = None) -> Any:
    """The parameter group that `param` is in; all groups if none is given."""
    groups = _made(self).param_groups
    return groups if param is None else next(g for g in groups if any(p is param for p in g["params"]))


def _made(trainer: Any) -> torch.optim.Optimizer:
    if trainer.optimizer is None:
        raise UserValueError(_("there is no optimizer yet"), "Trainer", fix="create_optimizer() / train()")
    optimizer: torch.optim.Optimizer = trainer.optimizer
    return optimizer
