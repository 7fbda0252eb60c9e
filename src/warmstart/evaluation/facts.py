"""What is right and wrong with a table before anything is trained: every fact that `inspect` shows, as plain data."""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from warmstart.errors import UserError
from warmstart.evaluation import one_side, shortcuts
from warmstart.evaluation.one_side import OneSide
from warmstart.evaluation.shortcuts import Alone, Shortcuts
from warmstart.evaluation.tfidf import READ
from warmstart.heads.cells import OK
from warmstart.messages import _
from warmstart.table import columns, copies, groups, labels
from warmstart.table.copies import Copies
from warmstart.table.findings import Finding
from warmstart.table.groups import Suspect
from warmstart.table.rare import rare
from warmstart.table.rows import Rows, gather
from warmstart.table.splits import MOST, USUAL

if TYPE_CHECKING:
    import datasets

    from warmstart.table.task import Task

Tell = Callable[[float, str], None]  # hears which share is done, and what is being done
MOST_COLUMNS = 20  # whose numbers are tried as shortcuts


@dataclass(frozen=True)
class Facts:
    """What was found beside what `table/profile` has. `one_side` is None where rows are no pairs or too few."""

    findings: tuple[Finding, ...]
    copies: Copies
    shortcuts: Shortcuts
    groups: tuple[Suspect, ...]
    one_side: OneSide | None

    def to_dict(self) -> dict[str, Any]:
        """Everything but the findings, as JSON can say it."""
        return {
            "near_duplicates": self.copies.to_dict(),
            "shortcuts": self.shortcuts.to_dict(),
            "suspected_groups": [vars(one) for one in self.groups],
            "one_side": self.one_side.to_dict() if self.one_side else None,
        }


def _nobody(_share: float, _what: str) -> None:
    pass


def facts(
    splits: "datasets.DatasetDict",
    task: "Task",
    *,
    fraction: float | None = None,
    group: str | None = None,
    tell: Tell = _nobody,
) -> Facts | None:
    """All facts; None where the texts cannot be read at all, which `table/checks` says. `group`: the column that the
    user has named, so that none is suspected. `fraction`: of the rows that are held out without a validation split."""
    try:
        rows, found, short = _first(splits, task, tell)
    except UserError:
        return None
    place = rows.places[rows.splits.index("train")] if "train" in rows.splits else rows.places[0]
    tell(0.85, _("looking for groups"))
    suspected = () if group else tuple(groups.suspects(splits, task, found))
    tell(0.9, _("reading one side of the pairs"))
    side = _one_side(splits, task)
    return Facts(
        (
            *_rare(splits, task, place, fraction),
            *copies.findings(found, task),
            *shortcuts.findings(short, place, _texts(task), task.label_columns),
            *groups.findings([*suspected], place),
            *(one_side.findings(side, place, (task.text, str(task.pair))) if side else ()),
        ),
        found,
        short,
        suspected,
        side,
    )


def short_form(splits: "datasets.DatasetDict", task: "Task") -> tuple[Finding, ...]:
    """The warnings that training gives: near-duplicates across splits, contradictions, what gives the label away. Those
    take a few seconds for 100,000 rows. Groups, rare classes and pairs are looked at by `inspect` alone."""
    try:
        rows, found, short = _first(splits, task, _nobody)
    except UserError:
        return ()
    place = rows.places[rows.splits.index("train")] if "train" in rows.splits else rows.places[0]
    both = (*copies.findings(found, task), *shortcuts.findings(short, place, _texts(task), task.label_columns))
    return tuple(each for each in both if each.severity != "note")


def in_short(splits: "datasets.DatasetDict", task: "Task", data: str) -> str:
    """What `short_form` has, in a line or two; empty where it has nothing."""
    problems = "; ".join(found.problem for found in short_form(splits, task))
    if not problems:
        return ""
    return _("{problems} (where, and what to do: warmstart inspect {data})").format(
        problems=problems, data=shlex.quote(data)
    )


def _first(splits: "datasets.DatasetDict", task: "Task", tell: Tell) -> tuple[Rows, Copies, Shortcuts]:
    tell(0.0, _("reading words"))
    rows = gather(splits, task)
    searching = _("looking for near-duplicates")
    tell(0.15, searching)
    found = copies.copies(rows, lambda share: tell(0.15 + 0.45 * share, searching))
    tell(0.6, _("looking for what gives labels away"))
    return rows, found, _shortcuts(splits, task)


