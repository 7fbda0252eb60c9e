"""A report in the terminal: the table of scores."""

from warmstart import visible
from warmstart.errors import examples
from warmstart.evaluation.report import Report
from warmstart.messages import _, ngettext


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


def lines_of(*sentences: str) -> None:
    """What is said of a result, a line each, where its numbers are."""
    for sentence in sentences:
        if sentence:
            print(visible.lines(sentence))


def _captions(report: Report) -> list[str]:
    """What the numbers are, and what they say nothing of."""
    lines = [_("in brackets: 95 % bootstrap interval")]
    if report.absent:
        listed = examples(map(repr, report.absent))
        lines.append(
            ngettext(
                "no rows of the class {listed}: not measured",
                "no rows of the classes {listed}: not measured",
                len(report.absent),
            ).format(listed=listed)
        )
    return [visible.lines(line).replace("[", "\\[") for line in lines]
