"""What a person has decided about rows, applied to a copy of the rows in memory."""

import dataclasses
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError, examples, number_of
from warmstart.heads.cells import OK
from warmstart.heads.decided import Decided, decided
from warmstart.messages import _
from warmstart.table import columns
from warmstart.table.labels import cells_of
from warmstart.table.reviewed import DECISION, DROP, KEEP, Decision, hash_of, is_dropped, is_kept, read

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

    from warmstart.table.task import Task

REVIEWED = ("train", "validation")  # splits

Rows = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Applied:
    """What came of the decisions, in rows; `validation`: those of them in the validation split."""

    changed: int
    dropped: int
    kept: int
    validation: int

    def __str__(self) -> str:
        return _(
            "corrections: {changed} with another label, {dropped} dropped, {kept} kept as they were; "
            "{validation} of these are validation rows"
        ).format(
            changed=number_of(self.changed), dropped=self.dropped, kept=self.kept, validation=number_of(self.validation)
        )


def applied(
    path: str | None, task: "Task", loaded: "datasets.DatasetDict", splits: "datasets.DatasetDict"
) -> "tuple[datasets.DatasetDict, str | None]":
    """The splits with the decisions in a file, if there is one, as `apply` makes them, and what to say of it."""
    if path is None:
        return splits, None
    corrected, told = apply(path, read(path), task, loaded, splits)
    return corrected, str(told)


def source_rows(
    loaded: "datasets.DatasetDict", splits: "datasets.DatasetDict", task: "Task"
) -> dict[str, tuple[str, Rows]]:
    """Of the splits that are trained and measured on, the split of the table that they are from, and of each of their
    rows its number there, from 0. Rows stay in their order on the way, and equal texts together."""
    texts = [name for name in (task.text, task.pair) if name is not None]
    found = {}
    for split in REVIEWED:
        source = split if split in loaded else "train"
        waiting: dict[int, deque[int]] = defaultdict(deque)
        for row, key in enumerate(_keys(loaded[source], texts)):
            waiting[key].append(row)
        rows = [waiting[key].popleft() for key in _keys(splits[split], texts)]
        found[split] = source, np.array(rows, np.int64)
    return found


def _keys(rows: "datasets.Dataset", texts: list[str]) -> list[int]:
    return [key for table in columns.batches(rows, texts) for key in columns.text_keys(table, texts).tolist()]


def apply(
    path: str,
    decisions: list[Decision],
    task: "Task",
    loaded: "datasets.DatasetDict",
    splits: "datasets.DatasetDict",
) -> "tuple[datasets.DatasetDict, Applied]":
    """The splits with what was decided. `loaded`: as they were read; `splits`: what is trained and measured on, which
    stay what they were but for the rows that are dropped. Raises UserError for decisions that are no label, and for
    rows that are not what they were when they were reviewed."""
    import datasets

    acting = [each for each in decisions if not is_kept(task, each.text)]
    labels = _labels(path, acting, task)
    _refuse_changed(path, acting, task, loaded)
    where = {
        (source, row): (split, place)
        for split, (source, rows) in source_rows(loaded, splits, task).items()
        for place, row in enumerate(rows.tolist())
    }
    made = datasets.DatasetDict(splits)
    changed = dropped = measured = 0
    for split in REVIEWED:
        mine = {
            place: each
            for each in acting
            for found, place in [where.get((each.split, each.row - 1), ("", -1))]
            if found == split
        }
        new, differ = _relabelled(splits[split], task, {place: labels[each.id] for place, each in mine.items()})
        gone = [place for place, each in mine.items() if labels[each.id] is None]
        stay = np.setdiff1d(np.arange(len(new)), gone)
        if not len(stay):
            raise UserError(
                _("no row of the split {split!r} is left").format(split=split),
                where=f"--corrections {path}",
                fix=_("drop fewer rows"),
            )
        made[split] = new.select(stay) if gone else new
        changed, dropped = changed + differ, dropped + len(gone)
        measured += differ + len(gone) if split == "validation" else 0
    return made, Applied(changed, dropped, len(decisions) - changed - dropped, measured)


