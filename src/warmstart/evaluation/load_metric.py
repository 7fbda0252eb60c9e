"""`load_metric("glue", "mrpc")`, as `datasets` had it until version 3: nothing is downloaded, no file is written.

`evaluate`, which took its place there, fetches a script from the Hub for every metric.
"""

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import UserError, did_you_mean
from warmstart.evaluation.collect import Batch, Batches, gather, read_rows
from warmstart.evaluation.scores import CLASSES, NUMBERS, READS, SCORES, Reads, Score, glue_score
from warmstart.heads.glue import TASKS, glue_task
from warmstart.messages import _

# Options of the old function about the files that it kept its rows in; there are none now.
_FILES = {
    "cache_dir",
    "download_config",
    "download_mode",
    "experiment_id",
    "keep_in_memory",
    "max_concurrent_cache_files",
    "revision",
    "seed",
    "timeout",
    "trust_remote_code",
}


def load_metric(
    path: str, config_name: str | None = None, *, num_process: int = 1, process_id: int = 0, **old: Any
) -> "Metric":
    """The metric called `path`: "glue" with one of its tasks as `config_name`, or one of `scores.SCORES`.

    >>> load_metric("glue", "mrpc").compute(predictions=[1, 0, 1], references=[1, 0, 0])
    {'accuracy': 0.6666666666666666, 'f1': 0.6666666666666666}

    "multilabel" (accuracy, f1, precision, recall, roc_auc) and "multilist" (mse, mae) are the other configurations:
    rows of several values. Predictions and references are `[rows]`, of those two `[rows, values]`: arrays, tensors or
    lists. The predictions of "roc_auc" are scores, `[rows]` or with "multiclass" `[rows, classes]`, and may be called
    `prediction_scores`; those of "brier_score" are probabilities. Scores are shares (0 to 1) or correlations (-1 to 1),
    not percent. `num_process` and `process_id` are those of `Metric`.
    Options of the old function about its files are accepted and do nothing, for there are no files. Raises UserError
    for anything that there is not.
    """
    for name in old.keys() - _FILES:
        raise UserError(
            _("load_metric has no option {name!r}").format(name=name),
            fix=did_you_mean(name, ["num_process", "process_id", *sorted(_FILES)]),
        )
    if path != "glue" and path not in SCORES:
        raise UserError(_("there is no metric {path!r}").format(path=path), fix=did_you_mean(path, ["glue", *SCORES]))
    if path == "glue":
        if config_name is None:
            raise UserError(
                _("the metric 'glue' differs from task to task"),
                fix=_("name the task: {tasks}").format(tasks=", ".join(TASKS)),
            )
        reads = NUMBERS if glue_task(config_name).of_numbers else CLASSES
        return Metric(f"glue/{config_name}", glue_score(config_name), reads, num_process, process_id)
    configs = [name for name in READS[path] if name]
    if config_name is not None and config_name not in configs:
        raise UserError(
            _("the metric {path!r} has no configuration {config_name!r}").format(path=path, config_name=config_name),
            fix=did_you_mean(config_name, configs) if configs else _("leave it out"),
        )
    return Metric(path, SCORES[path], READS[path][config_name or ""], num_process, process_id)


