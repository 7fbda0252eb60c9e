"""Whether a model is as sure as it is right, and the temperature that makes it so (Guo et al. 2017, "On calibration
of modern neural networks": all logits are divided by one number, which changes no answer).

The temperature is the one with the least negative log-likelihood of the validation rows. What it is worth is measured
by cross-fitting: the rows are parted in `FOLDS`, and those of each fold are judged at the temperature of the others.
It is kept only if, on these rows that did not fit it, the likelihood is better and the expected calibration error no
worse: the interval of the difference reaches below 0.

The expected calibration error is the mean over bins of |accuracy - mean confidence|, each bin weighted by its rows.
The bins hold equally many calls each ("equal mass"), at most `MOST_BINS`, and no fewer than `BIN` calls where there
are so many. A call is what a row's likeliest class is, or for several labels a row whether it has one label
(`Head.calls`). This estimator lies above the truth, since chance alone moves a bin's accuracy; before and after
alike.

The intervals are 95 % bootstrap intervals over rows, with the bins as they are. Chance alone makes an error out of
nothing, and drawing rows anew adds it a second time, so that percentiles would lie too high. The lower end is
therefore the estimate less what chance may have added: no more than the sum over bins of what it moves each by, whose
97.5th percentile is taken. The upper end is the basic bootstrap's (Davison and Hinkley 1997, section 5.2: twice the
estimate less the lower percentile), or the estimate. Before and after are measured on the same draws, so that their
difference has an interval too, the basic one.
"""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.heads.head import Head
from warmstart.messages import _

Array = NDArray[Any]
Interval = tuple[float, float, float]  # value, low, high

FOLDS = 5
LEAST_ROWS, LEAST_WRONG = 50, 5  # without errors nothing says how sure is too sure
HIGHEST = 20.0  # temperature, and 1 / HIGHEST the lowest
MOST_CELLS = 4_000_000  # logits that are looked at; of larger tables so many rows, drawn
MOST_BINS, BIN = 15, 20
DRAWS, BLOCK = 1000, 50  # bootstrap draws, and how many at a time


@dataclasses.dataclass(frozen=True)
class Calibration:
    """`temperature`: 1 where nothing is divided, for the reason `why`. `ece[when]` and `bins[when]`, where `when` is
    "before" or "after": the expected calibration error with its interval, and for the reliability diagram confidence,
    accuracy and calls of each bin; `ece["change"]` is after minus before. `log_loss`: the mean of minus the logarithm
    of what the true label was given. `rows_fitted`: whose likelihood the
    temperature makes best; `rows_measured`: that the errors are of, none of which fitted the temperature that it is
    judged at."""

    temperature: float
    rows_fitted: int
    rows_measured: int
    log_loss: dict[str, float]
    ece: dict[str, Interval]
    bins: dict[str, list[tuple[float, float, int]]]
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "temperature": self.temperature,
            "rows_fitted": self.rows_fitted,
            "rows_measured": self.rows_measured,
            "log_loss": self.log_loss,
            "ece": {name: list(interval) for name, interval in self.ece.items()},
            "bins": {when: [list(each) for each in bins] for when, bins in self.bins.items()},
            "why": self.why,
        }

    def __str__(self) -> str:
        """One line for the log."""
        if self.why:
            return _("probabilities are left as they are: {why}").format(why=self.why)
        return _(
            "probabilities are calibrated by the temperature {temperature:g}: expected calibration error {before:.3f} "
            "[{low:.3f}, {high:.3f}] before, {after:.3f} [{lower:.3f}, {higher:.3f}] after, on {rows:,} rows that did "
            "not fit it"
        ).format(
            temperature=self.temperature,
            rows=self.rows_measured,
            **dict(zip(("before", "low", "high"), self.ece["before"], strict=True)),
            **dict(zip(("after", "lower", "higher"), self.ece["after"], strict=True)),
        )


def fit(head: Head, logits: Array, labels: Array) -> float:
    """The temperature with the least negative log-likelihood, to three digits: rounding of sums, which differs from
    machine to machine, seldom reaches them. The likelihood has one maximum in the temperature."""
    from scipy.optimize import minimize_scalar

    def loss(log: float) -> float:
        return float(head.log_losses(logits / np.exp(log), labels).mean())

    ends = (-np.log(HIGHEST), np.log(HIGHEST))
    return float(f"{np.exp(minimize_scalar(loss, bounds=ends, method='bounded', options={'xatol': 1e-5}).x):.3g}")


