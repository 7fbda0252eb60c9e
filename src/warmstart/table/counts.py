"""The values of a column of labels, without holding more than a batch of its cells."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warmstart.heads.cells import is_missing
from warmstart.table.columns import ROWS, batches, values

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True)
class Values:
    """The values of a column of scalars, None and NaN apart: each once for every batch that has it, read anew at each
    walk."""

    dataset: "datasets.Dataset"
    name: str

    def __iter__(self) -> Iterator[Any]:
        return (value for value, _tally in self.counted())

    def counted(self) -> Iterator[tuple[Any, int]]:
        """With how often each occurs in its batch."""
        import pyarrow.compute as pc

        for table in batches(self.dataset, [self.name]):
            found = pc.value_counts(table.column(self.name))
            tallies = found.field("counts").to_pylist()
            for value, tally in zip(values(found.field("values"), self.name), tallies, strict=True):
                if value is not None and value == value:
                    yield value, tally


def count_parts(
    dataset: "datasets.Dataset", name: str, parts: Callable[[str], list[Any] | None]
) -> tuple[Counter[Any], set[int], list[str]]:
    """For a column of text whose cells are lists to `parts`: what `columns.count_items` gives for a column of lists,
    and the first cells that are no lists. Blank cells do not count.
    """
    counts: Counter[Any] = Counter()
    lengths: set[int] = set()
    odd: list[str] = []
    for cell, tally in Values(dataset, name).counted():
        if is_missing(cell):
            continue
        items = parts(cell)
        if items is None:
            odd += [cell] if len(odd) < ROWS else []
            continue
        lengths.add(len(items))
        for item in items:
            counts[item] += tally if item is not None else 0
    counts.pop(None, None)
    return counts, lengths, odd
