"""The tasks of GLUE and the metrics that its leaderboard reports for each.

Wang et al. 2019, "GLUE: A Multi-Task Benchmark and Analysis Platform for Natural Language Understanding", table 1. HANS
(McCoy et al. 2019) is not of GLUE, but the old `load_metric("glue", ...)` knew it.
"""

from dataclasses import dataclass

from warmstart.errors import UserError, did_you_mean, text


@dataclass(frozen=True)
class GlueTask:
    """What is predicted (`"classes"` or `"number"`), the metrics in GLUE's order, and the one that picks a model.

    `best` is the one of `metrics` by which Devlin et al. 2019 (BERT, table 1) report: F1 for MRPC and QQP, Spearman's
    correlation for STS-B.
    """

    kind: str
    metrics: tuple[str, ...]
    best: str


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
            text(f"GLUE has no task {name!r}", f"GLUE 中没有名为 {name!r} 的任务"),
            fix=did_you_mean(name, TASKS),
        )
    return TASKS[name]
