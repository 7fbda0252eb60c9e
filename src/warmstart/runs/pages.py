"""The verdict on a run, what is behind it, and the page that shows both. What a page costs is never the run."""

import csv
import dataclasses
import json
import os
import pathlib
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart import paths, storage
from warmstart.batches.long_texts import summed
from warmstart.batches.tokens import TokenTable
from warmstart.errors import UserError, first_line
from warmstart.evaluation.advice import Circumstances, advise
from warmstart.evaluation.classes import failing
from warmstart.evaluation.curves import curves
from warmstart.evaluation.details import details
from warmstart.evaluation.report import Report
from warmstart.evaluation.verdict import UNDECIDED, compare
from warmstart.events import Listener, Warned
from warmstart.messages import _
from warmstart.models.load import load_tokenizer, longest_input
from warmstart.recipe import Recipe
from warmstart.reporting.card import name_of
from warmstart.reporting.html.run import RunFacts, run_page
from warmstart.table.labels import encode
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import DatasetDict

    from warmstart.trainer.trainer import Trainer

PAGE, BEHIND, LOG = "report.html", "report.json", "log.jsonl"
MOST_TOKENS = 1_000_000  # that are looked at for unknown ones
SUSPECTS = 500  # rows of review.csv that are shown


def explained(
    recipe: Recipe,
    task: Task,
    report: Report,
    logits: npt.NDArray[Any],
    splits: "DatasetDict",
    validation: TokenTable,
    trainer: "Trainer",
    heard: Sequence[str] = (),
) -> tuple[Report, dict[str, Any]]:
    """The report with its verdict, and what is behind it, as report.json has it; `heard`: what the run has said."""
    assert report.labels is not None
    head = task.head
    predictions = report.predictions["model"]
    learnt_from = head.class_counts(encode(task, splits["train"]))
    rows = splits["validation"]
    lengths = summed(validation.lengths, validation.owners)
    behind = details(task, logits, predictions, report.labels, rows, lengths, learnt_from)
    verdict = compare(head, report.predictions, report.scores, report.labels)
    bad = failing(behind.classes)
    train: TokenTable = trainer.train_dataset
    length = train.max_length
    cut = train.truncated
    run = Circumstances(
        model=name_of(recipe.model),
        longer=f"--updates {2 * recipe.updates}" if recipe.updates else f"--epochs {2 * recipe.epochs:g}",
        rows=report.rows,
        undecided=verdict.outcome == UNDECIDED,
        cut=cut,
        length=length,
        longest=_longest(recipe, length) if cut else length,
        unknown=_unknown(validation, trainer.processing_class),
        losses=curves(trainer.state.log_history, ()).validation,
        keeps_best=recipe.best or recipe.patience is not None,
        certainties=behind.certainties,
        failing=[(each.name, each.learnt_from) for each in bad],
        median=float(np.median(learnt_from)) if len(learnt_from) else 0.0,
        windows=task.long == "cut",
    )
    verdict = dataclasses.replace(verdict, failing=tuple(bad), advice=tuple(advise(run)))
    data = [(name, f"{len(each):,}") for name, each in splits.items()]
    facts = {"details": behind.to_dict(), "data": data, "notes": [_without_places(note, recipe) for note in heard]}
    return dataclasses.replace(report, verdict=verdict), facts


def _without_places(note: str, recipe: Recipe) -> str:
    """The note without the folders of this machine: pages are sent to others."""
    named = (recipe.data, recipe.validation, recipe.model)
    folders = [os.path.dirname(os.path.abspath(paths.expanded(name))) for name in named if name]
    for folder in sorted({*folders, os.getcwd(), os.path.expanduser("~")}, key=len, reverse=True):
        note = note.replace(folder.rstrip(os.sep) + os.sep, "")
    return note


def _longest(recipe: Recipe, length: int) -> int:
    """What the checkpoint takes; only where the recipe has asked for less may that be more than `length`."""
    if recipe.max_length is None or recipe.max_length > length:
        return length
    return longest_input(load_tokenizer(recipe.model), recipe.model)


def _unknown(table: TokenTable, tokenizer: Any) -> float:
    """The share of tokens that stand for what the tokenizer does not know."""
    number, ids = getattr(tokenizer, "unk_token_id", None), table.ids[:MOST_TOKENS]
    return float(np.mean(ids == number)) if number is not None and len(ids) else 0.0


