"""What a data set's columns hold, seen through Arrow batches and a sample of rows, never a whole column of texts."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from warmstart.errors import MOST_EXAMPLES, UserError, brief, did_you_mean
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
LONG = 1_000  # characters; a longer cell counts as one of so many, so that a single one does not make a column long
BEGINNING = 200  # characters of a cell that tell what it is: no number and no date is longer
SHOWN, SHOWN_LENGTH = 3, 40  # values of a column that a question shows, and characters of each


@dataclass(frozen=True)
class Column:
    """A column as the choice of columns needs it. `holds`: what the values are, whether typed or written as text."""

    name: str
    holds: Holds
    is_string: bool  # of text to Arrow, whatever it says
    length: float  # mean number of characters, of a cell up to `LONG`
    sampled: int  # rows looked at, of those that are not missing
    distinct: int  # different values among them
    filled: float = 1.0  # the share of rows looked at that are not missing
    examples: tuple[str, ...] = ()  # a few of the values, to be shown
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
    data = dataset.data
    if dataset._indices is None:
        for start in range(0, len(dataset), ROWS):
            yield data.fast_slice(start, min(ROWS, len(dataset) - start)).select(columns)
        return
    # `select` leaves the rows where they are beside a list of places, along which the library gathers row by row in
    # Python (ten seconds for a million). Arrow gathers at once where the places lie close together, as in a split.
    table, chosen = data.table.select(columns), None
    places = dataset._indices.column(0).to_numpy()
    for start in range(0, len(places), ROWS):
        wanted = places[start : start + ROWS]
        first, span = int(wanted.min()), int(np.ptp(wanted)) + 1
        if span <= DENSE * ROWS:
            yield table.slice(first, span).take(wanted - first)
        else:
            chosen = chosen or dataset.select_columns(columns).with_format("arrow")
            yield chosen[start : start + ROWS]


def values(column: "pa.ChunkedArray", name: str) -> list[Any]:
    """The cells as Python values. Raises UserError for bytes that are no text."""
    try:
        plain: list[Any] = column.to_pylist()
    except UnicodeDecodeError as error:
        raise _not_utf8(name) from error
    return plain


def legible(column: "pa.ChunkedArray", most: int) -> list[Any]:
    """The cells as Python values, for a look at them: of text the first `most` characters, and bytes that are not UTF-8
    as such."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if group(column.type) != "text":
        plain: list[Any] = column.to_pylist()
        return plain
    cells = pc.binary_slice(column.cast(pa.large_binary()), 0, 4 * most).to_pylist()  # no character has more bytes
    return [cell if cell is None else cell.decode(errors="backslashreplace")[:most] for cell in cells]


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

    if _typed(column.type) == "text":
        return _judge_text(name, column)
    holds: Holds = "class" if type(feature).__name__ == "ClassLabel" else _typed(column.type)
    sampled = len(column) - column.null_count
    distinct = 0 if holds in ("list", "other") else pc.count_distinct(column).as_py()
    if holds == "class":
        some = feature.names[:SHOWN]
    elif holds == "list":
        some = pc.list_slice(column.drop_null()[:SHOWN], 0, SHOWN).to_pylist()
    else:
        some = [] if holds == "other" else pc.unique(column.drop_null())[:SHOWN].to_pylist()
    is_flag = holds != "class" and 0 < distinct <= 2 and _are_flags(some)
    filled = sampled / max(len(column), 1)
    return Column(name, holds, False, 0.0, sampled, distinct, filled, _shown(some), is_flag)


def _judge_text(name: str, column: "pa.ChunkedArray") -> Column:
    import pyarrow.compute as pc

    cells = [cell for cell in values(beginnings(column, name, BEGINNING), name) if cell and not cell.isspace()]
    different = dict.fromkeys(cells)
    distinct = len(different)
    lengths = pc.utf8_length(column)
    if distinct < len(cells) and (pc.max(lengths).as_py() or 0) > BEGINNING:  # such as texts that begin alike
        distinct = pc.count_distinct(column).as_py()
    length = (pc.sum(pc.min_element_wise(lengths, LONG, skip_nulls=False)).as_py() or 0) / max(len(cells), 1)
    some = [*itertools.islice(different, SHOWN)]
    filled = len(cells) / max(len(column), 1)
    is_flag = 0 < distinct <= 2 and _are_flags(some)
    return Column(name, _written(cells), True, length, len(cells), distinct, filled, _shown(some), is_flag)


def _are_flags(some: list[Any]) -> bool:
    """Whether these are values for no and yes."""
    said = {str(value).removesuffix(".0").casefold() for value in some}
    return any(said <= flags for flags in FLAGS)


def _shown(some: list[Any]) -> tuple[str, ...]:
    return tuple(brief(" ".join(str(cell).split()), SHOWN_LENGTH) for cell in some)


def beginnings(column: "pa.ChunkedArray", name: str, most: int) -> "pa.ChunkedArray":
    """The first `most` characters of each cell of a column of text: no more is held of a cell of any length. Raises
    UserError for bytes that are no text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return pc.utf8_slice_codeunits(column, 0, most)
    except pa.ArrowInvalid as error:
        raise _not_utf8(name) from error


def _not_utf8(name: str) -> UserError:
    return UserError(
        _("column {name!r} holds bytes that are not UTF-8 text").format(name=name),
        fix=_("write the data set again from its source"),
    )


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
