"""What a kind of task says about how sure a model is of its answers, where it gives probabilities."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Sure:
    """A part of `Head`. A kind that sets `probable` has all of these."""

    probable: ClassVar[bool] = False  # whether `probabilities` are some

    def log_losses(self, logits: Array, labels: Array) -> NDArray[np.float64]:
        """float64 [rows]: minus the logarithm of the probability that the model gives to each row's label."""
        raise NotImplementedError

    def calls(self, logits: Array, labels: Array) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """What calibration is about, [rows, calls] both: how likely the model holds each likeliest answer to be right,
        and whether it is."""
        raise NotImplementedError

    def confidence(self, logits: Array, predictions: Array) -> NDArray[np.float64]:
        """float64 [rows]: the probability that the model gives to the whole prediction of a row."""
        raise NotImplementedError

    def right(self, predictions: Array, labels: Array) -> NDArray[np.bool_]:
        """bool [rows]: whether the whole prediction of a row is its label."""
        same: NDArray[np.bool_] = np.equal(predictions, labels).reshape(len(labels), -1)
        found: NDArray[np.bool_] = np.logical_and.reduce(same, axis=1)
        return found
