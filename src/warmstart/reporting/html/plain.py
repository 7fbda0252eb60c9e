"""Facts that have no face of their own: shown name by name, lists of like things as tables."""

from collections.abc import Mapping
from typing import Any

from warmstart.reporting.html.elements import MOST_ROWS, Markup, Number, element, items, joined, pairs, paragraph, table


def plainly(facts: Any) -> Markup:
    """Any value that JSON can hold; nothing for what is empty."""
    if not facts:
        return Markup("")
    if _are_rows(facts):
        names = list(dict.fromkeys(name for each in facts for name in each))
        rows = [[cell(each.get(name)) for name in names] for each in facts]
        headings = [_worded(name) for name in names]
        return table(headings, rows, caption=", ".join(headings))
    if isinstance(facts, Mapping):
        tables = {name: value for name, value in facts.items() if _are_rows(value)}
        others = [(_worded(name), _said(value)) for name, value in facts.items() if name not in tables]
        below = [element("h3", _worded(name)) + plainly(value) for name, value in tables.items()]
        return joined([pairs(others) if others else "", *map(Markup, below)])
    return items(map(_said, facts[:MOST_ROWS])) if isinstance(facts, list) else paragraph(_said(facts))


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _worded(name: object) -> str:
    return str(name).replace("_", " ")


def cell(value: Any) -> str | Number:
    """A number as one, so that a table sorts it; anything else in a few words."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _said(value)
    return Number(float(value), _said(value) if isinstance(value, float) else f"{value:,}")


def _said(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_said, value))
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_said(each)}" for name, each in value.items())
    return str(value)
