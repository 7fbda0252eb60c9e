"""A finished run measured on another table, beside its baselines."""

import dataclasses
from typing import TYPE_CHECKING

from warmstart.batches.tokens import tokenize
from warmstart.checkpoints import checkpoint
from warmstart.checkpoints.provenance import rows_of
from warmstart.errors import UserError, first_line
from warmstart.evaluation.report import Report, judge
from warmstart.heads.notation import PLAIN, Notation
from warmstart.messages import _
from warmstart.runs.prepared import Prepared, prepare
from warmstart.runs.saved import SavedRun
from warmstart.table import origin
from warmstart.table.checks import OnEmpty, check
from warmstart.table.labels import has_labels
from warmstart.table.leakage import leakage
from warmstart.table.scan import scan
from warmstart.table.splits import by_plain_names
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

PREFERRED = ("test", "validation", "train")


def measure_run(
    saved: SavedRun,
    splits: "DatasetDict",
    where: str = "",
    on_empty: OnEmpty = "error",
    notation: Notation = PLAIN,
) -> tuple[Report, list[str]]:
    """The report of `saved` on one split of `splits` (the first of test, validation and train that has labels), and
    notes for the user. `notation`: what the user says of how its labels are written, beside what is known of them from
    the training rows.

    Raises UserError if no split has the columns, or none has labels (GLUE's test splits have none), for labels that the
    model does not know, and for rows without text unless `on_empty` is "drop".
    """
    from datasets import DatasetDict

    task = dataclasses.replace(saved.task, notation=saved.task.notation.given(notation))
    splits, renamed = by_plain_names(splits)
    there = [name for name in PREFERRED if name in splits]
    split = next((name for name in there if has_labels(task, splits[name])), None)
    if split is None:
        raise UserError(
            _("there are no labels to measure with"),
            where="; ".join(_unlabelled(task, splits[name], name) for name in there) or where,
            fix=_("give a table with a column {label!r}; warmstart predict works without").format(label=task.label),
        )
    notes = [
        _("measured on {split!r}: ").format(split=split) + _unlabelled(task, splits[name], name)
        for name in there[: there.index(split)]
    ]
    saved.check_columns(splits[split])
    checked, warnings = check(DatasetDict({split: splits[split]}), task, on_empty=on_empty, for_training=False)
    rows = checked[split]
    logits = saved.outputs(rows)
    train, note = _training_rows(saved)
    both = DatasetDict({"measured": rows, **({"train": train} if train is not None else {})})
    learnt = [] if train is None else _learnt_from(task, train, split, rows)
    said = [renamed, *notes, *warnings, note, *learnt]
    return judge(task, logits, both, on="measured"), [line for line in said if line]


def _learnt_from(task: Task, train: "Dataset", split: str, rows: "Dataset") -> list[str]:
    """What is to be said of rows that the run has learnt from."""
    measured = split if split != "train" else _("the table")
    scans = {"train": scan(train, "train", task, drop=False), measured: scan(rows, measured, task, drop=False)}
    flattered = _("of these rows the scores of model and baseline say nothing; measure on new ones")
    return [str(dataclasses.replace(found, fix=flattered)) for found in leakage(scans, task)]


def _unlabelled(task: Task, rows: "Dataset", split: str) -> str:
    """Where labels were looked for and why there are none."""
    place = origin.place(rows, split)
    for label in task.label_columns:
        if label not in rows.column_names:
            return _("{place}: there is no column {label!r}").format(place=place, label=label)
    return _("{place}, column {label!r}: all {rows:,} are missing (empty, -1 or -100)").format(
        place=place, label=task.label, rows=len(rows)
    )


def _training_rows(saved: SavedRun) -> tuple["Dataset | None", str]:
    """The rows that the run was trained on, as far as they can still be had: the baselines learn from the same."""
    try:
        prepared = prepare(saved.recipe)
    except UserError as error:
        reason = first_line(error)
        return None, _("no baselines: the training rows are not there ({reason})").format(reason=reason)
    if have_changed(saved, prepared):
        return None, _("no baselines: the training rows have changed")
    return prepared.splits["train"], ""


def have_changed(saved: SavedRun, prepared: Prepared) -> bool:
    """Whether these are not the rows that the newest checkpoint was trained on. Without a good one nobody knows."""
    tasks = [dataclasses.replace(task, reasons=(), thresholds=()) for task in (saved.task, prepared.task)]
    if tasks[0] != tasks[1]:
        return True
    good = [folder for folder in checkpoint.folders(saved.folder)[-1:] if checkpoint.why_not(folder) is None]
    was = [(checkpoint.load_identity(folder) or {}).get("data", {}).get("training") for folder in good]
    if not any(was):
        return False
    rows = prepared.splits["train"]
    tokenizer = saved.predictor.tokenizer
    table = tokenize(rows, saved.task, tokenizer, max_length=tokenizer.model_max_length, keep=False)
    return rows_of(table) != was[0]
