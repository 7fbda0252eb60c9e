"""A task whose rows have a number each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import UserError, examples
from warmstart.heads import arrays, decision, quantities, strata
from warmstart.heads.cells import MARKS, MISSING, OK, UNKNOWN, Value, is_missing, is_number, number
from warmstart.heads.correlation import pearson, spearman
from warmstart.heads.decision import Decision, LabelColumn
from warmstart.heads.head import Array, Encoded, Head
from warmstart.heads.notation import Notation
from warmstart.heads.resamples import draw_numbers
from warmstart.messages import _


class Number(Head):
    """float [rows]; one output. `pearson`, `spearman` (of STS-B `spearmanr`), `rmse`."""

    kind = "number"
    problem_type = "regression"
    one_label_a_text = False  # two people may well give the same text two scores
    dtype = np.float64
    metrics = ("pearson", "spearman", "rmse")
    headed_by = metrics
    chooses = "rmse"
    errors = ("loss", "rmse")
    constant_name, linear_name = "mean", "TF-IDF + ridge regression"

    @classmethod
    def written(cls, column: LabelColumn, values: Iterable[Value]) -> Notation:
        """With decimal commas, thousands, units: what `quantities.convention` finds."""
        decision.refuse_options(column.notation, cls.kind, "--label-separator", "--label-empty")
        found = quantities.convention(column.name, values, column.notation.decimal)
        return column.notation if found is None else replace(column.notation, decimal=found.decimal, unit=found.unit)

    @classmethod
    def of_scalars(cls, column: LabelColumn, counts: Mapping[Value, int] | None) -> Decision:
        if counts is not None:
            counts = decision.filled(counts)
            if not counts:
                raise decision.no_labels(column)
            if column.notation.decimal is None and not any(map(is_number, counts)):
                raise _no_number(column, counts)
        return cls.of_column(column, decision.as_asked())

    @classmethod
    def of_column(cls, column: LabelColumn, remark: str) -> Decision:
        """For a column of quantities; `remark` ends the phrase."""
        reason = _("a number: {name!r} is a quantity").format(name=column.name)
        return Decision(cls.kind, (), (), reason + remark)

    def read(self, cells: Sequence[Any]) -> tuple[Encoded, NDArray[np.int8]]:
        encoded = np.zeros(len(cells), np.float32)
        faults = np.zeros(len(cells), np.int8)
        for row, cell in enumerate(cells):
            if is_missing(cell):
                faults[row] = MISSING
            elif not (isinstance(cell, bool) or is_number(cell)):
                faults[row] = UNKNOWN
            else:
                with np.errstate(over="ignore"):
                    encoded[row] = number(cell)
        faults[~np.isfinite(encoded)] = UNKNOWN
        encoded[faults != OK] = 0
        return encoded, faults

    def has_label(self, cells: Sequence[Any]) -> bool:
        """-1 is a number like any other, unless there is nothing else."""
        return any(not is_missing(cell) and (not is_number(cell) or number(cell) not in MARKS) for cell in cells)

    def codes(self, encoded: Encoded) -> NDArray[np.int64]:
        """The bits of the numbers, so that `strata` can have them back."""
        return encoded.view(np.int32).astype(np.int64)

    def strata(self, codes: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
        return strata.quantiles(codes.astype(np.int32).view(np.float32), fraction)

    def balance(self, encoded: Encoded) -> dict[str, int | float]:
        """The range of the numbers."""
        return {"least": float(encoded.min()), "mean": float(encoded.mean()), "most": float(encoded.max())}

    def bad_cells(self, fault: int, many: str, cells: Sequence[Any]) -> tuple[str, str]:
        problem, fix = super().bad_cells(fault, many, cells)
        if fault == UNKNOWN and any(quantities.is_quantity(cell) or is_number(cell) for cell in cells):
            fix += _("; write these numbers as those of the training rows are written")
        return problem, fix

    def unknown_cells(self, many: str, some: str) -> tuple[str, str]:
        problem = _("no finite number in {many} ({some})").format(many=many, some=some)
        return problem, _("mend the rows")

    def only_one(self, code: int) -> str:
        return _("every row has the same number")

    @property
    def names(self) -> tuple[str, ...]:
        return (self.label or "score",)

    @property
    def gives(self) -> str:
        return "a number"

    def describe(self) -> str:
        return _("a number a row")

    def decide(self, logits: Array) -> Array:
        """logits [rows] or [rows, 1] -> float64 [rows]."""
        logits = np.asarray(logits)
        if logits.ndim == 2 and logits.shape[1] == 1:
            logits = logits[:, 0]
        arrays.check_logits(self.kind, logits, 1, "[rows, 1]")
        return np.asarray(logits, dtype=np.float64)

    def probabilities(self, logits: Array) -> NDArray[np.float64]:
        """The numbers themselves."""
        return np.asarray(logits, np.float64).reshape(len(logits), -1)

    def said(self, prediction: Any) -> float:
        return float(prediction)

    def prediction_rows(self, logits: Array) -> list[dict[str, Any]]:
        """The number alone: it has no probability."""
        return [{"prediction": self.said(prediction)} for prediction in self.decide(logits)]

    def usable(self, values: Array, *, are_labels: bool) -> NDArray[np.bool_]:
        """A number may be -1, but not the label of a task of GLUE."""
        finite: NDArray[np.bool_] = np.isfinite(values)
        return finite & (values >= 0) if are_labels and self.glue is not None else finite

    def scores(self, predictions: Array, labels: Array) -> dict[str, float]:
        from sklearn.metrics import root_mean_squared_error

        rank = spearman(predictions, labels)[0]
        return {
            "pearson": pearson(predictions, labels)[0],
            "spearman": rank,
            "spearmanr": rank,
            "rmse": root_mean_squared_error(labels, predictions),
        }

    def draws(
        self, predictions: Array, labels: Array, resamples: int, generator: np.random.Generator
    ) -> Iterator[Mapping[str, Array]]:
        return draw_numbers(predictions, labels, resamples, generator)

    def row_errors(self, predictions: Array, labels: Array) -> NDArray[np.float64]:
        """How far off each row is."""
        return np.abs(np.asarray(predictions, np.float64) - np.asarray(labels, np.float64))

    def scatter(self, predictions: Array, labels: Array) -> NDArray[np.float64] | None:
        return np.stack([np.asarray(labels, np.float64), np.asarray(predictions, np.float64)], axis=1)

    def constant(self, labels: Array) -> Array:
        return np.asarray(labels.mean(axis=0, dtype=np.float64))

    def linear(self, features: Any, labels: Array, new: Any) -> Array:
        from sklearn.linear_model import Ridge

        return np.asarray(Ridge().fit(features, labels.astype(np.float64)).predict(new))


def _no_number(column: LabelColumn, counts: Mapping[Value, int]) -> UserError:
    listed = examples(map(repr, counts), most=3)
    return UserError(
        _("column {name!r} holds no numbers: {listed}").format(name=column.name, listed=listed),
        fix=_("name another column with --label, or say --kind classes"),
    )
