"""Decision thresholds of a run: chosen after training, saved with the model."""

import dataclasses
import pathlib
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from warmstart import storage
from warmstart.errors import examples
from warmstart.evaluation.report import Report
from warmstart.evaluation.thresholds import Thresholds, choose
from warmstart.events import Listener, Note
from warmstart.messages import _
from warmstart.models.sound import is_read
from warmstart.recipe import Recipe
from warmstart.table.labels import encode
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import Dataset

AUTO = "auto"
KEY = "thresholds"  # in `metrics.json` and in the model's `config.json`


def thresholds_for(task: Task) -> tuple[str, ...]:
    """The metrics that thresholds can be chosen for; none where the largest output decides."""
    return task.head.decides_for if task.head.deciding else ()


def decide(
    recipe: Recipe, task: Task, logits: npt.NDArray[Any], rows: "Dataset", listen: Listener
) -> tuple[Task, npt.NDArray[Any] | None, dict[str, Any]]:
    """The task with its thresholds, the predictions to judge the model by (None: the usual), and the facts, by their
    key in `metrics.json`. `logits`: float [rows, outputs], of the validation `rows`."""
    if recipe.threshold_for is None:
        return task, None, {}
    metric = thresholds_for(task)[0] if recipe.threshold_for == AUTO else recipe.threshold_for
    found, decided = choose(task.head, logits, encode(task, rows), metric)
    listen(Note(_told(found)))
    chosen = dataclasses.replace(task, thresholds=tuple(found.labels.values()) if found.moved else ())
    return chosen, decided, {KEY: found.to_dict()}


def keep(folder: pathlib.Path, task: Task) -> None:
    """Save the thresholds of a run with its model: for `warmstart` in `task.json`, for others in the model's
    configuration."""
    if not task.thresholds:
        return
    model = folder / "model"
    config = storage.read_json(model / "config.json")
    named = dict(zip(task.head.deciding, task.thresholds, strict=True))
    storage.replace_json(model / "config.json", {**config, KEY: named})
    storage.seal(model, is_read)
    storage.replace_json(folder / "task.json", task.to_dict())


def kept(task: Task, report: Report | None) -> Task:
    """The task with the thresholds that a report tells of."""
    found = (report.facts if report else {}).get(KEY, {}).get("labels", {})
    moved = any(each != 0.5 for each in found.values())
    return dataclasses.replace(task, thresholds=tuple(found.values())) if moved else task


def _told(found: Thresholds) -> str:
    gain, low, high = found.gain
    if not found.moved:
        return _(
            "thresholds for {metric}: all stay at 0.5, since on {rows:,} validation rows no others are surely better"
        ).format(metric=found.metric, rows=found.rows)
    listed = examples((f"{name} {each:.4g}" for name, each in found.labels.items()), 6)
    return _(
        "thresholds for {metric}: {listed}; on rows that did not choose them {before:.3f} became {after:.3f}, a gain "
        "of {gain:.3f} [{low:.3f}, {high:.3f}]"
    ).format(metric=found.metric, listed=listed, before=found.before, after=found.after, gain=gain, low=low, high=high)
