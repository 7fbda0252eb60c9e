"""The header of a delimited file: names, each of them once, and as many as there are columns."""

import pathlib

from warmstart.errors import UserError, examples
from warmstart.messages import _
from warmstart.table.reading.dialect import fitting, typed
from warmstart.table.reading.lines import on_lines


def check_header(path: pathlib.Path, encoding: str, delimiter: str, names: list[str]) -> None:
    """Raises UserError for a blank line, a file cut with the wrong delimiter, names that repeat or are missing."""
    place = on_lines(path, 1)
    if not names:
        raise UserError(
            _("{name} begins with a blank line where its header should be").format(name=path.name),
            place,
            _("give the column names in the first line"),
        )
    better = fitting(path, encoding) if len(names) == 1 else None
    if better:
        fits = typed(better)
        raise UserError(
            _("with the delimiter {delimiter} {name} has one column").format(
                delimiter=typed(delimiter), name=path.name
            ),
            place,
            _("the delimiter seems to be {fits}: say --delimiter {fits}").format(fits=fits),
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        where = [str(i) for i, name in enumerate(names, 1) if name in repeated]
        raise UserError(
            _("the header names {repeated} more than once").format(repeated=examples(map(repr, repeated))),
            _("{place}, columns {where}").format(place=place, where=examples(where)),
            _("give every column a name of its own"),
        )
    # The first column of a data frame's index has no name; anywhere else that is a slip, such as a trailing delimiter.
    if "" in names[1:]:
        column = names.index("", 1) + 1
        raise UserError(
            _("column {column} has no name").format(column=column),
            place,
            _("name it, or remove the delimiter too many"),
        )
