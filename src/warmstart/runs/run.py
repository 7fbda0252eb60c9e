"""A run: recipe in, run folder out. `train` is the one composer: read it from top to bottom."""

import contextlib
import dataclasses
import functools
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from warmstart import storage
from warmstart.batches.languages import Languages
from warmstart.batches.long_texts import averaged, of_rows
from warmstart.batches.tokens import TokenTable, tokenize
from warmstart.checkpoints import checkpoint
from warmstart.engine.distributed.processes import Processes
from warmstart.errors import UserError
from warmstart.evaluation.facts import in_short
from warmstart.evaluation.report import Report
from warmstart.events import (
    Event,
    Events,
    Failed,
    Listener,
    Metrics,
    Note,
    Saved,
    TechniquesOn,
    Warned,
    lines,
    listening,
    silent,
)
from warmstart.messages import _
from warmstart.models.hub import commit_of
from warmstart.models.load import load_model, longest_input
from warmstart.recipe import Recipe
from warmstart.runs import corrected, languages, uneven
from warmstart.runs.calibrated import settled
from warmstart.runs.finish import finish
from warmstart.runs.folder import LOG, own_folder, refuse_existing, refuse_links
from warmstart.runs.forecast import Forecast
from warmstart.runs.journal import Journal
from warmstart.runs.prepared import learnt_from, prepare
from warmstart.runs.settings import early_stopping, overruled, refuse_length, refuse_settings, training_arguments
from warmstart.runs.thresholds import kept
from warmstart.table.task import Task, describe
from warmstart.trainer import progress
from warmstart.trainer.row_losses import RowLosses
from warmstart.trainer.trainer import Trainer

if TYPE_CHECKING:
    from datasets import DatasetDict


# Settings of a recipe that may differ when a run is resumed: no weight of a checkpoint depends on them. Tables and
# checkpoints are compared by what is in them, wherever they lie.
CHANGE_NOTHING = {
    *("data", "validation", "model", "out", "processes", "keep", "baselines", "report_to", "log_every", "cpu"),
    *("micro_batch_size", "spreadsheet_safe", "quoting", "header", "sheet"),
    *("calibrate", "threshold_for", "corrections"),
}


