"""What is in a table and what training on it would find, as a page: the facts of `table.profile`."""

from collections.abc import Iterator, Mapping
from typing import Any

from warmstart.messages import _, ngettext
from warmstart.reporting.html import charts as draw
from warmstart.reporting.html.charts import Charts
from warmstart.reporting.html.elements import (
    MOST_ROWS,
    Markup,
    count,
    decimal,
    figure,
    items,
    joined,
    pairs,
    paragraph,
    section,
    table,
)
from warmstart.reporting.html.findings import found
from warmstart.reporting.html.page import page
from warmstart.reporting.html.plain import cell, plainly

MOST_DRAWN = 30  # classes in a chart
SHOWN = {"splits", "columns", "task", "labels", "findings", "notes", "tokens"}


def inspect_page(name: str, facts: Mapping[str, Any]) -> str:
    """The whole page, in the user's language. `facts`: `Profile.to_dict()` with `tokens`, as `inspect --json` has
    them; what it holds besides is shown name by name."""
    charts = Charts()
    rows = sum(facts["splits"].values())
    subtitle = ngettext("{rows:,} row, {columns:,} columns", "{rows:,} rows, {columns:,} columns", rows).format(
        rows=rows, columns=len(facts["columns"])
    )
    title = _("{table}: what is in it").format(table=name)
    return page(title, subtitle, list(_sections(facts, charts)), charts.specs)


def _sections(facts: Mapping[str, Any], charts: Charts) -> Iterator[tuple[str, str, Markup]]:
    others = {key: value for key, value in facts.items() if key not in SHOWN and value}
    for name, title, body in (
        ("findings", _("What is wrong"), _findings(facts)),
        ("task", _("What would be trained"), _task(facts)),
        ("labels", _("How the labels are spread"), _labels(facts["labels"], charts)),
        ("tokens", _("Length in tokens"), _tokens(facts.get("tokens"))),
        ("columns", _("Columns"), _columns(facts["columns"])),
        *((key, key.replace("_", " "), plainly(value)) for key, value in others.items()),
    ):
        yield name, title, section(name, title, body)


def _findings(facts: Mapping[str, Any]) -> Markup:
    if facts["findings"]:
        return found(facts["findings"])
    return paragraph(_("warmstart train would find nothing wrong with these rows"))


def _task(facts: Mapping[str, Any]) -> Markup:
    task = facts["task"]
    named = [(_("text"), task["text"]), (_("second text"), task.get("pair")), (_("label"), task["label"])]
    named += [
        (_("kind"), task["kind"]),
        (_("rows"), ", ".join(f"{name} {rows:,}" for name, rows in facts["splits"].items())),
    ]
    return joined(
        [
            pairs((name, value) for name, value in named if value),
            items(task.get("reasons", ()), "said"),
            items(facts["notes"], "said") if facts["notes"] else "",
        ]
    )


def _labels(spread: Mapping[str, Mapping[str, Any] | None], charts: Charts) -> Markup:
    """A chart and a table for each split; of a number its range."""
    parts = []
    for split, balance in spread.items():
        if not balance:
            parts.append(paragraph(_("{split}: no labels").format(split=split)))
            continue
        ordered = sorted(balance.items(), key=lambda one: -one[1])
        counted = all(isinstance(value, int) for value in balance.values())
        title = (
            _("Rows of each label: {split}").format(split=split)
            if counted
            else _("Range of the labels: {split}").format(split=split)
        )
        if counted and len(ordered) > MOST_DRAWN:
            title = _("Rows of the {shown} commonest labels: {split}").format(shown=MOST_DRAWN, split=split)
        listed = table(
            [_("label"), _("rows") if counted else _("value")],
            [[name, count(value) if counted else decimal(value)] for name, value in ordered[:MOST_ROWS]],
            caption=title,
            total=len(ordered),
        )
        chart = charts.add(title, draw.bars, ordered[:MOST_DRAWN], _("rows")) if counted else Markup("")
        parts.append(figure(chart, title, listed))
    return joined(parts)


def _tokens(saved: Mapping[str, Any] | None) -> Markup:
    """Quantiles of the length, and what the model would cut."""
    if not saved:
        return Markup("")
    return pairs(
        [
            (_("median"), f"{saved['median']:.0f}"),
            (_("95 % up to"), f"{saved['p95']:.0f}"),
            (_("longest"), f"{saved['longest']:,}"),
            (_("the model takes"), f"{saved['limit']:,}"),
            (_("rows over that"), f"{saved['share_over_limit']:.1%}"),
            (_("rows counted"), f"{saved['rows_counted']:,}"),
        ]
    )


def _columns(columns: Mapping[str, Mapping[str, Any]]) -> Markup:
    """A row for each column: type, examples, and what else is known of it."""
    shown = list(columns.items())[:MOST_ROWS]
    more = list(dict.fromkeys(key for _name, column in shown for key in column if key not in ("type", "examples")))
    headings = [_("column"), _("type"), *(key.replace("_", " ") for key in more), _("examples")]
    listed = [
        [name, column["type"], *(cell(column.get(key)) for key in more), "\n".join(column["examples"])]
        for name, column in shown
    ]
    return table(headings, listed, caption=_("Columns"), total=len(columns))
