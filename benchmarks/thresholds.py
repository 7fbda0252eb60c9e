"""Do thresholds gain what is said of them? On simulated tables of several labels, one of them 1:30, and of two
classes, 1:20.

Logits and labels are drawn, so that what thresholds truly gain is known from 100,000 rows that neither chose nor
measured them. A table is honest where the reported interval covers the true gain.

    python -m benchmarks.thresholds [--tables 200] [--rows 200 500 2000]
"""

import argparse
import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.evaluation.thresholds import choose
from warmstart.heads.head import Head
from warmstart.heads.registry import head_of

POPULATION = 100_000
SHARES = np.array([0.5, 0.3, 0.2, 0.1, 1 / 31])  # of the rows, which have each label
RARE = 1 / 21  # of two classes
NAMES = tuple("abcde")


@dataclasses.dataclass(frozen=True)
class Table:
    """Where rows come from: how well each class is known (the distance of its scores from the others', in standard
    deviations), and how wrong the model is about its probabilities: logits are `scale` times too far, `shift` off."""

    kind: str
    shares: NDArray[np.float64]
    known: NDArray[np.float64]
    scale: float
    shift: float

    @classmethod
    def drawn(cls, kind: str, generator: np.random.Generator) -> "Table":
        shares = SHARES if kind == "labels" else np.array([RARE])
        known = generator.uniform(1, 2.5, len(shares))
        return cls(kind, shares, known, float(generator.uniform(0.6, 2)), float(generator.normal(0, 0.3)))

    @property
    def head(self) -> Head:
        names = NAMES if self.kind == "labels" else ("no", "yes")
        return head_of(self.kind)(names, names)

    def rows(self, count: int, generator: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Logits and labels of so many rows."""
        has = generator.random((count, len(self.shares))) < self.shares
        scores = generator.normal(size=has.shape) + self.known * has
        odds = self.known * scores - self.known**2 / 2 + np.log(self.shares / (1 - self.shares))
        odds = odds * self.scale + self.shift
        if self.kind == "labels":
            return odds, has.astype(np.int64)
        return np.concatenate([-odds / 2, odds / 2], axis=1), has[:, 0].astype(np.int64)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Of one table: whether thresholds moved, whether the interval covers the true gain, and that of each metric."""

    moved: bool
    covered: bool
    gains: dict[str, float]


def outcome(kind: str, metric: str, rows: int, seed: int) -> Outcome:
    """Choose thresholds on one simulated table, and measure them on its population."""
    generator = np.random.default_rng([seed, rows])
    table = Table.drawn(kind, generator)
    head = table.head
    found, _decided = choose(head, *table.rows(rows, generator), metric)
    logits, labels = table.rows(POPULATION, generator)
    chosen = dataclasses.replace(head, thresholds=tuple(found.labels.values()))
    gains = {
        name: _score(chosen, name, logits, labels) - _score(head, name, logits, labels) for name in head.decides_for
    }
    low, high = found.gain[1:]
    return Outcome(found.moved, low <= gains[metric] <= high, gains)


def _score(head: Head, metric: str, logits: NDArray[Any], labels: NDArray[Any]) -> float:
    has, given = head.given(labels), head.given(head.decide(logits))
    counts = np.stack([has.sum(0), given.sum(0), (has & given).sum(0)]).astype(np.float64)
    return float(head.score_counts(metric, counts, len(has)))


def main() -> None:
    """Print a table for each kind, metric and number of rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--rows", type=int, nargs="+", default=[200, 500, 2000])
    asked = parser.parse_args()
    print("| kind | metric | rows | moved | covered | mean gain | worst | worst of the other F1 |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in ("labels", "classes"):
        metrics = head_of(kind)(("no", "yes"), ("no", "yes")).decides_for
        for metric in metrics:
            for rows in asked.rows:
                each = [outcome(kind, metric, rows, seed) for seed in range(asked.tables)]
                gains = np.array([one.gains[metric] for one in each])
                other = min(min(one.gains[name] for name in head_of(kind).spares or (metric,)) for one in each)
                moved, covered = (float(np.mean([getattr(one, name) for one in each])) for name in ("moved", "covered"))
                cells = f"{moved:.1%} | {covered:.1%} | {gains.mean():+.4f} | {gains.min():+.4f} | {other:+.4f}"
                print(f"| {kind} | {metric} | {rows:,} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
