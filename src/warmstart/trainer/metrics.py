"""From what a model said to `compute_metrics` and its numbers: of all rows at once, or batch by batch."""

import inspect
from typing import Any

import numpy as np
import torch
from transformers.trainer_pt_utils import nested_concat
from transformers.trainer_utils import EvalPrediction, denumpify_detensorize

from warmstart.batches.dataloaders import Batch
from warmstart.batches.ragged import pad
from warmstart.engine.predict import Predictions
from warmstart.errors import UserValueError
from warmstart.messages import _
from warmstart.trainer.whole import Whole


def of_all(trainer: Whole, found: Predictions) -> dict[str, Any]:
    """What `compute_metrics` makes of all rows; nothing where there are no outputs or no labels."""
    if trainer.compute_metrics is None or found.outputs is None or found.labels is None:
        return {}
    wanted = trainer.args.include_for_metrics
    given = {"inputs": found.inputs if "inputs" in wanted else None}
    given["losses"] = found.losses if "loss" in wanted else None
    return dict(denumpify_detensorize(trainer.compute_metrics(EvalPrediction(found.outputs, found.labels, **given))))


def inputs_of(trainer: Whole, batch: Batch) -> Any:
    """What of a batch the model reads first: its ids, for most."""
    return pad(batch)[getattr(trainer.model, "main_input_name", "input_ids")]


def named(metrics: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The metrics, each with a name that begins with `prefix`_."""
    return {name if name.startswith(f"{prefix}_") else f"{prefix}_{name}": value for name, value in metrics.items()}


def plain(value: Any) -> Any:
    """The value as JSON holds it: arrays and tensors as numbers and lists."""
    if isinstance(value, np.ndarray | np.generic | torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


class BatchMetrics:
    """`compute_metrics(found, compute_result=...)` batch by batch: what it is given is not kept. Of several processes
    each is given everybody's rows, as all of them are given after an evaluation. The last batch is known to be that
    when no more come, and so each waits for the next."""

    def __init__(self, trainer: Whole) -> None:
        self._trainer = trainer
        self._waits: tuple[Any, ...] | None = None

    def __call__(self, outputs: Any, labels: Any, loss: torch.Tensor | None, batch: Batch) -> None:
        wanted = self._trainer.args.include_for_metrics
        rows = len(next(iter(pad(batch).values())))
        losses = loss.reshape(1).repeat(rows) if "loss" in wanted and loss is not None else None
        if outputs is not None and labels is not None:
            self._next((outputs, labels, losses, pad(batch) if "inputs" in wanted else None))

    def drain(self) -> None:
        """Take part in the batches of other processes, when this one has no more."""
        while self._next(None):
            pass

    def finish(self) -> dict[str, Any]:
        """The metrics of all batches; nothing where there were none that could be measured."""
        found = self._compute(last=True)
        self._waits = None
        return dict(denumpify_detensorize(found or {}))

    def _next(self, mine: tuple[Any, ...] | None) -> bool:
        """Take everybody's next batch; whether there was any."""
        processes = self._trainer.processes
        parts = [part for part in processes.gathered(mine) if part is not None]
        if not parts:
            return False
        self._compute(last=False)
        whole = processes.to_device(parts[0])
        for part in parts[1:]:
            whole = tuple(_joined(one, other) for one, other in zip(whole, processes.to_device(part), strict=True))
        self._waits = whole
        return True

    def _compute(self, *, last: bool) -> Any:
        if self._waits is None:
            return None
        outputs, labels, losses, inputs = self._waits
        given = EvalPrediction(outputs, labels, inputs=inputs, losses=losses)
        return self._trainer.compute_metrics(given, compute_result=last)


def _joined(one: Any, other: Any) -> Any:
    return None if one is None else nested_concat(one, other, padding_index=-100)


def refuse_metrics_that_do_not_end(compute_metrics: Any) -> None:
    """Raises UserError for a function that cannot be told which batch is the last."""
    if compute_metrics is None or "compute_result" in inspect.signature(compute_metrics).parameters:
        return
    raise UserValueError(
        _("with batch_eval_metrics, compute_metrics is called for each batch, and this one takes no compute_result"),
        where="compute_metrics",
        fix=_("def compute_metrics(found, compute_result): ... and return the metrics when compute_result is true"),
    )
