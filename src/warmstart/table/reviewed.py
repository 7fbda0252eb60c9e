"""A file of reviewed rows, in which a person decides: which row a line is of, and what was decided."""

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.sources import load

if TYPE_CHECKING:
    from warmstart.table.task import Task

DROP, KEEP = ("drop", "drop row"), ("", "keep", "keep row")  # the longer ones also where a class has the short name
ID, DECISION = "id", "decision"


@dataclasses.dataclass(frozen=True)
class Decision:
    """A row of a file of reviewed rows. `row`: from 1, in the split `split` of the table as it was read; `hash`: of its
    texts; `line`: of the file's rows, from 1."""

    id: str
    split: str
    row: int
    hash: str
    text: str
    line: int


def row_id(split: str, row: int, texts: Sequence[str]) -> str:
    """The name of a row for good: its split and number (from 0 here, from 1 in the name), and what it says."""
    return f"{split}-{row + 1}-{hash_of(texts)}"


def hash_of(texts: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:8]


def read(path: str) -> list[Decision]:
    """The decisions in a file of reviewed rows, also those that change nothing. Raises UserError where it is none."""
    try:
        splits = load(path, quoting="standard", delimiter=_delimiter(path), keep=False)
    except UserError as error:
        fix = _("save it as CSV in UTF-8 with commas, or as an Excel workbook")
        raise UserError(error.problem, error.where, "; ".join(filter(None, [error.fix, fix]))) from error
    rows = next(iter(splits.values()))
    missing = [name for name in (ID, DECISION) if name not in rows.column_names]
    if missing:
        raise UserError(
            _("a file of reviewed rows has a column {name!r}").format(name=missing[0]),
            where=f"--corrections {path}",
            fix=_("give the review.csv that warmstart review has written"),
        )
    found: dict[str, Decision] = {}
    for line, (name, text) in enumerate(zip(rows[ID], rows[DECISION], strict=True), 1):
        if name is None or not str(name).strip():
            continue
        decision = _decision(str(name).strip(), "" if text is None else str(text).strip(), line, path)
        before = found.setdefault(decision.id, decision)
        if before.text != decision.text:
            raise UserError(
                _("two decisions on the row {id}: {one!r} and {other!r}").format(
                    id=decision.id, one=before.text, other=decision.text
                ),
                where=_("{path}, rows {one} and {other}").format(path=path, one=before.line, other=line),
                fix=_("leave one of them"),
            )
    return [*found.values()]


def _delimiter(path: str) -> str | None:
    """A spreadsheet may have saved the file with another sign between columns: it follows the first name."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            head = file.read(len(ID) + 1)
    except OSError:
        return None
    return head[-1] if head[: len(ID)] == ID and head[-1:] in (";", "\t") else None


def _decision(name: str, text: str, line: int, path: str) -> Decision:
    split, _dash, rest = name.rpartition("-")[0].rpartition("-")
    if not split or not rest.isdecimal():
        raise UserError(
            _("{name!r} is no row of a review").format(name=name),
            where=_("{path}, row {line}, column {column!r}").format(path=path, line=line, column=ID),
            fix=_("leave the column {column!r} as warmstart review wrote it").format(column=ID),
        )
    return Decision(name, split, int(rest), name.rpartition("-")[2], text, line)


def is_kept(task: "Task", text: str) -> bool:
    """Whether a decision leaves the row as it is."""
    return text.casefold() in KEEP and (text not in task.classes or not text)


def is_dropped(task: "Task", text: str) -> bool:
    """Whether a decision takes the row out."""
    return text.casefold() in DROP and text not in task.classes
