"""The rows of a table with what was predicted for them, as plain data: a row at a time, never all of them."""

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError
from warmstart.heads.head import Head
from warmstart.messages import _

if TYPE_CHECKING:
    from datasets import Dataset

MOST_COLUMNS = 200  # classes that get a column each; of more, nobody reads one for each
LIKELIEST = 10  # classes of each row that are told where there are more
BLOCK = 500_000  # probabilities that are Python numbers at a time
ROWS = 1_000  # of the user's table that are so at a time

Row = dict[str, Any]


def predictions(head: Head, logits: npt.NDArray[Any], top: int | None = None) -> Iterator[Row]:
    """One dictionary a row: `prediction`, and the probability of each class under `p(NAME)` as `Head.prediction_rows`
    has it, or the `top` likeliest classes under `top 1`, `p(top 1)`, `top 2` ... By default (None) all classes up to
    `MOST_COLUMNS` of them, and of more the `LIKELIEST`; 0 means all.

    `logits`: float [rows, outputs]. Raises UserError for NaN, for `top` below 0, and for `top` where there are no
    classes.
    """
    if top is not None and (top < 0 or (top and not head.classes)):
        raise UserError(
            _("of {classes} classes the {top} likeliest cannot be told").format(classes=len(head.classes), top=top),
            "--top",
            _("leave it out"),
        )
    head.decide(logits)  # refuses what is NaN in any row before the first is given
    size = max(BLOCK // max(head.outputs, 1), 1)
    blocks = (logits[start : start + size] for start in range(0, len(logits), size))
    top = how_many(head, top)
    if not top:
        return itertools.chain.from_iterable(map(head.prediction_rows, blocks))
    return itertools.chain.from_iterable(_likeliest(head, block, top) for block in blocks)


def how_many(head: Head, top: int | None) -> int:
    """How many of the classes `predictions` tells of each row; 0 where it tells all."""
    return (LIKELIEST if len(head.classes) > MOST_COLUMNS else 0) if top is None else top


def left_out(head: Head) -> str | None:
    """What to say where nobody asked for it and `predictions` does not tell all classes."""
    if not (shown := how_many(head, None)):
        return None
    return _(
        "predictions have the {shown} likeliest of {classes:,} classes for each row; warmstart predict --top 0 has all"
    ).format(shown=shown, classes=len(head.classes))


def _likeliest(head: Head, logits: npt.NDArray[Any], top: int) -> Iterator[Row]:
    scores = head.probabilities(logits)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :top]  # the first of equals first, as `decide` has it
    for prediction, ids, found in zip(
        head.decide(logits), order.tolist(), np.take_along_axis(scores, order, 1).tolist(), strict=True
    ):
        row = {"prediction": head.said(prediction)}
        for place, (number, score) in enumerate(zip(ids, found, strict=True), 1):
            row |= {f"top {place}": head.classes[number], f"p(top {place})": score}
        yield row


def beside(rows: "Dataset", found: Iterable[Row]) -> Iterator[Row]:
    """The user's rows, every column of them, with their predictions. Classes that the table holds as numbers get their
    names; a column that is called like one of the predictions' gets " (given)" behind its name, as often as it takes
    for no other to have that name.
    """
    found = iter(found)
    first = list(itertools.islice(found, 1))
    names = _names(rows.column_names, [name for row in first for name in row])
    features = rows.features

    def cell(name: str, value: Any) -> Any:
        named = hasattr(features[name], "int2str") and isinstance(value, int) and value >= 0
        return features[name].int2str(value) if named else value

    for row, prediction in zip(_rows(rows), itertools.chain(first, found), strict=True):
        yield {**{names[name]: cell(name, value) for name, value in row.items()}, **prediction}


def _rows(rows: "Dataset") -> Iterator[Row]:
    for start in range(0, len(rows), ROWS):
        block = rows[start : start + ROWS]
        for cells in zip(*block.values(), strict=True):
            yield dict(zip(block, cells, strict=True))


def _names(given: list[str], new: list[str]) -> dict[str, str]:
    """What each given column is called beside the new ones."""
    names = {name: name for name in given}
    taken = {*new, *given}
    for name in given:
        while name in new and names[name] in taken:
            names[name] += " (given)"
        taken.add(names[name])
    return names
