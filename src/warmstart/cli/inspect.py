"""warmstart inspect"""

from typing import TYPE_CHECKING, Any, Literal

from warmstart import visible
from warmstart.errors import brief
from warmstart.messages import _, ngettext

if TYPE_CHECKING:
    from warmstart.batches.lengths import TokenLengths
    from warmstart.table.profile import Profile

LONGEST_CELL = 60
MOST_CLASSES = 20  # whose rows are shown
MOST_COLUMNS = 100  # that are shown, those of the task apart


def inspect(
    data: str,
    *,
    text: str | None = None,
    pair: str | None = None,
    label: str | None = None,
    kind: str | None = None,
    labels: Literal["merge", "keep"] | None = None,
    label_separator: str | None = None,
    label_empty: Literal["missing", "none"] | None = None,
    decimal: Literal["point", "comma"] | None = None,
    model: str | None = None,
    config: str | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    quoting: Literal["auto", "standard", "none"] = "auto",
    header: bool = True,
    sheet: str | None = None,
    json: bool = False,
) -> None:
    """Show what is in DATA and what would be trained: columns, types, examples, lengths in tokens, class balance.

    Every row is checked as `warmstart train` checks it; what is wrong is listed and does not end the command.

    Examples:

        warmstart inspect reviews.csv
        warmstart inspect glue/mrpc

    Parameters
    ----------
    data
        The table: a file, its address, a folder, a Hub id, or `sample`.
    text
        Column of the text.
    pair
        Column of the second text.
    label
        Column of the label; several columns of 0 and 1, with commas between: several labels a row.
    kind
        One class a row (classes), several labels a row (labels), or a number to predict (number).
    labels
        Labels that look the same, such as pos and Pos: merge takes them as one, spelt as most rows have it; keep takes
        them as different.
    label_separator
        What separates the labels in a cell that has several of them, such as '|'.
    label_empty
        Where rows have several labels, an empty cell lacks its labels (missing, which is an error) or says that the
        row has none (none).
    decimal
        What is before the decimals of numbers: 1,234.5 (point) or 1.234,5 (comma).
    model
        The checkpoint whose tokenizer counts; by default the packaged one.
    config
        Configuration of a Hub data set or of a folder that has several.
    encoding
        Encoding of the file.
    delimiter
        What separates columns, if the file name does not say.
    quoting
        Quotes in CSV and TSV: they enclose cells, and one that seems to join rows is an error (auto); they enclose
        cells (standard); they are text (none).
    header
        Whether the first row of a CSV, TSV or Excel file has the column names; without they are column_1, column_2 ...
    sheet
        The sheet of an Excel workbook; by default the first with rows.
    json
        Print as JSON.
    """
    from dataclasses import asdict

    from warmstart.batches.lengths import token_lengths
    from warmstart.cli.show import as_json, quiet_libraries
    from warmstart.heads.notation import Notation
    from warmstart.models.default import NAME
    from warmstart.models.load import load_tokenizer, longest_input
    from warmstart.recipe import Recipe
    from warmstart.table import origin
    from warmstart.table.infer import infer_task
    from warmstart.table.profile import profile
    from warmstart.table.reading.hub import published
    from warmstart.table.sources import load

    quiet_libraries()
    notation = Notation.asked(labels, label_separator, label_empty, decimal)
    reading: dict[str, Any] = {"encoding": encoding, "delimiter": delimiter, "quoting": quoting}
    splits = load(data, config=config, **reading, header=header, sheet=sheet)
    with origin.recalling(splits.values()):
        task = infer_task(splits, text=text, pair=pair, label=label, kind=kind, notation=notation)
    usual = Recipe()
    found = profile(
        splits,
        task,
        fraction=usual.validation_fraction,
        seed=usual.seed,
        allow_leakage=published(data, config),
    )
    tokenizer = load_tokenizer(model or NAME)
    tokens = token_lengths(next(iter(splits.values())), task, tokenizer, longest_input(tokenizer, model or NAME))
    if json:
        as_json({**found.to_dict(), "tokens": asdict(tokens) if tokens else None})
    else:
        _show(found, tokens)


def _show(found: "Profile", tokens: "TokenLengths | None") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from warmstart.table.task import describe

    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    rows = ", ".join(f"{name} {count:,}" for name, count in found.splits.items())
    columns = Table(title=_("rows: {rows}").format(rows=rows), title_justify="left")
    for heading in (_("column"), _("type"), _("examples")):
        columns.add_column(heading)
    read = (found.task.text, found.task.pair, found.task.label)
    names = [name for number, name in enumerate(found.columns) if number < MOST_COLUMNS or name in read]
    for name in names:
        column = found.columns[name]
        shown = [brief(value, LONGEST_CELL) for value in column.examples]
        columns.add_row(escape(visible.line(name)), column.type, escape("\n".join(map(visible.line, shown))))
    console.print(columns)
    if left := len(found.columns) - len(names):
        console.print(
            ngettext(
                "and {left:,} more column: --json shows it", "and {left:,} more columns: --json shows them", left
            ).format(left=left)
        )
    for line in [*_lengths(tokens), *_spread(found), describe(found.task), *_would_train(found)]:
        console.print(escape(visible.lines(line)), highlight=False)


def _lengths(tokens: "TokenLengths | None") -> list[str]:
    if tokens is None:
        return []
    median, most, share = f"{tokens.median:.0f}", f"{tokens.p95:.0f}", f"{tokens.share_over_limit:.1%}"
    longest = _("at least {longest:,}").format(longest=tokens.longest) if tokens.cut else str(tokens.longest)
    return [
        _(
            "tokens a row: median {median}, 95 % up to {most}, longest {longest}; {share} over the "
            "model's {limit} (of {rows_counted:,} rows counted)"
        ).format(
            median=median,
            most=most,
            longest=longest,
            share=share,
            limit=tokens.limit,
            rows_counted=tokens.rows_counted,
        )
    ]


def _spread(found: "Profile") -> list[str]:
    """A line for each split: how its labels are spread."""
    lines = []
    for split, balance in found.labels.items():
        listed = [
            f"{visible.line(brief(name, LONGEST_CELL))} {value:,}" if isinstance(value, int) else f"{name} {value:.3g}"
            for name, value in list((balance or {}).items())[:MOST_CLASSES]
        ]
        lines.append(f"{split}: " + (_("no labels") if balance is None else ", ".join(listed)))
    return lines


def _would_train(found: "Profile") -> list[str]:
    """What `warmstart train` would do with these rows."""
    lines = []
    if found.errors:
        lines.append(_("warmstart train would stop here:"))
        lines += [f"  {number}. {finding}" for number, finding in enumerate(found.errors, 1)]
    if found.warnings:
        lines.append(_("warmstart train would warn:"))
        lines += [f"  - {finding}" for finding in found.warnings]
    if not lines:
        lines.append(_("warmstart train would find nothing wrong with these rows"))
    return [*lines, *found.notes]
