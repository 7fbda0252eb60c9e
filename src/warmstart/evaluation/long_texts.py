"""What reading long texts whole is worth: the rows that would have been cut, read both ways by the same model."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from warmstart.evaluation.difference import difference
from warmstart.messages import _
from warmstart.table.task import Task


@dataclasses.dataclass(frozen=True)
class LongTexts:
    """`rows` of `of` validation rows are longer than the model reads. `scores`: of these rows, "cut" and as `Task.long`
    has them, each headline metric; `gains`: of each, how much the latter is better (lower, higher end of a 95 %
    paired bootstrap interval)."""

    long: str
    rows: int
    of: int
    scores: dict[str, dict[str, float]]
    gains: dict[str, tuple[float, float, float]]

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it; what is not defined is null."""
        found = dataclasses.asdict(self)
        plain = {name: [value if np.isfinite(value) else None for value in gain] for name, gain in self.gains.items()}
        return {**found, "gains": plain}

    def __str__(self) -> str:
        lines = [
            _("{rows:,} of {of:,} validation rows are longer than the model reads").format(rows=self.rows, of=self.of)
        ]
        for name, (_gain, low, high) in self.gains.items():
            now, cut = self.scores[self.long][name], self.scores["cut"][name]
            lines.append(
                _("{name} on them {now:.3f} with {long}, {cut:.3f} if cut (gain {low:+.3f} to {high:+.3f})").format(
                    name=name, now=now, long=self.long, cut=cut, low=low, high=high
                )
            )
        return "; ".join(lines)


def long_texts(
    task: Task, cut: npt.NDArray[Any], logits: npt.NDArray[Any], labels: npt.NDArray[Any], of: int
) -> LongTexts:
    """The facts. `logits`: float `[rows, outputs]` of the long rows as `task.long` reads them, `cut` the same of their
    beginnings; `labels` of these rows; `of`: how many rows were looked at."""
    head, names = task.head, task.head.headline()
    decided = {"cut": head.decide(cut), task.long: head.decide(logits)}
    scores = {how: head.measure(found, labels) for how, found in decided.items()} if len(labels) else {}
    gains = {name: difference(head, decided[task.long], decided["cut"], labels, name) for name in names if len(labels)}
    kept = {how: {name: found[name] for name in names} for how, found in scores.items()}
    return LongTexts(task.long, len(labels), of, kept, gains)
