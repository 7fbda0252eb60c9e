"""Facts of runs that were never trained, of each kind of task, with everything that a report can show."""

import dataclasses
from typing import Any

import numpy as np
from datasets import Dataset

from warmstart.evaluation.advice import Advice
from warmstart.evaluation.classes import failing
from warmstart.evaluation.curves import Curves
from warmstart.evaluation.details import details
from warmstart.evaluation.report import Report, judge
from warmstart.evaluation.verdict import compare
from warmstart.reporting.html.run import RunFacts
from warmstart.table.task import Task

NASTY = "</script><img src=x onerror=alert(1)>"
NAMES = ("好评", "差评", "中评 " + NASTY)
ROWS = 120


def report_of(task: Task, logits: Any, rows: Dataset) -> Report:
    from datasets import DatasetDict

    return judge(task, logits, DatasetDict({"train": rows, "validation": rows}))


def run_facts(kind: str = "classes", names: tuple[str, ...] = NAMES, rows: int = ROWS) -> RunFacts:
    """A run with these labels, some of them wrong, and texts that would like to be scripts."""
    draw = np.random.default_rng(0)
    task, cells, logits = _outputs(kind, names, rows, draw)
    texts = [f"第 {number} 条 {NASTY} " + "很好" * (number % 9) for number in range(rows)]
    table = Dataset.from_dict({"text": texts, "label": cells})
    report = report_of(task, logits, table)
    assert report.labels is not None
    tokens = np.arange(rows) % 23 + 3
    learnt = task.head.class_counts(report.labels)
    behind = details(task, logits, report.predictions["model"], report.labels, table, tokens, learnt)
    verdict = compare(task.head, report.predictions, report.scores, report.labels)
    advice = (Advice("rows", {"name": names[0], "rows": 3, "median": 40}),)
    verdict = dataclasses.replace(verdict, failing=tuple(failing(behind.classes)), advice=advice)
    metrics = dataclasses.replace(report, verdict=verdict).to_dict()
    bins = [[0.55, 0.4, 30], [0.75, 0.7, 40], [0.95, 0.96, 50]]
    ece = {"before": [0.08, 0.05, 0.11], "after": [0.03, 0.01, 0.05]}
    metrics["calibration"] = {"temperature": 1.4, "rows_fitted": 60, "rows_measured": 60, "ece": ece}
    metrics["calibration"]["bins"] = {"before": bins, "after": bins[::-1]}
    chosen = dict.fromkeys(names, 0.35)
    metrics["thresholds"] = {
        "metric": "macro_f1",
        "labels": chosen,
        "before": 0.7,
        "after": 0.8,
        "gain": [0.1, 0.02, 0.2],
    }
    budgets = [{"max_error": share, "coverage": [0.8, 0.7], "answered": 96} for share in (0.02, 0.05)]
    metrics["error_budget"] = {"confidence": 0.95, "rows": 120, "budgets": budgets}
    return RunFacts(
        run="评论-1",
        checkpoint="tiny",
        table="评论.csv",
        metrics=metrics,
        curves=Curves(
            ((0.5, 0.9), (1.0, 0.7), (2.0, 0.4)), ((1.0, 0.8), (2.0, 0.6)), {"accuracy": ((1.0, 0.7), (2.0, 0.8))}
        ),
        details=behind.to_dict(),
        data=[("table", "评论.csv")],
        notes=["two\nlines", NASTY],
        findings=[
            {"problem": f"one text twice: {NASTY}", "where": "train", "fix": "--allow-leakage", "stops_training": True},
            {"problem": "few rows", "where": "", "fix": "", "severity": "note"},
        ],
        suspects=(["id", "text", "why"], [["r1", f"坏 {NASTY}", "label error"]]),
        commands='warmstart predict runs/x "..."',
        python="classify('...')",
    )


def _outputs(kind: str, names: tuple[str, ...], rows: int, draw: np.random.Generator) -> tuple[Task, list[Any], Any]:
    """The task, the cells of its labels, and logits that are right for most rows."""
    noise = draw.normal(size=(rows, len(names)))
    true = draw.integers(len(names), size=rows)
    right = 2.0 * np.eye(len(names))[true] - 1
    if kind == "number":
        cells = draw.normal(size=rows)
        return Task(kind, "text", None, "label"), cells.tolist(), cells[:, None] + 0.3 * noise[:, :1]
    logits = right + 1.2 * noise
    if kind == "labels":
        return Task(kind, "text", None, "label", names, names), [[names[one]] for one in true], logits
    return Task(kind, "text", None, "label", names, names), [names[one] for one in true], logits
