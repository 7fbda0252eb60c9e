"""How many tokens the rows of a table have, before any table of tokens is made of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from warmstart.table import columns

if TYPE_CHECKING:
    from datasets import Dataset

    from warmstart.table.task import Task

MOST_ROWS = 2000  # rows whose tokens are counted: enough for the quantiles that are shown
MOST_CHARACTERS = 5_000_000  # in all of these rows; of longer texts fewer rows are counted
READ = 20_000  # characters of a text that are read, or `A_TOKEN` for each token that the model takes if that is more
A_TOKEN = 20


@dataclass(frozen=True)
class TokenLengths:
    """Quantiles of the number of tokens in a row, and how many rows have more than the model takes (`limit`). `cut`: of
    the rows counted, those with a text so long that only its beginning was read; they have more tokens than is said.
    """

    rows_counted: int
    median: float
    p95: float
    longest: int
    limit: int
    share_over_limit: float
    cut: int = 0


def token_lengths(rows: "Dataset", task: "Task", tokenizer: Any, limit: int) -> TokenLengths | None:
    """Of rows spread evenly through the table; None if there are none. Texts that are missing count as empty."""
    if not len(rows):
        return None
    most = max(READ, A_TOKEN * limit)
    names = [name for name in (task.text, task.pair) if name is not None]
    texts, cut = beginnings(rows, names, most, MOST_ROWS)
    if (characters := sum(len(text) for column in texts for text in column)) > MOST_CHARACTERS:
        texts, cut = beginnings(rows, names, most, max(len(texts[0]) * MOST_CHARACTERS // characters, 1))
    lengths = np.array([len(ids) for ids in tokenizer(*texts, truncation=False, verbose=False)["input_ids"]])
    return TokenLengths(
        rows_counted=len(lengths),
        median=float(np.median(lengths)),
        p95=float(np.quantile(lengths, 0.95)),
        longest=int(lengths.max()),
        limit=limit,
        share_over_limit=float(np.mean(lengths > limit)),
        cut=cut,
    )


def beginnings(rows: "Dataset", names: list[str], most: int, many: int) -> tuple[list[list[str]], int]:
    """The first `most` characters of the texts in the columns `names`, of `many` rows spread evenly through the table,
    and how many of these rows have more."""
    chosen = rows.select_columns(names).select(np.linspace(0, len(rows) - 1, min(len(rows), many)).astype(int))
    texts: list[list[str]] = [[] for _ in names]
    for table in columns.batches(chosen, names):
        for cells, name in zip(texts, names, strict=True):
            cells += [cell or "" for cell in columns.legible(table.column(name), most + 1)]
    cut = sum(any(len(text) > most for text in row) for row in zip(*texts, strict=True))
    return [[text[:most] for text in cells] for cells in texts], cut