def _shortcuts(splits: "datasets.DatasetDict", task: "Task") -> Shortcuts:
    """Of the training rows with a good label."""
    read = _labelled(splits, "train", task)
    if read is None:
        return Shortcuts((), ())
    train, encoded, good = read
    lengths = _lengths(train, task)
    codes = task.head.strata(task.head.codes(encoded), 0.1)
    some = shortcuts.drawn(lengths[good])
    row, label = task.head.class_pairs(encoded[some])
    texts = [" ".join(cell or "" for cell in cells) for cells in zip(*_cells(train, task, good[some]), strict=True)]
    found = shortcuts.tokens(texts, row, label, task.classes) if len(task.classes) > 1 else []
    numbers = {"length": lengths[good], "order": good}
    for name in [name for name in train.column_names if name not in (*_texts(task), *task.label_columns)]:
        if len(numbers) < MOST_COLUMNS and (values := _numbers(train, name)) is not None:
            numbers[name] = values[good]
    alone = [shortcuts.alone(name, values, codes) for name, values in numbers.items()]
    return Shortcuts(tuple(found), tuple(one for one in alone if isinstance(one, Alone)))


def _numbers(rows: "datasets.Dataset", name: str) -> "np.ndarray[Any, Any] | None":
    """The cells of a column of whole numbers; None for another column, and where cells are missing."""
    import pyarrow as pa

    if not pa.types.is_integer(rows.data.schema.field(name).type):
        return None
    column = [table.column(name) for table in columns.batches(rows, [name])]
    if any(part.null_count for part in column):
        return None
    return np.concatenate([part.to_numpy() for part in column])


def _lengths(rows: "datasets.Dataset", task: "Task") -> "np.ndarray[Any, np.dtype[np.int64]]":
    """The characters of all texts of a row [rows]."""
    import pyarrow.compute as pc

    parts = [np.empty(0, np.int64)]
    for table in columns.batches(rows, [*_texts(task)]):
        sizes = [pc.fill_null(pc.utf8_length(table.column(name)), 0).to_numpy() for name in _texts(task)]
        parts.append(np.sum(sizes, axis=0, dtype=np.int64))
    return np.concatenate(parts)


def _labelled(splits: "datasets.DatasetDict", split: str, task: "Task") -> "tuple[Any, Any, Any] | None":
    """The rows of a split, the encoded labels of those with a good one, and which these are; None without any."""
    if split not in splits or not labels.are_there(task, splits[split]):
        return None
    rows, parts, before = splits[split], [], 0
    good = [np.empty(0, np.int64)]
    for table in columns.batches(rows, list(task.label_columns)):
        encoded, faults = task.read(labels.cells_of(task, table))
        parts.append(encoded[faults == OK])
        good.append(before + np.flatnonzero(faults == OK))
        before += len(table)
    chosen = np.concatenate(good)
    return (rows, np.concatenate(parts), chosen) if len(chosen) else None


def _cells(rows: "datasets.Dataset", task: "Task", some: "np.ndarray[Any, Any]") -> list[list[str]]:
    """The texts of some rows, a list for each text of a row."""
    names = [*_texts(task)]
    found: list[list[str]] = [[] for _unused in names]
    for table in columns.batches(rows.select(some), names):
        for cells, name in zip(found, names, strict=True):
            cells += [cell or "" for cell in columns.legible(table.column(name), READ)]
    return found


def _one_side(splits: "datasets.DatasetDict", task: "Task") -> OneSide | None:
    """Measured on the validation rows, or where there are none on a fifth of the training rows."""
    known = _labelled(splits, "train", task)
    if task.pair is None or known is None or len(known[2]) < 100:
        return None
    train, encoded, good = known
    order = np.random.default_rng(0).permutation(len(good))
    other = _labelled(splits, "validation", task)
    if other is None:
        held_out, order = order[: len(order) // 5], order[len(order) // 5 :]
        other, held_out = (train, encoded[held_out], good[held_out]), np.arange(len(held_out))
    else:
        held_out = np.random.default_rng(1).permutation(len(other[2]))
    learnt, measured = np.sort(order[: one_side.MOST_ROWS]), np.sort(held_out[: one_side.MEASURED])
    texts, others = _cells(train, task, good[learnt]), _cells(other[0], task, other[2][measured])
    if len(measured) < 30 or not all(any(map(str.strip, side)) for side in texts):
        return None
    return one_side.one_side(task.head, texts, encoded[learnt], others, other[1][measured])


def _rare(splits: "datasets.DatasetDict", task: "Task", place: str, fraction: float | None) -> Iterator[Finding]:
    read = _labelled(splits, "train", task)
    if read is None or len(task.classes) < 2:
        return

    def counts(encoded: Any) -> dict[str, int]:
        return dict(zip(task.classes, task.head.class_counts(encoded).tolist(), strict=True))

    held = _labelled(splits, "validation", task)
    share = fraction or min(USUAL, MOST / max(len(read[2]), 1))
    yield from rare(task, place, counts(read[1]), counts(held[1]) if held else None, share)


def _texts(task: "Task") -> tuple[str, ...]:
    return tuple(name for name in (task.text, task.pair) if name is not None)
