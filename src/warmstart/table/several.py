"""Labels in several columns of zeros and ones, a class each: `--label toxic,obscene,insult`."""

import csv
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from warmstart.errors import UserError, examples
from warmstart.heads.notation import Notation
from warmstart.messages import _
from warmstart.table import columns
from warmstart.table.columns import Column

if TYPE_CHECKING:
    import datasets

MOST_VALUES = 50  # different cells of a column that are looked at


def names_of(label: str | None, known: Sequence[str]) -> tuple[str, ...]:
    """The columns that `--label` names if they are several, separated by commas; a column of that whole name wins."""
    if label is None or label in known or "," not in label:
        return ()
    try:
        found = [name.strip() for name in next(csv.reader([label], skipinitialspace=True))]
    except csv.Error:  # a line end within
        return ()
    return tuple(dict.fromkeys(name for name in found if name))


def joined(names: Sequence[str]) -> str:
    """The columns as `--label` names them."""
    return ",".join(f'"{name}"' if "," in name else name for name in names)


def line(candidates: Sequence[Column]) -> str | None:
    """The option that takes all columns of zeros and ones among the candidates, if several hold both. (A rare label may
    have no one among the rows that were looked at.)"""
    flags = [column.name for column in candidates if column.is_flag]
    if sum(column.is_flag and column.distinct == 2 for column in candidates) < 2:
        return None
    return _("  --label {names}  (several labels a row)").format(names=shlex.quote(joined(flags)))


def check(train: "datasets.Dataset", names: Sequence[str], notation: Notation) -> None:
    """Raises UserError for a column that holds something else than zeros and ones, with its rows."""
    for name in names:
        counts = columns.count(train, name, MOST_VALUES) if columns.is_scalar(train, name) else None
        odd = [value for value in counts or () if notation.flag(value) not in (0, 1, None)]
        if odd or counts is None:
            rows = columns.listed(columns.find(train, name, odd)) if odd else ""
            raise UserError(
                _("column {name!r} holds more than zeros and ones: {listed}").format(
                    name=name, listed=examples(map(repr, odd), 3) or "..."
                ),
                _("{rows}, column {name!r}").format(rows=rows, name=name) if odd else "",
                _("each of several label columns holds 0 or 1: mend the rows, or leave the column out of --label"),
            )
