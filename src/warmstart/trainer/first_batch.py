"""One look at the first batch before anything is computed with it; and where a later one fails, a look at that."""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from warmstart.batches.dataloaders import Batch, Feed, FeedOf
from warmstart.batches.plan import Rows, Update
from warmstart.batches.ragged import pad
from warmstart.engine.losses import base_model, labels_of
from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.trainer import overrides, row_slips
from warmstart.trainer.label_slips import Slip
from warmstart.trainer.slips import Seen, rename_labels, shown, slips, unknown
from warmstart.trainer.whole import Whole

# What torch says where labels do not fit a loss.
OF_LABELS = re.compile("target|label|out of bounds|dtype|scalar type|shape|size", re.IGNORECASE)
# With one of these, a batch may mean something else to the user's code than to the model's.
OWN_CODE = overrides.STEP | {"compute_loss", "prediction_step", "_wrap_model", "evaluation_loop"}
RAW = (RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError)


class FirstBatch:
    """Looks at the first batch of `dataset` that `trainer` computes with. `where`: what the user calls the data set;
    `training`: to learn from it; `measured`: `compute_metrics` is to see what comes of it; `labelled`: its labels are
    used."""

    def __init__(
        self, trainer: Whole, dataset: Any, where: str, *, training: bool, measured: bool, labelled: bool = True
    ) -> None:
        self._trainer, self._dataset, self._where, self._training = trainer, dataset, where, training
        self._measured = measured and trainer.compute_metrics is not None and not trainer.args.prediction_loss_only
        self._labelled = labelled
        self._own_code = bool(overrides.own(trainer, OWN_CODE)) or trainer.compute_loss_func is not None
        self._own_rows = bool(overrides.own(trainer, overrides.TRAIN_LOADER | overrides.EVAL_LOADER))
        self._columns = row_slips.columns_of(dataset)
        self._config: Any = getattr(base_model(trainer.model), "config", None)
        self._problem_type = getattr(self._config, "problem_type", None)
        self._last: list[tuple[Rows, Batch]] = []
        self._seen = 0
        self._loading = self._looked = False

    def watch(self, batches: Iterable[tuple[Rows, Batch]]) -> Iterator[tuple[Rows, Batch]]:
        """The batches as they are, the first of them looked at."""
        for rows, batch in self._one_by_one(batches):
            self._see([(rows, batch)])
            yield rows, batch

    def over(self, feed: Feed) -> Feed:
        """A feed as it is, likewise."""
        return _Watched(feed, self)

    @contextlib.contextmanager
    def explaining(self) -> Iterator[None]:
        """What fails inside, in other code's words, is told in ours if its cause can be seen."""
        try:
            yield
        except UserError:
            raise
        except RAW as error:
            if self._seen <= 1 and self._config is not None:
                self._config.problem_type = self._problem_type  # the model has taken it from labels that are wrong
            found = self._cause(error)
            if found is None:
                raise
            raise found from error

    def _one_by_one(self, batches: Iterable[Any]) -> Iterator[Any]:
        waiting = iter(batches)
        while True:
            self._loading = True
            try:
                each = next(waiting)
            except StopIteration:
                return
            self._loading = False  # stays true where loading fails
            yield each

    def _see(self, batches: list[tuple[Rows, Batch]]) -> None:
        self._last, self._seen = batches, self._seen + 1
        if self._looked or not batches:
            return
        self._looked = True
        for rows, batch in batches:
            named = pad(batch)
            if not isinstance(named, Mapping):
                continue
            if self._measured:
                self._check_metrics(named)
            if not self._own_code:
                self._raise_first((slip for slip in self._slips(named) if slip.sure), rows)

    def _slips(self, batch: Mapping[str, Any], error: BaseException | None = None) -> Iterator[Slip]:
        """What is wrong with a batch. Labels are looked at where the loss is the model's own, or an error speaks of
        them."""
        trainer = self._trainer
        own_loss = self._own_code or bool(trainer.args.label_smoothing_factor)
        asks = not own_loss if error is None or not own_loss else bool(OF_LABELS.search(str(error)))
        asks = asks and self._labelled
        return slips(Seen(trainer.model, batch, trainer.label_names, self._columns, self._training, asks))

    def _raise_first(self, found: Iterable[Slip], rows: Rows) -> None:
        for slip in found:
            raise self._error(slip, rows)

    def _error(self, slip: Slip, rows: Rows | None = None) -> UserError:
        where = self._where
        if slip.rows is not None and rows is not None and len(slip.rows) == len(rows) and not self._own_rows:
            numbers = shown(rows[np.flatnonzero(slip.rows.cpu().numpy())])
            where = _("{where}, rows {numbers}").format(where=where, numbers=numbers)
        return UserError(slip.problem, where, slip.fix)

    def _cause(self, error: BaseException) -> UserError | None:
        """What the last batch, what the error says, or the rows tell of it."""
        if self._loading:
            slip = row_slips.of_padding(error) or row_slips.of_rows(self._trainer, self._dataset, self._columns)
            return None if slip is None else self._error(slip)
        for rows, batch in self._last:
            named = pad(batch)
            for slip in self._slips(named, error) if isinstance(named, Mapping) else ():
                return self._error(slip, rows)
            told = re.search(r"unexpected keyword argument '(\w+)'", str(error))
            if told and told[1] in named:
                return self._error(unknown(told[1], base_model(self._trainer.model)))
        padding = row_slips.of_padding(error)
        return None if padding is None else self._error(padding)

    def _check_metrics(self, batch: Mapping[str, Any]) -> None:
        """Raises UserError where `compute_metrics` would never be called, since labels have another name."""
        trainer = self._trainer
        names = trainer.label_names
        if overrides.own(trainer, {"prediction_step", "evaluate", "evaluation_loop"}) or batch.get("return_loss"):
            return
        if names and len(labels_of(batch, names)) == len(names):
            return
        there = [name for name in names if batch.get(name) is not None]
        raise UserError(
            _("compute_metrics would never be called: it needs {expected}, and the batch has {names}").format(
                expected=", ".join(names) or _("a name for the labels"), names=", ".join(batch)
            ),
            self._where,
            _rename(there, names, batch, self._columns),
        )


def _rename(there: Sequence[str], names: Sequence[str], batch: Mapping[str, Any], columns: Sequence[str]) -> str:
    """How labels get the name that they are looked for under."""
    inputs = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "pixel_values")
    others = [name for name in batch if name not in inputs]
    if there or others:
        return f"TrainingArguments(label_names={list(there) or others[-1:]!r})"
    left = [name for name in columns if name not in batch] or ["..."]
    return rename_labels(left[-1], names)


class _Watched(FeedOf):
    """A feed whose first update is looked at."""

    def __init__(self, feed: Feed, first: FirstBatch) -> None:
        super().__init__(feed)
        self._first = first

    def batches(self, start: int, stop: int, process: int, processes: int) -> Iterator[tuple[Update, list[Batch]]]:
        for update, batches in self._first._one_by_one(self._feed.batches(start, stop, process, processes)):
            self._first._see(list(zip(update.micro_batches, batches, strict=False)))
            yield update, batches
