"""What a linear model says of rows that it has not learnt from, for every row of a table."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FOLDS = 5
C = 0.003  # of a model's features, made to unit variance: they fit nearly any labels, also wrong ones


def out_of_fold(problem_type: str, outputs: int, features: Any, labels: Array, seed: int = 0) -> Array:
    """Logits, float64 [rows, outputs], for each row by a linear model of the others: each of `FOLDS` parts of the rows
    is told by one that has learnt from the rest. `features`: [rows, features] of a model, or sparse ones of words;
    `labels`: as a loss takes them."""
    found = np.zeros((len(labels), outputs))
    parts = np.random.default_rng(seed).permutation(len(labels)) % min(FOLDS, len(labels))
    for part in range(int(parts.max()) + 1):
        mine = parts == part
        found[mine] = linear(problem_type, outputs, features[~mine], labels[~mine], features[mine])
    return found


def linear(problem_type: str, outputs: int, features: Any, labels: Array, new: Any) -> Array:
    """Logits, float64 [rows, outputs], of the rows `new` by a linear model of `features` and `labels`."""
    strength = 16.0  # of the rows of TF-IDF features, which have length 1
    if isinstance(features, np.ndarray):
        mean, spread, strength = features.mean(axis=0), features.std(axis=0) + 1e-6, C
        features, new = (features - mean) / spread, (new - mean) / spread
    if problem_type == "regression":
        from sklearn.linear_model import Ridge

        return np.asarray(Ridge(alpha=1 / strength).fit(features, labels).predict(new)).reshape(-1, 1)
    if problem_type == "multi_label_classification":
        two = [_log_probabilities(features, column.astype(np.int64), new, 2, strength) for column in labels.T]
        return np.stack([each[:, 1] - each[:, 0] for each in two], axis=1)
    return _log_probabilities(features, labels, new, outputs, strength)


def _log_probabilities(features: Any, labels: Array, new: Any, classes: int, strength: float) -> Array:
    """float64 [rows, classes]; a class without rows to learn from has hardly any."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    found = np.full((new.shape[0], classes), 1e-6)
    known = np.unique(labels)
    if len(known) == 1:
        found[:, known] = 1.0
    else:
        solver = "lbfgs" if isinstance(features, np.ndarray) else "newton-cg"  # the faster one on wide sparse features
        with warnings.catch_warnings():  # one that stopped early is good enough; classes of one row are no numbers
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            model = LogisticRegression(C=strength, solver=solver, max_iter=200).fit(features, labels)
            found[:, known] = model.predict_proba(new)
    return np.log(np.maximum(found, 1e-6))
