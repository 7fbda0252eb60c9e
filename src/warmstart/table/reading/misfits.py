"""Rows of a delimited file that are not as long as its header: told, never bent to fit."""

import pathlib
from collections.abc import Sequence

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading.dialect import typed
from warmstart.table.reading.lines import on_lines


def blank_line(path: pathlib.Path, line: int) -> UserError:
    """The error for a blank line that rows follow."""
    return UserError(
        _("line {line:,} is blank, and rows follow it").format(line=line),
        on_lines(path, line),
        _('delete it; an empty cell alone in its row is written ""'),
    )


def misfit(
    path: pathlib.Path, names: list[str], delimiter: str, row: list[str], ended: int, lines: Sequence[int]
) -> UserError:
    """The error for rows that begin on `lines` and do not have a cell for each of `names`.

    The first of them is `row`, which ends on line `ended`; what is advised is for it.
    """
    spans = len(lines) == 1 and ended > lines[0]
    return UserError(
        _("a row has {given} cells, the header {names}").format(given=len(row), names=len(names)),
        _("{path}, line {line:,}-{ended:,}").format(path=path, line=lines[0], ended=ended)
        if spans
        else on_lines(path, *lines),
        _fix(names, delimiter, row, ended > lines[0]),
    )


def _fix(names: list[str], delimiter: str, row: list[str], spans: bool) -> str:
    if len(row) == len(names) + 1 and row[-1] == "":
        return _("the line ends with a delimiter that the header does not have: remove it")
    if len(row) < len(names):
        missing = ", ".join(names[len(row) :])
        return _("give the missing cells ({missing}); an empty one still needs its delimiter").format(missing=missing)
    fix = _('put quotes around a cell that holds {typed_delimiter}: "like{delimiter} this"').format(
        typed_delimiter=typed(delimiter), delimiter=delimiter
    )
    if spans:
        fix += _("; or a quote on these lines is not closed where it should be")
    return fix
