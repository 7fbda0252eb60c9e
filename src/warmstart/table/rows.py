"""The rows of all splits one after the other, as what looks for copies and groups among them needs them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError
from warmstart.heads.cells import OK
from warmstart.table import columns, labels, origin
from warmstart.table.shingles import Ints, Words, words

if TYPE_CHECKING:
    import datasets

    from warmstart.table.task import Task

NO_LABEL = -1


@dataclass(frozen=True)
class Rows:
    """Rows of all splits, numbered through. `codes`: the same for the same label, `NO_LABEL` without a good one."""

    splits: tuple[str, ...]
    places: tuple[str, ...]  # [splits], file and split as a phrase
    starts: Ints  # [splits + 1], where a split begins
    split: Ints  # [rows], its split
    keys: Ints  # [rows], the same for the same texts
    sides: list[Words]  # the words of the first text and, if rows are pairs, the second
    codes: Ints  # [rows]

    def within(self, rows: Ints) -> Ints:
        """The rows' numbers in their splits, from 0."""
        return rows - self.starts[self.split[rows]]


def gather(splits: "datasets.DatasetDict", task: "Task") -> Rows:
    """All rows of all splits. Raises UserError for bytes that are no text."""
    names = [name for name in (task.text, task.pair) if name is not None]
    tables = list(splits.values())
    sizes = [len(rows) for rows in tables]
    vocabulary: dict[str, int] = {}
    keys = [columns.text_keys(table, names) for rows in tables for table in columns.batches(rows, names)]
    return Rows(
        tuple(map(str, splits)),
        tuple(origin.place(rows, str(name)) for name, rows in splits.items()),
        np.concatenate([[0], np.cumsum(sizes)]),
        np.repeat(np.arange(len(tables)), sizes),
        np.concatenate([np.empty(0, np.int64), *keys]),
        [words(tables, name, vocabulary) for name in names],
        np.concatenate([np.empty(0, np.int64), *(_codes(rows, task) for rows in tables)]),
    )


def _codes(rows: "datasets.Dataset", task: "Task") -> Ints:
    """A number for each row's label, from 0; the same in every split."""
    missing = np.full(len(rows), NO_LABEL)
    if not labels.are_there(task, rows):
        return missing
    found: list[npt.NDArray[np.int64]] = []
    for table in columns.batches(rows, list(task.label_columns)):
        try:
            encoded, faults = task.read(labels.cells_of(task, table))
        except UserError:  # what is wrong with them is said elsewhere
            return missing
        found.append(np.where(faults == OK, np.abs(task.head.codes(encoded)), NO_LABEL))
    return np.concatenate([np.empty(0, np.int64), *found])
