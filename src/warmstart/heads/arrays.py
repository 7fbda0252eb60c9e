"""The three kinds of task, and arrays of predictions and labels that fit them.

| kind        | a row has            | logits            | predictions and labels    |
|-------------|----------------------|-------------------|---------------------------|
| `"classes"` | one class            | [rows, classes]   | int64 [rows]              |
| `"labels"`  | any number of labels | [rows, classes]   | int64 0/1 [rows, classes] |
| `"number"`  | a number             | [rows, 1], [rows] | float64 [rows]            |
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import UserError, did_you_mean, examples, text

Kind = Literal["classes", "labels", "number"]
KINDS: tuple[Kind, ...] = ("classes", "labels", "number")


def check_kind(kind: Kind) -> None:
    """Raises UserError for a kind that there is not."""
    if kind not in KINDS:
        raise UserError(
            text(f"there is no kind of task {kind!r}", f"没有 {kind!r} 这种任务"), fix=did_you_mean(kind, KINDS)
        )


def checked(
    kind: Kind, predictions: NDArray[Any], labels: NDArray[Any], glue: str | None = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both as arrays that can be measured, of one shape: int64 for classes and labels, float64 for a number.

    Raises UserError for no rows, shapes that differ, labels missing (NaN or -1), predictions that are logits or NaN. A
    number may be -1, but not in a task of GLUE.
    """
    check_kind(kind)
    predictions, labels = np.asarray(predictions), np.asarray(labels)
    if predictions.shape != labels.shape or labels.ndim != (2 if kind == "labels" else 1) or not labels.size:
        raise UserError(
            text(
                f"predictions {list(predictions.shape)} and labels {list(labels.shape)} cannot be compared",
                f"预测 {list(predictions.shape)} 与标签 {list(labels.shape)} 无法比较",
            ),
            fix=text(
                f"for the kind {kind!r}, give both as {'[rows, classes]' if kind == 'labels' else '[rows]'}, not empty",
                f"任务类型为 {kind!r} 时, 两者均应为非空的 {'[行, 类别]' if kind == 'labels' else '[行]'}",
            ),
        )
    rows = _unusable(kind, labels, least=-np.inf if kind == "number" and glue is None else 0)
    if len(rows):
        raise UserError(
            text(
                f"{len(rows)} of {len(labels)} rows have no label to compare with (but {labels[rows[0]]})",
                f"{len(labels)} 行中有 {len(rows)} 行没有可比较的标签 (而是 {labels[rows[0]]})",
            ),
            where=name_rows(rows),
            fix=text(
                "evaluate on a split with labels: most of GLUE's test splits have -1 for every label",
                "请在有标签的数据上评估: GLUE 的大多数测试集用 -1 代替了所有标签",
            ),
        )
    rows = _unusable(kind, predictions, least=-np.inf if kind == "number" else 0)
    if len(rows):
        raise UserError(
            text(
                f"{len(rows)} of {len(labels)} predictions are not what a task of kind {kind!r} predicts "
                f"(but {predictions[rows[0]]})",
                f"{len(labels)} 个预测中有 {len(rows)} 个与任务类型 {kind!r} 不符 (而是 {predictions[rows[0]]})",
            ),
            where=name_rows(rows),
            fix=text("turn logits into predictions with decide()", "请用 decide() 把 logits 转换为预测"),
        )
    dtype = np.float64 if kind == "number" else np.int64
    return predictions.astype(dtype), labels.astype(dtype)


def _unusable(kind: Kind, values: NDArray[Any], least: float) -> NDArray[np.intp]:
    """The rows that do not hold a class (0, 1, ...), labels (each 0 or 1) or a finite number, all from `least` up."""
    bad = ~np.isfinite(values) | (values < least)
    if kind != "number":
        bad |= values != np.floor(values)
    if kind == "labels":
        bad |= values > 1
    return np.flatnonzero(bad.any(axis=tuple(range(1, values.ndim))))


def name_rows(rows: NDArray[np.intp]) -> str:
    """The place of an error: the first of these rows."""
    return text(f"rows {examples(rows.tolist())} (from 0)", f"行号 {examples(rows.tolist())} (从 0 数起)")


def count_classes(predictions: NDArray[Any], labels: NDArray[Any], classes: int | None = None) -> int:
    """How many classes the task has: `classes`, or as many as are seen, whichever is more, but at least two."""
    return max(2, classes or 0, int(labels.max()) + 1, int(predictions.max()) + 1)
