"""What a finished run knows of its rows, for their review: probabilities by models that have not learnt from a row, and
the losses that it had in training."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from warmstart.batches.tokens import texts_of
from warmstart.engine.features import features
from warmstart.evaluation.baselines import MOST_WEIGHTS
from warmstart.evaluation.label_errors import Evidence
from warmstart.evaluation.tfidf import MOST_FEATURES, tfidf
from warmstart.events import Listener, Note
from warmstart.heads.out_of_fold import linear, out_of_fold
from warmstart.messages import _
from warmstart.runs.saved import SavedRun
from warmstart.table.corrections import REVIEWED
from warmstart.table.labels import encode, has_labels
from warmstart.table.task import Task
from warmstart.trainer import row_losses

if TYPE_CHECKING:
    from datasets import DatasetDict

MOST_ROWS = 50_000  # of which words are asked too; of more rows a model knows better than they
Bar = Callable[[int], Callable[[int], None]]


def evidence(
    saved: SavedRun, splits: "DatasetDict", *, with_losses: bool, listen: Listener, bar: Bar
) -> dict[str, Evidence]:
    """Of the training rows, what linear models say of each that have learnt from the others, and the rows' losses in
    training; of the validation rows, what the run's model says. One linear model reads the features of the run's model,
    the other words (TF-IDF). If words tell the labels of the validation rows better, the run's model is not asked: on
    the training rows alone its features would seem the better ones, since they have been fitted to these labels."""
    task = saved.task
    columns = {split: texts_of(splits[split], task) for split in REVIEWED}
    labels = {split: encode(task, splits[split]) for split in REVIEWED if has_labels(task, splits[split])}
    train, how = labels["train"], (task.problem_type, task.num_labels)
    made = features(saved.predictor, columns["train"], bar(len(train)))
    learnt: list[tuple[Any, Any]] = []  # of training and of validation rows
    if made is not None:
        learnt.append((out_of_fold(*how, made, train), saved.predictor.logits(*columns["validation"])))
    if not learnt or len(train) <= MOST_ROWS:
        words = tfidf(columns["train"], columns["validation"], min(MOST_FEATURES, MOST_WEIGHTS // task.num_labels))
        learnt.append((out_of_fold(*how, words[0], train), linear(*how, words[0], train, words[1])))
    by_each = [held_out for _rows, held_out in learnt]
    knows = made is not None and ("validation" not in labels or _best(task, by_each, labels["validation"]) == 0)
    if not knows:
        learnt = learnt[-1:]
        listen(Note(_("single words tell these labels better than the model does: the review goes by them")))
    seen = row_losses.read(saved.folder) if with_losses and knows else None
    if seen is not None and seen.shape[1] != len(train):
        seen = None
    if seen is None and with_losses and knows:
        listen(Note(_("the run has not recorded the losses of its rows: they are ranked without")))
    texts = {split: [*zip(*found, strict=True)] for split, found in columns.items()}
    by_others = tuple(rows for rows, _held_out in learnt)
    known = {"train": Evidence(texts["train"], train, by_others, seen)}
    if "validation" in labels:
        told = tuple(held_out for _rows, held_out in learnt)
        known["validation"] = Evidence(texts["validation"], labels["validation"], told, held_out=True)
    return known


def _best(task: Task, found: list[Any], labels: Any) -> int:
    """Which of some models' logits of the same rows is best, the first of equals."""
    name, greater = task.head.best_metric()
    values = [task.head.measure(task.head.decide(logits), labels)[name] for logits in found]
    signed = [-np.inf if np.isnan(value) else value if greater else -value for value in values]
    return signed.index(max(signed))
