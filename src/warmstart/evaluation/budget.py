"""Which answers of a model may be used without a look, if a share of errors is not to be exceeded.

Selective prediction (Geifman and El-Yaniv 2017, "Selective classification for deep neural networks"): a row is
answered if the model's confidence lies above a threshold, and the threshold is chosen on rows that the model has not
learnt from. The risk of a threshold is the probability that an answered row is wrong.

How it is chosen: fixed-sequence testing (Angelopoulos et al. 2021, "Learn then test", section 3.1). The held-out rows
are ordered by confidence. Thresholds are tested one after another, the strictest first, each at the whole level 1 -
`confidence`; the first that is not shown to keep within `max_error` ends it, and the one before is taken. They are
the confidences at places that only the number of rows decides, from a fifth of the rows on in steps of a twentieth;
of the rows, those strictly above count.

Theorem. Let the held-out rows be independent draws, the confidence continuous, and the risk no higher at a higher
threshold. Then the risk of the chosen threshold is above `max_error` with probability at most 1 - `confidence`.
Proof. Below some confidence v the risk of every threshold is too high, and at v it is `max_error`; m rows lie above
v. Of the thresholds tested let u be the first below v. Given m and u, the rows above u are m independent draws from
those above v, wrong with probability `max_error`, and others from those between u and v, wrong with more. So their
errors are at least binomial with `max_error`, the test of u passes with probability at most 1 - `confidence`, and if
it does not, nothing behind it is taken. (The union bound of the 2017 paper needs no order of the risks. In
benchmarks/error_budget.py it mostly answers fewer rows.)

A test passes if both hold: the exact binomial (Clopper-Pearson) one; and that of a second sample, since who keeps the
promise is looked at on rows and not on risks: with probability `confidence`, of as many answered rows again no larger
share than `max_error` is wrong (exact as well: given the errors of both samples together, those of the first are
hypergeometric).

What it does not cover: rows of another kind than the held-out ones; a model, such as the best of several checkpoints,
that was chosen on the very same rows (`HeldOut.chosen`). A temperature fitted on them does not change the order of
rows of two classes, and of more hardly; it is one number.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import UserError, number_of
from warmstart.messages import _

Array = NDArray[Any]

FIRST, STEP = 0.2, 0.05  # shares of the held-out rows: above the strictest threshold, and from one to the next
USUAL = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)  # what may be promised instead
EDGE = 1e-9  # a share of rows such as 0.07 * 100 is a whole number


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """The confidence of each held-out row, and whether its whole answer was right; [rows] both. `chosen`: the weights
    are those of several checkpoints that were best on these rows."""

    confidence: Array
    right: Array
    chosen: bool = False

    def to_dict(self) -> dict[str, Any]:
        """By falling confidence, so that nothing tells which row is which."""
        order = np.argsort(-self.confidence, kind="stable")
        return {
            "confidence": self.confidence[order].tolist(),
            "right": self.right[order].astype(int).tolist(),
            "chosen": self.chosen,
        }

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> "HeldOut":
        """Raises ValueError, KeyError or TypeError for what `to_dict` has not given."""
        confidence = np.asarray(found["confidence"], np.float64)
        right = np.asarray(found["right"], np.bool_)
        if confidence.ndim != 1 or confidence.shape != right.shape or not np.isfinite(confidence).all():
            raise ValueError("confidence, right")
        return cls(confidence, right, bool(found["chosen"]))


@dataclasses.dataclass(frozen=True)
class Budget:
    """What can be promised from `rows` held-out rows: rows with a confidence above `threshold` are answered. Of the
    held-out rows `answered` were, `wrong` of these wrongly. `chosen`: as in `HeldOut`. Where nothing can be promised,
    `threshold` is infinite and no row is answered."""

    max_error: float
    confidence: float
    rows: int
    threshold: float
    answered: int
    wrong: int
    chosen: bool = False

    @property
    def coverage(self) -> tuple[float, float, float]:
        """The share of rows that are answered, with its exact binomial interval at `confidence`."""
        return (self.answered / self.rows, *_bounds(self.answered, self.rows, self.confidence, "two-sided"))

    @property
    def error(self) -> tuple[float, float]:
        """The share of answered rows that are wrong, with its exact binomial upper bound at `confidence`."""
        if not self.answered:
            return 0.0, 1.0
        return self.wrong / self.answered, _bounds(self.wrong, self.answered, self.confidence, "less")[1]

    def answers(self, confidence: Array) -> NDArray[np.bool_]:
        """Which rows are answered, bool [rows]; `confidence`: of new rows, as of the held-out ones."""
        return np.asarray(confidence) > self.threshold

    def to_dict(self) -> dict[str, Any]:
        found = {**dataclasses.asdict(self), "threshold": self.threshold if np.isfinite(self.threshold) else None}
        if self.answered == self.rows:
            found["threshold"] = 0.0
        return {**found, "coverage": list(self.coverage), "error": list(self.error)}


def choose(held_out: HeldOut, max_error: float, confidence: float = 0.95) -> Budget:
    """The lowest threshold that keeps within `max_error`, as this file's beginning has it; both in (0, 1)."""
    rows = len(held_out.confidence)
    order = np.argsort(-held_out.confidence, kind="stable")
    sure, wrong = held_out.confidence[order], np.cumsum(~held_out.right[order])
    taken = Budget(max_error, confidence, rows, np.inf, 0, 0, held_out.chosen)
    for place in _places(rows, max_error, confidence):
        threshold = float(sure[place]) if place < rows else -np.inf
        above = int(np.searchsorted(-sure, -threshold, side="left"))  # of equal ones none
        if above < least_rows(max_error, confidence):
            continue  # many rows are equally sure
        errors = int(wrong[above - 1])
        if not is_shown(errors, above, max_error, confidence):
            break
        taken = dataclasses.replace(taken, threshold=threshold, answered=above, wrong=errors)
    return taken


