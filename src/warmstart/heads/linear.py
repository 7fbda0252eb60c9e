"""A linear classifier, quick on sparse features of many classes."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_IN_DOUBLE = 5_000_000  # weights; the solver holds some ten times as many numbers


def logistic(features: Any, labels: NDArray[Any], new: Any) -> NDArray[Any]:
    """int64 [rows]: the classes of `new`, by a model that learns from `features` and `labels` (int64 [rows])."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if labels.min() == labels.max():
        return np.full(new.shape[0], labels[0])
    if features.shape[1] * len(np.unique(labels)) > MOST_IN_DOUBLE:
        features, new = features.astype(np.float32), new.astype(np.float32)
    with warnings.catch_warnings():  # a baseline that stopped early is still one; classes of one row are no numbers
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        # Of scikit-learn's solvers, the fastest on wide sparse features of many classes by far.
        return np.asarray(LogisticRegression(solver="newton-cg").fit(features, labels).predict(new))
