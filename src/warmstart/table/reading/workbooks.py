"""Sheets of Excel workbooks as tables of text: what a person sees in each cell, an empty one as missing."""

import contextlib
import itertools
import pathlib
import warnings
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from warmstart.errors import UserError, did_you_mean, examples
from warmstart.messages import N_, _
from warmstart.table.reading import header, notes, sheets
from warmstart.table.reading.options import Options

ROWS = 1_000  # of a batch
Cells = Sequence[str | None]


def batches(path: pathlib.Path, options: Options) -> Iterator[pa.RecordBatch]:
    """The rows of one sheet, every column a string, in batches. Blank rows before the first and after the last are no
    rows.

    Raises UserError if the library that reads the file is not installed, if the file is damaged or has no such sheet,
    and for cells beside the columns that the header names.
    """
    with sheets.opened(path) as book, sheets.telling(path):
        name, told = _chosen(path, book, options.sheet)
        told += _unstored(path, book, name)
        place = _("{path}, sheet {name!r}").format(path=path, name=name)
        with contextlib.closing(book.rows(name)) as all_rows:
            yield from _table(path, all_rows, place, told, options.header, book.names)


def _table(
    path: pathlib.Path,
    all_rows: Iterable[Cells],
    place: str,
    told: list[notes.Note],
    has_header: bool,
    names: list[str],
) -> Iterator[pa.RecordBatch]:
    """The batches of a sheet with these rows. `names`: of all sheets."""
    numbered = enumerate(map(_trimmed, all_rows), 1)
    rows: Iterator[tuple[int, Cells]] = itertools.dropwhile(lambda row: not row[1], numbered)
    number, first = next(rows, (0, ()))
    if has_header:
        columns, unnamed = header.named(path, first, place)
    else:
        columns, unnamed = header.numbered(len(first)), ()
        rows = itertools.chain([(number, first)], rows)
    schema = notes.attached(pa.schema([(each, pa.string()) for each in columns]), [*told, *unnamed])
    any_row = False
    for batch in _filled(rows, len(columns), place):
        any_row = True
        yield pa.record_batch([pa.array(column, pa.string()) for column in zip(*batch, strict=True)], schema=schema)
    if not any_row:
        raise UserError(
            _("{name} has a header and no rows").format(name=path.name) if columns else _no_rows(path),
            place,
            _("add rows, or name another sheet with --sheet: {names}").format(names=examples(names)),
        )


def _no_rows(path: pathlib.Path) -> str:
    return _("{name} has no rows").format(name=path.name)


def _filled(rows: Iterator[tuple[int, Cells]], width: int, place: str) -> Iterator[list[Cells]]:
    """Rows of `width` cells in lists of at most `ROWS`; blank ones only where others follow them."""
    blank = 0
    while chunk := _quietly(rows):
        found: list[Cells] = []
        for number, cells in chunk:
            if len(cells) > width:
                raise UserError(
                    _("row {number:,} has a cell to the right of the columns that the header names").format(
                        number=number
                    ),
                    place,
                    _("name its column in the header, clear the cell, or delete what stands above the header"),
                )
            if not cells:
                blank += 1
                continue
            found += [(None,) * width] * blank
            found.append([*cells, *[None] * (width - len(cells))])
            blank = 0
        if found:
            yield found


def _quietly(rows: Iterator[tuple[int, Cells]]) -> list[tuple[int, Cells]]:
    """Some rows, without the warnings of the library that reads them: of what is not read anyway."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(itertools.islice(rows, ROWS))


def _trimmed(cells: Cells) -> Cells:
    """The cells up to the last that is not empty."""
    width = len(cells)
    while width and cells[width - 1] is None:
        width -= 1
    return cells[:width]


def _chosen(path: pathlib.Path, book: sheets.Book, sheet: str | None) -> tuple[str, list[notes.Note]]:
    """The sheet to be read, and what is to be said if the user has not named it and there are several."""
    if sheet is not None:
        if sheet not in book.names:
            raise UserError(
                _("{name} has no sheet {sheet!r}").format(name=path.name, sheet=sheet),
                str(path),
                did_you_mean(sheet, book.names) + " (--sheet)",
            )
        return sheet, []
    filled = [name for name in book.visible if any(any(row) for row in itertools.islice(book.rows(name), ROWS))]
    if not filled:
        raise UserError(_no_rows(path), str(path), _("give another file"))
    if len(filled) == 1:
        return filled[0], []
    said = N_("{name} has several sheets; {sheet} is read, not {others}; --sheet says otherwise")
    others = examples(map(repr, filled[1:]))
    return filled[0], [notes.Note(said, {"sheet": repr(filled[0]), "others": others})]


def _unstored(path: pathlib.Path, book: sheets.Book, sheet: str) -> list[notes.Note]:
    cells = book.unstored(sheet)
    if not cells:
        return []
    said = N_(
        "{name} has formulas whose value was never computed, and which are empty here ({cells}); open and save it in a "
        "spreadsheet program"
    )
    return [notes.Note(said, {"cells": examples(cells)})]
