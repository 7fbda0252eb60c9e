"""How many tokens the rows of a table have, before any table of tokens is made of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from warmstart.table import columns

if TYPE_CHECKING:
    from datasets import Dataset

    from warmstart.table.task import Task

MOST_ROWS = 2000  # rows whose tokens are counted: enough for the quantiles that are shown


@dataclass(frozen=True)
class TokenLengths:
    """Quantiles of the number of tokens in a row, and how many rows have more than the model takes (`limit`)."""

    rows_counted: int
    median: float
    p95: float
    longest: int
    limit: int
    share_over_limit: float


def token_lengths(rows: "Dataset", task: "Task", tokenizer: Any, limit: int) -> TokenLengths | None:
    """Of rows spread evenly through the table; None if there are none. Texts that are missing count as empty."""
    if not len(rows):
        return None
    chosen = rows.select(np.linspace(0, len(rows) - 1, min(len(rows), MOST_ROWS)).astype(int))
    names = [name for name in (task.text, task.pair) if name is not None]
    texts: list[list[str]] = [[] for _ in names]
    for table in columns.batches(chosen, names):
        for cells, name in zip(texts, names, strict=True):
            cells += [cell or "" for cell in columns.legible(table.column(name))]
    lengths = np.array([len(ids) for ids in tokenizer(*texts, truncation=False, verbose=False)["input_ids"]])
    return TokenLengths(
        rows_counted=len(lengths),
        median=float(np.median(lengths)),
        p95=float(np.quantile(lengths, 0.95)),
        longest=int(lengths.max()),
        limit=limit,
        share_over_limit=float(np.mean(lengths > limit)),
    )
