"""What a run does about classes of which some have few rows: weights in the loss, and rows drawn evenly.

Weights from a file become part of the recipe, as JSON: so they are in the run's `recipe.toml`, the run can be moved
without the file, and a checkpoint that was made with others is refused by name like any other changed setting.
"""

import csv
import json
import math
import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from warmstart import paths
from warmstart.engine.class_weights import WeightedLoss
from warmstart.errors import UserError, did_you_mean, examples
from warmstart.messages import _
from warmstart.recipe import WEIGHTS, Recipe
from warmstart.table.task import Task

AUTO, NONE = WEIGHTS
MOST_TOLD = 6  # classes whose weights or draws are told


def refuse(recipe: Recipe, task: Task) -> None:
    """Raises UserError for settings about classes that this task or another setting leaves without meaning."""
    if recipe.class_weights not in (None, NONE) and task.head.weighted is None:
        raise UserError(
            _("the rows of this task have no classes that could weigh differently"),
            where="--class-weights",
            fix=_("leave it out"),
        )
    if recipe.sampling is not None and not task.head.classes:
        raise UserError(
            _("the rows of this task have no classes to draw from evenly"), where="--sampling", fix=_("leave it out")
        )
    if recipe.threshold_for is not None and not task.head.deciding:
        raise UserError(
            _("thresholds are for several labels a row, or for two classes: here there is nothing to decide"),
            where="--threshold-for",
            fix=_("leave it out"),
        )
    if recipe.sampling is not None and recipe.order != "random":
        raise UserError(
            _("rows that are drawn evenly from the classes cannot come by their length"),
            where=f"--sampling {recipe.sampling}, --order {recipe.order}",
            fix="--order random",
        )


def settled(recipe: Recipe, task: Task) -> Recipe:
    """The recipe with the weights of a file in the place of its name. Raises UserError for what is wrong with them."""
    given = recipe.class_weights
    if given is None or given == AUTO:
        return recipe
    if given == NONE:
        return recipe.changed({"class_weights": None})
    where, pairs = _read(given)
    weights = _checked(pairs, task, where)
    return recipe.changed({"class_weights": json.dumps(weights, ensure_ascii=False)})


def apply(trainer: Any, recipe: Recipe, task: Task, labels: npt.NDArray[Any] | None) -> None:
    """Let `trainer` weigh classes and draw rows as the recipe says. `labels`: of the training rows, encoded."""
    weights = weights_of(recipe, task, labels)
    if weights is not None and task.head.weighted is not None:
        how = (recipe.label_smoothing, trainer.processes.device)
        trainer.weighted_loss = WeightedLoss.of(task.head.weighted, weights.tolist(), *how)
    if recipe.sampling is not None and labels is not None:
        trainer.sampled = task.head.groups(labels)


def weights_of(recipe: Recipe, task: Task, labels: npt.NDArray[Any] | None) -> npt.NDArray[np.float64] | None:
    """The weight of each class [classes]; None where all rows weigh the same. The recipe is `settled`."""
    if recipe.class_weights is None or labels is None:
        return None
    if recipe.class_weights == AUTO:
        return task.head.balanced_weights(labels)
    found: dict[str, float] = json.loads(recipe.class_weights)
    return np.array([found[name] for name in task.classes])


