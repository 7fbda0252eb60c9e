"""Whether `warmstart predict --max-error` keeps what it promises, and how many rows it answers.

    python -m benchmarks.error_budget RUN [RUN ...] [--splits 200]
    python -m benchmarks.error_budget runs/benchmarks/mrpc runs/benchmarks/sst2

RUN: finished runs, such as those of benchmarks.calibration. Their held-out predictions (`model/held_out.json`) are
parted in two halves again and again. One half chooses the threshold, and in the other the wrong ones among its answered
rows are counted: the promise is exceeded where their share is larger than what was promised. That is harder than the
theorem, which is of the risk; beside it stands what the theorem is of, with all held-out rows as the population that as
many rows as a half are drawn from, with replacement. For comparison the same with the thresholds of Geifman and
El-Yaniv 2017 (binary search, the level shared among its steps), and of the binomial test alone. At 2, 5, 10, 15 and
20 %, confidence 95 %.

Writes benchmarks/results/error_budget.json and .md; ends with status 1 where ours is exceeded in more than 5 %.
"""

import argparse
import json
import pathlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import machine
from warmstart.evaluation import budget
from warmstart.evaluation.budget import Budget, HeldOut, choose

RESULTS = pathlib.Path(__file__).parent / "results"
SHARES, CONFIDENCE = (0.02, 0.05, 0.1, 0.15, 0.2), 0.95
OURS, UNION, BINOMIAL = "ours", "Geifman and El-Yaniv", "binomial test alone"
Choose = Callable[[HeldOut, float, float], Budget]


def by_union_bound(held_out: HeldOut, max_error: float, confidence: float) -> Budget:
    """Algorithm 2 of the paper: of log2(rows) thresholds each is tested at an equal share of the level."""
    from scipy import stats

    order = np.argsort(-held_out.confidence, kind="stable")
    sure, wrong = held_out.confidence[order], np.cumsum(~held_out.right[order])
    rows = len(order)
    steps = int(np.ceil(np.log2(rows)))
    found, low, high = Budget(max_error, confidence, rows, np.inf, 0, 0), 1, rows
    for _unused in range(steps):
        middle = (low + high) // 2
        errors = int(wrong[middle - 1])
        if stats.binom.cdf(errors, middle, max_error) <= (1 - confidence) / steps:
            threshold = float(sure[middle]) if middle < rows else -np.inf
            found, low = Budget(max_error, confidence, rows, threshold, middle, errors), middle + 1
        else:
            high = middle - 1
    return found


def by_binomial_test(held_out: HeldOut, max_error: float, confidence: float) -> Budget:
    """Ours without the test of a second sample."""
    from scipy import stats

    shown = budget.is_shown
    budget.is_shown = lambda wrong, answered, share, sure: bool(stats.binom.cdf(wrong, answered, share) <= 1 - sure)
    try:
        return choose(held_out, max_error, confidence)
    finally:
        budget.is_shown = shown


METHODS: dict[str, Choose] = {OURS: choose, UNION: by_union_bound, BINOMIAL: by_binomial_test}


def resampled(held_out: HeldOut, max_error: float, method: Choose, splits: int) -> dict[str, float]:
    """In which share of the splits the promise was exceeded, in the other half and in the population; which share of
    rows was answered; and in which share of the splits nothing could be promised."""
    rows = len(held_out.right)
    halves, population, coverage, nothing = 0, 0, [], 0
    for seed in range(splits):
        draw = np.random.default_rng(seed)
        first, second = np.split(draw.permutation(rows), [rows // 2])
        found = method(_some(held_out, first), max_error, CONFIDENCE)
        halves += _share(_some(held_out, second), found) > max_error
        coverage.append(float(found.answers(held_out.confidence[second]).mean()))
        nothing += not found.answered
        again = method(_some(held_out, draw.integers(rows, size=rows // 2)), max_error, CONFIDENCE)
        population += _share(held_out, again) > max_error
    return {
        "exceeded": float(halves / splits),
        "exceeded in the population": float(population / splits),
        "coverage": float(np.mean(coverage)),
        "nothing promised": nothing / splits,
    }


def _some(held_out: HeldOut, rows: Any) -> HeldOut:
    return HeldOut(held_out.confidence[rows], held_out.right[rows])


def _share(rows: HeldOut, found: Budget) -> float:
    """Of the answered rows, the wrong ones."""
    answers = found.answers(rows.confidence)
    return float((~rows.right[answers]).mean()) if answers.any() else 0.0


def report(results: dict[str, Any]) -> str:
    lines = [
        "# Error budgets, kept and not",
        "",
        machine.sentence(results["machine"]),
        f"{results['splits']} splits, confidence {CONFIDENCE:.0%}.",
        "",
        "| run | rows | all wrong | promised | method | exceeded in the other half | in the population | answered |",
        "|---|---:|---:|---:|---|---:|---:|---:|",
    ]
    for name, run in results["runs"].items():
        for share, methods in run["found"].items():
            for method, found in methods.items():
                figures = (found[key] for key in ("exceeded", "exceeded in the population", "coverage"))
                cells = [name, run["rows"], f"{run['wrong']:.1%}", share, method, *(f"{each:.1%}" for each in figures)]
                lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=pathlib.Path)
    parser.add_argument("--splits", type=int, default=200)
    asked = parser.parse_args()
    results: dict[str, Any] = {"machine": machine.describe(), "splits": asked.splits, "runs": {}}
    for run in asked.runs:
        held_out = HeldOut.from_dict(json.loads((run / "model" / "held_out.json").read_text(encoding="utf-8")))
        found = {
            budget.percent(share): {
                name: resampled(held_out, share, method, asked.splits) for name, method in METHODS.items()
            }
            for share in SHARES
        }
        wrong = float((~held_out.right).mean())
        results["runs"][run.name] = {"rows": len(held_out.right), "wrong": wrong, "found": found}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "error_budget.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "error_budget.md").write_text(report(results), encoding="utf-8")
    print(report(results))
    ours = [methods[OURS]["exceeded"] for run in results["runs"].values() for methods in run["found"].values()]
    sys.exit(max(ours) > 1 - CONFIDENCE + 1e-9)


if __name__ == "__main__":
    main()
