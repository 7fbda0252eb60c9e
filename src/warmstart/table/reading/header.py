"""The names of a table's columns: those of its header, each of them once, or numbers where there is none."""

import pathlib
from collections.abc import Collection, Sequence

from warmstart.errors import UserError, examples
from warmstart.messages import N_, _
from warmstart.table.reading.dialect import fitting, typed
from warmstart.table.reading.lines import on_lines
from warmstart.table.reading.notes import Note


def numbered(width: int) -> list[str]:
    """The names of columns that have none."""
    return [f"column_{number}" for number in range(1, width + 1)]


def named(path: pathlib.Path, names: Sequence[str | None], place: str) -> tuple[list[str], tuple[Note, ...]]:
    """The names of a header, a number for those that are missing, and what is to be said of these.

    The first may be empty: so is that of a data frame's index. Raises UserError for names that repeat.
    """
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        where = [str(i) for i, name in enumerate(names, 1) if name in repeated]
        raise UserError(
            _("the header names {repeated} more than once").format(repeated=examples(map(repr, repeated))),
            _("{place}, columns {where}").format(place=place, where=examples(where)),
            _("give every column a name of its own"),
        )
    given = [name or "" for name in names]
    lacking = [column for column, name in enumerate(given) if not name and column]
    for column in lacking:
        given[column] = _free(f"column_{column + 1}", given)
    if not lacking:
        return given, ()
    called = examples(given[column] for column in lacking)
    return given, (Note(N_("{name} has columns without a name: they are {called}"), {"called": called}),)


def is_again(row: list[str], names: list[str]) -> bool:
    """Whether a row is the header once more, as where files were put together, each with its byte-order mark."""
    return [row[0].removeprefix("\ufeff"), *row[1:]] == names


def _free(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_"
    return name


def check_width(path: pathlib.Path, encoding: str, delimiter: str, width: int, line: int) -> None:
    """Raises UserError for a file whose first row, on that line, has no cells, or one for a delimiter that is wrong."""
    place = on_lines(path, line)
    if not width:
        raise UserError(
            _("{name} begins with a blank line where its header should be").format(name=path.name),
            place,
            _("give the column names in the first line"),
        )
    better = fitting(path, encoding) if width == 1 else None
    if better:
        fits = typed(better)
        raise UserError(
            _("with the delimiter {delimiter} {name} has one column").format(
                delimiter=typed(delimiter), name=path.name
            ),
            place,
            _("the delimiter seems to be {fits}: say --delimiter {fits}").format(fits=fits),
        )