@dataclasses.dataclass(frozen=True)
class Result:
    """A finished run. `logits`: float32 `[rows, outputs]` of the validation rows, in their order. `report` and `logits`
    are None where the validation rows have no labels, `report` on all processes but the main one too. `history`: what
    was logged, as in `TrainerState.log_history`."""

    folder: pathlib.Path
    task: Task
    report: Report | None
    logits: np.ndarray[Any, Any] | None
    splits: "DatasetDict"
    history: list[dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Assembled:
    """A run that could begin. `shape`: precision and batch shape in words, with the reason."""

    recipe: Recipe
    splits: "DatasetDict"
    task: Task
    tables: dict[str, TokenTable]
    trainer: Trainer
    forecast: Forecast
    shape: str
    languages: Languages


def train(recipe: Recipe, *, resume: bool = False, accept_changes: bool = False, listen: Listener = silent) -> Result:
    """Do what `recipe` says, and leave a run folder: recipe, log, checkpoints, model, predictions, report.

    With `resume` the run in `recipe.out` goes on from its newest good checkpoint; if recipe, table, weights or versions
    are not those it was begun with, only with `accept_changes`. `listen` hears what happens (`events`). Raises
    UserError for what the user can mend, and `Interrupted`, a KeyboardInterrupt, when a signal ended it, after saving.
    """
    processes = Processes(use_cpu=recipe.cpu)
    listen = listen if processes.is_main else silent
    with own_folder(recipe, processes) as folder:
        return _train(folder, recipe, processes, resume, accept_changes, listen)


def _train(
    folder: pathlib.Path, recipe: Recipe, processes: Processes, resume: bool, accept_changes: bool, listen: Listener
) -> Result:
    """The run itself, in a folder of its own."""
    resume = resume or (processes.restarted and processes.gathered((folder / "recipe.toml").exists())[0])
    if not resume and recipe.out:
        refuse_existing(folder)
    refuse_links(folder)
    heard: list[str] = []
    made = assemble(recipe.changed({"out": str(folder)}), processes, Events(lines(heard.append), listen))
    of_data = tuple(heard)  # what is said later, of speed and time, is no news when it is over
    task, trainer = made.task, made.trainer
    recipe = settled(made.recipe, task, folder, resume, listen)
    if processes.is_main:
        trainer.events.listeners[:0] = [functools.partial(_describe, folder, recipe, task, listen), *progress.bars()]
    trainer.args.accept_changes = accept_changes
    with _telling_failure(folder, trainer.events) if processes.is_main else contextlib.nullcontext():
        trainer.train(resume_from_checkpoint=resume and processes.gathered(checkpoint.begun(folder))[0])
    validation = made.tables["validation"]
    more = functools.partial(corrected.facts, recipe, task, made.splits, learnt_from, listen)
    report, logits = finish(
        folder, recipe, task, made.splits, validation, trainer, listen, made.languages, more, heard=of_data
    )
    processes.barrier()
    return Result(folder, kept(task, report), report, logits, made.splits, trainer.state.log_history)


def assemble(recipe: Recipe, processes: Processes, listen: Listener = silent) -> Assembled:
    """Everything up to the first update: data, tokens, model, trainer. Only the caches have been written then.
    `listen` hears what is found out on the way, and what the trainer tells later.

    Raises UserError for whatever is wrong with the table or the recipe.
    """
    with listening(listen), processes.main_first():
        prepared = prepare(recipe)
    task = prepared.task
    refuse_settings(recipe, task)
    recipe = uneven.settled(recipe, task)
    for note in (describe(task), *prepared.notes):
        listen(Note(note))
    if processes.is_main and (found := in_short(prepared.splits, task, recipe.data)):
        listen(Warned(found))
    with listening(listen), processes.main_first():
        asked = recipe.model if "model" in recipe.model_fields_set else None
        fitting = languages.choose(asked, prepared.splits["train"], task, listen)
    recipe, tokenizer = recipe.changed({"model": fitting.model}), fitting.tokenizer
    length = min(recipe.max_length or 2**31, longest_input(tokenizer, recipe.model))
    refuse_length(length, tokenizer, task)
    for note in overruled(recipe, length):
        listen(Note(note))
    with listening(listen), processes.main_first():
        tables = token_tables(prepared.splits, task, tokenizer, length, recipe.processes)
    listen(Note(_shape(tables)))
    for note in uneven.notes(recipe, task, tables["train"].labels):
        listen(Note(note))
    tokenizer.model_max_length = length
    folder = pathlib.Path(recipe.out or "")
    arguments, shape = training_arguments(recipe, task, folder, processes)
    torch.manual_seed(recipe.seed)
    forecast = Forecast(tables["train"], tables["validation"], recipe.evaluate_every, listen)
    trainer = Trainer(
        load_model(recipe.model, task, tokenizer, listen),
        arguments,
        train_dataset=tables["train"],
        eval_dataset=tables["validation"],
        processing_class=tokenizer,
        compute_metrics=functools.partial(_measure, task, tables["validation"].owners),
        callbacks=[forecast, *early_stopping(recipe)],
    )
    uneven.apply(trainer, recipe, task, tables["train"].labels)
    trainer.events = Events(functools.partial(_with_shape, shape, Events(Journal(folder / LOG), listen)))
    if tables["train"].labels is not None and tables["train"].owners is None:  # windows are no rows
        trainer.row_losses = RowLosses(task.problem_type, tables["train"].labels)
        if trainer.row_losses is not None and trainer.row_losses.lacks(arguments.num_train_epochs):
            listen(Note(_("too many rows to keep the loss of each over all epochs: the later epochs are left out")))
    chosen = "bf16" if arguments.bf16 else "fp32"
    trainer.checkpointer.described = {
        "recipe": recipe.model_dump(mode="json", exclude=CHANGE_NOTHING),
        "precision": {"chosen": chosen},
        "commits": {"data": prepared.commit, "model": commit_of(recipe.model)},
    }
    return Assembled(recipe, prepared.splits, task, tables, trainer, forecast, shape, fitting.languages)


def token_tables(
    splits: "DatasetDict", task: Task, tokenizer: Any, length: int, processes: int | None
) -> dict[str, TokenTable]:
    """The token table of the training and the validation split."""
    return {
        name: tokenize(splits[name], task, tokenizer, max_length=length, processes=processes)
        for name in ("train", "validation")
    }


def _describe(folder: pathlib.Path, recipe: Recipe, task: Task, listen: Listener, event: Event) -> None:
    """Write what the run is, when nothing stands in the way of its first update, and again where that is gone: somebody
    has removed the folder, and what is still to come shall not be lost."""
    gone = isinstance(event, Metrics | Saved) and not (folder / "recipe.toml").exists()
    if gone:
        line = _("{folder} has been removed: what the run writes from here on is all there is").format(folder=folder)
        listen(Warned(line))
        storage.make_folder(folder)
    if gone or isinstance(event, TechniquesOn):
        storage.write_text(folder / "recipe.toml", recipe.toml(relative_to=folder))
        storage.replace_json(folder / "task.json", task.to_dict())


@contextlib.contextmanager
def _telling_failure(folder: pathlib.Path, events: Listener) -> Iterator[None]:
    """An error that ends a run before anything is saved is the last line of its log; resuming writes the log anew."""
    try:
        yield
    except UserError as error:
        if (folder / LOG).is_file() and not (folder / "model").exists() and not checkpoint.begun(folder):
            with contextlib.suppress(UserError):  # the disk may be full
                events(Failed(error.problem))
        raise


def _with_shape(shape: str, listen: Listener, event: Event) -> None:
    """Pass on what happens; what makes the run fast with its precision and batch shape."""
    listen(dataclasses.replace(event, shape=shape) if isinstance(event, TechniquesOn) else event)


def _measure(task: Task, owners: Any, found: Any) -> dict[str, float]:
    """The task's metrics of what an evaluation gave. `owners`: the row of each of the table's, if these are windows."""
    logits, labels = found
    return task.head.measure(task.head.decide(averaged(logits, owners)), of_rows(labels, owners))


def _shape(tables: dict[str, TokenTable]) -> str:
    rows = {name: len(of_rows(table.lengths, table.owners)) for name, table in tables.items()}
    lengths = tables["train"].lengths
    cut = max(table.truncated for table in tables.values())
    line = _(
        "{train:,} training rows, {validation:,} validation rows; tokens a row: median {median:.0f}, longest {longest}"
    ).format(train=rows["train"], validation=rows["validation"], median=np.median(lengths), longest=lengths.max())
    if tables["train"].owners is not None:
        line += _("; read in {windows:,} windows").format(windows=len(lengths))
    elif cut > 0:
        line += _("; up to {cut:.1%} of rows were cut at the longest").format(cut=cut)
    return line
