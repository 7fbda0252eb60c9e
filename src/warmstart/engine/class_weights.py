"""A loss in which classes weigh differently: rare ones more, so that a model does not learn to leave them out."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from warmstart.batches.dataloaders import Batch
from warmstart.engine.losses import labels_of


@dataclasses.dataclass(frozen=True)
class WeightedLoss:
    """The mean over the rows of a batch, each row as heavy as its class, as torch's `reduction="mean"` has it.

    `weights`: float32 [classes]; `function`: a loss of `torch.nn.functional` that takes them under the name `argument`
    (`Head.weighted`); `smoothing`: of labels, which goes with cross-entropy alone.
    """

    weights: torch.Tensor
    function: str
    argument: str
    smoothing: float = 0.0

    @classmethod
    def of(cls, weighted: tuple[str, str], weights: Sequence[float], smoothing: float, device: Any) -> "WeightedLoss":
        """The loss of a head (`Head.weighted`) with these weights, on the device that will compute it."""
        return cls(torch.tensor(list(weights), dtype=torch.float32, device=device), *weighted, smoothing)

    def __call__(self, outputs: Any, labels: torch.Tensor, shift_labels: bool = False) -> torch.Tensor:
        """The weighted mean loss of one batch. `shift_labels` is for targets of text, which a table's rows are not."""
        del shift_labels
        logits = (outputs["logits"] if isinstance(outputs, dict) else outputs[0]).float()
        smoothed = {"label_smoothing": self.smoothing} if self.smoothing else {}
        named: Any = {self.argument: self.weights.to(logits.device), **smoothed}
        loss: torch.Tensor = getattr(functional, self.function)(logits, labels, **named)
        return loss

    def weigh(self, batch: Batch) -> float:
        """What the rows of a batch weigh together, so that batches can be put together into one mean. Where rows have
        several labels each row weighs the same, as its loss is the mean over all labels."""
        labels = next(iter(labels_of(batch, ["labels"])), None)
        if labels is None or labels.is_floating_point():
            return 0.0 if labels is None else float(len(labels))
        return float(self.weights.to(labels.device).double()[labels].sum())
