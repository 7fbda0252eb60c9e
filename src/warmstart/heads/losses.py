"""The loss of each row, as the model's own loss takes the mean of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def losses(problem_type: str, logits: Array, labels: Array) -> NDArray[np.float64]:
    """float64 [rows]: cross entropy of the row's class, the mean over classes of the binary one, or the squared error,
    by the name that `transformers` has for the kind. `logits`: [rows, outputs]; `labels`: as a loss takes them."""
    logits = np.asarray(logits, np.float64)
    if problem_type == "single_label_classification":
        given = np.take_along_axis(logits, labels[:, None].astype(np.int64), 1)[:, 0]
        return np.asarray(np.logaddexp.reduce(logits, axis=1) - given)
    if problem_type == "multi_label_classification":
        return np.asarray((np.logaddexp(0, logits) - labels * logits).mean(axis=1))
    return np.asarray((logits.reshape(len(logits), -1)[:, 0] - labels) ** 2)


def confidences(problem_type: str, found: Array) -> NDArray[np.float64]:
    """float64 [rows], from 0 to 1: how well the given labels fit, by the `losses` of the rows. The probability of the
    class; of several labels the geometric mean of theirs; of a number, how near it is for such a spread of errors."""
    found = np.asarray(found, np.float64)
    spread = 2 * max(float(np.nanmean(found)), 1e-12) if problem_type == "regression" else 1.0
    return np.asarray(np.exp(-found / spread))
