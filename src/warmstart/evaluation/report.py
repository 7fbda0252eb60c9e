"""How good a model is, beside what needs no model: scores with their uncertainty, for the model and two baselines."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart.evaluation.baselines import baselines
from warmstart.evaluation.bootstrap import bootstrap
from warmstart.evaluation.verdict import Verdict
from warmstart.table.labels import encode
from warmstart.table.task import Task

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

MODEL = "model"


@dataclasses.dataclass(frozen=True)
class Report:
    """Scores on one split. `scores[who][metric]`, where `who` is `"model"` or a baseline's name;
    `intervals[who][metric]`: the 95 % bootstrap interval of each headline metric; `rows`: how many rows they are
    from; `absent`: classes without any, so that no score says how well the model knows them; `facts`: what else a run
    has found of these rows, each under its own key, as JSON can hold it; `verdict`: what all that says in words;
    `predictions`: what the model and each baseline said of the rows, and `labels`; not in `to_dict`."""

    rows: int
    headline: tuple[str, ...]
    scores: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, tuple[float, float]]]
    absent: tuple[str, ...] = ()
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    verdict: Verdict | None = None
    predictions: Mapping[str, npt.NDArray[Any]] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    labels: npt.NDArray[Any] | None = dataclasses.field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold of it; a number that is not defined (a correlation of constants) is null."""

        def plain(value: float) -> float | None:
            return float(value) if np.isfinite(value) else None

        return {
            "rows": self.rows,
            "headline": list(self.headline),
            "classes_without_rows": list(self.absent),
            "scores": {who: {name: plain(v) for name, v in found.items()} for who, found in self.scores.items()},
            "intervals": {
                who: {name: [plain(low), plain(high)] for name, (low, high) in found.items()}
                for who, found in self.intervals.items()
            },
            **self.facts,
            **({"verdict": self.verdict.to_dict()} if self.verdict else {}),
        }


def judge(
    task: Task,
    logits: npt.NDArray[Any],
    splits: "DatasetDict",
    *,
    on: str = "validation",
    with_baselines: bool = True,
    decided: npt.NDArray[Any] | None = None,
) -> Report:
    """The report on split `on`; the baselines learn from `splits["train"]` and are left out where there is none.

    `logits`: float `[rows, outputs]`, in the order of the rows. `decided`: the model's predictions, where its
    thresholds were chosen on these rows and must not judge themselves.
    """
    labels = encode(task, splits[on])
    head = task.head
    found = {MODEL: head.decide(logits) if decided is None else decided}
    if with_baselines and "train" in splits:
        found |= _baselines(task, splits["train"], splits[on])
    names = head.headline()
    scores = {who: head.measure(predictions, labels) for who, predictions in found.items()}
    return Report(
        rows=len(labels),
        headline=names,
        scores=scores,
        intervals={who: bootstrap(head, predictions, labels, names=names) for who, predictions in found.items()},
        absent=tuple(head.absent(labels)),
        predictions=found,
        labels=labels,
    )


def _baselines(task: Task, train: "Dataset", rows: "Dataset") -> dict[str, npt.NDArray[Any]]:
    def column(dataset: "Dataset", name: str | None) -> list[str] | None:
        return None if name is None else list(dataset[name])

    return baselines(
        task.head,
        column(train, task.text) or [],
        encode(task, train),
        column(rows, task.text) or [],
        pairs=column(train, task.pair),
        eval_pairs=column(rows, task.pair),
    )