def is_shown(wrong: int, answered: int, max_error: float, confidence: float) -> bool:
    """Whether so few errors among the answered rows could be chance with a probability of at most 1 - `confidence`, if
    the risk were above `max_error`; and with no more than that, if more than `max_error` of as many rows again were
    wrong."""
    from scipy import stats

    too_many = int(max_error * answered + EDGE) + 1
    binomial = stats.binom.cdf(wrong, answered, max_error)
    second = stats.hypergeom.cdf(wrong, 2 * answered, min(wrong + too_many, 2 * answered), answered)
    return bool(answered and max(binomial, second) <= (1 - confidence) * (1 + EDGE))


@functools.cache
def least_rows(max_error: float, confidence: float) -> int:
    """How many rows, all of them answered rightly, promise anything."""
    rows = int(np.ceil(np.log(1 - confidence) / np.log1p(-max_error) - EDGE))
    while not is_shown(0, rows, max_error, confidence):
        rows = max(int(np.ceil((int(max_error * rows + EDGE) + 1) / max_error - EDGE)), rows + 1)
    return rows


def promised(held_out: HeldOut, max_error: float, confidence: float) -> Budget:
    """As `choose`. Raises UserError where nothing can be promised, with how many rows it would take, or with what could
    be promised."""
    found = choose(held_out, max_error, confidence)
    if found.answered:
        return found
    named = {"share": percent(max_error), "sure": percent(confidence)}
    rows, least = len(held_out.right), least_rows(max_error, confidence)
    could = next((each for each in USUAL if each > max_error and choose(held_out, each, confidence).answered), None)
    if rows < least:
        more = _("train with at least {least:,} validation rows (--validation, or --validation-fraction)").format(
            least=least
        )
        less = "" if could is None else _("; or ask for less: --max-error {share}").format(share=percent(could))
        raise UserError(
            _("{many} held out are too few to promise at most {share} errors with a confidence of {sure}").format(
                many=number_of(rows), **named
            ),
            "--max-error",
            more + less,
        )
    first = _places(rows, max_error, confidence)[0]
    wrong = int((~held_out.right[np.argsort(-held_out.confidence, kind="stable")][:first]).sum())
    raise UserError(
        _(
            "at most {share} errors cannot be promised with a confidence of {sure}: of the {first:,} held-out rows "
            "that the model is surest of, {wrong:,} are wrong"
        ).format(first=first, wrong=wrong, **named),
        "--max-error",
        _("train a better model first: no share of errors up to {most} can be promised").format(most=percent(USUAL[-1]))
        if could is None
        else _("ask for less: --max-error {share}").format(share=percent(could)),
    )


def usual(held_out: HeldOut, confidence: float = 0.95) -> dict[str, Any]:
    """What can be promised at usual shares of errors, for a run's facts: a budget for each, each for itself."""
    budgets = [choose(held_out, max_error, confidence).to_dict() for max_error in USUAL]
    return {"confidence": confidence, "rows": len(held_out.right), "chosen": held_out.chosen, "budgets": budgets}


def percent(share: float) -> str:
    """`5%`, `2.5%`, `99.9%`."""
    return f"{100 * share:.6g}%"


def _places(rows: int, max_error: float, confidence: float) -> Sequence[int]:
    """How many rows lie above each threshold, the strictest first; the last is that all are answered."""
    first = max(int(np.ceil(FIRST * rows)), least_rows(max_error, confidence))
    step = max(int(STEP * rows), 1)
    return [*range(first, rows, step), rows] if first <= rows else []


def _bounds(some: int, of: int, confidence: float, alternative: str) -> tuple[float, float]:
    from scipy import stats

    found = stats.binomtest(some, of, alternative=alternative).proportion_ci(confidence, method="exact")
    return float(found.low), float(found.high)
