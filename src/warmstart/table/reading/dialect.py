"""How the cells of a delimited file are told apart."""

import csv
import pathlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from warmstart.errors import UserError
from warmstart.messages import N_, _
from warmstart.table.reading import compression, text
from warmstart.table.reading.notes import Note
from warmstart.table.reading.options import Options

LONGEST_CELL = 1 << 27  # characters; beyond it, an unclosed quote is likelier than a text
DELIMITERS = {",": ",", ";": ";", "\t": "\\t", "|": "|"}  # as they are typed
OF_SUFFIX = {".csv": ",", ".tsv": "\t", ".tab": "\t"}

_SAYS = re.compile(r'"?sep=([^"\w\s]|\t)"?\s*', re.IGNORECASE)  # the first line of a spreadsheet's CSV


@dataclass(frozen=True)
class Dialect:
    """`quotes`: whether they enclose cells, and are not text. `before`: lines before the first row. `notes`: what is to
    be said of it."""

    separator: str
    quotes: bool = True
    before: int = 0
    notes: tuple[Note, ...] = ()

    def reader(self, lines: Iterator[str]) -> Any:
        """The csv module's reader of lines that begin with the first row."""
        if self.quotes:
            return csv.reader(lines, delimiter=self.separator, strict=True)
        return csv.reader(lines, delimiter=self.separator, quoting=csv.QUOTE_NONE, strict=True)


def settled(path: pathlib.Path, options: Options) -> Dialect:
    """The dialect of a file. What the user says wins, then a first line such as `sep=;`, the suffix, and what fits.

    Raises UserError if a delimiter that is named is not one character.
    """
    quotes = options.quoting != "none"
    asked = None if options.delimiter is None else _character(options.delimiter)
    with text.opened(path, options.encoding) as file:
        says = _SAYS.fullmatch(file.readline(16))
    if says:
        note = Note(
            N_("{name} begins with a line that says what separates its cells, {delimiter}; it is no row"),
            {"delimiter": typed(says[1])},
        )
        return Dialect(asked or says[1], quotes, 1, (note,))
    by_name = OF_SUFFIX.get(compression.bare(path).suffix.lower())
    if asked or by_name:
        return Dialect(asked or by_name or ",", quotes)
    found = guessed(path, options.encoding) or ","
    note = Note(
        N_("{name} is read as a table whose cells are separated by {delimiter}; --delimiter says otherwise"),
        {"delimiter": typed(found)},
    )
    return Dialect(found, quotes, 0, (note,))


def _character(delimiter: str) -> str:
    separator = "\t" if delimiter in ("\\t", "tab") else delimiter
    if len(separator) != 1 or separator in '"\r\n':
        raise UserError(
            _("a delimiter is one character, not {separator!r}").format(separator=separator),
            "--delimiter",
            _("for example: --delimiter ';'"),
        )
    return separator


def typed(delimiter: str) -> str:
    """The delimiter as it is typed on a command line."""
    return f"'{DELIMITERS.get(delimiter, delimiter)}'"


@contextmanager
def opened(path: pathlib.Path, encoding: str, before: int = 0) -> Iterator[Iterator[str]]:
    """The file's lines with their ends as they are, those `before` the first row left out, and room for long cells."""
    limit = csv.field_size_limit(LONGEST_CELL)  # a setting of the whole process: put back below
    try:
        with text.opened(path, encoding) as file:
            for _unused in range(before):
                file.readline()
            yield file
    finally:
        csv.field_size_limit(limit)


def fitting(path: pathlib.Path, encoding: str, rows: int = 20) -> str | None:
    """The delimiter that cuts the header and most of the first rows into the same number of cells, two or more.

    Where several do, the one that makes most columns; None if none does.
    """
    found = {
        delimiter: widths[0]
        for delimiter in DELIMITERS
        if (widths := _widths(path, encoding, Dialect(delimiter), rows))
        and widths[0] > 1
        and widths.count(widths[0]) > len(widths) / 2
    }
    return max(found, key=lambda delimiter: found[delimiter]) if found else None


def guessed(path: pathlib.Path, encoding: str, rows: int = 20) -> str | None:
    """The delimiter of a file whose name says nothing: it cuts all of the first rows alike, quotes read or taken as
    text. None if none does: there is no table to be made out then."""
    for quotes in (True, False):
        found = {
            delimiter: widths[0]
            for delimiter in DELIMITERS
            if len(widths := _widths(path, encoding, Dialect(delimiter, quotes), rows)) > 1
            and widths[0] > 1
            and len(set(widths)) == 1
        }
        if found:
            return max(found, key=lambda delimiter: found[delimiter])
    return None


def _widths(path: pathlib.Path, encoding: str, dialect: Dialect, rows: int) -> list[int]:
    widths: list[int] = []
    with opened(path, encoding) as lines, suppress(csv.Error):  # a quote may be right with another delimiter
        widths.extend(len(row) for row, _unused in zip(dialect.reader(lines), range(rows), strict=False) if row)
    return widths
