"""A task whose rows have one class each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.heads import alike, arrays, decision
from warmstart.heads.cells import MISSING, UNKNOWN, Value, is_mark, is_missing, is_number, is_scalar, number
from warmstart.heads.correlation import matthews
from warmstart.heads.decision import Decision, LabelColumn
from warmstart.heads.head import Array, Encoded, Head
from warmstart.heads.linear import logistic
from warmstart.heads.notation import Notation
from warmstart.heads.resamples import draw_classes, draw_classes_paired, score_classes
from warmstart.messages import _


class Classes(Head):
    """int64 [rows]; as many outputs as classes.

    `accuracy`; `macro_f1`, the plain mean of the F1 of every class that occurs among the labels or the predictions;
    `f1`, which is the F1 of class 1 when there are two classes, and the mean of the F1 of all classes weighted by their
    number of labels when there are more; `matthews_correlation`, 0 where it is undefined, as in scikit-learn and GLUE.
    Without names there are as many classes as occur, at least two: then a task of three classes whose rows hold only
    classes 0 and 1 is taken for a binary one.
    """

    kind = "classes"
    problem_type = "single_label_classification"
    smooths = True
    weighted = ("cross_entropy", "weight")
    probable = True
    metrics = ("accuracy", "f1", "macro_f1")
    headed_by = ("accuracy", "macro_f1")
    chooses = "accuracy"
    decides_for = ("macro_f1", "f1", "accuracy", "balanced_accuracy")
    constant_name, linear_name = "most frequent class", "TF-IDF + logistic regression"

    @classmethod
    def most_values(cls, rows: int) -> int:
        return rows

    @classmethod
    def of_names(cls, classes: Sequence[str], is_list: bool) -> Decision | None:
        return None if is_list else decision.named(cls.kind, classes)

    @classmethod
    def written(cls, column: LabelColumn, values: Iterable[Value]) -> Notation:
        """Each cell is the name of a class, whatever is in it."""
        decision.refuse_options(column.notation, cls.kind, "--label-separator", "--label-empty", "--decimal")
        return column.notation

    @classmethod
    def of_scalars(cls, column: LabelColumn, counts: Mapping[Value, int] | None) -> Decision:
        if counts is None:
            decision.too_many_values(column, cls.most_values(column.rows))
        counts = decision.filled(counts)
        if not counts:
            raise decision.no_labels(column)
        if all(map(is_number, counts)):
            counts = {value: count for value, count in counts.items() if number(value) != -100}
            if all(number(value) == -1 for value in counts):
                raise decision.only_marks(column)
        return cls.of_counts(column, counts, decision.as_asked())

    @classmethod
    def of_counts(cls, column: LabelColumn, counts: Mapping[Value, int], remark: str = "") -> Decision:
        """For these cells, which occur so often, each a class; those that look the same as the user wants it. Numbers
        are in their order, other cells in that of their characters. `remark` ends the phrase."""
        settled = alike.settled(column.name, counts, column.notation.labels)
        are_numbers = all(map(is_number, settled.counts))
        ordered = sorted(settled.counts, key=lambda value: (number(value) if are_numbers else 0, str(value)))
        return cls.of_values(ordered, remark + settled.remark)

    @classmethod
    def of_values(cls, values: Sequence[Value], remark: str = "") -> Decision:
        """For these cells, one for each class in the order of their ids; `remark` ends the phrase."""
        classes = decision.class_names(values)
        shown = decision.listed(classes)
        reason = _("{classes} classes: {shown}").format(classes=len(classes), shown=shown)
        return Decision(cls.kind, classes, tuple(values), reason + remark)

    def read(self, cells: Sequence[Any]) -> tuple[Encoded, NDArray[np.int8]]:
        ids = {value: number for number, value in enumerate(self.values)}
        try:
            found = np.fromiter((ids.get(cell, -1) for cell in cells), np.int64, len(cells))
        except TypeError:  # a list has no place among the keys, and is no label here
            found = np.fromiter((ids.get(cell, -1) if is_scalar(cell) else -1 for cell in cells), np.int64, len(cells))
        faults = np.zeros(len(cells), np.int8)
        for row in np.flatnonzero(found < 0).tolist():
            faults[row] = MISSING if is_missing(cells[row]) or is_mark(cells[row]) else UNKNOWN
        return np.maximum(found, 0), faults

    def bad_cells(self, fault: int, many: str, cells: Sequence[Any]) -> tuple[str, str]:
        problem, fix = super().bad_cells(fault, many, cells)
        if fault == MISSING and any(is_mark(cell) and number(cell) == -1 for cell in cells):
            fix += _("; or if -1 is a class, train with --kind classes")
        return problem, fix

    def codes(self, encoded: Encoded) -> NDArray[np.int64]:
        return encoded.astype(np.int64)

    def class_pairs(self, encoded: Encoded) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return np.arange(len(encoded)), encoded.astype(np.int64)

    def strata(self, codes: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
        return codes

    def only_one(self, code: int) -> str:
        only = self.classes[code]
        return _("every row is of one class: {only}").format(only=only)

    def describe(self) -> str:
        return _("one of {classes} classes a row").format(classes=len(self.classes))

    def decide(self, logits: Array) -> Array:
        """logits [rows, classes] -> int64 [rows], the class with the largest logit (the first of equals);
        of two classes with a threshold the second where its probability is above that."""
        logits = np.asarray(logits)
        arrays.check_logits(self.kind, logits, 2, "[rows, classes]")
        if self.thresholds:
            return np.asarray(self.log_odds(logits)[:, 0] > self.cuts()[0], dtype=np.int64)
        return np.asarray(logits.argmax(axis=1), dtype=np.int64)

    def probabilities(self, logits: Array) -> NDArray[np.float64]:
        from scipy.special import softmax

        found: NDArray[np.float64] = softmax(np.asarray(logits, np.float64), axis=1)
        return found

    def said(self, prediction: Any) -> str:
        return self.classes[int(prediction)]

    @property
    def deciding(self) -> tuple[str, ...]:
        return self.classes[1:] if len(self.classes) == 2 else ()

    def log_odds(self, logits: Array) -> NDArray[np.float64]:
        logits = np.asarray(logits, np.float64)
        return logits[:, 1:] - logits[:, :1]

    def given(self, labels: Array) -> Array:
        return np.asarray(labels, np.int64)[:, None]

    def score_counts(self, metric: str, counts: Array, rows: int) -> Array:
        """`balanced_accuracy`: the mean of the shares of each class's rows that are right."""
        true, predicted, both = np.moveaxis(counts[..., 0].astype(np.float64), -1, 0)
        first = np.stack([rows - true, rows - predicted, rows - true - predicted + both], -1)
        whole = np.stack([first, counts[..., 0]], -1).reshape(-1, 3, 2)
        if metric == "balanced_accuracy":
            recalls, there = whole[:, 2] / np.maximum(whole[:, 0], 1), whole[:, 0] > 0
            found = np.asarray(recalls.sum(axis=1) / there.sum(axis=1))
        else:
            found = score_classes(whole, binary=True)[metric]
        return found.reshape(counts.shape[:-2])

    def worth(self, metric: str, counts: Array, rows: int) -> tuple[Array, Array]:
        """For F1 as in `Labels`; a row that gets the second class leaves the first, whose F1 changes too."""
        true, predicted, both = counts.astype(np.float64)
        one = np.ones_like(true)
        if metric == "accuracy":
            return one, one
        if metric == "balanced_accuracy":
            return one / np.maximum(true, 1), one / np.maximum(rows - true, 1)
        f1 = 2 * both / np.maximum(true + predicted, 1)
        if metric == "f1":
            return 2 - f1, f1
        second = np.maximum(true + predicted, 1)
        first = np.maximum(2 * rows - true - predicted, 1)
        other = 2 * (rows - true - predicted + both) / first
        return (2 - f1) / second + other / first, f1 / second + (2 - other) / first

    def log_losses(self, logits: Array, labels: Array) -> NDArray[np.float64]:
        from scipy.special import logsumexp

        logits = np.asarray(logits, np.float64)
        found: NDArray[np.float64] = logsumexp(logits, axis=1) - logits[np.arange(len(logits)), labels]
        return found

    def calls(self, logits: Array, labels: Array) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """One a row, as Guo et al. 2017 have it: the class with the largest probability."""
        likeliest = np.asarray(logits).argmax(axis=1)
        return self.confidence(logits, likeliest)[:, None], np.asarray(likeliest == labels)[:, None]

    def confidence(self, logits: Array, predictions: Array) -> NDArray[np.float64]:
        return self.probabilities(logits)[np.arange(len(logits)), predictions]

    def scores(self, predictions: Array, labels: Array) -> dict[str, float]:
        from sklearn.metrics import accuracy_score, f1_score

        if self._are_two(predictions, labels):  # the F1 of class 1, even if it is absent
            f1 = f1_score(labels, predictions, labels=[1], average="macro", zero_division=0)
        else:
            f1 = f1_score(labels, predictions, average="weighted", zero_division=0)
        return {
            "accuracy": accuracy_score(labels, predictions),
            "f1": f1,
            "macro_f1": f1_score(labels, predictions, average="macro", zero_division=0),
            "matthews_correlation": matthews(predictions, labels),
        }

    def draws(
        self, predictions: Array, labels: Array, resamples: int, generator: np.random.Generator
    ) -> Iterator[Mapping[str, Array]]:
        return draw_classes(predictions, labels, self._are_two(predictions, labels), resamples, generator)

    def paired_draws(
        self, first: Array, second: Array, labels: Array, resamples: int, generator: np.random.Generator
    ) -> Iterator[tuple[Mapping[str, Array], Mapping[str, Array]]]:
        binary = self._are_two(np.maximum(first, second), labels)
        return draw_classes_paired(first, second, labels, binary, resamples, generator)

    def certainty(self, logits: Array, predictions: Array, labels: Array) -> NDArray[np.float64]:
        """The probability of a prediction that is wrong."""
        sure = np.take_along_axis(self.probabilities(logits), np.asarray(predictions)[:, None], axis=1)[:, 0]
        return sure * self.row_errors(predictions, labels)

    def _are_two(self, predictions: Array, labels: Array) -> bool:
        """Whether there are two classes, counting those that are named and those that occur."""
        return max(2, len(self.classes), int(labels.max()) + 1, int(predictions.max()) + 1) == 2

    def targets(self, labels: Array) -> int:
        return len(np.unique(labels))

    def constant(self, labels: Array) -> Array:
        return np.asarray(np.bincount(labels.astype(np.int64)).argmax())

    def linear(self, features: Any, labels: Array, new: Any) -> Array:
        return logistic(features, labels.astype(np.int64), new)
