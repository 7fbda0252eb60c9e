"""CSV and TSV, read strictly: every cell is the text that stands in the file, and no row is bent to fit."""

import csv
import itertools
import pathlib
from collections.abc import Iterator

import pyarrow as pa

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading import quoting, refusals
from warmstart.table.reading.dialect import LONGEST_CELL, opened, separator_of
from warmstart.table.reading.header import check_header
from warmstart.table.reading.misfits import blank_line, misfit

ROWS, CHARACTERS = 10_000, 1 << 24  # a batch is written out at whichever comes first


def batches(path: pathlib.Path, encoding: str = "utf-8", delimiter: str | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a delimited file, every column a string, in batches that do not grow with the file.

    The format is RFC 4180's, with any one-character delimiter: quotes around a cell that holds a delimiter, a newline
    or a quote, the last one doubled. Raises UserError naming the line for anything else.
    """
    separator = separator_of(path, delimiter)
    with opened(path, encoding) as lines:
        reader = csv.reader(lines, delimiter=separator, strict=True)
        names: list[str] = []
        rows: list[list[str]] = []
        characters, any_row = 0, False
        begun = 1  # the line on which the row being read begins
        blank = 0  # the first of the blank lines, harmless at the end of the file
        misfits: list[int] = []  # the lines on which rows of another length than the header's begin
        odd: list[str] = []  # the first of these rows
        ended = 0  # and the line on which it ends
        try:
            names = _header(path, encoding, separator, reader)
            width, schema = len(names), pa.schema([(name, pa.string()) for name in names])
            begun = reader.line_num + 1
            for row in reader:
                if len(row) == width and not blank:
                    rows.append(row)
                    characters += sum(map(len, row))
                    if len(rows) == ROWS or characters > CHARACTERS:
                        yield _batch(rows, schema)
                        any_row, characters = True, 0
                        rows.clear()
                elif not row:
                    blank = blank or begun
                elif blank:
                    raise blank_line(path, blank)
                else:
                    if not misfits:
                        odd, ended = row, reader.line_num
                    misfits.append(begun)
                begun = reader.line_num + 1
        except (csv.Error, UserError) as error:
            if not misfits:  # they come first
                raise _fault(path, encoding, separator, begun, error) from None
    if misfits:
        raise misfit(path, names, separator, odd, ended, misfits)
    if rows:
        yield _batch(rows, schema)
    elif not any_row:
        raise UserError(
            _("{name} has a header and no rows").format(name=path.name),
            str(path),
            _("add rows, or give another file"),
        )


def _header(path: pathlib.Path, encoding: str, separator: str, reader: Iterator[list[str]]) -> list[str]:
    names = next(reader, None)
    if names is None:  # such as a byte-order mark alone
        raise refusals.empty(path)
    check_header(path, encoding, separator, names)
    return names


def _fault(path: pathlib.Path, encoding: str, separator: str, begun: int, error: Exception) -> UserError:
    """What to tell of a row, begun on line `begun`, on which reading ended."""
    if isinstance(error, UserError):
        return error
    with opened(path, encoding) as lines:
        return quoting.fault(path, itertools.islice(lines, begun - 1, None), separator, begun, LONGEST_CELL, str(error))


def _batch(rows: list[list[str]], schema: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema=schema)
