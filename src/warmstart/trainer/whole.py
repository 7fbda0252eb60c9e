"""What the parts of a trainer ask of the whole. They look it up when they need it, since a user may put another model,
collator or optimizer there at any time; and what a subclass overrides is called through here.
"""

from typing import Any, Protocol

import torch
from torch import nn

from warmstart.engine.class_weights import WeightedLoss
from warmstart.engine.distributed.processes import Processes
from warmstart.engine.signals import Signals
from warmstart.events import Event
from warmstart.trainer.arguments import TrainingArguments
from warmstart.trainer.row_losses import RowLosses
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
    compute_loss_func: Any
    compute_metrics: Any
    preprocess_logits_for_metrics: Any
    run_state: RunState
    row_losses: RowLosses | None
    signals: Signals
    is_in_train: bool
    label_smoother: Any
    weighted_loss: WeightedLoss | None
    sampled: Any
    trial: Any
    pushes: Any
    parameters_computed: int
    # Names of the stock trainer's, which code of the user's looks at or sets. `share` is ours: the part of an update's
    # targets that the micro-batch under way has.
    share: float
    current_flos: float
    current_gradient_accumulation_steps: int
    model_accepts_loss_kwargs: bool
    _globalstep_last_logged: int
    _total_loss_scalar: float

    @property
    def loss_shifts_labels(self) -> bool: ...

    @property
    def accelerator(self) -> Any: ...

    @property
    def model_wrapped(self) -> nn.Module: ...

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

    def training_step(
        self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None
    ) -> torch.Tensor: ...

    def evaluation_loop(
        self,
        dataloader: Any,
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> Any: ...

    def get_eval_dataloader(self, eval_dataset: Any = None) -> Any: ...

    def get_test_dataloader(self, test_dataset: Any) -> Any: ...

    def num_examples(self, dataloader: Any) -> int: ...

    def store_flos(self) -> None: ...

    def floating_point_ops(self, inputs: dict[str, Any]) -> Any: ...

    def compute_loss_context_manager(self) -> Any: ...

    def _prepare_inputs(self, inputs: Any) -> Any: ...

    def _remove_unused_columns(self, dataset: Any, description: str | None = None) -> Any: ...

    def _get_collator_with_removed_columns(self, data_collator: Any, description: str | None = None) -> Any: ...

    def _wrap_model(self, model: nn.Module, training: bool = True) -> nn.Module: ...

    def _evaluate(self, trial: Any, ignore_keys_for_eval: list[str] | None, skip_scheduler: bool = False) -> Any: ...

    def _maybe_log_save_evaluate(self, *given: Any, **named: Any) -> None: ...

    def _determine_best_metric(self, metrics: dict[str, float], trial: Any) -> bool: ...

    def _load_best_model(self) -> None: ...

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None: ...

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None: ...

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None: ...

    def save_checkpoint(self, *, resumable: bool = False) -> None: ...

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None: ...
