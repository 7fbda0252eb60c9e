"""How many cells of each column say nothing."""

from typing import TYPE_CHECKING

from warmstart.table import columns

if TYPE_CHECKING:
    import datasets
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa


def missing_cells(rows: "datasets.Dataset") -> dict[str, int]:
    """By column: the rows whose cell is null or, of text, empty or blank. Bytes that are no text are something."""
    counts = dict.fromkeys(rows.column_names, 0)
    for table in columns.batches(rows, [*counts]):
        for name in counts:
            column = table.column(name)
            is_text = columns.group(column.type) == "text"
            counts[name] += int(blank(column).sum()) if is_text else column.null_count
    return counts


def blank(column: "pa.ChunkedArray") -> "npt.NDArray[np.bool_]":
    """Which cells of a column of text are null, empty or nothing but spaces [rows]."""
    import pyarrow.compute as pc

    empty = pc.or_(pc.equal(pc.binary_length(column), 0), pc.utf8_is_space(column))
    found: npt.NDArray[np.bool_] = pc.fill_null(empty, True).to_numpy()
    return found
