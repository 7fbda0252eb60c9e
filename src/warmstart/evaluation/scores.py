"""The metrics that `load_metric` loads, with the options and the result keys that they had in `datasets` 2.

Each takes predictions and references of one shape, and its own options by name.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.heads import correlation
from warmstart.heads.glue import glue_task

Array = NDArray[Any]
Score = Callable[..., dict[str, Any]]


def accuracy(
    predictions: Array, references: Array, *, normalize: bool = True, sample_weight: Any = None
) -> dict[str, Any]:
    """The share of rows that are right, or with normalize=False their number. int [rows] or 0/1 [rows, labels]."""
    from sklearn.metrics import accuracy_score

    return {
        "accuracy": float(accuracy_score(references, predictions, normalize=normalize, sample_weight=sample_weight))
    }


def _score_of_classes(name: str) -> Score:
    def score(
        predictions: Array,
        references: Array,
        *,
        labels: Any = None,
        pos_label: Any = 1,
        average: str | None = "binary",
        sample_weight: Any = None,
        zero_division: Any = 0,
    ) -> dict[str, Any]:
        """scikit-learn's, except that a division by zero gives 0 without a warning (zero_division="warn" asks for it).

        A float, or with average=None float64 [classes]. int [rows] or 0/1 [rows, labels].
        """
        from sklearn import metrics

        value = getattr(metrics, f"{name}_score")(
            references,
            predictions,
            labels=labels,
            pos_label=pos_label,
            average=average,
            sample_weight=sample_weight,
            zero_division=zero_division,
        )
        return {name: float(np.reshape(value, ())) if np.size(value) == 1 else value}

    return score


def matthews_correlation(predictions: Array, references: Array, *, sample_weight: Any = None) -> dict[str, Any]:
    """Of int [rows]; 0 where undefined."""
    return {"matthews_correlation": correlation.matthews(predictions, references, sample_weight=sample_weight)}


def pearsonr(predictions: Array, references: Array, *, return_pvalue: bool = False) -> dict[str, Any]:
    """Of float [rows]; NaN where undefined."""
    value, chance = correlation.pearson(predictions, references)
    return {"pearsonr": value, "p-value": chance} if return_pvalue else {"pearsonr": value}


def spearmanr(predictions: Array, references: Array, *, return_pvalue: bool = False) -> dict[str, Any]:
    """Of float [rows]; NaN where undefined."""
    value, chance = correlation.spearman(predictions, references)
    return {"spearmanr": value, "spearmanr_pvalue": chance} if return_pvalue else {"spearmanr": value}


def mse(
    predictions: Array,
    references: Array,
    *,
    sample_weight: Any = None,
    multioutput: Any = "uniform_average",
    squared: bool = True,
) -> dict[str, Any]:
    """The mean squared error of float [rows] or [rows, outputs]; with squared=False its root, still under "mse"."""
    from sklearn.metrics import mean_squared_error, root_mean_squared_error

    error = mean_squared_error if squared else root_mean_squared_error
    value = error(references, predictions, sample_weight=sample_weight, multioutput=multioutput)
    return {"mse": float(value) if np.ndim(value) == 0 else value}


def mae(
    predictions: Array, references: Array, *, sample_weight: Any = None, multioutput: Any = "uniform_average"
) -> dict[str, Any]:
    """The mean absolute error of float [rows] or [rows, outputs]."""
    from sklearn.metrics import mean_absolute_error

    value = mean_absolute_error(references, predictions, sample_weight=sample_weight, multioutput=multioutput)
    return {"mae": float(value) if np.ndim(value) == 0 else value}


def confusion_matrix(
    predictions: Array, references: Array, *, labels: Any = None, sample_weight: Any = None, normalize: Any = None
) -> dict[str, Any]:
    """How many rows of each class (a row of the matrix) were taken for which (a column): [classes, classes]."""
    from sklearn import metrics

    matrix = metrics.confusion_matrix(
        references, predictions, labels=labels, sample_weight=sample_weight, normalize=normalize
    )
    return {"confusion_matrix": matrix}


def roc_auc(
    predictions: Array,
    references: Array,
    *,
    average: str | None = "macro",
    sample_weight: Any = None,
    max_fpr: float | None = None,
    multi_class: str = "raise",
    labels: Any = None,
) -> dict[str, Any]:
    """The area under the receiver operating characteristic. Predictions are scores: float [rows] of the second class,
    or [rows, classes]; references are int [rows], or 0/1 [rows, labels]."""
    from sklearn.metrics import roc_auc_score

    value = roc_auc_score(
        references,
        predictions,
        average=average,
        sample_weight=sample_weight,
        max_fpr=max_fpr,
        multi_class=multi_class,
        labels=labels,
    )
    return {"roc_auc": float(value) if np.ndim(value) == 0 else value}


def brier_score(
    predictions: Array, references: Array, *, sample_weight: Any = None, pos_label: Any = None
) -> dict[str, Any]:
    """The mean squared distance of a probability, float [rows], from what came of it, int [rows]."""
    from sklearn.metrics import brier_score_loss

    return {
        "brier_score": float(
            brier_score_loss(references, predictions, sample_weight=sample_weight, pos_label=pos_label)
        )
    }


def glue_score(task: str) -> Score:
    """The score of a GLUE task: its metrics, in GLUE's order, without options."""
    names = glue_task(task).metrics

    def score(predictions: Array, references: Array) -> dict[str, Any]:
        return {name: SCORES[_OLD.get(name, name)](predictions, references)[_OLD.get(name, name)] for name in names}

    return score


_OLD = {"pearson": "pearsonr"}  # what GLUE calls a metric, where its own name differs

SCORES: dict[str, Score] = {
    "accuracy": accuracy,
    "f1": _score_of_classes("f1"),
    "precision": _score_of_classes("precision"),
    "recall": _score_of_classes("recall"),
    "matthews_correlation": matthews_correlation,
    "pearsonr": pearsonr,
    "spearmanr": spearmanr,
    "mse": mse,
    "mae": mae,
    "roc_auc": roc_auc,
    "confusion_matrix": confusion_matrix,
    "brier_score": brier_score,
    "brier": brier_score,
}


@dataclasses.dataclass(frozen=True)
class Reads:
    """What a score is given, of predictions and of references: whether numbers (else classes), and how many
    dimensions."""

    numbers: tuple[bool, bool] = (False, False)
    dimensions: tuple[int, int] = (1, 1)


CLASSES, NUMBERS, SCORED = Reads(), Reads((True, True)), Reads((True, False))
READS = {  # of each score, and its configurations whose rows hold several values each
    **{
        name: {"": CLASSES, "multilabel": Reads(dimensions=(2, 2))}
        for name in ("accuracy", "f1", "precision", "recall")
    },
    "matthews_correlation": {"": CLASSES},
    "confusion_matrix": {"": CLASSES},
    "pearsonr": {"": NUMBERS},
    "spearmanr": {"": NUMBERS},
    **{name: {"": NUMBERS, "multilist": Reads((True, True), (2, 2))} for name in ("mse", "mae")},
    "roc_auc": {
        "": SCORED,
        "multiclass": Reads((True, False), (2, 1)),
        "multilabel": Reads((True, False), (2, 2)),
    },
    "brier_score": {"": SCORED},
    "brier": {"": SCORED},
}