def _labels(path: str, acting: list[Decision], task: "Task") -> dict[str, Decided | None]:
    """By row what was decided: a label, or None to drop it. Raises UserError naming the rows with other words."""
    found = {
        each.id: None if is_dropped(task, each.text) else decided(task.head, task.notation, each.text)
        for each in acting
    }
    wrong = [each for each in acting if found[each.id] is None and not is_dropped(task, each.text)]
    if wrong:
        listed = examples([_("{text!r} (row {line})").format(text=each.text, line=each.line) for each in wrong])
        words = ", ".join(next(word for word in both if word and word not in task.classes) for both in (DROP, KEEP))
        raise UserError(
            _("decisions that are no label: {listed}").format(listed=listed),
            where=_("{path}, column {column!r}").format(path=path, column=DECISION),
            fix=_("write {label}, {words}, or nothing").format(
                label=examples(map(repr, task.classes)) if task.classes else _("a number"), words=words
            ),
        )
    return found


def _refuse_changed(path: str, acting: list[Decision], task: "Task", loaded: "datasets.DatasetDict") -> None:
    """Raises UserError unless every row that something is to be done with says what it said."""
    texts = [name for name in (task.text, task.pair) if name is not None]
    wrong = []
    for split in {each.split for each in acting}:
        mine = [each for each in acting if each.split == split]
        there = [each for each in mine if split in loaded and 0 < each.row <= len(loaded[split])]
        wrong += [each for each in mine if each not in there]
        if there:
            cells = loaded[split].select([each.row - 1 for each in there]).select_columns(texts)[:]
            said = zip(*(cells[name] for name in texts), strict=True)
            wrong += [
                each
                for each, row in zip(there, said, strict=True)
                if not all(isinstance(cell, str) for cell in row) or hash_of(row) != each.hash
            ]
    if wrong:
        listed = examples([each.id for each in sorted(wrong, key=lambda each: each.line)])
        raise UserError(
            _("{many} of the table are not what was reviewed: {listed}").format(
                many=number_of(len(wrong)), listed=listed
            ),
            where=f"--corrections {path}",
            fix=_("train on the table that was reviewed, or take these rows out of the review"),
        )


def _relabelled(
    rows: "datasets.Dataset", task: "Task", wanted: dict[int, Decided | None]
) -> "tuple[datasets.Dataset, int]":
    """A copy of the rows with other labels, by their place, and how many of these differ from what they were."""
    import datasets

    if not any(wanted.values()):
        return rows, 0
    table: pa.Table = rows.with_format("arrow")[:]
    encoded, faults = task.read(cells_of(task, table))
    new = {
        place: label
        for place, label in wanted.items()
        if label is not None and not (faults[place] == OK and np.array_equal(encoded[place], label.encoded))
    }
    if not new:
        return rows, 0
    cells = [columns.values(table.column(name), name) for name in task.label_columns]
    types = [table.schema.field(name).type for name in task.label_columns]
    for place, label in new.items():
        for column, cell in zip(cells, _written(task, label, types), strict=True):
            column[place] = cell
    for name, column, kind in zip(task.label_columns, cells, types, strict=True):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(name), pa_array(column, kind))
    return datasets.Dataset(table, info=rows.info.copy(), split=rows.split), len(new)


def _written(task: "Task", label: Decided, types: list[Any]) -> list[Any]:
    """The cells of a row, one for each column of labels, in the first way that the columns take and that is read as the
    label again. Raises UserError if there is none."""
    import pyarrow as pa

    several = bool(task.notation.columns)
    for way in label.cells:
        cells = list(way) if several else [way]
        try:
            cells = [pa_array([cell], kind)[0].as_py() for cell, kind in zip(cells, types, strict=True)]
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            continue
        read, faults = task.read([cells if several else cells[0]])
        if faults[0] == OK and np.array_equal(read[0], label.encoded):
            return cells
    raise UserError(
        _("the label column cannot hold {label}").format(label=label.cells[0]),
        where="--corrections",
        fix=_("write a label that the table has"),
    )


def pa_array(cells: list[Any], kind: Any) -> Any:
    """The cells as an Arrow array of a type."""
    import pyarrow as pa

    return pa.array(cells, type=kind)
