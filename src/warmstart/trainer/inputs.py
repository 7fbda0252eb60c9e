"""From a data set and a `Trainer`'s arguments to a feed: which columns the model takes, which plan is meant."""

import functools
import inspect
import math
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from torch import nn
from torch.utils.data import DataLoader

from warmstart.batches.dataloaders import Batch, Collate, DatasetFeed, Feed, StreamFeed, TokenFeed, is_stream, length_of
from warmstart.batches.plan import BatchPlan, Rows
from warmstart.batches.ragged import pad, ragged
from warmstart.batches.tokens import TokenTable
from warmstart.engine.distributed.processes import Processes
from warmstart.engine.losses import base_model
from warmstart.engine.randomness import reseed
from warmstart.errors import UserError, did_you_mean
from warmstart.messages import _

if TYPE_CHECKING:
    from warmstart.trainer.arguments import TrainingArguments

ORDERS: dict[str, Literal["random", "sequential", "length"]] = {
    "random": "random",
    "sequential": "sequential",
    "group_by_length": "length",
}


class Loader(DataLoader[Any]):
    """The loader of a data set, for who looks at one. `begin` makes its batches when they are asked for, and `count`
    says how many there are on this process (None: that is not known); without `begin` they are torch's own."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int,
        collate_fn: Any,
        processes: int,
        count: int | None = None,
        begin: Callable[[], Iterator[Batch]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(dataset, batch_size=batch_size, collate_fn=collate_fn, **options)
        self.total_batch_size = batch_size * processes  # as loaders of Accelerate have it
        self._count, self._begin = count, begin

    def __iter__(self) -> Any:
        return super().__iter__() if self._begin is None else self._begin()

    def __len__(self) -> int:
        if self._begin is None:
            return super().__len__()
        if self._count is None:
            raise TypeError("a stream has no length")  # what `len` says of a loader of one, and callers expect
        return self._count


def first_epoch(feed: Feed, dataset: Any, collate: Collate, args: "TrainingArguments", processes: Processes) -> Loader:
    """The micro-batches of `feed`'s first epoch that this process computes."""

    def begin() -> Iterator[Batch]:
        last = feed.updates_per_epoch or sys.maxsize
        for update, batches in feed.batches(0, last, processes.index, processes.count):
            if update.epoch > 0:
                return  # a stream began again
            yield from map(pad, batches)

    size, count = args.per_device_train_batch_size, None
    if feed.updates_per_epoch is not None:
        count = math.ceil(feed.rows_before(feed.updates_per_epoch) / (size * processes.count))
    return Loader(dataset, size, collate, processes.count, count, begin)


def make_feed(
    dataset: Any, collate: Collate, args: "TrainingArguments", processes: int, groups: tuple[Rows, ...] = ()
) -> Feed:
    """The feed of a training data set: the fast path for a token table, `DataLoader` for everything else.

    An update has `per_device_train_batch_size` x `gradient_accumulation_steps` x `processes` rows. `groups`: of rows,
    from which it draws alike.
    """
    batch_size = args.per_device_train_batch_size * args.gradient_accumulation_steps * processes
    micro_batch_size = args.per_device_train_batch_size
    rows = length_of(dataset)
    if rows is None:
        return StreamFeed(dataset, collate, batch_size, micro_batch_size, loader_options(args))
    if rows == 0:
        raise UserError(_("the training data set is empty"), where="train_dataset")
    if is_stream(dataset):
        passes = BatchPlan(rows=rows, batch_size=batch_size, micro_batch_size=micro_batch_size)
        return StreamFeed(dataset, collate, batch_size, micro_batch_size, loader_options(args), passes)
    order = ORDERS[args.train_sampling_strategy]
    plan = BatchPlan(
        rows=rows,
        batch_size=batch_size,
        micro_batch_size=micro_batch_size,
        seed=args.seed if args.data_seed is None else args.data_seed,
        order=order,
        drop_last=args.dataloader_drop_last,
        lengths=_lengths(dataset, args.length_column_name) if order == "length" else None,
        groups=groups,
    )
    if isinstance(dataset, TokenTable):
        return TokenFeed(dataset, plan, ahead=max(args.dataloader_num_workers, 1))
    return DatasetFeed(dataset, collate, plan, loader_options(args), functools.partial(reseed, plan.seed))


def evaluated(given: Any, wanted: Any) -> Any:
    """What is to be evaluated on: `wanted`, or of a trainer's own data sets (`given`) the one of that name; all of
    these by default. Raises UserError where there is no data set of this name, or none at all."""
    if isinstance(wanted, str):
        names = list(given) if isinstance(given, dict) else []
        if wanted not in names:
            raise UserError(
                _("there is no evaluation data set named {wanted!r}").format(wanted=wanted),
                where="eval_dataset",
                fix=did_you_mean(wanted, names)
                if names
                else _("give the rows themselves, or Trainer(eval_dataset={{{wanted!r}: ...}})").format(wanted=wanted),
            )
        return given[wanted]
    chosen = given if wanted is None else wanted
    if chosen is None:
        raise UserError(_("there is nothing to evaluate on"), "Trainer", fix="Trainer(eval_dataset=...)")
    return chosen