def write_pages(folder: pathlib.Path, facts: dict[str, Any], listen: Listener) -> None:
    """Write what is behind the verdict and the report's page. If that fails it is told, and the run is as good."""
    try:
        storage.replace_json(folder / BEHIND, facts)
        write_page(folder)
    except Exception as error:  # whatever it is, a page is no reason to lose a training
        resume = f"warmstart report {shlex.quote(str(folder))}"
        listen(
            Warned(
                _("the report was not written ({reason}); try: {resume}").format(
                    reason=first_line(error), resume=resume
                )
            )
        )


def write_page(folder: pathlib.Path, out: pathlib.Path | None = None) -> pathlib.Path:
    """The page of a run from the files in its folder, in the user's language, into `out` (by default report.html in
    that folder). Raises UserError where the run has not been measured, or a file of it is damaged."""
    out = out or folder / PAGE
    try:
        page = run_page(read(folder))
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # what is in the files is not what a run writes
        raise _not_good(folder, f"metrics.json, {BEHIND}") from error
    storage.write_text(out, page)
    return out


def read(folder: pathlib.Path) -> RunFacts:
    """What the folder of a finished run says. Raises UserError as `write_page` does."""
    recipe = Recipe.read(folder / "recipe.toml")
    metrics, behind = (_json(folder, name) for name in ("metrics.json", BEHIND))
    try:
        log = [json.loads(line) for line in (folder / LOG).read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        log = []  # removed, or cut short: the page has no curves then
    task = Task.from_dict(_json(folder, "task.json"))
    data = [
        (_("table"), name_of(recipe.data)),
        (_("rows"), ", ".join(f"{name} {count}" for name, count in behind["data"])),
        (_("reads"), " + ".join(name for name in (task.text, task.pair) if name)),
        (_("label"), task.label or ""),
        (_("task"), task.head.describe()),
        (_("checkpoint"), name_of(recipe.model)),
        (_("seed"), str(recipe.seed)),
    ]
    return RunFacts(
        run=folder.resolve().name,
        checkpoint=name_of(recipe.model),
        table=name_of(recipe.data),
        metrics=metrics,
        curves=curves(log, metrics["headline"]),
        chosen=recipe.best or recipe.patience is not None,
        details=behind["details"],
        data=data,
        notes=behind.get("notes", ()),
        findings=behind.get("findings", ()),
        suspects=_suspects(folder / "review.csv"),
        commands=_commands(folder, task),
        python=_python(folder, task),
    )


def _json(folder: pathlib.Path, name: str) -> Any:
    try:
        return storage.read_json(folder / name)
    except (OSError, ValueError) as error:
        raise _not_good(folder, name) from error


def _not_good(folder: pathlib.Path, name: str) -> UserError:
    return UserError(
        _("the run has no good {name}, from which its report is made").format(name=name),
        str(folder),
        _("{resume}; where the validation rows have no labels there is nothing to report").format(
            resume=f"warmstart resume {shlex.quote(str(folder))}"
        ),
    )


def _suspects(path: pathlib.Path) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of review.csv, where there is one."""
    if not path.is_file():
        return [], []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row, _unused in zip(csv.reader(file), range(SUSPECTS + 1), strict=False)]
    return (rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]) if rows else ([], [])


def _place(folder: pathlib.Path) -> str:
    """The run's folder as a command names it, where that tells nothing of the machine, else its name."""
    return folder.resolve().name if folder.is_absolute() or ".." in folder.parts else str(folder)


def _commands(folder: pathlib.Path, task: Task) -> str:
    where, pair = shlex.quote(_place(folder)), ' --pair "..."' if task.pair else ""
    lines = [f'predict {where} "..."{pair}', f"predict {where} NEW.csv", f"evaluate {where} LABELLED.csv"]
    return "\n".join(f"warmstart {line}" for line in lines)


def _python(folder: pathlib.Path, task: Task) -> str:
    one = '{"text": "...", "text_pair": "..."}' if task.pair else '"..."'
    return (
        "from transformers import pipeline\n\n"
        f'classify = pipeline("text-classification", model={_place(folder) + "/model"!r})\n'
        f"classify({one})"
    )
