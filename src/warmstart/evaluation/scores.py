"""The metrics that `load_metric` loads, with the options and the result keys that they had in `datasets` 2.

Each takes predictions and references of one shape, and its own options by name.
"""

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
}
NUMBERS = ("pearsonr", "spearmanr", "mse")  # the scores of numbers; the others are of classes
SEVERAL = {  # the configurations whose rows hold several values each
    "accuracy": "multilabel",
    "f1": "multilabel",
    "precision": "multilabel",
    "recall": "multilabel",
    "mse": "multilist",
}
