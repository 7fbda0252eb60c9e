"""Where in a delimited file a quote goes wrong: walked only after the reader has given up."""

import pathlib
from collections.abc import Iterator

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading.lines import on_lines


def fault(path: pathlib.Path, lines: Iterator[str], delimiter: str, begun: int, most: int, message: str) -> UserError:
    """The error for a row, begun on line `begun`, on which the csv module gave up with `message`.

    The csv module knows only the line it had reached. What helps is the line on which the offending quote was opened.
    """
    opened_on, closed_on = walk(lines, delimiter, begun, most)
    if closed_on is None:
        problem = _("a quote opened on line {opened_on:,} is never closed").format(opened_on=opened_on)
    else:
        problem = _(
            "a quote opened on line {opened_on:,} is closed on line {closed_on:,}, where text follows it"
        ).format(opened_on=opened_on, closed_on=closed_on)
    if opened_on == 0:  # the walk found nothing: say what the module said
        problem, opened_on = message, begun
    return UserError(
        problem,
        on_lines(path, opened_on),
        _('close it, or if it belongs to the text write it twice and put the cell in quotes: """Hi"" he said"'),
    )


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
