"""The shape of a JSON value: which values can share a column, and the Arrow type of that column."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from warmstart.messages import _


class Mixture(Exception):
    """Two values of different shapes that no column can hold without changing one of them."""


@dataclass(frozen=True)
class Shape:
    """A scalar (`name` alone), a list (`item`: what its items share) or an object (`fields`, the missing ones null)."""

    name: str
    item: "Shape | None" = None
    fields: dict[str, "Shape"] = field(default_factory=dict)


NULL, TEXT, INTEGER, FLOAT, BOOLEAN = (Shape(name) for name in ("null", "text", "integer", "float", "boolean"))
_SCALARS = {type(None): NULL, str: TEXT, int: INTEGER, float: FLOAT, bool: BOOLEAN}
_ARROW = {"null": pa.null(), "text": pa.string(), "integer": pa.int64(), "float": pa.float64(), "boolean": pa.bool_()}


def of(value: Any) -> Shape:
    """The shape of one JSON value. Raises Mixture for a list whose items do not go together."""
    scalar = _SCALARS.get(type(value))
    if scalar:
        return scalar
    if isinstance(value, list):
        return Shape("list", item=of_all(value))
    return Shape("object", fields={name: of(inner) for name, inner in value.items()})


def of_all(values: Iterable[Any]) -> Shape:
    """The shape that all of them share. Raises Mixture if there is none."""
    values = list(values)
    types = set(map(type, values))
    shape = NULL
    for scalar in types & _SCALARS.keys():
        shape = merge(shape, _SCALARS[scalar])
    if types - _SCALARS.keys():
        for value in values:
            shape = merge(shape, of(value))
    return shape


def merge(one: Shape, other: Shape) -> Shape:
    """The shape of a column that holds both. Raises Mixture if there is none."""
    if one == other or other == NULL:
        return one
    if one == NULL:
        return other
    if {one.name, other.name} == {"integer", "float"}:
        return FLOAT
    if one.item and other.item:
        return Shape("list", item=merge(one.item, other.item))
    if one.name == other.name == "object":
        names = one.fields | other.fields  # a union that keeps the order
        return Shape(
            "object",
            fields={name: merge(one.fields.get(name, NULL), other.fields.get(name, NULL)) for name in names},
        )
    raise Mixture


def to_arrow(shape: Shape) -> pa.DataType:
    """The Arrow type of a column of that shape."""
    if shape.item:
        return pa.list_(to_arrow(shape.item))
    if shape.name == "object":
        return pa.struct([(name, to_arrow(inner)) for name, inner in shape.fields.items()])
    return _ARROW[shape.name]


def describe(shape: Shape) -> str:
    """The shape in the user's words."""
    if shape.item and shape.item != NULL:
        inner = describe(shape.item)
        return _("a list ({inner})").format(inner=inner)
    return {
        "null": _("null"),
        "text": _("text"),
        "integer": _("a whole number"),
        "float": _("a number"),
        "boolean": _("true or false"),
        "list": _("a list"),
        "object": _("an object"),
    }[shape.name]
