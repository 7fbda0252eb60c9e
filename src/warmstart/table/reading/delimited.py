"""CSV and TSV, read strictly: every cell is the text that stands in the file, and no row is bent to fit."""

import csv
import itertools
import pathlib
from collections.abc import Iterator

import pyarrow as pa

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading import header, joined, notes, quoting, refusals
from warmstart.table.reading.dialect import Dialect, opened, settled
from warmstart.table.reading.lines import on_lines
from warmstart.table.reading.misfits import Misfits
from warmstart.table.reading.options import Options

ROWS, CHARACTERS = 10_000, 1 << 24  # a batch is written out at whichever comes first


def batches(path: pathlib.Path, options: Options) -> Iterator[pa.RecordBatch]:
    """The rows of a delimited file, every column a string, in batches that do not grow with the file.

    The format is RFC 4180's, with any one-character delimiter: quotes around a cell that holds a delimiter, a newline
    or a quote, the last one doubled; or, if the user says so, one in which quotes are text and no cell holds a newline.
    Raises UserError naming the line for anything else.
    """
    dialect = settled(path, options)
    with opened(path, options.encoding, dialect.before) as lines:
        reader = dialect.reader(lines)
        rows: list[list[str]] = []
        characters, written, is_doubtful = 0, 0, False
        begun = 1  # the line on which the row being read begins, counted as the reader counts
        blank = 0  # the first of the blank lines, harmless at the end of the file
        again: list[int] = []  # the lines on which the header stands again
        misfits = Misfits(path, dialect)
        try:
            first = next(reader, None)
            names, told = _names(path, options, dialect, first)
            misfits.names = names
            width = len(names)
            last = names[-1] if options.header and width > 1 else None  # of a header that stands again
            schema = notes.attached(pa.schema([(name, pa.string()) for name in names]), (*dialect.notes, *told))
            read = reader if options.header else itertools.chain([first or []], reader)
            begun = reader.line_num + 1 if options.header else 1
            for row in read:
                ended = reader.line_num
                if len(row) == width and not blank:
                    if row[-1] == last and header.is_again(row, names):
                        again.append(begun + dialect.before)
                    if ended > begun and joined.may_be(row, dialect):
                        is_doubtful = True
                    rows.append(row)
                    characters += sum(map(len, row))
                    if len(rows) == ROWS or characters > CHARACTERS:
                        yield _batch(rows, schema)
                        written, characters = written + len(rows), 0
                        rows.clear()
                elif not row:
                    blank = blank or begun + dialect.before
                elif blank:
                    raise misfits.blank_line(blank)
                else:
                    misfits.add(row, begun + dialect.before, ended + dialect.before)
                begun = ended + 1
        except (csv.Error, UserError) as error:
            if not misfits.lines:  # they come first
                raise _fault(path, options, dialect, begun + dialect.before, error) from None
    if misfits.lines:
        raise misfits.error(options, written + len(rows))
    if again:
        raise _repeated(path, again)
    if is_doubtful and options.quoting == "auto":
        joined.refuse(path, options, dialect, width)
    if rows:
        yield _batch(rows, schema)
    elif not written:
        raise UserError(
            _("{name} has a header and no rows").format(name=path.name),
            str(path),
            _("add rows, or give another file"),
        )


def _names(
    path: pathlib.Path, options: Options, dialect: Dialect, first: list[str] | None
) -> tuple[list[str], tuple[notes.Note, ...]]:
    if first is None:  # such as a byte-order mark alone
        raise refusals.empty(path)
    line = 1 + dialect.before
    header.check_width(path, options.encoding, dialect.separator, len(first), line)
    if not options.header:
        return header.numbered(len(first)), ()
    return header.named(path, first, on_lines(path, line))


def _fault(path: pathlib.Path, options: Options, dialect: Dialect, begun: int, error: Exception) -> UserError:
    """What to tell of a row, begun on line `begun`, on which reading ended."""
    if isinstance(error, UserError):
        return error
    return quoting.fault(path, options, dialect, begun, str(error))


def _repeated(path: pathlib.Path, lines: list[int]) -> UserError:
    return UserError(
        _("the header stands among the rows again: several files seem to have been put together"),
        on_lines(path, *lines),
        _("delete these lines, and keep the header in the first"),
    )


def _batch(rows: list[list[str]], schema: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema=schema)
