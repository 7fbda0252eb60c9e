"""Numbers as people write them: decimal commas, thousands, percent, currency, digits of full width."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from warmstart.heads.cells import MOST_ODD, NUMBER, OddCells, Value, digits, is_missing
from warmstart.messages import _

Decimal = Literal["point", "comma"]
SHARES = ("%", "‰")
PERCENT = frozenset(["%", "percent", "per cent", "pct", "pct."])
MULTIPLES = {"k": 1e3, "K": 1e3, "M": 1e6, "Mio": 1e6, "B": 1e9, "bn": 1e9, "万": 1e4, "亿": 1e8}  # of money
LONGEST = 40  # characters; no number that a person writes is longer

_UNIT = (
    r"[A-Z]{0,3}[$]|[¢£¤¥฿៛\u20a0-\u20cf]|EUR|USD|GBP|JPY|CNY|RMB|CHF|INR|AUD|CAD|SEK|NOK|DKK|PLN|BRL|KRW|RUB|TRY"
    r"|Rs\.?|kr\.?|zł|Kč|Ft|руб\.?|元|円|圆|원"
)


def _pattern(groups: str, point: str) -> re.Pattern[str]:
    grouped = rf"[1-9]\d{{0,2}}(?P<sep>{groups})\d{{3}}(?:(?P=sep)\d{{3}})*"
    lakhs = rf"[1-9]\d?(?:{groups}\d{{2}})+{groups}\d{{3}}"
    amount = rf"(?:(?:{grouped}|{lakhs}|\d+)(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"
    return re.compile(
        rf"(?P<sign>[+-]?) ?(?P<before>{_UNIT})? ?(?P<inner>[+-]?)(?P<amount>{amount})"
        rf" ?(?:(?P<times>k|K|Mio|M|bn|B|万|亿)\.?)? ?(?P<after>{_UNIT}|[%‰]|per ?cent|pct\.?)?",
        re.ASCII,
    )


_READ: dict[Decimal, re.Pattern[str]] = {
    "point": _pattern("[,' ]", r"\."),
    "comma": _pattern("[.' ]", ","),
}


@dataclass(frozen=True)
class Quantity:
    """A number as a cell says it. `unit`: the sign of a currency or of a share, empty where there is none.
    `in_multiples`: of a thousand, a million ..., as in `$1.234M`."""

    amount: float
    unit: str
    in_multiples: bool


def read(text: str, decimal: Decimal) -> Quantity | None:
    """What a cell says by one of the two conventions; None if it is no number by that one."""
    if len(text) > LONGEST:
        return None
    text = " ".join(digits(text).replace("−", "-").replace("’", "'").split())
    found = _READ[decimal].fullmatch(text)
    if found is None or (found["sign"] and found["inner"]):
        return None
    before, after = found["before"] or "", "%" if found["after"] in PERCENT else found["after"] or ""
    if before and after in SHARES:
        return None
    unit = before + after  # `$12 AUD` has both
    if found["times"] and (not unit or unit in SHARES):  # 4K and 5M are names as well
        return None
    plain = found["amount"]
    for mark in ",' " if decimal == "point" else ".' ":
        plain = plain.replace(mark, "")
    amount = float(plain.replace(",", ".")) * MULTIPLES.get(found["times"], 1)
    sign = -1 if "-" in (found["sign"], found["inner"]) else 1
    return Quantity(sign * amount, unit, found["times"] is not None)


def is_quantity(value: Value) -> bool:
    """Whether a cell of text says a number in a way that `float` does not read."""
    return (
        isinstance(value, str)
        and len(value) <= LONGEST
        and NUMBER.fullmatch(digits(value).strip()) is None
        and any(read(value, decimal) for decimal in _READ)
    )


@dataclass(frozen=True)
class Convention:
    """By which convention a column's numbers are read, and in which unit."""

    decimal: Decimal
    unit: str


def convention(column: str, values: Iterable[Value], asked: Decimal | None) -> Convention | None:
    """How the numbers of a column of text are written; None if no cell says one otherwise than `float` reads it.

    Cells that are no numbers at all do not matter. Raises OddCells where the cells contradict each other, or can be
    read in two ways and none was `asked` for.
    """
    fits: dict[Decimal, list[str]] = {"point": [], "comma": []}  # cells that are numbers by this convention alone
    differ: list[str] = []  # numbers by both, but not the same
    units: dict[str, str] = {}
    is_special = in_multiples = False
    for value in values:
        if not isinstance(value, str) or is_missing(value):
            continue
        by = {decimal: found for decimal in _READ if (found := read(value, decimal))}
        if not by:
            continue
        first = next(iter(by.values()))
        is_special = is_special or is_quantity(value)
        if len(by) == 1:
            _keep(fits[next(iter(by))], value)
        elif len({found.amount for found in by.values()}) > 1:
            _keep(differ, value)
            in_multiples = in_multiples or first.in_multiples
        if first.amount or first.unit:
            units.setdefault(first.unit, value)
    if not is_special and asked is None:
        return None
    if asked is None and fits["point"] and fits["comma"]:
        raise _mixed(column, _("decimal points and decimal commas"), fits["point"], fits["comma"])
    unit = _unit(column, units)
    is_money = unit not in ("", *SHARES) and not in_multiples
    return Convention(asked or _decimal(column, fits, differ, is_money=is_money), unit)


def _keep(some: list[str], cell: str) -> None:
    """Of very many cells the first say enough."""
    if len(some) < MOST_ODD:
        some.append(cell)


def _decimal(column: str, fits: dict[Decimal, list[str]], differ: list[str], *, is_money: bool) -> Decimal:
    for decimal, cells in fits.items():
        if cells:
            return decimal
    if not differ:
        return "point"
    marks = {mark for cell in differ for mark in ",." if mark in cell}
    if is_money and len(marks) == 1:  # no money has thousandths
        return "point" if marks == {","} else "comma"
    cell = differ[0]
    one, other = (found.amount for decimal in _READ if (found := read(cell, decimal)))
    raise OddCells(
        _("column {name!r} has numbers that can be read in two ways: {cell!r}").format(name=column, cell=cell),
        _("--decimal point reads {one:,.15g}, --decimal comma reads {other:,.15g}").format(one=one, other=other),
        differ,
    )


def _unit(column: str, units: dict[str, str]) -> str:
    """The one unit of a column. Money may lack its sign here and there; a share without it would be another number."""
    named = [unit for unit in units if unit]
    if len(named) > 1:
        raise _mixed(column, _("units"), [units[named[0]]], [units[named[1]]])
    if named and named[0] in SHARES and "" in units:
        raise _mixed(column, _("shares and other numbers"), [units[named[0]]], [units[""]])
    return named[0] if named else ""


def _mixed(column: str, what: str, some: list[str], others: list[str]) -> OddCells:
    return OddCells(
        _("column {name!r} mixes {what}: {one!r} and {other!r}").format(
            name=column, what=what, one=some[0], other=others[0]
        ),
        _("write all numbers in one way, or if each is the name of a class say --kind classes"),
        min(some, others, key=len),
    )
