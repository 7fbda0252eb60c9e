"""What is wrong with the rows, found before any model is loaded: split, rows, column, problem and fix.

To add a check, write a function from the scans and the task to findings, and name it in `ERRORS` or `WARNINGS`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError, number_of
from warmstart.heads.cells import MISSING, OK
from warmstart.messages import _
from warmstart.table import labels, origin
from warmstart.table.findings import Finding, refuse
from warmstart.table.groups import across
from warmstart.table.leakage import leakage
from warmstart.table.scan import Scans, scan

if TYPE_CHECKING:
    import datasets

    from warmstart.table.task import Task

LEARNT_FROM = ("train", "validation")  # the splits whose every row needs a label when a model is trained
OnEmpty = Literal["error", "drop"]


@dataclass(frozen=True)
class Found:
    """What is wrong with the rows: what stops, what is only said, and by split which rows stay [rows]."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    kept: dict[str, npt.NDArray[np.bool_]]


def check(
    splits: "datasets.DatasetDict",
    task: "Task",
    *,
    on_empty: OnEmpty = "error",
    allow_leakage: bool = False,
    for_training: bool = True,
    group: str | None = None,
) -> "tuple[datasets.DatasetDict, tuple[str, ...]]":
    """The splits, less the rows without text where `on_empty` is "drop", and warnings in the user's language: what was
    decided when the rows were read, and what may be wrong with them.

    Rows are counted from 1, a header apart, and as they are before any are dropped. Rows that are in two splits are an
    error unless `allow_leakage`, and so are values of the column `group`. What is not `for_training` is to be measured:
    then the labels of every split are needed, and how they are spread does not matter. Raises UserError with everything
    that is wrong, ten rows of each.
    """
    import datasets

    found = examine(
        splits, task, on_empty=on_empty, allow_leakage=allow_leakage, for_training=for_training, group=group
    )
    refuse([*found.errors])
    said = [*origin.notes(splits.values()), *map(str, found.warnings)]
    for split, kept in found.kept.items():
        if not kept.all():
            many = number_of(int((~kept).sum()))
            said.append(_("{split}: {many} without text dropped").format(split=split, many=many))
            splits = datasets.DatasetDict({**splits, split: splits[split].select(np.flatnonzero(kept))})
    return splits, tuple(said)


def examine(
    splits: "datasets.DatasetDict",
    task: "Task",
    *,
    on_empty: OnEmpty,
    allow_leakage: bool,
    for_training: bool,
    group: str | None = None,
) -> Found:
    """What `check` refuses and warns of, with nothing raised for it; the options are those of `check`."""
    if on_empty not in ("error", "drop"):
        raise UserError(
            _("on_empty cannot be {on_empty!r}").format(on_empty=on_empty),
            fix=_("say error or drop"),
        )
    scans: Scans = {str(split): scan(rows, str(split), task, drop=on_empty == "drop") for split, rows in splits.items()}
    leaks = [*leakage(scans, task), *across(splits, group)] if for_training else []
    errors = [finding for one in (ERRORS if for_training else MEASURED) for finding in one(scans, task)]
    warnings = [finding for one in WARNINGS for finding in one(scans, task)] if for_training else []
    (warnings if allow_leakage else errors).extend(leaks)
    return Found(tuple(errors), tuple(warnings), {split: found.kept for split, found in scans.items()})


def _no_rows(scans: Scans, task: "Task") -> Iterator[Finding]:
    fix = _("give rows with text, or leave the split out")
    for found in scans.values():
        if not found.kept.any():
            yield Finding(found.place, (), (), _("the split has no rows with text"), fix)


def _empty_text(scans: Scans, task: "Task") -> Iterator[Finding]:
    fix = _("fill it in, or say --on-empty drop")
    for found in scans.values():
        for column, rows in found.empty.items():
            left = rows[found.kept[rows]]  # none where they are dropped
            if len(left):
                many = number_of(len(left))
                problem = _("no text in {many}").format(many=many)
                yield Finding(found.place, tuple(left.tolist()), (column,), problem, fix)


def _broken_text(scans: Scans, task: "Task") -> Iterator[Finding]:
    fix = _("write these rows again from their source")
    for found in scans.values():
        for column, rows in found.broken.items():
            if len(rows):
                problem = _("half a character (a lone surrogate) or other bytes that are not UTF-8 in {rows}").format(
                    rows=number_of(len(rows))
                )
                yield Finding(found.place, tuple(rows.tolist()), (column,), problem, fix)


