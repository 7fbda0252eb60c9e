"""The losses of a run, between one log and the next and over all of it."""

import math

import torch

from warmstart.engine.nonfinite import refusal
from warmstart.engine.step import StepResult

WAITING = 256  # updates that are looked at together: reading one waits for the device


class LossMeter:
    """The losses of a run. They stay on the device until somebody asks, or many have come together.

    An update whose loss or gradient was not finite has changed nothing: with `skip` it is counted and left out of the
    means, else it ends the run (UserError) as soon as it is known. `show_norm`: whether reports have gradient norms.
    """

    def __init__(self, *, skip: bool = False, show_norm: bool = True) -> None:
        self.since_log = 0
        self._skip, self._show_norm = skip, show_norm
        self._waiting: list[StepResult] = []
        self._last: StepResult | None = None  # of those that were finite
        self._sum, self._steps = 0.0, 0  # since the last report
        self._total, self._total_steps, self._skipped = 0.0, 0, 0  # before it
        self._rate = 0.0

    def add(self, result: StepResult) -> None:
        self._waiting.append(result)
        self._rate = result.learning_rate
        self.since_log += 1
        if result.finite is False or len(self._waiting) >= WAITING:
            self._read()

    def report(self) -> dict[str, float]:
        """The mean loss since the last report, the last update's gradient norm and learning rate, and how many updates
        of the run have been skipped, if any."""
        self._read()
        nothing = 0.0 if self._last is None else float(self._last.loss)
        logs = {"loss": self._sum / self._steps if self._steps else nothing}
        if self._show_norm and self._last is not None:
            logs["grad_norm"] = float(self._last.grad_norm)
        logs["learning_rate"] = self._rate
        self._total, self._total_steps = self._total + self._sum, self._total_steps + self._steps
        self._sum, self._steps, self.since_log = 0.0, 0, 0
        return {**logs, **({"skipped_updates": self._skipped} if self._skipped else {})}

    def unreported(self) -> tuple[float, StepResult | None]:
        """The sum of the losses since the last report, and the last update whose loss was finite."""
        self._read()
        return self._sum, self._last

    def mean(self) -> float:
        """The mean loss of all updates of this run."""
        self._read()
        return (self._total + self._sum) / max(self._total_steps + self._steps, 1)

    def state(self) -> dict[str, float]:
        """What a run that goes on from here needs to log what an undisturbed one logs."""
        self._read()
        names = ("_sum", "_steps", "_total", "_total_steps", "_skipped", "since_log")
        return {name.strip("_"): getattr(self, name) for name in names}

    def restore(self, state: dict[str, float]) -> None:
        """Go on from a `state`."""
        self._sum, self._total = state["sum"], state["total"]
        self._steps, self._total_steps = int(state["steps"]), int(state["total_steps"])
        self._skipped, self.since_log = int(state["skipped"]), int(state["since_log"])

    def _read(self) -> None:
        """Look at the updates that wait."""
        if not self._waiting:
            return
        losses = torch.stack([result.loss for result in self._waiting]).tolist()  # the device is waited for twice,
        norms = torch.stack([result.grad_norm for result in self._waiting]).tolist()  # however many updates there are
        for result, loss, norm in zip(self._waiting, losses, norms, strict=True):
            finite = math.isfinite(loss) and math.isfinite(norm) if result.finite is None else result.finite
            if finite:
                self._sum, self._steps, self._last = self._sum + loss, self._steps + 1, result
            elif self._skip:
                self._skipped += 1
            else:
                raise refusal(result.update, result.loss, result.grad_norm)
        self._waiting.clear()
