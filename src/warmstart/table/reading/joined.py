"""Rows that a stray quote has joined: lines that would be rows of their own if quotes were text.

    1<TAB>"what a ferry, said the guide
    0<TAB>dull
    1<TAB>he closed it"

RFC 4180 has one row there. A review of several lines with commas looks much the same, so lines are not only counted: in
a column of numbers, of a few values or of words without spaces each line must have a cell that could stand there.
"""

import itertools
import pathlib
import re
from collections.abc import Iterator

from warmstart.errors import MOST_EXAMPLES, UserError
from warmstart.heads.cells import NUMBER
from warmstart.messages import _
from warmstart.table.reading import quoting
from warmstart.table.reading.dialect import Dialect, opened
from warmstart.table.reading.lines import on_lines
from warmstart.table.reading.options import Options

SAMPLE = 10_000  # rows, by whose cells of one line a column is known
FEW, OFTEN = 50, 4  # values of a column that are told apart, and how often each is there on the average
ENOUGH = 20  # cells, among which each of a few values will have been seen
_ENDS = re.compile(r"\r\n|\r|\n")


def may_be(row: list[str], dialect: Dialect) -> bool:
    """Whether most lines that a row spans have as many delimiters as a row: the cheap look, made first."""
    separator, delimiters = dialect.separator, len(row) - 1
    whole = separator.join(row)
    end = _ENDS.search(whole)
    if not delimiters or end is None or whole.count(separator, 0, end.start()) != delimiters:
        return False  # nearly all rows are done with here
    counts = [line.count(separator) for line in _ENDS.split(whole)]
    return counts[-1] == delimiters and 2 * counts.count(delimiters) > len(counts)


def refuse(path: pathlib.Path, options: Options, dialect: Dialect, width: int) -> None:
    """Raises UserError with their lines if there are rows that a stray quote seems to have joined."""
    columns = [_Column() for _unused in range(width)]
    for _begun, _ended, row in itertools.islice(_rows(path, options, dialect), SAMPLE):
        for column, cell in zip(columns, row, strict=False):
            if _ENDS.search(cell) is None:
                column.add(cell)
    found = [
        (begun, ended)
        for begun, ended, row in _rows(path, options, dialect)
        if ended > begun and len(row) == width and may_be(row, dialect) and _are_rows(row, dialect, columns)
    ]
    if not found:
        return
    spans = ", ".join(f"{begun:,}-{ended:,}" for begun, ended in found[:MOST_EXAMPLES])
    if len(found) > MOST_EXAMPLES:
        spans += _(" and {rest} more").format(rest=len(found) - MOST_EXAMPLES, total=len(found))
    if quoting.are_text(path, options, width):
        way = _("if quotes are text in this file, say --quoting none")
    else:
        way = _("if a quote there is text, write it twice and put its cell in quotes")
    raise UserError(
        _("a quote joins lines that look like rows of their own: {spans}").format(spans=spans),
        on_lines(path, *(begun for begun, _ended in found)),
        _("{way}; if these are single rows, say --quoting standard").format(way=way),
    )


def _rows(path: pathlib.Path, options: Options, dialect: Dialect) -> Iterator[tuple[int, int, list[str]]]:
    """(first line, last line, cells) of each row below the header."""
    with opened(path, options.encoding, dialect.before) as lines:
        reader = dialect.reader(lines)
        begun = 1
        for row in reader:
            if begun > 1 or not options.header:
                yield begun + dialect.before, reader.line_num + dialect.before, row
            begun = reader.line_num + 1


def _lines(row: list[str], dialect: Dialect) -> list[str]:
    """The lines that a row spans in the file, less the quotes that enclose cells."""
    return _ENDS.split(dialect.separator.join(row))


def _are_rows(row: list[str], dialect: Dialect, columns: list["_Column"]) -> bool:
    lines = [line.split(dialect.separator) for line in _lines(row, dialect)]
    if all(len(line) == len(columns) for line in lines):
        if dialect.separator == "\t":  # texts have none, least of all the same number in each line
            return True
        if not any(column.is_known for column in columns):
            return len(lines) > 3
    like = [
        len(line) == len(columns) and all(column.could_hold(cell) for column, cell in zip(columns, line, strict=True))
        for line in lines
    ]
    return any(column.is_known for column in columns) and like[0] and like[-1] and 2 * sum(like) > len(like)


class _Column:
    """What the cells of a column have in common."""

    def __init__(self) -> None:
        self._cells = 0
        self._values: set[str] = set()  # no more than tell whether they are few
        self._are_numbers = self._are_words = True
        self._shortest, self._longest = 1 << 62, 0

    def add(self, cell: str) -> None:
        self._cells += 1
        if len(self._values) <= FEW:
            self._values.add(cell)
        if cell:
            self._are_numbers = self._are_numbers and NUMBER.fullmatch(cell) is not None
            self._are_words = self._are_words and _is_word(cell)
            self._shortest, self._longest = min(self._shortest, len(cell)), max(self._longest, len(cell))

    @property
    def _are_few(self) -> bool:
        return len(self._values) <= min(FEW, self._cells // OFTEN)

    @property
    def is_known(self) -> bool:
        """Whether not just any text could stand in the column."""
        return self._cells > 0 and (self._are_few or self._are_numbers or self._are_words)

    def could_hold(self, cell: str) -> bool:
        if not self.is_known or cell in self._values:
            return True
        if self._are_numbers:
            return NUMBER.fullmatch(cell) is not None
        if self._are_few and self._cells >= ENOUGH:
            return False
        return self._are_words and _is_word(cell) and self._shortest <= len(cell) <= self._longest


def _is_word(cell: str) -> bool:
    return not any(map(str.isspace, cell))