def looked_at(dataset: Any, collate: Collate, args: "TrainingArguments", processes: int) -> Loader:
    """A loader over all rows of a data set, in order, to look at. Raises UserError for several data sets."""
    size = args.per_device_eval_batch_size
    if isinstance(dataset, TokenTable):
        batches = np.split(np.arange(len(dataset)), range(size, len(dataset), size))

        def begin() -> Iterator[Batch]:
            return (ragged(dataset, rows).padded() for rows in batches)

        return Loader(dataset, size, collate, processes, len(batches), begin)
    if isinstance(dataset, dict):
        raise UserError(
            _("there are several data sets, and a loader is over one"),
            where="eval_dataset",
            fix=_("name one: {dataset}").format(dataset=", ".join(map(str, dataset))),
        )
    return Loader(dataset, size, collate, processes, **loader_options(args))


def loader_options(args: "TrainingArguments") -> dict[str, Any]:
    """The options of `DataLoader` that the arguments name."""
    options: dict[str, Any] = {"num_workers": args.dataloader_num_workers}
    options["pin_memory"] = args.dataloader_pin_memory and args.device.type == "cuda"
    if args.dataloader_num_workers:
        options["persistent_workers"] = args.dataloader_persistent_workers
        options["prefetch_factor"] = args.dataloader_prefetch_factor
        options["multiprocessing_context"] = args.dataloader_multiprocessing_context
    return options


def used_columns(model: nn.Module, label_names: list[str]) -> list[str]:
    """The names that the model's `forward` takes, and those that the collator turns into labels."""
    inner: Any = base_model(model)
    names = list(inspect.signature(inner.forward).parameters)
    return list(dict.fromkeys([*names, "label", "label_ids", *label_names]))


def hidden_labels(dataset: Any, label_names: list[str]) -> list[str]:
    """The columns of classes that are all -1, which is how GLUE's test splits say that theirs are not public."""
    import datasets

    if not isinstance(dataset, datasets.Dataset) or not len(dataset):
        return []
    raw = dataset.with_format(None)  # not what a transform of the user's makes of it
    names = dict.fromkeys(["label", "labels", "label_ids", *label_names])
    classes = [name for name in names if _is_whole(raw.features.get(name))]
    return [name for name in classes if raw[0][name] == -1 and all(value == -1 for value in raw[name])]


def _is_whole(feature: Any) -> bool:
    return str(getattr(feature, "dtype", "")).startswith(("int", "uint"))


def without_unused_columns(dataset: Any, collate: Collate, used: list[str]) -> tuple[Any, Callable[[list[Any]], Any]]:
    """The data set and collator with what the model does not take left out, as `transformers.Trainer` does."""
    import datasets
    from transformers.trainer_utils import RemoveColumnsCollator

    if isinstance(dataset, TokenTable):
        return dataset, collate
    if not isinstance(dataset, datasets.Dataset | datasets.IterableDataset) or dataset.column_names is None:
        return dataset, RemoveColumnsCollator(collate, used)
    unused = [name for name in dataset.column_names if name not in used]
    if len(unused) == len(dataset.column_names):
        raise UserError(
            _("the model takes none of the columns {column_names}").format(column_names=dataset.column_names),
            where="train_dataset / eval_dataset",
            fix=_("tokenise the data first, or set remove_unused_columns=False"),
        )
    return dataset.remove_columns(unused), collate


def _lengths(dataset: Any, column: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Tokens in each row: int64 `[rows]`."""
    if isinstance(dataset, TokenTable):
        return dataset.lengths
    columns = getattr(dataset, "column_names", None) or []
    if column in columns:
        return np.asarray(dataset[column][:], np.int64)
    if "input_ids" in columns:
        import pyarrow.compute as pc

        return np.asarray(pc.list_value_length(dataset.with_format("arrow")[:]["input_ids"]).to_numpy(), np.int64)
    try:
        return np.asarray([len(dataset[i]["input_ids"]) for i in range(len(dataset))], np.int64)
    except (TypeError, KeyError) as error:
        raise UserError(
            _("group_by_length needs rows with input_ids"),
            where="train_dataset",
            fix=_("add a column {column!r}, or leave group_by_length out").format(column=column),
        ) from error


def seed(args: "TrainingArguments") -> None:
    """Seed what is made before the first update, such as a new head; each update seeds itself."""
    from transformers import enable_full_determinism, set_seed

    if args.full_determinism:
        enable_full_determinism(args.seed)
    else:
        set_seed(args.seed)
