"""What a run counts besides `TrainerState`: losses, rows, updates left out, and what has been saved."""

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol

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
    epoch; `saved_at`: the update of the last checkpoint that can be resumed from; `draws`: a loader of the user's."""

    losses: LossMeter
    rows_at_a_time: RowsAtATime
    fall_back: FallBack
    draws: Draws | None = None
    rows: int = 0
    skipped: int = 0
    saved_at: int = -1

    @classmethod
    def new(cls, args: TrainingArguments, warn: Callable[[str], None]) -> "RunState":
        """A run that has done nothing yet."""
        show_norm = bool(args.max_grad_norm and args.max_grad_norm > 0)
        return cls(LossMeter(skip=args.on_nonfinite == "skip", show_norm=show_norm), RowsAtATime(warn), FallBack(warn))

    def to_dict(self) -> dict[str, Any]:
        """What a checkpoint needs of it for the run to go on as if nothing had happened."""
        return {
            "rows": self.rows,
            "skipped": self.skipped,
            "rows_at_a_time": self.rows_at_a_time.limit,
            "losses": self.losses.state(),
            "in_fp32": self.fall_back.on,
            "draws": self.draws.state() if self.draws is not None else None,
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from what `to_dict` gave."""
        self.losses.restore(saved["losses"])
        self.rows, self.rows_at_a_time.limit = saved["rows"], saved["rows_at_a_time"]
        self.skipped = saved.get("skipped", 0)  # older checkpoints count them as run
        self.fall_back.on = saved.get("in_fp32", False)
        if self.draws is not None:
            self.draws.restore(saved.get("draws"))
