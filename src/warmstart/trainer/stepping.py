"""Updates whose micro-batches go through methods of the user's, in the stock trainer's own way."""

from collections.abc import Iterator

import torch
from torch import nn

from warmstart.batches.dataloaders import Batch, Feed, FeedOf
from warmstart.batches.plan import Update
from warmstart.batches.ragged import pad
from warmstart.engine.losses import labels_of
from warmstart.trainer import overrides
from warmstart.trainer.whole import Whole


class Stepping(FeedOf):
    """A feed that shows each update's padded batches to the methods that look at them, and for the engine the way from
    one of them to gradients. `feed`: where they come from."""

    def __init__(self, trainer: Whole, feed: Feed) -> None:
        super().__init__(feed)
        self._trainer = trainer
        self._counts_flos = trainer.is_own("floating_point_ops")
        self._items: torch.Tensor | None = None

    @staticmethod
    def is_needed(trainer: Whole) -> bool:
        """Whether a method of the user's is to see every micro-batch."""
        return bool(overrides.own(trainer, overrides.STEP | {"floating_point_ops"}))

    def batches(self, start: int, stop: int, process: int, processes: int) -> Iterator[tuple[Update, list[Batch]]]:
        trainer = self._trainer
        for update, batches in self._feed.batches(start, stop, process, processes):
            padded = [pad(batch) for batch in batches]
            trainer.current_gradient_accumulation_steps = len(padded)
            self._items = self._count(padded)
            if self._counts_flos:
                trainer.current_flos += sum(float(trainer.floating_point_ops(batch)) for batch in padded)
            yield update, padded

    def backward(self, model: nn.Module, batch: Batch, share: float) -> torch.Tensor:
        """`training_step`, the user's or ours (see `Engine.backward`)."""
        self._trainer.share = share
        try:
            return self._trainer.training_step(model, batch, self._items)
        finally:
            self._trainer.share = 1.0

    def _count(self, batches: list[Batch]) -> torch.Tensor | None:
        """What the stock trainer calls `num_items_in_batch`: an update's targets, on all processes, for a model or a
        loss that divides by them."""
        trainer = self._trainer
        if not trainer.model_accepts_loss_kwargs and trainer.compute_loss_func is None:
            return None
        found = [labels_of(batch, ["labels"]) for batch in batches]
        if not all(len(each) == 1 and isinstance(each[0], torch.Tensor) for each in found):
            return None
        count = sum(int((_shown(labels, trainer) != -100).sum()) for (labels,) in found)
        (total,) = trainer.processes.totals(count)
        return torch.tensor(float(total), device=trainer.processes.device)


def _shown(labels: torch.Tensor, trainer: Whole) -> torch.Tensor:
    """The labels that are targets: of a causal model, which shifts them itself, all but the first."""
    return labels[..., 1:] if trainer.loss_shifts_labels else labels
