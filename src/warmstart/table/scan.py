"""A look at a split, in Arrow batches: which rows lack text, which cells are no labels, which texts are equal."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart.errors import MOST_EXAMPLES
from warmstart.heads import alike
from warmstart.heads.cells import MISSING, OK, UNKNOWN
from warmstart.table import columns, labels, origin
from warmstart.table.missing import blank

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

    from warmstart.table.task import Task

Rows = npt.NDArray[np.int64]  # row numbers from 0


@dataclass(frozen=True)
class Labels:
    """The label cells of a split. Cells of rows that are not kept have no fault and are not counted."""

    faults: npt.NDArray[np.int8]  # [rows], as in `heads.cells`
    shown: dict[int, list[Any]]  # by fault: its first cells
    codes: npt.NDArray[np.int64]  # [rows], the same for the same label
    counts: npt.NDArray[np.int64]  # [classes], rows of each class
    in_doubt: dict[str, Rows]  # by class whose name says that there is no label: its rows


@dataclass(frozen=True)
class Scan:
    """What a split holds, as the checks need it. Rows are numbered from 0."""

    place: str  # file and split, as a phrase
    filled: npt.NDArray[np.bool_]  # [rows], those with text
    kept: npt.NDArray[np.bool_]  # [rows], all, or where rows without text are to be dropped, the filled ones
    empty: dict[str, Rows]  # by text column: rows whose text is null, empty or blank
    broken: dict[str, Rows]  # by text column: rows that are not UTF-8, such as half a character
    keys: npt.NDArray[np.int64] | None  # [rows], the same for the same texts; None: too broken to be read
    labels: Labels | None  # None: as for `keys`, or no label column


Scans = dict[str, Scan]  # by split


def scan(dataset: "datasets.Dataset", split: str, task: "Task", *, drop: bool) -> Scan:
    """Look at every row of a split. `drop`: rows without text are not kept."""
    texts = [name for name in (task.text, task.pair) if name is not None]
    empty: dict[str, list[Rows]] = {name: [np.empty(0, np.int64)] for name in texts}
    broken: dict[str, list[Rows]] = {name: [np.empty(0, np.int64)] for name in texts}
    before = 0
    for table in columns.batches(dataset, texts):
        for name in texts:
            empty[name].append(before + np.flatnonzero(blank(table.column(name))))
            broken[name].append(before + _broken(table.column(name)))
        before += len(table)
    filled = np.ones(len(dataset), bool)
    for rows in empty.values():
        filled[np.concatenate(rows)] = False
    kept = filled if drop else np.ones(len(dataset), bool)
    is_sound = not any(len(found) for rows in broken.values() for found in rows)
    return Scan(
        origin.place(dataset, split),
        filled,
        kept,
        {name: np.concatenate(rows) for name, rows in empty.items()},
        {name: np.concatenate(rows) for name, rows in broken.items()},
        _keys(dataset, texts) if is_sound else None,
        _labels(dataset, task, kept) if is_sound and labels.are_there(task, dataset) else None,
    )


def _keys(dataset: "datasets.Dataset", texts: list[str]) -> npt.NDArray[np.int64]:
    found = [columns.text_keys(table, texts) for table in columns.batches(dataset, texts)]
    return np.concatenate([np.empty(0, np.int64), *found])


def _labels(dataset: "datasets.Dataset", task: "Task", kept: npt.NDArray[np.bool_]) -> Labels:
    head = task.head
    faults, codes = [np.empty(0, np.int8)], [np.empty(0, np.int64)]
    shown: dict[int, list[Any]] = {MISSING: [], UNKNOWN: []}
    counts = np.zeros(len(task.classes), np.int64)
    doubtful = [place for place, value in enumerate(task.values) if alike.says_nothing(value)]
    in_doubt: dict[str, list[Rows]] = {task.classes[place]: [] for place in doubtful}
    before = 0
    for table in columns.batches(dataset, list(task.label_columns)):
        cells = labels.cells_of(task, table)
        encoded, fault = task.read(cells)
        good = kept[before : before + len(cells)]
        fault[~good] = OK
        for what, some in shown.items():
            some += [cells[row] for row in np.flatnonzero(fault == what)[: MOST_EXAMPLES - len(some)].tolist()]
        counts += head.class_counts(encoded[good & (fault == OK)])
        faults.append(fault)
        codes.append(head.codes(encoded))
        if doubtful:
            rows, classes = head.class_pairs(encoded)
            usable = (good & (fault == OK))[rows]
            for place in doubtful:
                in_doubt[task.classes[place]].append(before + rows[usable & (classes == place)])
        before += len(cells)
    said = {name: np.concatenate(rows) for name, rows in in_doubt.items()}
    return Labels(np.concatenate(faults), shown, np.concatenate(codes), counts, said)


def _broken(column: "pa.ChunkedArray") -> Rows:
    found, before = [], 0
    for chunk in column.chunks:
        if not _is_sound(chunk):
            found += [before + row for row in range(len(chunk)) if not _is_sound(chunk.slice(row, 1))]
        before += len(chunk)
    return np.array(found, np.int64)


def _is_sound(array: "pa.Array") -> bool:
    from pyarrow import ArrowInvalid

    try:
        array.validate(full=True)
    except ArrowInvalid:
        return False
    return True
