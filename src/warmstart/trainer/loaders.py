"""Loaders in which a user has a say: how they are made, as the stock trainer does, and how a run draws from one."""

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from transformers.trainer_utils import seed_worker

from warmstart.batches.dataloaders import Batch, Feed, length_of
from warmstart.batches.plan import Rows, Update
from warmstart.batches.ragged import ragged
from warmstart.batches.tokens import TokenTable
from warmstart.engine import randomness
from warmstart.engine.oom import count_rows
from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.trainer import inputs, overrides
from warmstart.trainer.whole import Whole


def get_train_dataloader(self: Any) -> Any:
    """The batches of the first epoch, to look at; each is made when it is asked for. Training uses the same rows in the
    same order. Where this method or the sampler is the user's: a loader of the stock trainer's kind, from which
    training draws epoch after epoch."""
    if overrides.own(self, overrides.TRAIN_LOADER):
        size = self.args.per_device_train_batch_size
        return make(self, self.train_dataset, size, self._get_train_sampler, training=True)
    dataset, collate = self.columns(self.train_dataset)
    feed = inputs.make_feed(dataset, collate, self.args, self.processes.count, self.sampled)
    return inputs.first_epoch(feed, dataset, collate, self.args, self.processes)


def get_eval_dataloader(self: Any, eval_dataset: Any = None) -> Any:
    """A loader over `eval_dataset` (by default the trainer's; of several, one by its name). Raises UserError where
    there is no data set of this name."""
    return _over(self, inputs.evaluated(self.eval_dataset, eval_dataset))


def get_test_dataloader(self: Any, test_dataset: Any) -> Any:
    """A loader over any data set with the trainer's collator."""
    return _over(self, test_dataset)


def _over(trainer: Any, dataset: Any) -> Any:
    if overrides.own(trainer, overrides.EVAL_LOADER) and not isinstance(dataset, dict):
        size = trainer.args.per_device_eval_batch_size
        return make(trainer, dataset, size, trainer._get_eval_sampler, training=False)
    kept, collate = trainer.columns(dataset)
    return inputs.looked_at(kept, collate, trainer.args, trainer.processes.count)


def feed_of(trainer: Any) -> tuple[Feed, Any]:
    """Where a run's batches come from, and the loader of them that callbacks are shown."""
    args, processes = trainer.args, trainer.processes
    if overrides.own(trainer, overrides.TRAIN_LOADER):
        loader = trainer.get_train_dataloader()
        rows = trainer.get_total_train_batch_size(args)
        return LoaderFeed(loader, args.gradient_accumulation_steps, rows, processes.count, trainer.warn), loader
    dataset, collate = trainer.columns(trainer.train_dataset)
    feed = inputs.make_feed(dataset, collate, args, processes.count, trainer.sampled)
    return feed, inputs.first_epoch(feed, dataset, collate, args, processes)


class TableRows:
    """A token table as samplers and loaders take a data set."""

    def __init__(self, table: TokenTable) -> None:
        self.table = table

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, row: int) -> dict[str, Any]:
        begin, end = self.table.offsets[[row, row + 1]].tolist()
        return {"row": row, "input_ids": self.table.ids[begin:end].tolist()}

    def collate(self, rows: list[dict[str, Any]]) -> Batch:
        """The padded batch of these rows."""
        return ragged(self.table, np.asarray([row["row"] for row in rows], np.int64)).padded()


def make(
    trainer: Whole, dataset: Any, size: int, sampler_of: Callable[[Any], Any], *, training: bool
) -> "torch.utils.data.DataLoader[Any]":
    """A loader of `size` rows a batch, in the order of the sampler that `sampler_of(dataset)` gives."""
    import datasets
    from torch.utils.data import DataLoader, IterableDataset

    word = "training" if training else "evaluation"
    collate = trainer.data_collator
    if isinstance(dataset, TokenTable):
        dataset = TableRows(dataset)
        collate = dataset.collate
    elif isinstance(dataset, datasets.Dataset):
        dataset = trainer._remove_unused_columns(dataset, description=word)
    else:
        collate = trainer._get_collator_with_removed_columns(collate, description=word)
    options = {**inputs.loader_options(trainer.args), "batch_size": size, "collate_fn": collate}
    if not isinstance(dataset, IterableDataset):
        options |= {"sampler": sampler_of(dataset), "drop_last": training and trainer.args.dataloader_drop_last}
        if training:
            workers = {"num_workers": trainer.args.dataloader_num_workers, "rank": trainer.processes.index}
            options["worker_init_fn"] = functools.partial(seed_worker, **workers)
    made: DataLoader[Any] = DataLoader(dataset, **options)
    return trainer.accelerator.prepare(made) if training else made


def is_shared_out(loader: Any) -> bool:
    """Whether each process gets its own batches of it already."""
    return type(loader).__module__.startswith("accelerate.")


