"""What separates the cells of a delimited file, and opening one so that its cells can be told apart."""

import csv
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading.encodings import encoding_name

LONGEST_CELL = 1 << 27  # characters; beyond it, an unclosed quote is likelier than a text
DELIMITERS = {",": ",", ";": ";", "\t": "\\t", "|": "|"}  # as they are typed


def default_delimiter(path: pathlib.Path) -> str:
    """A tab for .tsv and .tab, else a comma."""
    return "\t" if path.suffix.lower() in (".tsv", ".tab") else ","


def separator_of(path: pathlib.Path, delimiter: str | None) -> str:
    """The character that a delimiter, as it is typed, stands for. Raises UserError if it is not one character."""
    separator = "\t" if delimiter in ("\\t", "tab") else delimiter or default_delimiter(path)
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
def opened(path: pathlib.Path, encoding: str) -> Iterator[Iterator[str]]:
    """The file's lines with their ends as they are, a byte-order mark taken off, and room for long cells."""
    name = "utf-8-sig" if encoding_name(encoding) == "utf-8" else encoding
    limit = csv.field_size_limit(LONGEST_CELL)  # a setting of the whole process: put back below
    try:
        with path.open(encoding=name, newline="") as file:
            if file.read(1) != "\ufeff":  # such as utf-16-le keeps
                file.seek(0)
            yield file
    finally:
        csv.field_size_limit(limit)


def fitting(path: pathlib.Path, encoding: str, rows: int = 20) -> str | None:
    """The delimiter that cuts the header and most of the first rows into the same number of cells, two or more.

    Where several do, the one that makes most columns; None if none does.
    """
    found: dict[str, int] = {}
    for delimiter in DELIMITERS:
        with opened(path, encoding) as lines:
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            widths: list[int] = []
            with suppress(csv.Error):  # a quote that is wrong with one delimiter may be right with another
                widths.extend(len(row) for row, _unused in zip(reader, range(rows), strict=False) if row)
        if widths and widths[0] > 1 and widths.count(widths[0]) > len(widths) / 2:
            found[delimiter] = widths[0]
    return max(found, key=lambda delimiter: found[delimiter]) if found else None