def calibrate(head: Head, logits: Array, labels: Array, *, seed: int = 0) -> Calibration:
    """The temperature for these rows and what it is worth.

    `logits`: float [rows, outputs] of a head whose outputs are `probable`; `labels`: as `head.measure` takes them.
    """
    logits, labels = np.asarray(logits, np.float64), np.asarray(labels).astype(np.int64)
    generator = np.random.default_rng(seed)
    if logits.size > MOST_CELLS:
        drawn = np.sort(generator.permutation(len(logits))[: max(MOST_CELLS // logits.shape[1], 1)])
        logits, labels = logits[drawn], labels[drawn]
    if not np.isfinite(logits).all():
        return _left(head, np.zeros_like(logits), labels, _("outputs of the model are not finite"))
    wrong = int(_wrong(head, logits, labels).sum())
    if len(logits) < LEAST_ROWS or wrong < LEAST_WRONG:
        return _left(
            head,
            logits,
            labels,
            _(
                "{rows:,} validation rows with {wrong:,} errors are too few to fit a temperature (it takes {least} "
                "rows and {some} errors)"
            ).format(rows=len(logits), wrong=wrong, least=LEAST_ROWS, some=LEAST_WRONG),
        )
    others = logits / _of_the_others(head, logits, labels, generator)[:, None]
    found = _measured(head, logits, others, labels, fit(head, logits, labels))
    if found.log_loss["after"] < found.log_loss["before"] and found.ece["change"][1] <= 0 and found.temperature != 1:
        return found
    return _left(head, logits, labels, _("no temperature is better on rows that did not fit it"), len(logits))


def left_out(found: Calibration, why: str) -> Calibration:
    """The same where the temperature could not be made part of the model, for the reason `why`."""
    ece = {**found.ece, "after": found.ece["before"], "change": (0.0, 0.0, 0.0)}
    losses = {**found.log_loss, "after": found.log_loss["before"]}
    bins = {**found.bins, "after": found.bins["before"]}
    return dataclasses.replace(found, temperature=1.0, log_loss=losses, ece=ece, bins=bins, why=why)


def _left(head: Head, logits: Array, labels: Array, why: str, fitted: int = 0) -> Calibration:
    return dataclasses.replace(_measured(head, logits, logits, labels, 1.0), rows_fitted=fitted, why=why)


def _of_the_others(head: Head, logits: Array, labels: Array, generator: np.random.Generator) -> Array:
    """For each row [rows] the temperature fitted to the rows that are not in its fold. Rows with an error are dealt
    out first, so that no fold is without."""
    order = generator.permutation(len(logits))
    wrong = _wrong(head, logits, labels)
    folds = np.empty(len(logits), np.int64)
    folds[order[np.argsort(~wrong[order], kind="stable")]] = np.arange(len(logits)) % FOLDS
    found = np.empty(len(logits))
    for fold in range(FOLDS):
        inside = folds == fold
        found[inside] = fit(head, logits[~inside], labels[~inside])
    return found


def _wrong(head: Head, logits: Array, labels: Array) -> Array:
    """The rows with an error, bool [rows]."""
    return np.asarray((~head.calls(logits, labels)[1]).any(axis=1))


def _measured(head: Head, before: Array, after: Array, labels: Array, temperature: float) -> Calibration:
    """What these logits are worth, before and after; all rows are counted as fitted."""
    binned = {"before": _Binned.of(*head.calls(before, labels)), "after": _Binned.of(*head.calls(after, labels))}
    value = {when: float(np.abs(each.gaps.sum(axis=0)).sum()) for when, each in binned.items()}
    drawn = dict(zip(binned, _drawn([each.gaps for each in binned.values()]), strict=True))
    ece = {}
    for when, each in binned.items():
        chance = np.abs(drawn[when] - each.gaps.sum(axis=0)).sum(axis=1)
        low, high = np.quantile(chance, 0.975), np.quantile(np.abs(drawn[when]).sum(axis=1), 0.025)
        ece[when] = _interval(value[when], value[when] - low, 2 * value[when] - high, 0.0, each.calls)
    change, calls = value["after"] - value["before"], binned["before"].calls
    draws = np.abs(drawn["after"]).sum(axis=1) - np.abs(drawn["before"]).sum(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    ece["change"] = _interval(change, 2 * change - high, 2 * change - low, -1.0, calls)
    bins = {when: each.bins for when, each in binned.items()}
    losses = {
        when: float(head.log_losses(each, labels).mean()) for when, each in (("before", before), ("after", after))
    }
    return Calibration(temperature, len(labels), len(labels), losses, ece, bins)


def _interval(value: float, low: float, high: float, least: float, calls: int) -> Interval:
    """Of sums over `calls`, as means that are no less than `least`; the value is in it."""
    ends = np.clip(np.array([min(low, value), max(high, value)]) / calls, least, 1.0)
    return value / calls, float(ends[0]), float(ends[1])


@dataclasses.dataclass(frozen=True)
class _Binned:
    """`gaps`: of each row and bin the sum over its calls of confidence less 1 for a right one, float64 [rows, bins]."""

    gaps: Array
    bins: list[tuple[float, float, int]]
    calls: int

    @classmethod
    def of(cls, confidence: Array, right: Array) -> "_Binned":
        calls = confidence.size
        many = int(np.clip(calls // BIN, 1, MOST_BINS))
        place = np.empty(calls, np.int64)
        place[np.argsort(confidence.ravel(), kind="stable")] = np.arange(calls) * many // calls
        rows = np.repeat(np.arange(len(confidence)), confidence.shape[1])
        at = rows * many + place
        gap = (confidence - right).ravel()
        gaps = np.bincount(at, gap, len(confidence) * many).reshape(-1, many)
        sizes = np.bincount(place, minlength=many)
        means = (np.bincount(place, each.ravel(), many) / sizes for each in (confidence, right))
        bins = [(float(sure), float(true), int(size)) for sure, true, size in zip(*means, sizes, strict=True)]
        return cls(gaps, bins, calls)


def _drawn(gaps: list[Array]) -> list[Array]:
    """The sums of gaps over the rows of bootstrap draws, [DRAWS, bins] for each of `gaps`, all of the same draws."""
    generator = np.random.default_rng(0)
    rows, widths = len(gaps[0]), np.cumsum([each.shape[1] for each in gaps])[:-1]
    beside = np.concatenate(gaps, axis=1)
    counts = (generator.multinomial(rows, np.full(rows, 1 / rows), BLOCK) for _unused in range(DRAWS // BLOCK))
    return np.split(np.concatenate([each @ beside for each in counts]), widths, axis=1)
