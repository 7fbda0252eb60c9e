"""What a data set's columns hold, seen through Arrow batches and a sample of rows, never a whole column of texts."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from warmstart.errors import MOST_EXAMPLES, UserError, did_you_mean
from warmstart.heads.cells import DATE, INTEGER, NUMBER, Holds
from warmstart.heads.quantities import is_quantity
from warmstart.messages import _, ngettext
from warmstart.table.origin import place

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

ROWS = 10_000  # in a batch
DENSE = 20  # batches' worth of rows that may be looked through for those of one batch
FLAGS = ({"0", "1"}, {"false", "true"}, {"no", "yes"})
SAMPLE, SLICES = 2_000, 20  # rows in a sample, and in how many slices, spread over the data set, they are taken


@dataclass(frozen=True)
class Column:
    """A column as the choice of columns needs it. `holds`: what the values are, whether typed or written as text."""

    name: str
    holds: Holds
    is_string: bool  # of text to Arrow, whatever it says
    length: float  # mean number of characters
    sampled: int  # rows looked at, of those that are not missing
    distinct: int  # different values among them
    is_flag: bool = False  # whether it holds nothing but zeros and ones


def look(dataset: "datasets.Dataset") -> list[Column]:
    """The columns of a data set, judged by a sample of its rows."""
    import pyarrow as pa

    step = max(len(dataset) // SLICES, 1)
    size = SAMPLE // SLICES if len(dataset) > SAMPLE else SAMPLE
    arrow = dataset.with_format("arrow")
    starts = range(0, len(dataset), step) if len(dataset) > SAMPLE else [0]
    sample = pa.concat_tables([arrow[start : start + size] for start in starts])
    return [_judge(name, feature, sample.column(name)) for name, feature in dataset.features.items()]


def batches(dataset: "datasets.Dataset", columns: list[str]) -> Iterator["pa.Table"]:
    """Some columns of all rows, in order, as tables of at most `ROWS` rows."""
    chosen = dataset.select_columns(columns)
    if chosen._indices is None:
        yield from chosen.with_format("arrow").iter(batch_size=ROWS)
        return
    # `select` leaves the rows where they are beside a list of places, along which the library gathers row by row in
    # Python (ten seconds for a million). Arrow gathers at once where the places lie close together, as in a split.
    places = chosen._indices.column(0).to_numpy()
    for start in range(0, len(places), ROWS):
        wanted = places[start : start + ROWS]
        first, span = int(wanted.min()), int(np.ptp(wanted)) + 1
        if span <= DENSE * ROWS:
            yield chosen.data.table.slice(first, span).take(wanted - first)
        else:
            yield chosen.with_format("arrow")[start : start + ROWS]


def values(column: "pa.ChunkedArray", name: str) -> list[Any]:
    """The cells as Python values. Raises UserError for bytes that are no text."""
    try:
        plain: list[Any] = column.to_pylist()
    except UnicodeDecodeError as error:
        raise UserError(
            _("column {name!r} holds bytes that are not UTF-8 text").format(name=name),
            fix=_("write the data set again from its source"),
        ) from error
    return plain


def legible(column: "pa.ChunkedArray") -> list[Any]:
    """The cells as Python values, for a look at them: of text, bytes that are not UTF-8 are shown as such."""
    import pyarrow as pa

    if group(column.type) != "text":
        plain: list[Any] = column.to_pylist()
        return plain
    cells = column.cast(pa.large_binary()).to_pylist()
    return [cell if cell is None else cell.decode(errors="backslashreplace") for cell in cells]


def count(dataset: "datasets.Dataset", name: str, most: int) -> Counter[Any] | None:
    """How often each value of a column of scalars occurs, None and NaN apart; None if there are more than `most`.

    Memory grows with the number of different values only.
    """
    import pyarrow.compute as pc

    counts: Counter[Any] = Counter()
    for table in batches(dataset, [name]):
        found = pc.value_counts(table.column(name))
        tallies = found.field("counts").to_pylist()
        for value, tally in zip(values(found.field("values"), name), tallies, strict=True):
            if value is not None and value == value:
                counts[value] += tally
        if len(counts) > most:
            return None
    return counts


def find(dataset: "datasets.Dataset", name: str, cells: list[Any]) -> npt.NDArray[np.int64]:
    """The rows, from 0, whose cell in a column of scalars is one of `cells`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = []
    for table in batches(dataset, [name]):
        column = table.column(name)
        found.append(pc.is_in(column, value_set=pa.array(cells, column.type)).to_numpy())
    return np.flatnonzero(np.concatenate(found))


def text_keys(table: "pa.Table", names: list[str]) -> npt.NDArray[np.int64]:
    """A number for each row [rows], the same for the same texts in the columns `names`.

    Python's 64-bit hashes: two of a million different texts share one with a chance of 3e-8. Only comparisons within a
    run mean anything, as hashes of text differ from run to run.
    """
    columns = [values(table.column(name), name) for name in names]
    return np.fromiter(map(hash, zip(*columns, strict=True)), np.int64, table.num_rows)


