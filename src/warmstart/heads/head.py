"""What a kind of task is: everything that differs between predicting a class, several labels and a number.

A new kind is a subclass of `Head` in a file of its own, and a line with `registry.register`. Nobody outside this folder
asks for the kind of a task.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from warmstart import visible
from warmstart.errors import UserError, examples
from warmstart.heads import alike, arrays, decision, strata
from warmstart.heads.cells import MISSING, Value, shown
from warmstart.heads.decision import Decision, LabelColumn
from warmstart.heads.glue import glue_task, metrics_for
from warmstart.heads.notation import Notation
from warmstart.heads.sure import Sure
from warmstart.heads.uneven import Uneven
from warmstart.messages import _

Array = NDArray[Any]
Encoded = NDArray[np.int64] | NDArray[np.float32]


@dataclass(frozen=True)
class Head(Uneven, Sure, ABC):
    """What a task predicts. Class ids are places in `classes`; `values` holds the cell that stands for each class.

    `glue` is the GLUE task, where the rows are of one, and `label` the name of the label column, where there is one.
    `thresholds`: see `deciding`.
    """

    kind: ClassVar[str]
    problem_type: ClassVar[str]  # the name that `transformers` has for it
    smooths: ClassVar[bool] = False  # whether label smoothing means anything
    one_label_a_text: ClassVar[bool] = True  # whether two rows of one text and different labels contradict each other
    dimensions: ClassVar[int] = 1  # of predictions and labels: [rows], or [rows, classes]
    dtype: ClassVar[type] = np.int64  # of predictions and labels that are measured
    metrics: ClassVar[tuple[str, ...]]
    headed_by: ClassVar[tuple[str, ...]]  # the metrics that head the table of results
    chooses: ClassVar[str]  # the metric that picks the best model
    errors: ClassVar[tuple[str, ...]] = ("loss",)  # the metrics of which less is better
    constant_name: ClassVar[str]  # of the baseline that says the same of every row
    linear_name: ClassVar[str]  # of the baseline that is linear in the words

    classes: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()
    glue: str | None = None
    label: str | None = None
    thresholds: tuple[float, ...] = ()  # the probability from which each of `deciding` is given; empty: 0.5

    # What a column must be when the user asks for this kind

    @classmethod
    def most_values(cls, rows: int) -> int:
        """How many different values the column may have before they are not worth counting."""
        return decision.most_values(rows)

    @classmethod
    def of_names(cls, classes: Sequence[str], is_list: bool) -> Decision | None:
        """For a column whose type gives the class names, in the order of their ids; None if they do not matter."""
        return None

    @classmethod
    def written(cls, column: LabelColumn, values: Iterable[Value]) -> Notation:
        """How a column of one value a row is written, as the user has asked and as its `values` tell, each of them
        once or more. Raises UserError if they can be read in two ways, and for what this kind cannot be told."""
        return column.notation

    @classmethod
    @abstractmethod
    def of_scalars(cls, column: LabelColumn, counts: Mapping[Value, int] | None) -> Decision:
        """For a column of one value a row; raises UserError if it cannot be. `counts`: how often each value occurs, or
        None if there are more than `most_values`."""

    @classmethod
    def of_lists(cls, column: LabelColumn, counts: Counter[Any], lengths: Iterable[int]) -> Decision:
        """For a column of lists; raises UserError if it cannot be. `counts`: of items; `lengths`: of the lists."""
        raise UserError(
            _("column {name!r} holds lists").format(name=column.name),
            fix=_("leave out --kind, or say --kind labels"),
        )

    @classmethod
    def of_columns(cls, column: LabelColumn, names: Sequence[str]) -> Decision:
        """For several columns of zeros and ones; raises UserError if this kind has one column."""
        raise UserError(
            _("several columns of labels are for several labels a row"),
            _("--label {name}, --kind {kind}").format(name=column.name, kind=cls.kind),
            _("name one column with --label, or leave out --kind"),
        )

    # Cells of labels

    @abstractmethod
    def read(self, cells: Sequence[Any]) -> tuple[Encoded, NDArray[np.int8]]:
        """What a loss takes, zeros where a cell cannot be that, and the fault of each cell [rows]."""

    def has_label(self, cells: Sequence[Any]) -> bool:
        """Whether any of these cells is more than a missing label."""
        return bool((self.read(cells)[1] != MISSING).any())

    @abstractmethod
    def codes(self, encoded: Encoded) -> NDArray[np.int64]:
        """A number for each encoded row [rows], the same for the same label; may differ from run to run."""

    def class_pairs(self, encoded: Encoded) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The row and the class of each label [labels]; none where there are no classes."""
        return np.empty(0, np.int64), np.empty(0, np.int64)

    def class_counts(self, encoded: Encoded) -> NDArray[np.int64]:
        """How many of the rows have each class [classes]."""
        return np.bincount(self.class_pairs(encoded)[1], minlength=len(self.classes))

    def absent(self, encoded: Encoded) -> list[str]:
        """The classes that none of the rows has."""
        return [name for name, count in zip(self.classes, self.class_counts(encoded), strict=True) if not count]

    def balance(self, encoded: Encoded) -> dict[str, int | float]:
        """How the labels are spread: the rows of each class."""
        return {name: int(count) for name, count in zip(self.classes, self.class_counts(encoded), strict=True)}

    def strata(self, codes: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
        """The stratum of each row [rows], from 0, of which `fraction` goes to validation; from all rows' `codes`."""
        return strata.merge_rare(strata.numbered(codes), fraction)

    # What is wrong with labels, in words

    def bad_cells(self, fault: int, many: str, cells: Sequence[Any]) -> tuple[str, str]:
        """Problem and fix for cells with a fault, which are in `many` rows; `cells` are the first ones."""
        some = examples(dict.fromkeys(map(shown, cells)), 3)
        if fault == MISSING:
            problem = _("no label in {many} ({some})").format(many=many, some=some)
            return problem, _("give one, or leave the rows out")
        problem, fix = self.unknown_cells(many, some)
        items = [item for cell in cells for item in (cell if isinstance(cell, list | tuple) else [cell])]
        return problem, fix + alike.hint([item for item in items if item not in self.values], self.values)

    def unknown_cells(self, many: str, some: str) -> tuple[str, str]:
        """Problem and fix for cells that say something else than a label; `some` of them, as they are shown."""
        known = examples(map(shown, self.values))
        problem = _("a label of no known class in {many} ({some})").format(many=many, some=some)
        return problem, _("the classes are {known}").format(known=known)

    def only_one(self, code: int) -> str:
        """The problem that every row has the label with this code."""
        return _("every row has the same labels")

    # The model's outputs

    @property
    def outputs(self) -> int:
        """How many outputs the model has for a row."""
        return len(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each output."""
        return self.classes

    @property
    def gives(self) -> str:
        """What the model gives, for its card, in Markdown and in English."""
        return ", ".join(map(visible.code, self.classes))

    @abstractmethod
    def describe(self) -> str:
        """What a row has, in a few words."""

    @abstractmethod
    def decide(self, logits: Array) -> Array:
        """The predictions that logits [rows, outputs] stand for. Raises UserError for another shape and for NaN."""

    @abstractmethod
    def probabilities(self, logits: Array) -> NDArray[np.float64]:
        """float64 [rows, outputs]: what the `text-classification` pipeline of `transformers` calls scores."""

    @abstractmethod
    def said(self, prediction: Any) -> Any:
        """One row's prediction as a table of predictions says it."""

    def prediction_rows(self, logits: Array) -> list[dict[str, Any]]:
        """One dictionary a row: `prediction` and the probability of each class under its name. The predictions are
        those that metrics are computed from. Raises UserError for NaN."""
        return [
            {
                "prediction": self.said(prediction),
                **{f"p({name})": float(score) for name, score in zip(self.classes, scores, strict=True)},
            }
            for prediction, scores in zip(self.decide(logits), self.probabilities(logits), strict=True)
        ]

    # Metrics

    def metric_names(self) -> tuple[str, ...]:
        """The names that `measure` gives, in its order: GLUE's own for a GLUE task, then the kind's others.

        Raises UserError for a GLUE task that there is not, and for one of another kind.
        """
        return self.metrics if self.glue is None else metrics_for(self.glue, self.kind, self.metrics)

    def headline(self) -> tuple[str, ...]:
        """The metrics that head the table of results: for a GLUE task those that its leaderboard reports."""
        self.metric_names()
        return self.headed_by if self.glue is None else glue_task(self.glue).metrics

    def best_metric(self) -> tuple[str, bool]:
        """The metric that picks the best model (one of `headline`), and whether greater is better."""
        self.metric_names()
        name = self.chooses if self.glue is None else glue_task(self.glue).best
        return name, self.greater_is_better(name)

    def greater_is_better(self, metric: str) -> bool:
        """Which way is up."""
        return metric not in self.errors

    def usable(self, values: Array, *, are_labels: bool) -> NDArray[np.bool_]:
        """Which of the values can be a prediction or, if they `are_labels`, a label."""
        found: NDArray[np.bool_] = np.isfinite(values) & (values >= 0) & (values == np.floor(values))
        return found

    def checked(self, predictions: Array, labels: Array) -> tuple[Array, Array]:
        """Both as arrays of `dtype` that can be measured. Raises UserError for no rows, shapes that differ, labels
        missing (NaN or -1), predictions that are logits or NaN."""
        predictions, labels = np.asarray(predictions), np.asarray(labels)
        arrays.check_shapes(self.kind, predictions, labels, self.dimensions)
        arrays.check_labels(labels, self.usable(labels, are_labels=True))
        arrays.check_predictions(self.kind, predictions, self.usable(predictions, are_labels=False))
        return predictions.astype(self.dtype), labels.astype(self.dtype)

    @abstractmethod
    def scores(self, predictions: Array, labels: Array) -> Mapping[str, float]:
        """Each metric of arrays that are `checked`."""

    def measure(self, predictions: Array, labels: Array) -> dict[str, float]:
        """The metrics of predictions as `decide` gives them, under the names of `metric_names` and in that order.

        An F1 with nothing to find and nothing found is 0. A correlation is NaN, without a warning, where it is
        undefined: fewer than two rows, or labels or predictions all equal. Raises UserError when there is nothing to
        measure, as `checked` does.
        """
        values = self.scores(*self.checked(predictions, labels))
        return {name: float(values[name]) for name in self.metric_names()}

    def draws(
        self, predictions: Array, labels: Array, resamples: int, generator: np.random.Generator
    ) -> Iterator[Mapping[str, Array]]:
        """The metrics of bootstrap draws from `checked` arrays: float64 [draws] for each, in blocks of draws."""
        for _unused in range(resamples):
            rows = generator.integers(len(labels), size=len(labels))
            yield {name: np.array([value]) for name, value in self.scores(predictions[rows], labels[rows]).items()}

    def paired_draws(
        self, first: Array, second: Array, labels: Array, resamples: int, generator: np.random.Generator
    ) -> Iterator[tuple[Mapping[str, Array], Mapping[str, Array]]]:
        """`draws` of two predictions for the same labels, in which both have the same rows each time."""
        seed = int(generator.integers(2**32))  # which rows are drawn depends on it and on how many there are
        blocks = [self.draws(each, labels, resamples, np.random.default_rng(seed)) for each in (first, second)]
        yield from zip(*blocks, strict=True)

    # Single rows

    def row_errors(self, predictions: Array, labels: Array) -> NDArray[np.float64]:
        """How wrong each row is, float64 [rows]: 1 if anything is, else 0."""
        wrong = np.asarray(predictions) != np.asarray(labels)
        found: NDArray[np.float64] = wrong.reshape(len(wrong), -1).any(axis=1).astype(np.float64)
        return found

    def certainty(self, logits: Array, predictions: Array, labels: Array) -> NDArray[np.float64]:
        """How sure the model was of what is wrong in each row, float64 [rows], 0 where nothing is: a probability, or
        where there is none how far off it was."""
        return self.row_errors(predictions, labels)

    def scatter(self, predictions: Array, labels: Array) -> NDArray[np.float64] | None:
        """Given and predicted number of each row, float64 [rows, 2]; None where labels are no numbers."""
        return None

    # Baselines

    def targets(self, labels: Array) -> int:
        """How many columns of weights the linear baseline has."""
        return 1

    @abstractmethod
    def constant(self, labels: Array) -> Array:
        """The one prediction that is best for all of these labels."""

    @abstractmethod
    def linear(self, features: Any, labels: Array, new: Any) -> Array:
        """Predictions for the rows `new` by a linear model of `features` [rows, features] and their labels."""
