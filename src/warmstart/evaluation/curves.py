"""The curves of a training, and what they say in plain words by a stated rule."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from warmstart.messages import N_, _

FALLS = 0.02  # by which share the last validation loss lies below the one before, where it still falls
RISES = 0.05  # by which share it lies above the lowest, where it rises

Point = tuple[float, float]  # epoch, value

READINGS = {
    "falls": N_("The validation loss was still falling at the end: the model had not learnt all that it could."),
    "rises": N_(
        "The validation loss was lowest at epoch {epoch:g} and has risen since: the model began to learn the training "
        "rows by heart."
    ),
    "level": N_("The validation loss was level at the end: more epochs of the same would change little."),
    "few": N_("There are fewer than two evaluations: the curve says nothing of the number of epochs."),
}
RULE = N_(
    "Rule: still falling if the last validation loss is the lowest and at least 2 % below the one before; rising if it "
    "is at least 5 % above the lowest; else level."
)


@dataclasses.dataclass(frozen=True)
class Curves:
    """`training`, `validation`: the loss by epoch; `metrics`: each metric of the validation rows by epoch."""

    training: tuple[Point, ...]
    validation: tuple[Point, ...]
    metrics: dict[str, tuple[Point, ...]]

    def reading(self) -> str:
        """What the validation loss says, in the user's language."""
        return _(READINGS[read(self.validation)]).format(epoch=_lowest(self.validation))


def curves(history: Sequence[Mapping[str, Any]], metrics: Sequence[str]) -> Curves:
    """The curves in what was logged (`TrainerState.log_history`), of the loss and of the `metrics` named."""

    def points(name: str) -> tuple[Point, ...]:
        found = [(entry.get("epoch"), entry.get(name)) for entry in history]
        return tuple(
            (float(x), float(y)) for x, y in found if isinstance(x, int | float) and isinstance(y, int | float)
        )

    return Curves(
        points("loss"),
        points("eval_loss"),
        {name: found for name in metrics if (found := points(f"eval_{name}"))},
    )


def read(losses: Sequence[Point]) -> str:
    """A key of `READINGS`."""
    if len(losses) < 2:
        return "few"
    return "falls" if falls_still(losses) else "rises" if rises(losses) else "level"


def falls_still(losses: Sequence[Point]) -> bool:
    """Whether the last validation loss is the lowest, and clearly below the one before."""
    values = [value for _epoch, value in losses]
    return len(values) > 1 and values[-1] == min(values) and values[-1] <= (1 - FALLS) * values[-2]


def rises(losses: Sequence[Point]) -> bool:
    """Whether the last validation loss lies clearly above the lowest."""
    values = [value for _epoch, value in losses]
    return len(values) > 1 and values[-1] >= (1 + RISES) * min(values)


def _lowest(losses: Sequence[Point]) -> float:
    return round(min(losses, key=lambda point: point[1])[0], 2) if losses else 0.0
