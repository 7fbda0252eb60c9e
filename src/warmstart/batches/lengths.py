"""How many tokens the rows of a table have, before any table of tokens is made of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from warmstart.messages import _
from warmstart.table import columns
from warmstart.table.findings import Finding

if TYPE_CHECKING:
    from datasets import Dataset

    from warmstart.table.task import Task

MOST_ROWS = 2000  # rows whose tokens are counted: enough for the quantiles that are shown
MOST_CHARACTERS = 5_000_000  # in all of these rows; of longer texts fewer rows are counted
READ = 20_000  # characters of a text that are read, or `A_TOKEN` for each token that the model takes if that is more
A_TOKEN = 20
SOME, MANY = 0.01, 0.05  # shares of rows that are cut: worth a note, worth a warning


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
    share_of_tokens_cut: float = 0.0  # of all tokens of these rows, those beyond the limit
    over_limit: tuple[int, ...] = ()  # which of the rows counted have more, from 0


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
        share_of_tokens_cut=float(np.maximum(lengths - limit, 0).sum() / max(lengths.sum(), 1)),
        over_limit=tuple(_spread(len(rows), len(lengths))[lengths > limit].tolist()),
    )


def findings(found: TokenLengths | None, place: str, names: tuple[str, ...]) -> Iterator[Finding]:
    """Whether the limit cuts more than the ends of a few rows."""
    if found is None or found.share_over_limit < SOME:
        return
    problem = _(
        "{rows:.1%} of rows are longer than the model's {limit} tokens, and {tokens:.1%} of all tokens are cut"
    ).format(rows=found.share_over_limit, limit=found.limit, tokens=found.share_of_tokens_cut)
    fix = _("--long windows or head-tail reads more of them; a larger --max-length does where the model takes more")
    yield Finding(
        place, found.over_limit, names, problem, fix, "warning" if found.share_over_limit >= MANY else "note", "--long"
    )


def beginnings(rows: "Dataset", names: list[str], most: int, many: int) -> tuple[list[list[str]], int]:
    """The first `most` characters of the texts in the columns `names`, of `many` rows spread evenly through the table,
    and how many of these rows have more."""
    chosen = rows.select_columns(names).select(_spread(len(rows), many))
    texts: list[list[str]] = [[] for _ in names]
    for table in columns.batches(chosen, names):
        for cells, name in zip(texts, names, strict=True):
            cells += [cell or "" for cell in columns.legible(table.column(name), most + 1)]
    cut = sum(any(len(text) > most for text in row) for row in zip(*texts, strict=True))
    return [[text[:most] for text in cells] for cells in texts], cut


def _spread(rows: int, many: int) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """So many of the rows, from the first to the last."""
    return np.linspace(0, rows - 1, min(rows, many)).astype(int)
