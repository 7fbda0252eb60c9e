"""A task whose rows have any number of labels each."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import UserError
from warmstart.heads import alike, arrays, decision, lists
from warmstart.heads.cells import MISSING, UNKNOWN, Value, is_mark, is_missing, is_scalar
from warmstart.heads.decision import Decision, LabelColumn
from warmstart.heads.head import Array, Encoded, Head
from warmstart.heads.linear import logistic
from warmstart.heads.notation import Notation
from warmstart.heads.resamples import draw_labels, score_labels
from warmstart.messages import _

BITS = (0, 1, "0", "1")  # in vectors, as numbers or as text


class Labels(Head):
    """Zeros and ones [rows, classes]; as many outputs as classes. `micro_f1` over all cells, `macro_f1` over columns.

    `values` is empty where cells are vectors of zeros and ones: there the place in the vector is the class id.
    """

    kind = "labels"
    problem_type = "multi_label_classification"
    dimensions = 2
    weighted = ("binary_cross_entropy_with_logits", "pos_weight")
    probable = True
    metrics = ("micro_f1", "macro_f1")
    headed_by = ("micro_f1", "macro_f1")
    chooses = "micro_f1"
    decides_for = ("macro_f1", "micro_f1")
    spares = decides_for
    constant_name, linear_name = "most frequent labels", "TF-IDF + logistic regression"

    @classmethod
    def of_names(cls, classes: Sequence[str], is_list: bool) -> Decision | None:
        return decision.named(cls.kind, classes) if is_list else None

    @classmethod
    def written(cls, column: LabelColumn, values: Iterable[Value]) -> Notation:
        """Lists as text or labels joined by a sign. Raises UserError for cells that are neither."""
        decision.refuse_options(column.notation, cls.kind, "--decimal")
        cells = decision.some_text(values, lists.MOST)
        asked, sign = column.notation.separator, lists.joined_by(cells)
        if asked is not None and sign is not None and not any(asked in cell for cell in cells):
            raise UserError(
                _("no label of column {name!r} has the separator {asked!r}").format(name=column.name, asked=asked),
                "--label-separator",
                _("--label-separator {option}").format(option=lists.as_option(sign)),
            )
        is_text = all(isinstance(value, str) for value in itertools.islice(values, 1))
        if is_text and (asked is not None or not cells):
            return column.notation
        if lists.are_lists(cells):
            return replace(column.notation, lists=True)
        sign = sign or lists.any_sign(cells)
        if sign is None:
            raise UserError(
                _("column {name!r} has one value a row, not a list").format(name=column.name),
                fix=_("give lists, say what separates labels with --label-separator, or say --kind classes"),
            )
        return replace(column.notation, separator=sign)

    @classmethod
    def of_scalars(cls, column: LabelColumn, counts: Mapping[Value, int] | None) -> NoReturn:
        raise decision.no_labels(column)  # `written` has found lists wherever there is a cell

    @classmethod
    def of_columns(cls, column: LabelColumn, names: Sequence[str]) -> Decision:
        decision.refuse_options(column.notation, cls.kind, "--label-separator", "--decimal")
        shown = decision.listed(names)
        reason = _("several labels a row, each with a column of zeros and ones: {shown}").format(shown=shown)
        return Decision(cls.kind, tuple(names), (), reason)

    @classmethod
    def of_lists(cls, column: LabelColumn, counts: Counter[Any], lengths: Iterable[int]) -> Decision:
        """For lists of class names or ids, or vectors of zeros and ones with a place for each class."""
        if column.holds == "list":
            decision.refuse_options(column.notation, cls.kind, "--label-separator", "--decimal")
        if not counts:
            raise decision.no_labels(column)
        lengths = set(lengths)
        if len(lengths) == 1 and (places := next(iter(lengths))) > 1 and counts.keys() <= {*BITS}:
            reason = _("several labels a row: vectors of {places} zeros and ones").format(places=places)
            return Decision(cls.kind, tuple(map(str, range(places))), (), reason)
        if any(isinstance(value, float) for value in counts):
            raise UserError(
                _("column {name!r} holds lists of fractions").format(name=column.name),
                fix=_("give names, whole numbers, or vectors of 0 and 1"),
            )
        if len({isinstance(value, str) for value in counts}) > 1:
            raise UserError(
                _("column {name!r} holds lists of names and numbers").format(name=column.name),
                fix=_("write all items in one way, as names in quotes or as whole numbers"),
            )
        settled = alike.settled(column.name, counts, column.notation.labels)
        values = sorted(settled.counts)
        classes = decision.class_names(values)
        shown = decision.listed(classes)
        reason = _("several labels a row: {shown}").format(shown=shown)
        return Decision(cls.kind, classes, tuple(values), reason + settled.remark)

    def read(self, cells: Sequence[Any]) -> tuple[Encoded, NDArray[np.int8]]:
        ids = {value: number for number, value in enumerate(self.values)}
        encoded = np.zeros((len(cells), len(self.classes)), np.float32)
        faults = np.zeros(len(cells), np.int8)
        for row, cell in enumerate(cells):
            if is_missing(cell):
                faults[row] = MISSING
            elif not isinstance(cell, (list, tuple)):
                faults[row] = UNKNOWN
            elif cell and all(item is None or (is_mark(item) and item not in ids) for item in cell):
                faults[row] = MISSING
            elif not self.values:
                if len(cell) == len(self.classes) and all(item in BITS for item in cell):
                    encoded[row] = [int(item) for item in cell]
                else:
                    faults[row] = UNKNOWN
            elif all(is_scalar(item) and item in ids for item in cell):
                encoded[row, [ids[item] for item in cell]] = 1
            else:
                faults[row] = UNKNOWN
        return encoded, faults

    def bad_cells(self, fault: int, many: str, cells: Sequence[Any]) -> tuple[str, str]:
        problem, fix = super().bad_cells(fault, many, cells)
        if fault == MISSING and any(map(is_missing, _flat(cells))):
            fix += _("; or if such a row has none of the labels, say --label-empty none")
        return problem, fix

    def codes(self, encoded: Encoded) -> NDArray[np.int64]:
        return np.fromiter((hash(row.tobytes()) for row in encoded), np.int64, len(encoded))

    def class_pairs(self, encoded: Encoded) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rows, classes = np.nonzero(encoded)
        return rows, classes

    def balanced_weights(self, encoded: Encoded) -> NDArray[np.float64]:
        """The weight of each label's positives [classes], with which they count as much as its negatives: rows without
        the label / rows with it; 1 for a label that all or none of the rows have."""
        counts = self.class_counts(encoded)
        some = (counts > 0) & (counts < len(encoded))
        return np.where(some, (len(encoded) - counts) / np.maximum(counts, 1), 1.0)

    def unknown_cells(self, many: str, some: str) -> tuple[str, str]:
        if self.values:
            return super().unknown_cells(many, some)
        places = len(self.classes)
        problem = _("no vector of zeros and ones in {many} ({some})").format(many=many, some=some)
        return problem, _("give {places} zeros and ones").format(places=places)

    def describe(self) -> str:
        return _("any of {classes} labels a row").format(classes=len(self.classes))

    def decide(self, logits: Array) -> Array:
        """logits [rows, classes] -> int64 0/1 [rows, classes], 1 where the probability is above the label's threshold,
        by default 1/2."""
        logits = np.asarray(logits)
        arrays.check_logits(self.kind, logits, 2, "[rows, classes]")
        return np.asarray(logits > (self.cuts() if self.thresholds else 0), dtype=np.int64)

    def probabilities(self, logits: Array) -> NDArray[np.float64]:
        from scipy.special import expit

        found: NDArray[np.float64] = expit(np.asarray(logits, np.float64))
        return found

    def said(self, prediction: Any) -> str:
        return "|".join(name for name, is_on in zip(self.classes, prediction, strict=True) if is_on)

    @property
    def deciding(self) -> tuple[str, ...]:
        return self.classes

    def log_odds(self, logits: Array) -> NDArray[np.float64]:
        return np.asarray(logits, np.float64)

    def given(self, labels: Array) -> Array:
        return np.asarray(labels, np.int64)

    def score_counts(self, metric: str, counts: Array, rows: int) -> Array:
        return score_labels(counts.reshape(-1, 3, counts.shape[-1]))[metric].reshape(counts.shape[:-2])

    def worth(self, metric: str, counts: Array, rows: int) -> tuple[Array, Array]:
        """F1 = 2 both / (true + predicted) rises where a row's 2 or 0 is above the F1 that there is."""
        summed = np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)
        true, predicted, both = counts if metric == "macro_f1" else summed
        f1 = 2 * both / np.maximum(true + predicted, 1)
        return 2 - f1, f1

    def log_losses(self, logits: Array, labels: Array) -> NDArray[np.float64]:
        found: NDArray[np.float64] = -_log_chances(logits, labels).sum(axis=1)
        return found

    def calls(self, logits: Array, labels: Array) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """One for each label of a row: that the row has it, or that it has not."""
        likelier = np.asarray(logits) > 0
        return np.exp(_log_chances(logits, likelier)), np.asarray(likelier == (np.asarray(labels) > 0))

    def confidence(self, logits: Array, predictions: Array) -> NDArray[np.float64]:
        """The product over the labels, which the model's own loss takes for independent."""
        found: NDArray[np.float64] = np.exp(_log_chances(logits, predictions).sum(axis=1))
        return found

    def usable(self, values: Array, *, are_labels: bool) -> NDArray[np.bool_]:
        return super().usable(values, are_labels=are_labels) & (values <= 1)

    def scores(self, predictions: Array, labels: Array) -> dict[str, float]:
        from sklearn.metrics import f1_score

        if labels.shape[1] == 1:  # scikit-learn takes one column for a binary task, and then scores both of its classes
            f1 = f1_score(labels[:, 0], predictions[:, 0], labels=[1], average="macro", zero_division=0)
            return {"micro_f1": f1, "macro_f1": f1}
        return {f"{way}_f1": f1_score(labels, predictions, average=way, zero_division=0) for way in ("micro", "macro")}

    def draws(
        self, predictions: Array, labels: Array, resamples: int, generator: np.random.Generator
    ) -> Iterator[Mapping[str, Array]]:
        return draw_labels(predictions, labels, resamples, generator)

    def certainty(self, logits: Array, predictions: Array, labels: Array) -> NDArray[np.float64]:
        """Of the labels that are wrong in a row, the highest probability with which one was given or left out."""
        scores, wrong = self.probabilities(logits), np.asarray(predictions) != np.asarray(labels)
        found: NDArray[np.float64] = (np.where(predictions, scores, 1 - scores) * wrong).max(axis=1)
        return found

    def targets(self, labels: Array) -> int:
        return int(labels.shape[1])

    def constant(self, labels: Array) -> Array:
        return np.asarray(labels.mean(axis=0, dtype=np.float64) > 0.5).astype(np.int64)

    def linear(self, features: Any, labels: Array, new: Any) -> Array:
        return np.stack([logistic(features, column, new) for column in labels.T.astype(np.int64)], axis=1)


def _log_chances(logits: Array, labels: Array) -> NDArray[np.float64]:
    """The logarithm of the probability that each label is as `labels` has it, [rows, classes]."""
    from scipy.special import log_expit

    logits = np.asarray(logits, np.float64)
    found: NDArray[np.float64] = log_expit(np.where(np.asarray(labels) > 0, logits, -logits))
    return found


def _flat(cells: Sequence[Any]) -> list[Any]:
    return [item for cell in cells for item in (cell if isinstance(cell, list | tuple) else [cell])]
