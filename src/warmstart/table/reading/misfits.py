"""Rows of a delimited file that are not as long as its header: told, never bent to fit."""

import pathlib

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading import quoting
from warmstart.table.reading.dialect import Dialect, typed
from warmstart.table.reading.lines import on_lines
from warmstart.table.reading.options import Options


class Misfits:
    """The rows that do not have a cell for each of `names`: where they begin, and the first of them."""

    def __init__(self, path: pathlib.Path, dialect: Dialect) -> None:
        self.path, self.dialect = path, dialect
        self.names: list[str] = []
        self.lines: list[int] = []  # on which they begin
        self._widths: set[int] = set()
        self._row: list[str] = []
        self._ended = 0  # the line on which the first one ends

    def add(self, row: list[str], begun: int, ended: int) -> None:
        """A row of another length, that stands on the lines from `begun` to `ended`."""
        if not self.lines:
            self._row, self._ended = row, ended
        self.lines.append(begun)
        self._widths.add(len(row))

    def blank_line(self, line: int) -> UserError:
        """The error for a blank line that rows follow."""
        return UserError(
            _("line {line:,} is blank, and rows follow it").format(line=line),
            on_lines(self.path, line),
            _('delete it; an empty cell alone in its row is written ""'),
        )

    def error(self, options: Options, fitting: int) -> UserError:
        """What is to be told of them; what is advised is for the first. `fitting`: how many rows have these cells."""
        spans = self._ended > self.lines[0]
        return UserError(
            _("a row has {given} cells, the header {names}").format(given=len(self._row), names=len(self.names)),
            _("{path}, line {line:,}-{ended:,}").format(path=self.path, line=self.lines[0], ended=self._ended)
            if spans and len(self.lines) == 1
            else on_lines(self.path, *self.lines),
            self._fix(options, spans, fitting),
        )

    def _fix(self, options: Options, spans: bool, fitting: int) -> str:
        names, row, separator = self.names, self._row, self.dialect.separator
        if len(row) == len(names) + 1 and row[-1] == "":
            return _("the line ends with a delimiter that the header does not have: remove it")
        if options.header and len(self._widths) == 1 and len(self.lines) > fitting + 1:
            return _(
                "most rows have as many, so line {line:,} seems to be a title: delete what stands above the header"
            ).format(line=1 + self.dialect.before)
        if len(row) < len(names):
            missing = ", ".join(names[len(row) :])
            fix = _("give the missing cells ({missing}); an empty one still needs its delimiter").format(
                missing=missing
            )
        elif self.dialect.quotes:
            fix = _('put quotes around a cell that holds {typed_delimiter}: "like{delimiter} this"').format(
                typed_delimiter=typed(separator), delimiter=separator
            )
        else:
            fix = _(
                "where quotes are text no cell can hold {typed_delimiter}: mend these lines, or leave --quoting none "
                "out if quotes enclose cells"
            ).format(typed_delimiter=typed(separator))
        if spans:
            fix += _("; or a quote on these lines is not closed where it should be")
            fix += quoting.or_none(self.path, options, len(names))
        return fix
