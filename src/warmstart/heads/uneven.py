"""What a kind of task says about classes of which some are rare: their weights, groups of rows, and thresholds."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Uneven(ABC):
    """A part of `Head`, which has its attributes. A kind that sets none of them has classes that weigh the same, and no
    thresholds."""

    # The loss of torch.nn.functional that takes weights of classes, and its argument of that; None: they have none
    weighted: ClassVar[tuple[str, str] | None] = None
    decides_for: ClassVar[tuple[str, ...]] = ()  # the metrics that thresholds can be chosen for, the usual one first
    spares: ClassVar[tuple[str, ...]] = ()  # the metrics that thresholds for another one must not lower
    classes: tuple[str, ...]
    thresholds: tuple[float, ...]

    @abstractmethod
    def class_pairs(self, encoded: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...

    @abstractmethod
    def class_counts(self, encoded: Any) -> NDArray[np.int64]: ...

    def balanced_weights(self, encoded: Any) -> NDArray[np.float64]:
        """The weight of each class [classes] with which all classes count the same, whatever the rows of each: rows /
        (classes * rows of the class), as scikit-learn's "balanced" has it; 1 for a class without rows."""
        counts = self.class_counts(encoded)
        there = np.maximum(counts, 1)
        return np.where(counts > 0, len(encoded) / (max(int((counts > 0).sum()), 1) * there), 1.0)

    def groups(self, encoded: Any) -> tuple[NDArray[np.int64], ...]:
        """The rows of each class that has any, from which balanced sampling draws alike; a row may be in several, and
        is in one at least. Empty where there are no classes."""
        rows, classes = self.class_pairs(encoded)
        if not len(rows):
            return ()
        order = np.argsort(classes, kind="stable")
        of_each = np.split(rows[order], np.flatnonzero(np.diff(classes[order])) + 1)
        rest = np.setdiff1d(np.arange(len(encoded)), rows)
        return (*of_each, rest) if len(rest) else tuple(of_each)

    # Thresholds: from which probability an answer is given

    @property
    def deciding(self) -> tuple[str, ...]:
        """The classes that have a threshold: each label, of two classes the second; none where the largest wins."""
        return ()

    def log_odds(self, logits: Array) -> NDArray[np.float64]:
        """float64 [rows, deciding]: the logarithm of p / (1 - p), of the probability that a threshold is for."""
        raise NotImplementedError

    def cuts(self) -> NDArray[np.float64]:
        """The thresholds as log odds [deciding]; 0 is a probability of 0.5."""
        given = np.asarray(self.thresholds or (0.5,) * len(self.deciding), np.float64)
        found: NDArray[np.float64] = np.log(given) - np.log1p(-given)
        return found

    def given(self, labels: Array) -> Array:
        """0/1 [rows, deciding]: whether a row has the class that a threshold is for; of labels or predictions."""
        raise NotImplementedError

    def score_counts(self, metric: str, counts: Array, rows: int) -> Array:
        """A metric of `decides_for` [...], from how many of the rows have, are given, and both, each class that a
        threshold is for: counts [..., 3, deciding]."""
        raise NotImplementedError

    def worth(self, metric: str, counts: Array, rows: int) -> tuple[Array, Array]:
        """What one more right row among those that are given a class adds to the metric, and what one more wrong row
        takes, to the same scale [deciding] both, where counts [3, deciding] are as for `score_counts`."""
        raise NotImplementedError