def notes(recipe: Recipe, task: Task, labels: npt.NDArray[Any] | None) -> list[str]:
    """What is done about the classes, a line each."""
    lines = []
    weights = weights_of(recipe, task, labels)
    if weights is not None:
        listed = _listed(f"{name} {weight:.3g}" for name, weight in zip(task.classes, weights, strict=True))
        lines.append(_("weights of the classes in the loss: {listed}").format(listed=listed))
    if recipe.sampling is not None and labels is not None:
        groups = task.head.groups(labels)
        counts = task.head.class_counts(labels)
        each = len(labels) / len(groups)
        there = [(name, count) for name, count in zip(task.classes, counts.tolist(), strict=True) if count]
        listed = _listed(f"{name} {each / count:.3g}" for name, count in there)
        lines.append(
            _(
                "rows are drawn evenly from {groups:,} groups, the rows of each class (and those without any): an "
                "epoch still has {rows:,} rows, in which a row comes on average so many times: {listed}"
            ).format(groups=len(groups), rows=len(labels), listed=listed)
        )
    if len(lines) > 1 and recipe.class_weights == AUTO:
        lines.append(
            _(
                "rare classes now count twice over, by --class-weights auto and by --sampling balanced: one of them is "
                "usually enough"
            )
        )
    return lines


def _listed(parts: Iterable[str]) -> str:
    return examples(parts, MOST_TOLD)


def _read(given: str) -> tuple[str, list[tuple[str, Any]]]:
    """Where weights are from, and the names and weights that are there. `given`: a file's name, or its content as a
    recipe has it."""
    if given.lstrip().startswith("{"):
        return "class_weights", _of_json(given, "class_weights")
    path = paths.expanded(given)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise UserError(
            _("the weights of the classes cannot be read: {error}").format(error=error),
            where=f"--class-weights {given}",
            fix=_("say auto or none, or give a JSON or CSV file of class names and weights"),
        ) from error
    return str(path), _of_json(text, str(path)) if text.lstrip().startswith(("{", "[")) else _of_csv(text, path)


def _of_json(text: str, where: str) -> list[tuple[str, Any]]:
    try:
        found = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError) as error:
        raise _unread(_("it is no JSON: {error}").format(error=error), where) from error
    if not isinstance(found, list) or not all(isinstance(pair, tuple) for pair in found):
        raise _unread(_("it is JSON, but no object of names and weights"), where)
    return found


def _of_csv(text: str, path: pathlib.Path) -> list[tuple[str, Any]]:
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    rows = [row for row in csv.reader(text.splitlines(), delimiter=separator) if any(map(str.strip, row))]
    if any(len(row) != 2 for row in rows):
        raise _unread(_("a line has not two cells, a class and its weight"), str(path))
    pairs: list[tuple[str, Any]] = [(name.strip(), _number(weight)) for name, weight in rows]
    has_header = bool(pairs) and isinstance(pairs[0][1], str)
    return pairs[1:] if has_header else pairs


def _number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _unread(why: str, where: str) -> UserError:
    return UserError(
        _("the weights of the classes cannot be read: {error}").format(error=why),
        where=where,
        fix=_("write them as JSON, {example}, or as lines of a class and its weight: positive,20").format(
            example='{"negative": 1, "positive": 20}'
        ),
    )


def _checked(pairs: list[tuple[str, Any]], task: Task, where: str) -> dict[str, float]:
    """The weight of each class of the task, in its order. Raises UserError unless each class has one, above 0."""
    names = [name for name, _weight in pairs]
    for number, name in enumerate(names):
        if name not in task.classes:
            raise UserError(
                _("weights are given for {name!r}, which is no class").format(name=name),
                where,
                did_you_mean(name, task.classes),
            )
        if name in names[:number]:
            raise UserError(
                _("the class {name!r} has two weights").format(name=name), where, _("leave one of them out")
            )
    missing = [name for name in task.classes if name not in names]
    if missing:
        raise UserError(
            _("there is no weight for {missing}").format(missing=examples(map(repr, missing))),
            where,
            _("give every class one; 1 is the usual"),
        )
    found = dict(pairs)
    for name, weight in found.items():
        is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not (is_number and math.isfinite(weight) and weight > 0):
            raise UserError(
                _("the weight of {name!r} is {weight!r}, and not a number above 0").format(name=name, weight=weight),
                where,
                _("give a number such as 0.5 or 20; to learn nothing from a class, leave its rows out"),
            )
    return {name: float(found[name]) for name in task.classes}
