"""The tasks of GLUE and the metrics that its leaderboard reports for each.

Wang et al. 2019, "GLUE: A Multi-Task Benchmark and Analysis Platform for Natural Language Understanding", table 1. HANS
(McCoy et al. 2019) is not of GLUE, but the old `load_metric("glue", ...)` knew it.
"""

from dataclasses import dataclass

from warmstart.errors import UserError, did_you_mean
from warmstart.messages import _


@dataclass(frozen=True)
class GlueTask:
    """What is predicted (`"classes"` or `"number"`), the metrics in GLUE's order, and the one that picks a model.

    `best` is the one of `metrics` by which Devlin et al. 2019 (BERT, table 1) report: F1 for MRPC and QQP, Spearman's
    correlation for STS-B.
    """

    kind: str
    metrics: tuple[str, ...]
    best: str

    @property
    def of_numbers(self) -> bool:
        """Whether predictions are numbers rather than classes."""
        return self.kind == "number"


_ACCURACY = GlueTask("classes", ("accuracy",), "accuracy")
_PARAPHRASE = GlueTask("classes", ("accuracy", "f1"), "f1")

TASKS = {
    "cola": GlueTask("classes", ("matthews_correlation",), "matthews_correlation"),
    "sst2": _ACCURACY,
    "mrpc": _PARAPHRASE,
    "stsb": GlueTask("number", ("pearson", "spearmanr"), "spearmanr"),
    "qqp": _PARAPHRASE,
    "mnli": _ACCURACY,
    "mnli_mismatched": _ACCURACY,
    "mnli_matched": _ACCURACY,
    "qnli": _ACCURACY,
    "rte": _ACCURACY,
    "wnli": _ACCURACY,
    "hans": _ACCURACY,
    "ax": GlueTask("classes", ("matthews_correlation",), "matthews_correlation"),  # the diagnostic set: section 3.4
}


def glue_task(name: str) -> GlueTask:
    """The task called `name`; raises UserError with the nearest name if there is none."""
    if name not in TASKS:
        raise UserError(
            _("GLUE has no task {name!r}").format(name=name),
            fix=did_you_mean(name, TASKS),
        )
    return TASKS[name]


def metrics_for(name: str, kind: str, others: tuple[str, ...]) -> tuple[str, ...]:
    """The metrics of the task called `name`, then the `others` of a kind of task.

    STS-B has `spearmanr`, GLUE's name, in place of `spearman`: one number is not given twice. Raises UserError for a
    task that there is not, and for one of another kind.
    """
    task = glue_task(name)
    if task.kind != kind:
        raise UserError(
            _("GLUE's metrics for {name!r} are for the kind {task_kind!r}, but this task predicts {kind!r}").format(
                name=name, task_kind=task.kind, kind=kind
            ),
            fix=_("leave out glue, or set the kind of task"),
        )
    others = tuple(other for other in others if other != "spearman" or "spearmanr" not in task.metrics)
    return tuple(dict.fromkeys((*task.metrics, *others)))
