"""What commands print: the table of scores, JSON, and lines for the user on standard error."""

import json
import sys
from typing import Any

from warmstart.errors import examples, text
from warmstart.evaluation.report import Report
from warmstart.events import lines


def say(line: str) -> None:
    """A line for the person at the terminal; standard output is kept for results."""
    print(line, file=sys.stderr, flush=True)


listen = lines(say)  # to a run, on behalf of the person at the terminal


def quiet_libraries() -> None:
    """Without the libraries' own notices: what matters is said by this command."""
    import datasets
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    datasets.logging.set_verbosity_error()
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()


def as_json(value: Any) -> None:
    """One JSON object on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _captions(report: Report) -> list[str]:
    """What the numbers are, and what they say nothing of."""
    lines = [text("in brackets: 95 % bootstrap interval", "括号内为 95 % 自助法置信区间")]
    if report.absent:
        listed, many = examples(map(repr, report.absent)), "es" if len(report.absent) > 1 else ""
        lines.append(text(f"no rows of the class{many} {listed}: not measured", f"没有类别 {listed} 的数据: 未作评估"))
    return [line.replace("[", "\\[") for line in lines]


def score_table(report: Report, title: str) -> None:
    """The scores of the model and the baselines, each headline number with its interval."""
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        caption="\n".join(_captions(report)),
    )
    table.add_column("")
    for name in report.headline:
        table.add_column(name, justify="right")
    for who, scores in report.scores.items():
        cells = []
        for name in report.headline:
            low, high = report.intervals[who][name]
            cells.append(f"{scores[name]:.3f} [{low:.3f}, {high:.3f}]".replace("[", "\\["))
        table.add_row(who, *cells, style="bold" if who == "model" else None)
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    console.print(table)
