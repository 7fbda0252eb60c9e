"""What the `Trainer` makes before its first update, unless the user brought it: a placed model, optimizer, schedule."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from warmstart.engine.optimizer import make_optimizer, make_scheduler, parameter_groups
from warmstart.trainer.surface import Surface


class Making(Surface):
    """What `Trainer` inherits for it. `optimizer_cls_and_kwargs`: the user's class and options, if given."""

    lr_scheduler: Any
    optimizer_cls_and_kwargs: tuple[Callable[..., torch.optim.Optimizer], dict[str, Any]] | None
    _made: tuple[Any, Any]  # optimizer and schedule, by `train`, for one run; any other is the user's

    def _prepare_model(self) -> None:
        """Put the model on its device, the same on every process."""
        self.model.to(self.processes.device)
        self.processes.same_weights(self.model)
        if self.args.gradient_checkpointing:
            enable: Any = getattr(self.model, "activation_checkpointing_enable", None)
            enable = enable or self.model.gradient_checkpointing_enable  # what older versions call it
            enable(self.args.gradient_checkpointing_kwargs)
        if getattr(self.model, "config", None) is not None:
            self.model.config.use_cache = self.args.use_cache  # type: ignore[union-attr]
        if hasattr(self.model, "num_parameters"):
            self._parameters_computed = self.model.num_parameters(exclude_embeddings=True)  # type: ignore[operator]

    def _create_for(self, total_updates: int) -> None:
        """The optimizer and schedule of this run; those that are the user's stay."""
        if self.optimizer is self._made[0]:
            self.optimizer = None
        if self.lr_scheduler is self._made[1]:
            self.lr_scheduler = None
        theirs = self.optimizer, self.lr_scheduler
        self.create_optimizer_and_scheduler(total_updates)
        ours = (self.optimizer, self.lr_scheduler)
        self._made = (ours[0] if theirs[0] is None else None, ours[1] if theirs[1] is None else None)

    def create_optimizer_and_scheduler(self, num_training_steps: int) -> None:
        """Make what the user did not give."""
        self.create_optimizer()
        self.create_scheduler(num_training_steps)

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """The optimizer of the arguments, unless there is one already."""
        if self.optimizer is None:
            if self.optimizer_cls_and_kwargs is not None:
                make, options = self.optimizer_cls_and_kwargs
                self.optimizer = make(parameter_groups(self.model, self.args.weight_decay), **options)
            else:
                self.optimizer = make_optimizer(self.model if model is None else model, self.args)
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None) -> Any:
        """The schedule of the arguments, unless there is one already."""
        if self.lr_scheduler is None:
            target = self.create_optimizer() if optimizer is None else optimizer
            self.lr_scheduler = make_scheduler(target, self.args, num_training_steps)
            self._made = (self._made[0], self.lr_scheduler)  # a run makes its own, of its own length
        return self.lr_scheduler