class LoaderFeed:
    """A feed that takes an update's micro-batches from a loader, pass after pass: `micro_batches` of them for each
    process. `rows`: how many rows an update has, about.

    Who draws the rows does so with the global generators, or with one of the loader's own. A run that goes on sets them
    as they were when the pass began, draws again, and lets go of the batches that were trained on. (Before the last of
    these they are set again: a loader may make a batch ahead, and an evaluation may have drawn in between.)
    """

    def __init__(
        self, loader: Any, micro_batches: int, rows: int, processes: int, tell: Callable[[str], None] = print
    ) -> None:
        self._tell = tell
        self._loader, self._micro_batches, self._rows = loader, micro_batches, rows
        self._shares = 1 if is_shared_out(loader) else processes
        self._began: dict[str, Any] | None = None
        self._before: dict[str, Any] | None = None
        self._goes_on: dict[str, Any] | None = None
        if processes > 1 and length_of(loader) is None:
            raise UserError(
                _("a loader without a length cannot be shared out to several processes"),
                where="get_train_dataloader",
                fix=_("give it a __len__, or run one process"),
            )

    @property
    def updates_per_epoch(self) -> int | None:
        batches = length_of(self._loader)
        return None if batches is None else max(-(-batches // (self._shares * self._micro_batches)), 1)

    def rows_before(self, index: int) -> int:
        return index * self._rows

    def batches(self, start: int, stop: int, process: int, processes: int) -> Iterator[tuple[Update, list[Batch]]]:
        per_pass = self.updates_per_epoch
        epoch = start // per_pass if per_pass else 0
        index = epoch * (per_pass or 0)
        while index < stop:
            before = index
            walked = self._pass(epoch, process, min(per_pass or stop, stop - index), start - index)
            for batches in walked:
                if index >= start:
                    yield _update(index, epoch, index * self._rows, batches), batches
                index += 1
            if index == before:
                return
            epoch += 1

    def _pass(self, epoch: int, process: int, most: int, known: int) -> Iterator[list[Batch]]:
        """The batches of at most `most` updates of a pass. The first `known` of them have been trained on."""
        goes_on, self._goes_on = self._goes_on, None
        if goes_on is not None:
            self._set(goes_on["began"] if known > 0 else goes_on["now"])
        self._began = self._now()
        around: Any = getattr(self._loader, "batch_sampler", None)
        for holder in (self._loader, getattr(around, "batch_sampler", None)):
            tell: Any = getattr(holder, "set_epoch", None)
            if tell is not None:
                tell(epoch)
        mine = itertools.islice(iter(self._loader), process if self._shares > 1 else 0, None, self._shares)
        for number in range(most):
            if goes_on is not None and known > 0 and number in (known - 1, known):
                randomness.put_back(goes_on["before" if number < known else "now"]["all"])
            self._before = self._now()
            batches = list(itertools.islice(mine, self._micro_batches))
            if not batches:
                return
            yield batches

    def state(self) -> dict[str, Any] | None:
        """What a run that goes on from here needs to draw what this one would."""
        return None if self._began is None else {"began": self._began, "before": self._before, "now": self._now()}

    def restore(self, state: dict[str, Any] | None) -> None:
        """Go on from a `state`, with the pass that it is of; tells where that may not be exact."""
        self._goes_on = state
        unknown = [type(each).__name__ for each in _parts(self._loader) if not _is_known(each)]
        if state is None:
            self._tell(
                _("the checkpoint does not say where the loader of this run was: from here on its rows are drawn anew")
            )
        elif unknown:
            self._tell(
                _(
                    "random generators are put back as they were, and what else {names} may remember from epoch to "
                    "epoch is not: the run goes on exactly if that is nothing"
                ).format(names=", ".join(unknown))
            )

    def _now(self) -> dict[str, Any]:
        own = [generator.get_state().numpy().tobytes().hex() for generator in generators(self._loader)]
        return {"all": randomness.states(), "own": own}

    def _set(self, saved: dict[str, Any]) -> None:
        randomness.put_back(saved["all"])
        for generator, state in zip(generators(self._loader), saved["own"], strict=False):
            generator.set_state(torch.frombuffer(bytearray.fromhex(state), dtype=torch.uint8))


def generators(loader: Any) -> list[torch.Generator]:
    """The random generators that a loader and its samplers hold."""
    found: list[torch.Generator] = []
    for each in _parts(loader):
        for value in vars(each).values() if hasattr(each, "__dict__") else ():
            if isinstance(value, torch.Generator) and not any(value is known for known in found):
                found.append(value)
    return found


def _parts(loader: Any) -> list[Any]:
    """A loader and the samplers and loaders in it."""
    seen: list[Any] = [loader]
    for each in seen:  # grows on the way
        for value in vars(each).values() if hasattr(each, "__dict__") else ():
            inner = isinstance(value, torch.utils.data.Sampler | torch.utils.data.DataLoader)
            seen += [value] if inner and not any(value is known for known in seen) else []
    return seen


def _is_known(part: Any) -> bool:
    """Whether it remembers nothing but random generators and the number of the epoch."""
    return type(part).__module__.split(".")[0] in ("torch", "accelerate", "transformers")


def _update(index: int, epoch: int, before: int, batches: list[Batch]) -> Update:
    """The update of these micro-batches, whose rows are known by their number in the run alone."""
    numbers = before + np.arange(sum(map(count_rows, batches)))
    ends = np.cumsum([count_rows(batch) for batch in batches])[:-1]
    return Update(index, epoch, numbers, tuple(np.split(numbers, ends)))


def numbered(loader: Any, process: int, processes: int) -> Iterator[tuple[Rows, Batch]]:
    """This process's batches of a loader, each with the numbers of its rows in the loader's order."""
    if processes > 1 and is_shared_out(loader):
        raise UserError(
            _("this loader has been shared out to the processes already"),
            where="get_eval_dataloader / get_test_dataloader",
            fix=_("return it as it is, without accelerator.prepare: each process takes its batches of it"),
        )
    start = 0
    for number, batch in enumerate(loader):
        rows = start + np.arange(count_rows(batch))
        start += len(rows)
        if number % processes == process:
            yield rows, batch