def number_of(rows: int) -> str:
    """`1 row`, `2 rows` ..."""
    return ngettext("{rows:,} row", "{rows:,} rows", rows).format(rows=rows)


def listed(rows: npt.NDArray[np.int64]) -> str:
    """The rows (from 0) as a user counts them, from 1: the first ten and how many more there are."""
    shown = ", ".join(f"{row + 1:,}" for row in rows[:MOST_EXAMPLES].tolist())
    more = len(rows) - MOST_EXAMPLES
    if more > 0:
        return _("rows {shown} and {more:,} more").format(shown=shown, more=more)
    return ngettext("row {shown}", "rows {shown}", len(rows)).format(shown=shown)


def need(dataset: "datasets.Dataset", split: str, name: str, option: str) -> None:
    """Raises UserError unless the split has the column."""
    if name not in dataset.column_names:
        raise UserError(
            _("there is no column {name!r}").format(name=name),
            place(dataset, split),
            f"{did_you_mean(name, dataset.column_names)} ({option})",
        )


def count_items(dataset: "datasets.Dataset", name: str) -> tuple[Counter[Any], set[int]]:
    """For a column of lists: how often each item occurs, None apart, and the lengths of the lists."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts: Counter[Any] = Counter()
    lengths: set[int] = set()
    for table in batches(dataset, [name]):
        column = table.column(name)
        lengths.update(length for length in pc.unique(pc.list_value_length(column)).to_pylist() if length is not None)
        items = pc.list_flatten(column)
        if pa.types.is_nested(items.type):
            raise UserError(
                _("column {name!r} holds lists of lists or of objects").format(name=name),
                fix=_("give each row a plain list of labels"),
            )
        found = pc.value_counts(items)
        tallies = found.field("counts").to_pylist()
        for value, tally in zip(values(found.field("values"), name), tallies, strict=True):
            if value is not None:
                counts[value] += tally
    return counts, lengths


def _judge(name: str, feature: Any, column: "pa.ChunkedArray") -> Column:
    import pyarrow.compute as pc

    holds: Holds = "class" if type(feature).__name__ == "ClassLabel" else _typed(column.type)
    if holds == "text":
        cells = [cell for cell in values(column, name) if cell and not cell.isspace()]
        length = sum(map(len, cells)) / max(len(cells), 1)
        there = set(cells)
        return Column(name, _written(cells), True, length, len(cells), len(there), is_flag=_are_flags(there))
    distinct = 0 if holds in ("list", "other") else pc.count_distinct(column).as_py()
    is_flag = 0 < distinct <= 2 and holds != "class" and _are_flags({*pc.unique(column.drop_null()).to_pylist()})
    return Column(name, holds, False, 0.0, len(column) - column.null_count, distinct, is_flag=is_flag)


def _are_flags(values: set[Any]) -> bool:
    """Whether these are values for no and yes."""
    said = {str(value).removesuffix(".0").casefold() for value in values} if len(values) <= 2 else set()
    return bool(said) and any(said <= flags for flags in FLAGS)


def is_scalar(dataset: "datasets.Dataset", name: str) -> bool:
    """Whether the cells of a column are text, numbers or booleans."""
    return _typed(dataset.data.schema.field(name).type) not in ("list", "date", "other")


def group(declared: "pa.DataType") -> Literal["text", "list", "scalar"]:
    """Which other types a type can be compared with."""
    holds = _typed(declared)
    return "text" if holds == "text" else "list" if holds == "list" else "scalar"


def _typed(declared: "pa.DataType") -> Holds:
    from pyarrow import types

    tests: tuple[tuple[Holds, tuple[Any, ...]], ...] = (
        ("text", (types.is_string, types.is_large_string)),
        ("boolean", (types.is_boolean,)),
        ("integer", (types.is_integer,)),
        ("float", (types.is_floating,)),
        ("list", (types.is_list, types.is_large_list, types.is_fixed_size_list)),
        ("date", (types.is_temporal,)),
    )
    return next((holds for holds, those in tests if any(test(declared) for test in those)), "other")


def _written(cells: list[str]) -> Holds:
    """What cells of text say: all whole numbers, all numbers (`12.5`, `12,5`, `$12`), all dates, or text."""
    patterns: tuple[tuple[Holds, re.Pattern[str]], ...] = (("integer", INTEGER), ("float", NUMBER), ("date", DATE))
    if cells:
        for holds, pattern in patterns:
            if all(map(pattern.fullmatch, cells)):
                return holds
        if all(NUMBER.fullmatch(cell) or is_quantity(cell) for cell in cells):
            return "float"
    return "text"
