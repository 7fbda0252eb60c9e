"""From logits to predictions, and from predictions to the numbers that say how good they are.

scikit-learn and scipy compute; what is ours is which numbers, under which names, and what happens at the edges.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import UserError, text
from warmstart.heads.arrays import Kind, check_kind, checked, count_classes, name_rows
from warmstart.heads.correlation import matthews, pearson, spearman
from warmstart.heads.glue import glue_task

_NAMES: dict[str, tuple[str, ...]] = {
    "classes": ("accuracy", "f1", "macro_f1"),
    "labels": ("micro_f1", "macro_f1"),
    "number": ("pearson", "spearman", "rmse"),
}
_HEADLINE = {"classes": ("accuracy", "macro_f1"), "labels": ("micro_f1", "macro_f1"), "number": _NAMES["number"]}
_BEST = {"classes": "accuracy", "labels": "micro_f1", "number": "rmse"}


def decide(kind: Kind, logits: NDArray[Any]) -> NDArray[Any]:
    """The predictions that a model's logits stand for.

    `"classes"`: logits [rows, classes] -> int64 [rows], the class with the largest logit (the first of equals);
    `"labels"`: logits [rows, classes] -> int64 0/1 [rows, classes], 1 where the logit is above 0, that is, where the
    probability is above 1/2;
    `"number"`: logits [rows] or [rows, 1] -> float64 [rows].

    Raises UserError for another shape, and if a logit is NaN: argmax would make a class of it, and a model that
    diverged would look like a mediocre one.
    """
    check_kind(kind)
    logits = np.asarray(logits)
    if kind == "number" and logits.ndim == 2 and logits.shape[1] == 1:
        logits = logits[:, 0]
    if logits.ndim != (1 if kind == "number" else 2):
        wanted = "[rows, 1]" if kind == "number" else "[rows, classes]"
        raise UserError(
            text(
                f"the model's outputs have the shape {list(logits.shape)}, not {wanted}",
                f"模型输出的形状是 {list(logits.shape)}, 而不是 {wanted}",
            ),
            fix=text(
                f"the kind of task is {kind!r}: does the model fit it?", f"任务类型为 {kind!r}: 模型是否与之相符?"
            ),
        )
    broken = np.flatnonzero(np.isnan(logits).any(axis=tuple(range(1, logits.ndim))))
    if len(broken):
        raise UserError(
            text(
                f"the model's outputs are not numbers (NaN) for {len(broken)} of {len(logits)} rows",
                f"模型对 {len(logits)} 行中的 {len(broken)} 行输出了 NaN",
            ),
            where=name_rows(broken),
            fix=text(
                "training diverged: lower the learning rate, or train in float32",
                "训练已发散: 请降低学习率, 或使用 float32 训练",
            ),
        )
    if kind == "classes":
        return np.asarray(logits.argmax(axis=1), dtype=np.int64)
    return np.asarray(logits > 0, dtype=np.int64) if kind == "labels" else np.asarray(logits, dtype=np.float64)


def metric_names(kind: Kind, glue: str | None = None) -> tuple[str, ...]:
    """The names that `measure` gives, in its order: GLUE's own for a GLUE task, then the kind's others.

    STS-B has `spearmanr`, GLUE's name, in place of `spearman`: one number is not given twice. Raises UserError for a
    kind or a task that there is not, and for a task of another kind.
    """
    check_kind(kind)
    if glue is None:
        return _NAMES[kind]
    task = glue_task(glue)
    if task.kind != kind:
        raise UserError(
            text(
                f"GLUE's metrics for {glue!r} are for the kind {task.kind!r}, but this task predicts {kind!r}",
                f"GLUE 为 {glue!r} 规定的指标适用于 {task.kind!r}, 而此任务预测的是 {kind!r}",
            ),
            fix=text("leave out glue, or set the kind of task", "去掉 glue, 或修改任务类型"),
        )
    others = [name for name in _NAMES[kind] if name != "spearman" or "spearmanr" not in task.metrics]
    return tuple(dict.fromkeys((*task.metrics, *others)))


def headline(kind: Kind, glue: str | None = None) -> tuple[str, ...]:
    """The names of the metrics that head the table of results: for a GLUE task those that its leaderboard reports."""
    metric_names(kind, glue)
    return _HEADLINE[kind] if glue is None else glue_task(glue).metrics


def best_metric(kind: Kind, glue: str | None = None) -> tuple[str, bool]:
    """The metric that picks the best model (one of `headline`), and whether greater is better."""
    metric_names(kind, glue)
    name = _BEST[kind] if glue is None else glue_task(glue).best
    return name, name != "rmse"


def measure(
    kind: Kind,
    predictions: NDArray[Any],
    labels: NDArray[Any],
    *,
    glue: str | None = None,
    classes: int | None = None,
) -> dict[str, float]:
    """The metrics of predictions as `decide` gives them, under the names of `metric_names` and in that order.

    `"classes"`, both int [rows]: `accuracy`; `macro_f1`, the plain mean of the F1 of every class that occurs among
    the labels or the predictions; `f1`, which is the F1 of class 1 when there are two classes, and the mean of the F1
    of all classes weighted by their number of labels when there are more; `matthews_correlation`, 0 where it is
    undefined, as in scikit-learn and GLUE. `classes` is how many classes the task has (default: as many as occur, at
    least two); without it, a task of three classes whose rows hold only classes 0 and 1 is taken for a binary one.

    `"labels"`, both 0/1 [rows, classes]: `micro_f1` over all cells, `macro_f1` over all columns.

    `"number"`, both float [rows]: `pearson`, `spearman`, `rmse`. A correlation is NaN, without a warning, where it is
    undefined: fewer than two rows, or labels or predictions all equal.

    An F1 with nothing to find and nothing found is 0. Raises UserError when there is nothing to measure: no rows,
    labels missing (NaN, or -1 as in most of GLUE's test splits), predictions that are logits or NaN, shapes that
    differ.
    """
    predictions, labels = checked(kind, predictions, labels, glue)
    if kind == "number":
        values = _number(predictions, labels)
    elif kind == "labels":
        values = _labels(predictions, labels)
    else:
        values = _classes(predictions, labels, count_classes(predictions, labels, classes))
    return {name: float(values[name]) for name in metric_names(kind, glue)}


def _classes(predictions: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, f1_score

    if classes == 2:
        f1 = f1_score(labels, predictions, labels=[1], average="macro", zero_division=0)  # of class 1, even if absent
    else:
        f1 = f1_score(labels, predictions, average="weighted", zero_division=0)
    return {
        "accuracy": accuracy_score(labels, predictions),
        "f1": f1,
        "macro_f1": f1_score(labels, predictions, average="macro", zero_division=0),
        "matthews_correlation": matthews(predictions, labels),
    }


def _labels(predictions: NDArray[np.int64], labels: NDArray[np.int64]) -> dict[str, float]:
    from sklearn.metrics import f1_score

    if labels.shape[1] == 1:  # scikit-learn takes one column for a binary task, and then scores both of its classes
        f1 = f1_score(labels[:, 0], predictions[:, 0], labels=[1], average="macro", zero_division=0)
        return {"micro_f1": f1, "macro_f1": f1}
    return {f"{way}_f1": f1_score(labels, predictions, average=way, zero_division=0) for way in ("micro", "macro")}


def _number(predictions: NDArray[np.float64], labels: NDArray[np.float64]) -> dict[str, float]:
    from sklearn.metrics import root_mean_squared_error

    rank = spearman(predictions, labels)[0]
    return {
        "pearson": pearson(predictions, labels)[0],
        "spearman": rank,
        "spearmanr": rank,
        "rmse": root_mean_squared_error(labels, predictions),
    }
