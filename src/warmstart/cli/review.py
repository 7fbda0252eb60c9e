"""warmstart review"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from warmstart import visible
from warmstart.messages import _, ngettext

if TYPE_CHECKING:
    from warmstart.runs.review import Review

SHOWN, LONGEST = 10, 60  # rows in the terminal, and characters of each text


def review(run: str, *, rows: int = 200, json: bool = False) -> None:
    """Find the rows of RUN that are most worth a person's look: labels that look wrong, texts that have another label
    elsewhere, mistakes of which the model is sure.

    They are written to `review.csv` in the run's folder. Write your decision into its last column: the right label,
    `drop`, or nothing to keep the row; then train again with `--corrections`. Needs the extra `warmstart[review]`.

    Examples:

        warmstart review runs/reviews-1
        warmstart train reviews.csv --corrections runs/reviews-1/review.csv

    Parameters
    ----------
    run
        The run's folder.
    rows
        How many rows to show at most.
    json
        Print the result as JSON.
    """
    from warmstart.cli.show import as_json, listen, quiet_libraries
    from warmstart.runs.review import review as look

    quiet_libraries()
    found = look(run, most=rows, listen=listen, bar=_bar)
    if json:
        as_json({**found.to_dict(), "file": str(found.file)})
    else:
        _show(found)


def _bar(rows: int) -> Callable[[int], None]:
    """A bar over the rows that the model runs over, where somebody sees it."""
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    task = bar.add_task(_("reading rows"), total=rows)
    bar.start()

    def tell(done: int) -> None:
        bar.advance(task, done)
        if bar.finished:
            bar.stop()

    return tell


def _show(found: "Review") -> None:
    from rich.console import Console
    from rich.table import Table

    from warmstart.cli.show import say
    from warmstart.errors import brief
    from warmstart.runs.review import WHY

    for name, count in found.to_dict()["counts"].items():
        if count:
            say(ngettext("{count:,} row: {why}", "{count:,} rows: {why}", count).format(count=count, why=_(WHY[name])))
    table = Table()
    for heading in (_("text"), _("given"), _("suggested"), _("score")):
        table.add_column(heading, justify="right" if heading == _("score") else "left")
    for row in found.rows[:SHOWN]:
        text = " / ".join(row[name] for name in ("text", "pair") if name in row)
        cells = [brief(" ".join(text.split()), LONGEST), row["given"], row["suggested"]]
        table.add_row(*(visible.line(cell).replace("[", "\\[") for cell in cells), f"{row['score']:.2f}")
    console = Console()
    if found.rows:
        (console if console.is_terminal else Console(width=120)).print(table)
    say(
        _("{rows:,} rows are in {file}; decide in its last column, then: {command}").format(
            rows=len(found.rows), file=found.file, command="warmstart train ... --corrections " + str(found.file)
        )
        if found.rows
        else _("no row of this run asks for a look")
    )
