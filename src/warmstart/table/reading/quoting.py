"""Where in a delimited file a quote goes wrong: walked only after the reader has given up."""

import csv
import dataclasses
import itertools
import pathlib
import shlex
from collections.abc import Iterator

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading.dialect import LONGEST_CELL, Dialect, opened, settled
from warmstart.table.reading.lines import on_lines
from warmstart.table.reading.options import Options


def fault(path: pathlib.Path, options: Options, dialect: Dialect, begun: int, message: str) -> UserError:
    """The error for a row, begun on line `begun`, on which the csv module gave up with `message`.

    The csv module knows only the line it had reached. What helps is the line on which the offending quote was opened.
    """
    with opened(path, options.encoding) as lines:
        rest = itertools.islice(lines, begun - 1, None)
        opened_on, closed_on = walk(rest, dialect.separator, begun, LONGEST_CELL)
    if closed_on is None:
        problem = _("a quote opened on line {opened_on:,} is never closed").format(opened_on=opened_on)
    else:
        problem = _(
            "a quote opened on line {opened_on:,} is closed on line {closed_on:,}, where text follows it"
        ).format(opened_on=opened_on, closed_on=closed_on)
    if opened_on == 0:  # the walk found nothing: say what the module said
        problem, opened_on = message, begun
    with opened(path, options.encoding, dialect.before) as lines:
        width = len(next(dataclasses.replace(dialect, quotes=False).reader(lines), []))
    if closed_on and _has_backslash(path, options, opened_on, closed_on):
        return UserError(
            _('{problem}: in this file \\" seems to stand for a quote').format(problem=problem),
            on_lines(path, opened_on),
            _("write a quote inside a cell twice; for all of them: {command}").format(
                command=f"""sed 's/\\\\"/""/g' {shlex.quote(path.name)} > mended.csv"""
            ),
        )
    fix = _('close it, or if it belongs to the text write it twice and put the cell in quotes: """Hi"" he said"')
    return UserError(problem, on_lines(path, opened_on), fix + or_none(path, options, width))


def _has_backslash(path: pathlib.Path, options: Options, first: int, last: int) -> bool:
    """Whether a quote follows a backslash on one of these lines, as programs write that do not double quotes."""
    with opened(path, options.encoding) as lines:
        return any('\\"' in line for line in itertools.islice(lines, first - 1, last))


def are_text(path: pathlib.Path, options: Options, width: int) -> bool:
    """Whether every line of the file is a row of `width` cells once quotes are taken as text: two or more, as any line
    is a row of one."""
    if options.quoting == "none" or width < 2:
        return False
    dialect = settled(path, dataclasses.replace(options, quoting="none"))
    with opened(path, options.encoding, dialect.before) as lines:
        try:
            widths = {len(row) for row in dialect.reader(lines)}
        except csv.Error:
            return False
    return widths - {0} == {width}


def or_none(path: pathlib.Path, options: Options, width: int) -> str:
    """The other way out, to be added to a fix, where it is one."""
    return _("; or if quotes are text in this file, say --quoting none") if are_text(path, options, width) else ""


def walk(lines: Iterator[str], delimiter: str, begun: int, most: int) -> tuple[int, int | None]:
    """(line on which the first wrong quote opens, line on which it closes or None), or (0, None) if all are right.

    `lines` start at the beginning of a row, on line `begun`. A quote opens only at the start of a cell; two inside one
    are one quote; after the closing one comes the delimiter or the end of the line. Gives up after `most` characters.
    """
    opened_on = walked = 0  # opened_on: the line of the quote we are inside, 0 outside
    for number, line in enumerate(lines, begun):
        body = line.rstrip("\r\n")
        at = 0
        while at <= len(body):
            if opened_on:
                close = line.find('"', at)
                if close < 0:
                    break  # the cell goes on in the next line
                if line[close + 1 : close + 2] == '"':
                    at = close + 2
                    continue
                if line[close + 1 : close + 2] not in (delimiter, "\r", "\n", ""):
                    return opened_on, number
                opened_on, at = 0, close + 2
            elif line[at : at + 1] == '"':
                opened_on, at = number, at + 1
            else:
                cut = body.find(delimiter, at)
                if cut < 0:
                    break
                at = cut + 1
        walked += len(line)
        if walked > most and opened_on:
            break
    return opened_on, None
