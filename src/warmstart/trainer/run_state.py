"""What a run counts besides `TrainerState`: losses, rows, updates left out, and what has been saved."""

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol

import torch

from warmstart.engine.loss_meter import LossMeter
from warmstart.engine.oom import RowsAtATime
from warmstart.engine.precision import FallBack
from warmstart.trainer.arguments import TrainingArguments


class Draws(Protocol):
    """What draws rows with the global random generators, and so has a state."""

    def state(self) -> dict[str, Any] | None: ...

    def restore(self, state: dict[str, Any] | None) -> None: ...


@dataclasses.dataclass
class RunState:
    """`rows`: seen by the updates of this run; `skipped`: updates that were left out because a callback ended their
    epoch; `saved_at`: the update of the last checkpoint that can be resumed from; `draws`: a loader of the user's;
    `tokens_before`: input tokens that were seen before this training; `scaler`: scales the loss in fp16."""

    losses: LossMeter
    rows_at_a_time: RowsAtATime
    fall_back: FallBack
    draws: Draws | None = None
    rows: int = 0
    skipped: int = 0
    saved_at: int = -1
    tokens_before: int = 0
    scaler: torch.amp.GradScaler | None = None

    @classmethod
    def new(cls, args: TrainingArguments, warn: Callable[[str], None]) -> "RunState":
        """A run that has done nothing yet."""
        show_norm = bool(args.max_grad_norm and args.max_grad_norm > 0)
        losses = LossMeter(skip=args.on_nonfinite == "skip", show_norm=show_norm)
        scaler = torch.amp.GradScaler(args.device.type) if args.fp16 else None
        return cls(losses, RowsAtATime(warn), FallBack(warn), scaler=scaler)

    def to_dict(self) -> dict[str, Any]:
        """What a checkpoint needs of it for the run to go on as if nothing had happened."""
        return {
            "rows": self.rows,
            "skipped": self.skipped,
            "rows_at_a_time": self.rows_at_a_time.limit,
            "losses": self.losses.state(),
            "in_fp32": self.fall_back.on,
            "draws": self.draws.state() if self.draws is not None else None,
            **({"loss_scale": self.scaler.state_dict()} if self.scaler is not None else {}),
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from what `to_dict` gave."""
        self.losses.restore(saved["losses"])
        self.rows, self.rows_at_a_time.limit = saved["rows"], saved["rows_at_a_time"]
        self.skipped = saved.get("skipped", 0)  # older checkpoints count them as run
        self.fall_back.on = saved.get("in_fp32", False)
        if self.draws is not None:
            self.draws.restore(saved.get("draws"))
        if self.scaler is not None and "loss_scale" in saved:
            self.scaler.load_state_dict(saved["loss_scale"])
