"""What a run does after its last update: the model, what it says of the validation rows, and what that is worth."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from warmstart import storage
from warmstart.batches.languages import Languages
from warmstart.batches.tokens import TokenTable
from warmstart.checkpoints import checkpoint
from warmstart.engine.signals import Interrupted, Told, ending
from warmstart.evaluation.budget import HeldOut, usual
from warmstart.evaluation.predicted import beside, left_out, predictions
from warmstart.evaluation.report import Report, judge
from warmstart.events import Listener, Note
from warmstart.messages import _
from warmstart.models.sound import HELD_OUT, is_read
from warmstart.recipe import Recipe
from warmstart.reporting import card
from warmstart.runs.calibrated import calibrated
from warmstart.runs.held_out import held_out_rows
from warmstart.runs.long_texts import measured
from warmstart.runs.pages import explained, write_pages
from warmstart.runs.thresholds import decide, keep
from warmstart.table.task import Task
from warmstart.trainer.trainer import Trainer

if TYPE_CHECKING:
    from datasets import DatasetDict


def finish(
    folder: pathlib.Path,
    recipe: Recipe,
    task: Task,
    splits: "DatasetDict",
    validation: TokenTable,
    trainer: Trainer,
    listen: Listener,
    languages: Languages,
    more: Callable[[np.ndarray[Any, Any]], dict[str, Any]],
    heard: Sequence[str] = (),
) -> tuple[Report | None, np.ndarray[Any, Any] | None]:
    """Write the model and, on the main process, predictions, numbers, the model's card and the report's page, which has
    what was `heard` until then. Returns the report and the logits of the validation rows, as in `Result`; `more` gives
    further numbers from these. Raises `Interrupted` as `train` does."""
    with _resumable(folder, trainer):
        if trainer.row_losses is not None:
            trainer.row_losses.gather(trainer.processes)
            if trainer.processes.is_main:
                trainer.row_losses.write(folder)
        # What is reported is computed in fp32, as every tool that loads the model will compute it.
        trainer.args.bf16 = False
        if validation.labels is None:
            _save(folder, trainer, None)
            return None, None
        rows, is_main = splits["validation"], trainer.processes.is_main
        facts: dict[str, Any] = {"languages": languages.to_dict()}
        with calibrated(recipe, task, rows, validation, trainer, listen) as (logits, calibration):
            long = measured(task, trainer, rows, logits)
            task, decided, chosen = decide(recipe, task, logits, rows, listen) if is_main else (task, None, {})
            held_out = held_out_rows(recipe, task, logits, rows) if is_main else None
            _save(folder, trainer, held_out)
        report = None
        if is_main:
            keep(folder, task)
            found = {"calibration": calibration, "long": long}
            facts |= {name: each.to_dict() for name, each in found.items() if each is not None} | chosen
            if held_out is not None:
                facts["error_budget"] = usual(held_out)
            if long is not None:
                listen(Note(str(long)))
            listen(Note(_("computing baselines and intervals")))
            report = judge(task, logits, splits, with_baselines=recipe.baselines, decided=decided)
            report = dataclasses.replace(report, facts={**report.facts, **facts, **more(logits)})
            report, behind = explained(recipe, task, report, logits, splits, validation, trainer, heard)
            _write(folder, recipe, task, report, logits, splits, trainer.state.global_step)
            write_pages(folder, behind, listen)
            if note := left_out(task.head):
                listen(Note(note))
        return report, logits


def _save(folder: pathlib.Path, trainer: Trainer, held_out: HeldOut | None) -> None:
    """Write the model, sealed with what was learnt of its held-out rows."""
    trainer.save_model(str(folder / "model"))
    if trainer.processes.is_main:
        if held_out is not None:
            storage.replace_json(folder / "model" / HELD_OUT, held_out.to_dict())
        storage.seal(folder / "model", is_read)


def _write(
    folder: pathlib.Path,
    recipe: Recipe,
    task: Task,
    report: Report,
    logits: np.ndarray[Any, Any],
    splits: "DatasetDict",
    updates: int,
) -> None:
    from warmstart.reporting.predictions import write_rows

    storage.replace_json(folder / "metrics.json", report.to_dict())
    rows = beside(splits["validation"], predictions(task.head, logits))
    write_rows(folder / "predictions.csv", rows, spreadsheet_safe=recipe.spreadsheet_safe)
    storage.write_text(folder / "model" / "README.md", card.write(recipe, task, report, updates))


@contextlib.contextmanager
def _resumable(folder: pathlib.Path, trainer: Trainer) -> Iterator[None]:
    """A signal inside the block ends a run as one during training does: everything is saved, and it can go on. Of
    several processes each would be somewhere else, so that they are left to the system."""
    bf16 = trainer.args.bf16
    try:
        with ending() if trainer.processes.count == 1 else contextlib.nullcontext():
            yield
    except Told:
        trainer.args.bf16 = bf16
        # Where the best weights were loaded, those of the last update are gone; but there is a checkpoint then.
        if trainer.run_state.saved_at != trainer.state.global_step and not trainer.args.load_best_model_at_end:
            trainer.save_checkpoint(resumable=True)
        raise Interrupted(checkpoint.named(folder)[-1], trainer.state.global_step) from None
