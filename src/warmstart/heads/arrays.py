"""Arrays of logits, predictions and labels, and what is said of those that do not fit the kind of task.

| kind        | a row has            | logits            | predictions and labels    |
|-------------|----------------------|-------------------|---------------------------|
| `"classes"` | one class            | [rows, classes]   | int64 [rows]              |
| `"labels"`  | any number of labels | [rows, classes]   | int64 0/1 [rows, classes] |
| `"number"`  | a number             | [rows, 1], [rows] | float64 [rows]            |
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import UserError, examples
from warmstart.messages import _

Array = NDArray[Any]


def check_shapes(kind: str, predictions: Array, labels: Array, dimensions: int) -> None:
    """Raises UserError unless both are of one shape and have rows: [rows], or [rows, classes] in two dimensions."""
    if predictions.shape != labels.shape or labels.ndim != dimensions or not labels.size:
        raise UserError(
            _("predictions {predicted} and labels {labelled} cannot be compared").format(
                predicted=list(predictions.shape), labelled=list(labels.shape)
            ),
            fix=(
                _("for the kind {kind!r}, give both as [rows, classes], not empty")
                if dimensions == 2
                else _("for the kind {kind!r}, give both as [rows], not empty")
            ).format(kind=kind),
        )


def check_labels(labels: Array, usable: NDArray[np.bool_]) -> None:
    """Raises UserError naming the rows whose labels are not all `usable`."""
    rows = _not_all(usable)
    if len(rows):
        raise UserError(
            _("{rows} of {labels} rows have no label to compare with (but {label})").format(
                rows=len(rows), labels=len(labels), label=labels[rows[0]]
            ),
            where=_name_rows(rows),
            fix=_("evaluate on a split with labels: most of GLUE's test splits have -1 for every label"),
        )


def check_predictions(kind: str, predictions: Array, usable: NDArray[np.bool_]) -> None:
    """Raises UserError naming the rows whose predictions are not all `usable`."""
    rows = _not_all(usable)
    if len(rows):
        raise UserError(
            _(
                "{rows} of {predictions} predictions are not what a task of kind {kind!r} predicts (but {prediction})"
            ).format(rows=len(rows), predictions=len(predictions), kind=kind, prediction=predictions[rows[0]]),
            where=_name_rows(rows),
            fix=_("turn logits into predictions with decide()"),
        )


def check_logits(kind: str, logits: Array, dimensions: int, wanted: str) -> None:
    """Raises UserError for logits of another shape than `wanted`, and if one is NaN: argmax would make a class of it,
    and a model that diverged would look like a mediocre one."""
    if logits.ndim != dimensions:
        raise UserError(
            _("the model's outputs have the shape {shape}, not {wanted}").format(
                shape=list(logits.shape), wanted=wanted
            ),
            fix=_("the kind of task is {kind!r}: does the model fit it?").format(kind=kind),
        )
    broken = _not_all(~np.isnan(logits))
    if len(broken):
        raise UserError(
            _("the model's outputs are not numbers (NaN) for {broken} of {logits} rows").format(
                broken=len(broken), logits=len(logits)
            ),
            where=_name_rows(broken),
            fix=_("training diverged: lower the learning rate, or train in float32"),
        )


def _not_all(good: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The rows that have a value that is not good."""
    return np.flatnonzero(~good.all(axis=tuple(range(1, good.ndim))))


def _name_rows(rows: NDArray[np.intp]) -> str:
    return _("rows {rows} (from 0)").format(rows=examples(rows.tolist()))
