"""The verdict on a model, as plain data: better than the baselines or not, which classes fail, what would help.

Every statement follows a rule that is written here or in `advice`, and that the report shows beside it.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import examples, number_of
from warmstart.evaluation.advice import Advice
from warmstart.evaluation.classes import FAILING_RULE, ClassScore
from warmstart.evaluation.difference import difference
from warmstart.heads.head import Head
from warmstart.messages import N_, _, ngettext

BETTER, WORSE, UNDECIDED, ALONE = "better", "worse", "undecided", "alone"

SAID = {  # by outcome; the first line of a verdict
    BETTER: N_(
        "The model is better than {baseline}: {metric} {model:.3f} against {other:.3f}; difference {value:+.3f}, 95 % "
        "interval {low:+.3f} to {high:+.3f}, on the same {rows}."
    ),
    WORSE: N_(
        "The model is NOT better than {baseline}, it is worse: {metric} {model:.3f} against {other:.3f}; difference "
        "{value:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}, on the same {rows}."
    ),
    UNDECIDED: N_(
        "The model is NOT shown to be better than {baseline}: {metric} {model:.3f} against {other:.3f}; difference "
        "{value:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}, on the same {rows}."
    ),
    ALONE: N_("There is no baseline to compare the model with: {metric} {model:.3f} on {rows}."),
}
RULE = N_(
    "Rule: better or worse if the paired bootstrap interval of the difference to the best baseline, on the same rows, "
    "does not hold 0; below 20 rows nothing is called better."
)
FEWEST = 20  # rows: of fewer a bootstrap is surer than it should be
MOST_FAILING = 5  # classes that a sentence names


@dataclasses.dataclass(frozen=True)
class Verdict:
    """`outcome`: `"better"`, `"worse"`, `"undecided"`, or `"alone"` where no baseline can be compared. `difference`:
    the metric of the model less that of `baseline`, the best one, with its paired interval. `failing`: classes that
    the model does far worse than the others. `advice`: what would most likely help, the likeliest first."""

    outcome: str
    metric: str
    rows: int
    model: float
    baseline: str | None = None
    other: float | None = None
    difference: tuple[float, float, float] | None = None
    failing: tuple[ClassScore, ...] = ()
    advice: tuple[Advice, ...] = ()

    def first_line(self) -> str:
        """Better or not, in the user's language."""
        value, low, high = self.difference or (0.0, 0.0, 0.0)
        return _(SAID[self.outcome]).format(
            baseline=self.baseline,
            metric=self.metric,
            model=self.model,
            other=self.other or 0.0,
            value=value,
            low=low,
            high=high,
            rows=number_of(self.rows),
        )

    def sentences(self) -> list[str]:
        """The first line, which classes fail, and what would help; in the user's language."""
        lines = [self.first_line()]
        if self.failing:
            shown = examples([_failing(each) for each in self.failing], MOST_FAILING)
            lines.append(
                ngettext("{count} class fails: {shown}.", "{count} classes fail: {shown}.", len(self.failing)).format(
                    count=len(self.failing), shown=shown
                )
            )
        return [*lines, *(each.sentence() for each in self.advice)]

    def rule(self) -> str:
        """The rule of the first line, in the user's language."""
        return _(RULE)

    def failing_rule(self) -> str:
        """The rule by which a class fails, in the user's language."""
        return _(FAILING_RULE)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can say it, with the sentences in the user's language."""
        return {
            "outcome": self.outcome,
            "metric": self.metric,
            "rows": self.rows,
            "model": _plain(self.model),
            "baseline": self.baseline,
            "baseline_value": None if self.other is None else _plain(self.other),
            "difference": None if self.difference is None else [_plain(value) for value in self.difference],
            "failing": [each.to_dict() for each in self.failing],
            "advice": [each.to_dict() for each in self.advice],
            "sentences": self.sentences(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Verdict":
        """The verdict that `to_dict` gave, so that it can be said in another language."""
        return cls(
            outcome=saved["outcome"],
            metric=saved["metric"],
            rows=saved["rows"],
            model=_number(saved["model"]),
            baseline=saved["baseline"],
            other=saved["baseline_value"],
            difference=None if saved["difference"] is None else tuple(map(_number, saved["difference"])),  # type: ignore[arg-type]
            failing=tuple(map(ClassScore.from_dict, saved["failing"])),
            advice=tuple(map(Advice.from_dict, saved["advice"])),
        )


def compare(
    head: Head, found: Mapping[str, NDArray[Any]], scores: Mapping[str, Mapping[str, float]], labels: NDArray[Any]
) -> Verdict:
    """The model, the first of `found`, beside the best of the others by the metric that picks the best model.

    `found`: the predictions of each, as `head.decide` gives them; `scores`: their metrics.
    """
    metric, greater = head.best_metric()
    model, *others = found
    value = scores[model][metric]
    sign = 1 if greater else -1
    known = [who for who in others if math.isfinite(scores[who][metric])]
    if not known:
        return Verdict(ALONE, metric, len(labels), value)
    best = max(known, key=lambda who: sign * scores[who][metric])
    less = difference(head, found[model], found[best], labels, metric)
    low, high = sorted(sign * end for end in less[1:])
    outcome = BETTER if low > 0 else WORSE if high < 0 or math.isnan(value) else UNDECIDED
    if len(labels) < FEWEST and outcome == BETTER:
        outcome = UNDECIDED
    return Verdict(outcome, metric, len(labels), value, best, scores[best][metric], less)


def _failing(score: ClassScore) -> str:
    if score.fails == "recall":
        return _("{name!r} ({right} of its {rows} found)").format(name=score.name, right=score.right, rows=score.rows)
    return _("{name!r} ({right} of the {predicted} rows said to be it are)").format(
        name=score.name, right=score.right, predicted=score.predicted
    )


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value