def _bad_labels(scans: Scans, task: "Task") -> Iterator[Finding]:
    for found in scans.values():
        if found.labels is None:
            continue
        for fault, cells in found.labels.shown.items():
            rows = np.flatnonzero(found.labels.faults == fault)
            if len(rows):
                problem, _unused, fix = labels.phrases(task, fault, rows, cells)
                yield Finding(found.place, tuple(rows.tolist()), _label(task), problem, fix)


def _bad_labels_to_learn_from(scans: Scans, task: "Task") -> Iterator[Finding]:
    yield from _bad_labels({split: found for split, found in scans.items() if split in LEARNT_FROM}, task)


def _one_value(scans: Scans, task: "Task") -> Iterator[Finding]:
    """A single class or number. Not said beside bad labels, which may be the other class misspelt."""
    train = scans.get("train")
    if train is None or train.labels is None or train.labels.faults.any() or len(train.kept) < 2:
        return
    codes = train.labels.codes[train.kept]
    if not len(codes) or (codes != codes[0]).any():
        return
    fix = _("there is nothing to learn: add rows of another")
    yield Finding(train.place, (), _label(task), task.head.only_one(int(codes[0])), fix)


def _only_in_validation(scans: Scans, task: "Task") -> Iterator[Finding]:
    if names := _lacking(scans, task, "train", "validation"):
        yield Finding(scans["validation"].place, (), _label(task), *labels.unlearnt(names))


def _missing_from_validation(scans: Scans, task: "Task") -> Iterator[Finding]:
    if names := _lacking(scans, task, "validation", "train"):
        yield Finding(scans["validation"].place, (), _label(task), *labels.unmeasured(names))


def _same_text_two_labels(scans: Scans, task: "Task") -> Iterator[Finding]:
    if not task.head.one_label_a_text:
        return
    for split in LEARNT_FROM:
        found = scans.get(split)
        if found is None or found.labels is None or found.keys is None:
            continue
        rows = np.flatnonzero(found.kept & (found.labels.faults == OK))
        keys, codes = found.keys[rows], found.labels.codes[rows]
        order = np.lexsort((codes, keys))
        keys_in_order, codes_in_order = keys[order], codes[order]
        differ = (keys_in_order[1:] == keys_in_order[:-1]) & (codes_in_order[1:] != codes_in_order[:-1])
        if differ.any():
            rows = rows[np.isin(keys, keys_in_order[1:][differ])]
            many = number_of(len(rows))
            problem = _("the same text as in a row of another label in {many}").format(many=many)
            fix = _("see which is right")
            yield Finding(found.place, tuple(rows.tolist()), _label(task), problem, fix)


def _bad_test_labels(scans: Scans, task: "Task") -> Iterator[Finding]:
    """A test split need have no labels at all; but where it has some it should have all."""
    labelled = {
        split: found
        for split, found in scans.items()
        if split not in LEARNT_FROM and found.labels is not None and (found.labels.faults != MISSING).any()
    }
    yield from _bad_labels(labelled, task)


def _no_value(scans: Scans, task: "Task") -> Iterator[Finding]:
    """Classes called `nan`, `N/A` or `-`: they may be classes (Namibia), but are often cells without a label."""
    fix = _("if it says that there is no label, leave these rows out; if it is a class, nothing need be done")
    for found in scans.values():
        for name, rows in (found.labels.in_doubt if found.labels else {}).items():
            if len(rows):
                problem = _("the class {name!r} in {many}: a class, or no label?").format(
                    name=name, many=number_of(len(rows))
                )
                yield Finding(found.place, tuple(rows.tolist()), _label(task), problem, fix)


def _lacking(scans: Scans, task: "Task", here: str, there: str) -> list[str]:
    """The classes with rows in the split `there` and none in `here`, where both have labels."""
    one, other = (scans[split].labels if split in scans else None for split in (here, there))
    if one is None or other is None:
        return []
    return [name for name, a, b in zip(task.classes, one.counts, other.counts, strict=True) if b and not a]


def _label(task: "Task") -> tuple[str, ...]:
    return task.label_columns


Check = Callable[[Scans, "Task"], Iterator[Finding]]
ERRORS: tuple[Check, ...] = (
    *(_no_rows, _broken_text, _empty_text),
    *(_bad_labels_to_learn_from, _one_value, _only_in_validation),
)
MEASURED: tuple[Check, ...] = (_no_rows, _broken_text, _empty_text, _bad_labels)
WARNINGS: tuple[Check, ...] = (_missing_from_validation, _same_text_two_labels, _bad_test_labels, _no_value)
