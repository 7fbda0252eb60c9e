"""The parts of a page. Every text that comes in is escaped here, and nowhere else."""

import dataclasses
import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

from warmstart import visible
from warmstart.messages import _, ngettext

MOST_ROWS = 1_000  # of a table; a page stays one that a phone can open
LONG = 40  # characters, from which a cell gets room
FILTERED_FROM = 8  # rows, below which nobody looks for one


class Markup(str):
    """Text that is HTML already."""


@dataclasses.dataclass(frozen=True)
class Number:
    """A cell that is shown as `text` and sorted as `value`; what is not finite comes last."""

    value: float | None
    text: str


def text(value: object) -> Markup:
    """Any text, shown as it is; what cannot be seen is shown as an escape."""
    return value if isinstance(value, Markup) else Markup(html.escape(visible.lines(str(value)), quote=True))


def element(name: str, *inside: object, **attributes: object) -> Markup:
    """`<name ...>inside</name>`; an attribute `class_` is `class`, `data_v` is `data-v`, and None leaves it out."""
    listed = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{listed}>{joined(inside)}</{name}>")


def joined(parts: Iterable[object]) -> Markup:
    """Parts one after the other."""
    return Markup("".join(map(text, parts)))


def paragraph(value: object, class_: str | None = None) -> Markup:
    return element("p", value, class_=class_)


def rule(value: str) -> Markup:
    """The rule by which something is said, small."""
    return paragraph(value, "rule")


def items(values: Iterable[object], class_: str | None = None) -> Markup:
    return element("ul", *(element("li", value) for value in values), class_=class_)


def code(lines: str) -> Markup:
    return element("pre", element("code", lines), tabindex="0")


def section(name: str, title: str, *inside: object) -> Markup:
    """A part of the page with a heading; nothing where nothing is in it."""
    body = joined(part for part in inside if part)
    if not body:
        return Markup("")
    heading = element("h2", title, id=f"{name}-title")
    return element("section", heading, body, id=name, aria_labelledby=f"{name}-title")


def share(value: float | None, digits: int = 1) -> Number:
    """A share as per cent."""
    known = value is not None and math.isfinite(value)
    return Number(value if known else None, f"{value:.{digits}%}" if known else "–")


def count(value: int) -> Number:
    return Number(value, f"{value:,}")


def decimal(value: float | None, digits: int = 3) -> Number:
    known = value is not None and math.isfinite(value)
    return Number(value if known else None, f"{value:.{digits}f}" if known else "–")


def between(interval: Sequence[float | None] | None, *, per_cent: bool = False, digits: int = 3) -> Number:
    """A value with its interval, value, low, high, on one line."""
    if interval is None or interval[0] is None or not math.isfinite(interval[0]):
        return Number(None, "–")
    form = "{:.1%}" if per_cent else f"{{:.{digits}f}}"
    value, low, high = (form.format(math.nan if each is None else each) for each in interval)
    return Number(interval[0], f"{value} [{low}, {high}]")


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]], *, caption: str, total: int | None = None) -> Markup:
    """A table that sorts by each heading and can be filtered. `total`: how many rows there are in all; of more than
    `MOST_ROWS` the first are shown, and it says so."""
    total = len(rows) if total is None else total
    shown = rows[:MOST_ROWS]
    numbers = [bool(shown) and all(isinstance(row[place], Number) for row in shown) for place in range(len(headings))]
    head = (
        element(
            "th",
            element("button", each, type="button"),
            scope="col",
            aria_sort="none",
            class_="number" if number else None,
        )
        for each, number in zip(headings, numbers, strict=True)
    )
    body = joined(element("tr", *map(_cell, row)) for row in shown)
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *head)),
        element("tbody", body),
        class_="sortable",
    )
    parts: list[object] = []
    if len(shown) >= FILTERED_FROM:
        parts.append(
            element(
                "label",
                element("span", _("Filter")),
                Markup('<input type="search" class="filter" autocomplete="off">'),
                element("output", "", class_="found", aria_live="polite"),
                class_="filtering",
            )
        )
    if total > len(shown):
        parts.append(
            paragraph(
                ngettext(
                    "The first {shown:,} of {total:,} row is shown.",
                    "The first {shown:,} of {total:,} rows are shown.",
                    total,
                ).format(shown=len(shown), total=total),
                "rule",
            )
        )
    scroll = element("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)
    return element("div", *parts, scroll, class_="table")


def _cell(value: Any) -> Markup:
    if isinstance(value, Number):
        known = "" if value.value is None else repr(float(value.value))
        return element("td", value.text, class_="number", data_v=known)
    return element("td", value, class_="long" if len(str(value)) > LONG else None)


def pairs(rows: Iterable[tuple[object, object]]) -> Markup:
    """Names with their values, as a list of definitions."""
    return element("dl", *(joined([element("dt", name), element("dd", value)]) for name, value in rows))


def figure(chart: Markup, title: str, as_table: Markup) -> Markup:
    """A chart with its caption and the same numbers as a table; without a chart the table alone."""
    caption = element("figcaption", title)
    if not chart:
        return element("figure", caption, as_table)
    return element("figure", caption, chart, element("details", element("summary", _("As a table")), as_table))
