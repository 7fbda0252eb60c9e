"""A finished run measured on another table, beside its baselines."""

from typing import TYPE_CHECKING

from warmstart.data.checks import check
from warmstart.data.task import has_labels
from warmstart.errors import UserError, text
from warmstart.evaluation.report import Report, judge
from warmstart.run import prepare
from warmstart.saved import SavedRun

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

PREFERRED = ("test", "validation", "train")


def measure_run(saved: SavedRun, splits: "DatasetDict", where: str = "") -> tuple[Report, list[str]]:
    """The report of `saved` on one split of `splits` (the only one; else test if it has labels, validation, train), and
    notes for the user.

    Raises UserError if no split has the columns, or none has labels (GLUE's test splits have none).
    """
    from datasets import DatasetDict

    task = saved.task
    labelled = [name for name in PREFERRED if name in splits and has_labels(task, splits[name])]
    if not labelled:
        raise UserError(
            text("there are no labels to measure with", "没有可用于评估的标签"),
            where=where,
            fix=text(
                f"give a table with a column {task.label!r}; warmstart predict works without",
                f"请给出含 {task.label!r} 列的表格; 没有标签时可用 warmstart predict",
            ),
        )
    saved.check_columns(splits[labelled[0]])
    rows, warnings = check(DatasetDict({labelled[0]: splits[labelled[0]]}), task, for_training=False)
    logits = saved.logits(rows[labelled[0]])
    train, note = _training_rows(saved)
    both = DatasetDict({"measured": rows[labelled[0]], **({"train": train} if train is not None else {})})
    return judge(task, logits, both, on="measured"), [*warnings, *([note] if note else [])]


def _training_rows(saved: SavedRun) -> tuple["Dataset | None", str]:
    """The rows that the run was trained on, as far as they can still be had: the baselines learn from the same."""
    try:
        return prepare(saved.recipe).splits["train"], ""
    except UserError as error:
        reason = str(error).splitlines()[0]
        return None, text(
            f"no baselines: the training rows are not there ({reason})", f"无基线: 找不到训练数据 ({reason})"
        )
