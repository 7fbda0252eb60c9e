"""warmstart inspect"""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from warmstart import visible
from warmstart.errors import brief
from warmstart.messages import _, ngettext
from warmstart.options import Asked

if TYPE_CHECKING:
    from warmstart.batches.lengths import TokenLengths
    from warmstart.table.findings import Finding
    from warmstart.table.profile import Profile

NOTHING = Asked()
LONGEST_CELL = 60
MOST_CLASSES = 20  # whose rows are shown
MOST_COLUMNS = 100  # that are shown, those of the task apart


def inspect(
    data: str,
    *,
    asked: Annotated[Asked, Parameter(name="*")] = NOTHING,
    model: str | None = None,
    group: str | None = None,
    json: bool = False,
    html: str | None = None,
) -> None:
    """Show what is in DATA and what would be trained: columns, types, examples, lengths in tokens, class balance.

    Every row is checked as `warmstart train` checks it; what is wrong is listed and does not end the command. Besides,
    near-duplicates, contradictions, rare classes, groups, and what gives labels away are looked for.

    Examples:

        warmstart inspect reviews.csv
        warmstart inspect glue/mrpc

    Parameters
    ----------
    data
        The table: a file, its address, a folder, a Hub id, or `sample`.
    model
        The checkpoint whose tokenizer counts; by default the packaged one.
    group
        Column whose rows of one value (an author, a thread) stay on one side of the split.
    json
        Print as JSON.
    html
        Also write a page with all of it into this file.
    """
    from dataclasses import asdict

    from warmstart.batches import lengths
    from warmstart.cli.show import as_json, listen, quiet_libraries
    from warmstart.cli.working import working
    from warmstart.evaluation.facts import facts
    from warmstart.models.load import longest_input
    from warmstart.recipe import Recipe
    from warmstart.runs.languages import choose, told
    from warmstart.table import origin
    from warmstart.table.infer import task_of
    from warmstart.table.profile import profile
    from warmstart.table.reading.hub import published
    from warmstart.table.sources import load
    from warmstart.table.splits import by_plain_names

    quiet_libraries()
    splits = load(data, **asked.reading())
    with origin.recalling(splits.values()):
        task = task_of(splits, asked)
    usual = Recipe()
    first, rows = next(iter(splits.items()))
    chosen = choose(model, rows, task, listen)
    with working() as tell:
        tell(0.0, _("checking every row"))
        found = profile(
            splits,
            task,
            fraction=usual.validation_fraction,
            seed=usual.seed,
            allow_leakage=published(data, asked.config),
            group=group,
        )
        more = facts(
            by_plain_names(splits)[0], task, group=group, tell=lambda share, what: tell(0.3 + 0.6 * share, what)
        )
        tell(0.9, _("counting tokens"))
        tokens = lengths.token_lengths(rows, task, chosen.tokenizer, longest_input(chosen.tokenizer, chosen.model))
    findings = [
        *(more.findings if more else ()),
        *lengths.findings(tokens, origin.place(rows, str(first)), (task.text, *([task.pair] if task.pair else []))),
    ]
    plain = found.to_dict()
    plain["findings"] += [each.to_dict() for each in findings]
    languages = {"model": chosen.model, **chosen.languages.to_dict()}
    plain |= {"tokens": asdict(tokens) if tokens else None, "languages": languages, **(more.to_dict() if more else {})}
    if html is not None:
        _write_page(html, data, plain)
    if json:
        as_json(plain)
    else:
        _show(found, tokens, findings)
        print(visible.lines(told(chosen)))


def _write_page(file: str, data: str, facts: dict[str, Any]) -> None:
    import pathlib

    from warmstart.cli.show import say
    from warmstart.paths import expanded
    from warmstart.reporting.html.inspect import inspect_page
    from warmstart.storage import write_text

    write_text(expanded(file), inspect_page(pathlib.PurePath(data).name, facts))
    say(_("the page is in {file}").format(file=file))


def _show(found: "Profile", tokens: "TokenLengths | None", findings: "list[Finding]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from warmstart.table.task import describe

    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    rows = ", ".join(f"{name} {count:,}" for name, count in found.splits.items())
    columns = Table(title=_("rows: {rows}").format(rows=rows), title_justify="left")
    for heading in (_("column"), _("type"), _("missing"), _("examples")):
        columns.add_column(heading)
    read = (found.task.text, found.task.pair, found.task.label)
    names = [name for number, name in enumerate(found.columns) if number < MOST_COLUMNS or name in read]
    for name in names:
        column = found.columns[name]
        shown = [brief(value, LONGEST_CELL) for value in column.examples]
        missing = f"{column.missing:,} ({column.missing_share:.1%})" if column.missing else ""
        columns.add_row(escape(visible.line(name)), column.type, missing, escape("\n".join(map(visible.line, shown))))
    console.print(columns)
    if left := len(found.columns) - len(names):
        console.print(
            ngettext(
                "and {left:,} more column: --json shows it", "and {left:,} more columns: --json shows them", left
            ).format(left=left)
        )
    for line in [*_lengths(tokens), *_spread(found), describe(found.task), *_would_train(found, findings)]:
        console.print(escape(visible.lines(line)), highlight=False)


def _lengths(tokens: "TokenLengths | None") -> list[str]:
    if tokens is None:
        return []
    median, most, share = f"{tokens.median:.0f}", f"{tokens.p95:.0f}", f"{tokens.share_over_limit:.1%}"
    longest = _("at least {longest:,}").format(longest=tokens.longest) if tokens.cut else str(tokens.longest)
    return [
        _(
            "tokens a row: median {median}, 95 % up to {most}, longest {longest}; {share} over the "
            "model's {limit}, {cut} of all tokens cut (of {rows_counted:,} rows counted)"
        ).format(
            median=median,
            most=most,
            longest=longest,
            share=share,
            limit=tokens.limit,
            cut=f"{tokens.share_of_tokens_cut:.1%}",
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


def _would_train(found: "Profile", findings: "list[Finding]") -> list[str]:
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
    for severity, heading in (("warning", _("worth mending:")), ("note", _("worth knowing:"))):
        some = [f"  - {finding}" for finding in findings if finding.severity == severity]
        lines += [heading, *some] if some else []
    return [*lines, *found.notes]
