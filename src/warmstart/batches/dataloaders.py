"""Three ways in, one interface: every feed yields, for each update, this process's micro-batches as the model takes
them.
"""

import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from warmstart.batches.plan import BatchPlan, Update
from warmstart.batches.ragged import ragged
from warmstart.batches.tokens import TokenTable

if TYPE_CHECKING:
    from torch.utils.data import Dataset, IterableDataset

# A RaggedBatch, of a token table; else what a collator makes: a mapping as the model takes it, or for a loss of the
# user's own also a list or tuple.
Batch = Any
Collate = Callable[[list[Any]], Batch]
Made = TypeVar("Made")


def values_of(batch: Batch) -> list[Any]:
    """What a batch holds, without names."""
    return list(batch.values() if isinstance(batch, Mapping) else batch)


class Feed(Protocol):
    """Where a run's batches come from. `updates_per_epoch` is None for a stream whose end is not known."""

    @property
    def updates_per_epoch(self) -> int | None: ...

    def rows_before(self, index: int) -> int: ...

    def batches(self, start: int, stop: int, process: int, processes: int) -> Iterator[tuple[Update, list[Batch]]]: ...


class FeedOf:
    """What a feed has that does something to the batches of another: the same updates and rows."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    @property
    def updates_per_epoch(self) -> int | None:
        return self._feed.updates_per_epoch

    def rows_before(self, index: int) -> int:
        return self._feed.rows_before(index)


@dataclasses.dataclass(frozen=True)
class TokenFeed:
    """The fast path: batches assembled from the token table by array operations, each of them `ahead` updates before it
    is asked for, in as many threads."""

    table: TokenTable
    plan: BatchPlan
    ahead: int = 1

    @property
    def updates_per_epoch(self) -> int:
        return self.plan.updates_per_epoch

    def rows_before(self, index: int) -> int:
        return self.plan.rows_before(index)

    def batches(self, start: int, stop: int, process: int, processes: int) -> Iterator[tuple[Update, list[Batch]]]:
        def make(index: int) -> tuple[Update, list[Batch]]:
            update = self.plan.update(index, process, processes)
            return update, [ragged(self.table, rows) for rows in update.micro_batches]

        yield from in_order(make, range(start, stop), self.ahead)


def in_order(make: Callable[[int], Made], numbers: Iterable[int], ahead: int) -> Iterator[Made]:
    """`make(number)` for each of `numbers`, in their order, `ahead` of them begun before they are asked for."""
    if ahead < 1:
        yield from map(make, numbers)
        return
    with ThreadPoolExecutor(ahead) as threads:
        begun: deque[Future[Made]] = deque()
        try:
            for number in numbers:
                begun.append(threads.submit(make, number))
                if len(begun) > ahead:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for one in begun:
                one.cancel()


@dataclasses.dataclass(frozen=True)
class Wanted:
    """One micro-batch that a loader is asked for: its rows, and the place in the run that its randomness comes from."""

    place: tuple[int, int, int]  # update, process, micro-batch
    rows: list[int]


@dataclasses.dataclass(frozen=True)
class Seeded:
    """A data set whose rows, and what a collator makes of them in the same process, are drawn with the randomness of
    their place in the run (`seed` sets the generators). So a run that goes on draws what an undisturbed one draws,
    however many loading processes there are."""

    dataset: "Dataset[Any]"
    seed: Callable[[int, int, int], None] | None

    def __getitems__(self, wanted: Wanted) -> list[Any]:
        if self.seed is not None:
            self.seed(*wanted.place)
        if hasattr(self.dataset, "__getitems__"):
            found: list[Any] = self.dataset.__getitems__(wanted.rows)
            return found
        return [self.dataset[row] for row in wanted.rows]


@dataclasses.dataclass(frozen=True)
class DatasetFeed:
    """The general path: any torch data set with any collator, through `DataLoader` (`options` are its options). `seed`
    sets all generators for a place (update, process, micro-batch) in the run."""

    dataset: "Dataset[Any]"
    collate: Collate
    plan: BatchPlan
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    seed: Callable[[int, int, int], None] | None = None

    @property
    def updates_per_epoch(self) -> int:
        return self.plan.updates_per_epoch

    def rows_before(self, index: int) -> int:
        return self.plan.rows_before(index)

    def batches(self, start: int, stop: int, process: int, processes: int) -> Iterator[tuple[Update, list[Batch]]]:
        from torch.utils.data import DataLoader

        # The loader sees one long list of micro-batches, from the first wanted update on: nothing is skipped over.
        wanted = (
            Wanted((index, process, number), rows.tolist())
            for index in range(start, stop)
            for number, rows in enumerate(self.plan.update(index, process, processes).micro_batches)
        )
        options: dict[str, Any] = {**self.options, "batch_sampler": wanted, "collate_fn": self.collate}
        loader = iter(DataLoader(Seeded(self.dataset, self.seed), **options))  # type: ignore[arg-type]
        for index in range(start, stop):
            update = self.plan.update(index, process, processes)
            yield update, [next(loader) for _ in update.micro_batches]


def is_stream(dataset: Any) -> bool:
    """Whether a data set can only be walked through, with or without a length."""
    from torch.utils.data import IterableDataset

    return isinstance(dataset, IterableDataset) or length_of(dataset) is None


def length_of(dataset: Any) -> int | None:
    """Rows of a data set; None if it does not know them."""
    try:
        return len(dataset)
    except (TypeError, NotImplementedError):  # also of streams that ask others, which have no length
        return None


@dataclasses.dataclass(frozen=True)
class StreamFeed:
    """A data set that can only be walked through. Each process takes its rows of every update; a resumed run has to
    walk to its place, which is the one place where that is so. The stream starts again when it ends, and is told the
    number of the pass, by which it may shuffle.

    `plan` (where the stream has a length) says how many updates a pass has; the walk then begins with its pass.
    """

    dataset: "IterableDataset[Any]"
    collate: Collate
    batch_size: int
    micro_batch_size: int
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    plan: BatchPlan | None = None

    @property
    def updates_per_epoch(self) -> int | None:
        return self.plan.updates_per_epoch if self.plan else None

    def rows_before(self, index: int) -> int:
        return self.plan.rows_before(index) if self.plan else index * self.batch_size

    def batches(self, start: int, stop: int, process: int, processes: int) -> Iterator[tuple[Update, list[Batch]]]:
        import numpy as np

        for index, epoch, rows in self._walk(start, stop):
            if index < start:
                continue
            mine = np.array_split(np.arange(len(rows)), processes)[process]
            pieces = tuple(mine[i : i + self.micro_batch_size] for i in range(0, len(mine), self.micro_batch_size))
            numbers = index * self.batch_size + np.arange(len(rows))
            yield (
                Update(index, epoch, numbers, tuple(numbers[piece] for piece in pieces)),
                [self.collate([rows[i] for i in piece]) for piece in pieces],
            )

    def _walk(self, start: int, stop: int) -> Iterator[tuple[int, int, list[Any]]]:
        """(update, pass, rows) up to update `stop - 1`: from the beginning of the pass that `start` is in, if it is
        known, else from the very beginning."""
        per_pass = self.updates_per_epoch
        epoch = start // per_pass if per_pass else 0
        index = epoch * (per_pass or 0)
        while index < stop:
            before = index
            for rows in self._pass(epoch, min(per_pass or stop, stop - index)):
                yield index, epoch, rows
                index += 1
            if index == before:
                return
            epoch += 1

    def _pass(self, epoch: int, most: int) -> Iterator[list[Any]]:
        """The rows of at most so many updates of a pass."""
        from torch.utils.data import DataLoader

        if hasattr(self.dataset, "set_epoch"):
            self.dataset.set_epoch(epoch)
        options = {**self.options, "batch_size": self.batch_size, "collate_fn": list}
        yield from islice(DataLoader(self.dataset, **options), most)
