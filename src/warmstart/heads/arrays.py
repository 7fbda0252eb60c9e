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

from warmstart.errors import UserError, examples, text

Array = NDArray[Any]


def check_shapes(kind: str, predictions: Array, labels: Array, dimensions: int) -> None:
    """Raises UserError unless both are of one shape and have rows: [rows], or [rows, classes] in two dimensions."""
    if predictions.shape != labels.shape or labels.ndim != dimensions or not labels.size:
        raise UserError(
            text(
                f"predictions {list(predictions.shape)} and labels {list(labels.shape)} cannot be compared",
                f"预测 {list(predictions.shape)} 与标签 {list(labels.shape)} 无法比较",
            ),
            fix=text(
                f"for the kind {kind!r}, give both as {'[rows, classes]' if dimensions == 2 else '[rows]'}, not empty",
                f"任务类型为 {kind!r} 时, 两者均应为非空的 {'[行, 类别]' if dimensions == 2 else '[行]'}",
            ),
        )


def check_labels(labels: Array, usable: NDArray[np.bool_]) -> None:
    """Raises UserError naming the rows whose labels are not all `usable`."""
    rows = _not_all(usable)
    if len(rows):
        raise UserError(
            text(
                f"{len(rows)} of {len(labels)} rows have no label to compare with (but {labels[rows[0]]})",
                f"{len(labels)} 行中有 {len(rows)} 行没有可比较的标签 (而是 {labels[rows[0]]})",
            ),
            where=_name_rows(rows),
            fix=text(
                "evaluate on a split with labels: most of GLUE's test splits have -1 for every label",
                "请在有标签的数据上评估: GLUE 的大多数测试集用 -1 代替了所有标签",
            ),
        )


def check_predictions(kind: str, predictions: Array, usable: NDArray[np.bool_]) -> None:
    """Raises UserError naming the rows whose predictions are not all `usable`."""
    rows = _not_all(usable)
    if len(rows):
        raise UserError(
            text(
                f"{len(rows)} of {len(predictions)} predictions are not what a task of kind {kind!r} predicts "
                f"(but {predictions[rows[0]]})",
                f"{len(predictions)} 个预测中有 {len(rows)} 个与任务类型 {kind!r} 不符 (而是 {predictions[rows[0]]})",
            ),
            where=_name_rows(rows),
            fix=text("turn logits into predictions with decide()", "请用 decide() 把 logits 转换为预测"),
        )


def check_logits(kind: str, logits: Array, dimensions: int, wanted: str) -> None:
    """Raises UserError for logits of another shape than `wanted`, and if one is NaN: argmax would make a class of it,
    and a model that diverged would look like a mediocre one."""
    if logits.ndim != dimensions:
        raise UserError(
            text(
                f"the model's outputs have the shape {list(logits.shape)}, not {wanted}",
                f"模型输出的形状是 {list(logits.shape)}, 而不是 {wanted}",
            ),
            fix=text(
                f"the kind of task is {kind!r}: does the model fit it?", f"任务类型为 {kind!r}: 模型是否与之相符?"
            ),
        )
    broken = _not_all(~np.isnan(logits))
    if len(broken):
        raise UserError(
            text(
                f"the model's outputs are not numbers (NaN) for {len(broken)} of {len(logits)} rows",
                f"模型对 {len(logits)} 行中的 {len(broken)} 行输出了 NaN",
            ),
            where=_name_rows(broken),
            fix=text(
                "training diverged: lower the learning rate, or train in float32",
                "训练已发散: 请降低学习率, 或使用 float32 训练",
            ),
        )


def _not_all(good: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The rows that have a value that is not good."""
    return np.flatnonzero(~good.all(axis=tuple(range(1, good.ndim))))


def _name_rows(rows: NDArray[np.intp]) -> str:
    return text(f"rows {examples(rows.tolist())} (from 0)", f"行号 {examples(rows.tolist())} (从 0 数起)")
