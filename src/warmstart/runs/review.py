"""The rows of a finished run that are most worth a person's look, and the file in which the person decides."""

import dataclasses
import importlib.util
import itertools
import pathlib
from typing import TYPE_CHECKING, Any

from warmstart import storage
from warmstart.batches.tokens import texts_of
from warmstart.errors import UserError
from warmstart.evaluation.label_errors import DUPLICATE, LABEL, MISTAKE, Evidence, Suspect, suspects, without_cleanlab
from warmstart.events import Listener, Note, silent
from warmstart.heads.decided import said
from warmstart.messages import N_, _
from warmstart.reporting.predictions import write_rows
from warmstart.runs.evaluate import have_changed
from warmstart.runs.evidence import Bar, evidence
from warmstart.runs.prepared import prepare
from warmstart.runs.saved import SavedRun
from warmstart.table import corrections
from warmstart.table.labels import encode
from warmstart.table.reviewed import DECISION, ID, Decision, read, row_id
from warmstart.table.sources import load
from warmstart.table.splits import by_plain_names
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import DatasetDict

MOST = 200  # rows that a person is shown
WHY = {
    LABEL: N_("the label looks wrong"),
    DUPLICATE: N_("the same text has another label elsewhere"),
    MISTAKE: N_("the model is sure of another label, and has not learnt from this row"),
}
DECIDED = N_("decided before")


@dataclasses.dataclass(frozen=True)
class Review:
    """`rows`: as the file has them, the likeliest errors first, with the reasons as codes under "why"; `file`: where a
    person decides; `decided`: rows at its end whose decisions are carried over."""

    file: pathlib.Path
    rows: list[dict[str, Any]]
    decided: int
    trained: int
    validated: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON can say it; no place of this machine is in it."""
        counts = {name: sum(name in row["why"] for row in self.rows) for name in WHY}
        named = {"file": self.file.name, "training_rows": self.trained, "validation_rows": self.validated}
        return {**named, "counts": counts, "decided_before": self.decided, "rows": self.rows}


def review(
    folder: str | pathlib.Path,
    *,
    most: int = MOST,
    listen: Listener = silent,
    bar: Bar = lambda rows: lambda done: None,
) -> Review:
    """Find the rows of a run that are most worth a look, and write them into its folder: `review.csv`, or with a number
    where there is one that says something else, and the same facts as `review.json`.

    `bar` is given how many rows the model will run over, and gives what is told how many more are done. Raises
    UserError if the run is not finished, its table is not there, or `cleanlab` is not installed.
    """
    if importlib.util.find_spec("cleanlab") is None:
        raise without_cleanlab()
    if most < 1:
        raise UserError(_("{most} rows are none to look at").format(most=most), "--rows", _("give at least 1"))
    saved = SavedRun.open(folder)
    prepared = prepare(saved.recipe)
    changed = have_changed(saved, prepared)
    if changed:
        listen(Note(_("the training rows are not those that the run has learnt from: their losses are not looked at")))
    task, splits = prepared.task, prepared.splits
    loaded, _renamed = by_plain_names(
        load(saved.recipe.data, validation=saved.recipe.validation, **saved.recipe.reading())
    )
    known = evidence(saved, splits, with_losses=not changed, listen=listen, bar=bar)
    names = _Names(task, loaded, splits)
    before = _decided_before(saved)
    found = [each for each in suspects(task.head, known, most + len(before)) if names.of(each) not in before][:most]
    rows = [_row(names, each, known, task) for each in found]
    carried = [row for each in before.values() if (row := _carried(each, task, loaded)) is not None]
    file = _write(saved, [*map(_shown, rows), *carried])
    done = Review(file, rows, len(carried), *(len(splits[split]) for split in corrections.REVIEWED))
    storage.replace_json(saved.folder / "review.json", done.to_dict())
    return done


class _Names:
    """The names of rows for good, by their places."""

    def __init__(self, task: Task, loaded: "DatasetDict", splits: "DatasetDict") -> None:
        self._sources = corrections.source_rows(loaded, splits, task)
        self._texts = {split: [*zip(*texts_of(splits[split], task), strict=True)] for split in corrections.REVIEWED}

    def of(self, each: Suspect) -> str:
        source, rows = self._sources[each.split]
        return row_id(source, int(rows[each.place]), self._texts[each.split][each.place])


def _row(names: _Names, each: Suspect, known: dict[str, Evidence], task: Task) -> dict[str, Any]:
    return {
        ID: names.of(each),
        **_texts(task, known[each.split].texts[each.place]),
        "given": each.given,
        "suggested": each.suggested,
        "why": [*each.why],
        "score": each.score,
        DECISION: "",
    }


def _texts(task: Task, texts: Any) -> dict[str, str]:
    return dict(zip(("text", "pair"), texts, strict=False))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "why": "; ".join(_(WHY[reason]) for reason in row["why"])}


def _decided_before(saved: SavedRun) -> dict[str, Decision]:
    """What a person has decided, in the reviews of this run, and in the one that it was trained with."""
    files = [*([saved.recipe.corrections] if saved.recipe.corrections else []), *map(str, _written(saved))]
    return {each.id: each for file in files for each in read(file) if each.text}


def _carried(each: Decision, task: Task, loaded: "DatasetDict") -> dict[str, Any] | None:
    """A row that was decided before; None if the table has it no longer."""
    if each.split not in loaded or not 0 < each.row <= len(loaded[each.split]):
        return None
    rows = loaded[each.split].select([each.row - 1])
    texts = [column[0] for column in texts_of(rows, task)]
    if row_id(each.split, each.row - 1, texts) != each.id:
        return None
    given = said(task.head, encode(task, rows)[0])
    told = {"given": given, "suggested": "", "why": _(DECIDED), "score": ""}
    return {ID: each.id, **_texts(task, texts), **told, DECISION: each.text}


def _written(saved: SavedRun) -> list[pathlib.Path]:
    """The reviews in a run's folder, the oldest first."""
    names = itertools.chain(["review.csv"], (f"review-{number}.csv" for number in itertools.count(2)))
    return [*itertools.takewhile(pathlib.Path.exists, (saved.folder / name for name in names))]


def _write(saved: SavedRun, rows: list[dict[str, Any]]) -> pathlib.Path:
    """Into a file of its own, or the last one if that says the same: nobody's decisions are ever overwritten."""
    there = _written(saved)
    file = saved.folder / (f"review-{len(there) + 1}.csv" if there else "review.csv")
    write_rows(file, rows, spreadsheet_safe=saved.recipe.spreadsheet_safe)
    if there and there[-1].read_bytes() == file.read_bytes():
        storage.remove(file)
        return there[-1]
    return file
