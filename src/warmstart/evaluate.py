"""`from warmstart import evaluate`: in the place of `import evaluate`, with nothing to be downloaded.

    metric = evaluate.load("glue", "mrpc")
    metric.compute(predictions=[1, 0], references=[1, 1])
    evaluate.combine(["accuracy", "f1"]).compute(predictions=[1, 0], references=[1, 1])

Metrics are those of `load_metric`, which says what they take and give.
"""

from collections.abc import Sequence
from typing import Any

from warmstart.errors import UserError
from warmstart.evaluation.load_metric import Metric, load_metric
from warmstart.messages import _

__all__ = ["combine", "load"]


def load(
    path: str,
    config_name: str | None = None,
    module_type: str | None = None,
    process_id: int = 0,
    num_process: int = 1,
    **files: Any,
) -> Metric:
    """The metric called `path`, as `load_metric` gives it. `module_type` other than "metric" there is none. `files`:
    options about files, accepted since there are none. Raises UserError for a metric or an option that there is not."""
    if module_type not in (None, "metric"):
        raise UserError(
            _("there are metrics, and no {kind!r}").format(kind=module_type),
            where="evaluate.load",
            fix=_("leave it out"),
        )
    return load_metric(path, config_name, num_process=num_process, process_id=process_id, **files)


class Combined:
    """Several metrics that are given the same rows, and give one dictionary."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def add(self, **row: Any) -> None:
        """Add one row to each."""
        for metric in self._metrics:
            metric.add(**row)

    def add_batch(self, **rows: Any) -> None:
        """Add rows to each."""
        for metric in self._metrics:
            metric.add_batch(**rows)

    def compute(self, **given: Any) -> dict[str, Any]:
        """The scores of all of them; then they forget their rows."""
        return {name: value for metric in self._metrics for name, value in metric.compute(**given).items()}


def combine(metrics: Sequence[str | Metric]) -> Combined:
    """These metrics, by name or as `load` gave them, as one. Raises UserError for one that there is not."""
    return Combined([load(metric) if isinstance(metric, str) else metric for metric in metrics])
