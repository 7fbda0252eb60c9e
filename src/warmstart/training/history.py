"""The losses of a run, between one log and the next and over all of it."""

import torch

from warmstart.training.step import StepResult


class Losses:
    """The losses of a run. They stay on the device until somebody asks."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.since_log = 0
        self._sum: torch.Tensor | None = None
        self._total, self._steps = 0.0, 0
        self._last: StepResult | None = None

    def add(self, result: StepResult) -> None:
        self._sum = result.loss.clone() if self._sum is None else self._sum + result.loss
        self._last = result
        self.since_log += 1

    def report(self) -> dict[str, float]:
        """The mean loss since the last report, and the last update's gradient norm and learning rate."""
        assert self._sum is not None
        assert self._last is not None
        logs = {"loss": self._drain()}
        if self._last.grad_norm is not None:
            logs["grad_norm"] = float(self._last.grad_norm)
        return {**logs, "learning_rate": self._last.learning_rate}

    def mean(self) -> float:
        """The mean loss of all updates of this run."""
        if self._sum is not None:
            self._drain()
        return self._total / max(self._steps, 1)

    def _drain(self) -> float:
        assert self._sum is not None
        value, steps = float(self._sum), self.since_log
        self._total, self._steps, self._sum, self.since_log = self._total + value, self._steps + steps, None, 0
        return value / max(steps, 1)
