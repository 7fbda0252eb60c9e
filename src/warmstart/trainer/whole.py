"""What the parts of a trainer ask of the whole. They look it up when they need it, since a user may put another model,
collator or optimizer there at any time; and what a subclass overrides is called through here.
"""

from typing import Any, Protocol

import torch
from torch import nn

from warmstart.engine.distributed.processes import Processes
from warmstart.events import Event
from warmstart.trainer.arguments import TrainingArguments
from warmstart.trainer.run_state import RunState


class Whole(Protocol):
    """A `Trainer`, as its parts see it; `transformers` gives no types to `state`, `control` and `callback_handler`."""

    args: TrainingArguments
    model: nn.Module
    processes: Processes
    processing_class: Any
    data_collator: Any
    train_dataset: Any
    eval_dataset: Any
    label_names: list[str]
    optimizer: torch.optim.Optimizer | None
    lr_scheduler: Any
    state: Any
    control: Any
    callback_handler: Any
    compute_metrics: Any
    preprocess_logits_for_metrics: Any
    run_state: RunState
    is_in_train: bool
    label_smoother: Any
    trial: Any
    pushes: Any
    parameters_computed: int

    @property
    def precision(self) -> torch.dtype | None: ...

    @property
    def has_own_loss(self) -> bool: ...

    def is_own(self, method: str) -> bool: ...

    def emit(self, event: Event) -> None: ...

    def warn(self, line: str) -> None: ...

    def columns(self, dataset: Any) -> tuple[Any, Any]: ...

    def get_total_train_batch_size(self, args: Any) -> int: ...

    # What a user may override

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any: ...

    def prediction_step(
        self, model: nn.Module, inputs: dict[str, Any], prediction_loss_only: bool, ignore_keys: list[str] | None = None
    ) -> tuple[torch.Tensor | None, Any, Any]: ...

    def evaluate(self, eval_dataset: Any = None, ignore_keys: list[str] | None = None) -> dict[str, float]: ...

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None: ...

    def save_checkpoint(self, *, resumable: bool = False) -> None: ...

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None: ...