class Metric:
    """Collects predictions and references batch by batch, and computes one score of all of them.

    With `num_process` > 1, every process adds its own rows, and `compute()` gathers everybody's over the default group
    of `torch.distributed`, in the order of `process_id`. It must be called on every process, and gives every process
    the result (the old library gave None to all but the first). Rows that a distributed sampler duplicated, and rows
    that were gathered before they were added, are counted as often as they were added.
    """

    def __init__(self, name: str, score: Score, reads: Reads, num_process: int = 1, process_id: int = 0) -> None:
        if not 0 <= process_id < num_process:
            raise UserError(
                _("process_id = {process_id} is not among the {num_process} of num_process").format(
                    process_id=process_id, num_process=num_process
                ),
                fix=_("count processes from 0"),
            )
        self.name = name
        self.num_process = num_process
        self.process_id = process_id
        self._score = score
        self._reads = reads
        self._batches: Batches = []

    def __repr__(self) -> str:
        return f"Metric({self.name!r}, rows={sum(len(predictions) for predictions, _unused in self._batches)})"

    def add(
        self,
        *,
        prediction: Any = None,
        reference: Any = None,
        predictions: Any = None,
        references: Any = None,
        prediction_scores: Any = None,
    ) -> None:
        """Add one row: a number, a tensor of one, or for "multilabel" and "multilist" a list. Plurals do as well."""
        predictions = prediction_scores if predictions is None else predictions
        prediction = predictions if prediction is None else prediction
        reference = references if reference is None else reference
        self.add_batch(
            predictions=None if prediction is None else [prediction],
            references=None if reference is None else [reference],
        )

    def add_batch(self, *, predictions: Any = None, references: Any = None, prediction_scores: Any = None) -> None:
        """Add rows: arrays, tensors on any device, or lists, of one length.

        Raises UserError if they cannot be compared, and then adds nothing.
        """
        self._batches.append(self._batch(prediction_scores if predictions is None else predictions, references))

    def compute(
        self, *, predictions: Any = None, references: Any = None, prediction_scores: Any = None, **options: Any
    ) -> dict[str, Any]:
        """The score of all rows added since the last `compute()`, and of those given here; then forgets them all.

        `options` are those of the function in `scores`; a `sample_weight` is for all rows, of all processes, in their
        order. Values are Python floats, but arrays where an option asks for one value per class. Raises UserError, and
        forgets nothing, if there are no rows or they cannot be scored.
        """
        self._check_options(options)
        mine = self._own(prediction_scores if predictions is None else predictions, references)
        batches: Batches = []
        for theirs in [mine] if self.num_process == 1 else gather(mine, self.process_id, self.num_process):
            if isinstance(theirs, UserError):
                raise theirs
            batches += theirs
        result = self._scored(batches, options)
        self._batches.clear()
        return result

    def _check_options(self, options: dict[str, Any]) -> None:
        known = list(inspect.signature(self._score).parameters)[2:]
        for name in options:
            if name not in known:
                raise UserError(
                    _("the metric {metric!r} has no option {name!r}").format(metric=self.name, name=name),
                    fix=did_you_mean(name, known) if known else _("leave it out"),
                )

    def _own(self, predictions: Any, references: Any) -> Batches | UserError:
        if predictions is None and references is None:
            return self._batches
        try:
            return [*self._batches, self._batch(predictions, references)]
        except UserError as error:
            return error  # raised by all processes together: see `gather`

    def _batch(self, predictions: Any, references: Any) -> Batch:
        if predictions is None or references is None:
            raise UserError(_("predictions and references must both be given"))
        of_numbers, dimensions = self._reads.numbers, self._reads.dimensions
        batch = (
            read_rows(predictions, "predictions", of_numbers[0], dimensions[0]),
            read_rows(references, "references", of_numbers[1], dimensions[1]),
        )
        same = min(dimensions)
        if batch[0].shape[:same] != batch[1].shape[:same]:
            shapes = list(batch[0].shape), list(batch[1].shape)
            raise UserError(
                _("predictions {predicted} and references {referenced} do not match").format(
                    predicted=shapes[0], referenced=shapes[1]
                ),
                fix=_("give both for the same rows"),
            )
        return batch

    def _scored(self, batches: Batches, options: dict[str, Any]) -> dict[str, Any]:
        if not sum(len(references) for _unused, references in batches):
            raise UserError(
                _("nothing was added to the metric {name!r}").format(name=self.name),
                fix=_("call add_batch(predictions=..., references=...) first, or give both to compute()"),
            )
        if options.get("sample_weight") is not None:
            options["sample_weight"] = read_rows(options["sample_weight"], "sample_weight", True, 1)
        try:
            predictions, references = (np.concatenate(parts) for parts in zip(*batches, strict=True))
            self._check_labels(predictions, references)
            return self._score(predictions, references, **options)
        except ValueError as error:  # what scikit-learn says of options that do not fit the rows
            raise UserError(
                _("{name} cannot be computed: {error}").format(name=self.name, error=error),
                fix=_("change the options, or the rows"),
            ) from error

    def _check_labels(self, predictions: NDArray[Any], references: NDArray[Any]) -> None:
        """Refuse the -1 that stands for a label nobody may see; in GLUE, whatever is negative.

        Elsewhere -1 can be a class: then predictions or some other references tell.
        """
        hidden = references < 0
        if not self.name.startswith("glue/") and (
            self._reads.numbers[1] or not hidden.all() or (predictions < 0).any()
        ):
            return
        if hidden.any():
            raise UserError(
                _("{count} of {references} references are no label ({first})").format(
                    count=hidden.sum(), references=len(references), first=references[hidden][0]
                ),
                fix=_("score a split with labels: most of GLUE's test splits have -1 for every label"),
            )
