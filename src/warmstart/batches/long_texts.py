"""Texts that are longer than the model reads: cut, or their beginning and end, or windows that overlap.

A window is a piece of the text itself, which is then tokenised as any text is, so that what is short stays as it was.
Of a pair the longer text has the windows, and the other one, up to half of the room, is in each of them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError, did_you_mean
from warmstart.messages import _

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Long = Literal["cut", "head-tail", "windows"]
OVERLAP = 4  # a window shares one of so many parts with the one before it
HEAD = 4  # one of so many parts of what is kept is the beginning, the rest the end (Sun et al. 2019: 128 and 382)
MOST = 64  # windows of a text; of longer ones these are spread evenly, and what is between them is not read
SPARE = 2  # tokens that a piece may become longer, where it is cut within a word
Span = tuple[int, int]


def check_long(how: str, tokenizer: "PreTrainedTokenizerBase") -> None:
    """Raises UserError for what is no way to read long texts, and for a tokenizer that cannot say where in the text its
    tokens are."""
    if how not in get_args(Long):
        raise UserError(
            _("{option} cannot be {value!r}").format(option="--long", value=how),
            fix=did_you_mean(how, get_args(Long)),
        )
    if how != "cut" and not tokenizer.is_fast:
        raise UserError(
            _("this model's tokenizer does not say where its tokens are in the text"),
            where=f"--long {how}",
            fix=_("leave --long out, or use a model with a fast tokenizer"),
        )


def fitting(
    tokenizer: "PreTrainedTokenizerBase", columns: Sequence[list[str]], max_length: int, how: str
) -> tuple[list[list[str]], list[int]]:
    """Rows of one text or two in pieces that fit: the texts of the pieces, column by column, and the row of each. Rows
    that fit are one piece, as they are; so are all of them where `how` is "cut"."""
    rows = range(len(columns[0]))
    if how == "cut":
        return [*columns], [*rows]
    room = max(max_length - tokenizer.num_special_tokens_to_add(pair=len(columns) == 2), 1)
    pieces: list[list[str]] = [[] for _unused in columns]
    owners: list[int] = []
    for row in rows:
        texts = [column[row] for column in columns]
        for piece in _pieces(tokenizer, texts, room, how):
            owners.append(row)
            for column, text in zip(pieces, piece, strict=True):
                column.append(text)
    return pieces, owners


def _pieces(tokenizer: Any, texts: list[str], room: int, how: str) -> list[list[str]]:
    if sum(len(text.encode()) + 1 for text in texts) <= room:  # no token is shorter than a byte
        return [texts]
    spans = [_spans(tokenizer, text) for text in texts]
    if sum(map(len, spans)) <= room:
        return [texts]
    longer = max(range(len(texts)), key=lambda place: len(spans[place]))
    others = {}
    for place, (text, found) in enumerate(zip(texts, spans, strict=True)):
        if place != longer:
            others[place] = text if len(found) <= room // 2 else text[: found[room // 2 - 1][1]]
            room -= min(len(found), room // 2)
    room = room - SPARE if room > 8 * SPARE else room
    cut = _head_and_tail if how == "head-tail" else _windows
    return [
        [others.get(place, piece) for place in range(len(texts))] for piece in cut(texts[longer], spans[longer], room)
    ]


def _spans(tokenizer: Any, text: str) -> list[Span]:
    """Where each token of a text begins and ends, in characters."""
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    return [(start, end) for start, end in found["offset_mapping"] if end > start]


def _head_and_tail(text: str, spans: list[Span], room: int) -> list[str]:
    head = max(room // HEAD, 1)
    return [text[: spans[head - 1][1]] + " " + text[spans[head - room][0] :]]


def _windows(text: str, spans: list[Span], room: int) -> list[str]:
    step = max(room - room // OVERLAP, 1)
    last = max(len(spans) - room, 0)
    starts = [*range(0, last, step), last]
    if len(starts) > MOST:
        starts = [last * place // (MOST - 1) for place in range(MOST)]
    return [text[spans[start][0] : spans[min(start + room, len(spans)) - 1][1]] for start in starts]


def summed(values: npt.NDArray[Any], owners: npt.NDArray[np.int64] | None) -> npt.NDArray[Any]:
    """The sum over the windows of each row: `[rows, ...]` of `[windows, ...]`."""
    if owners is None:
        return values
    found: npt.NDArray[Any] = np.add.reduceat(values, np.flatnonzero(np.diff(owners, prepend=-1)), axis=0)
    return found


def averaged(outputs: npt.NDArray[Any], owners: npt.NDArray[np.int64] | None) -> npt.NDArray[Any]:
    """The outputs of rows, float `[rows, outputs]`, each the mean of those of its windows, `[windows, outputs]`."""
    if owners is None:
        return outputs
    counts = summed(np.ones(len(owners)), owners)
    means: npt.NDArray[Any] = summed(outputs, owners) / counts.reshape(-1, *[1] * (outputs.ndim - 1))
    found: npt.NDArray[Any] = means.astype(outputs.dtype)
    return found


def of_rows(values: npt.NDArray[Any], owners: npt.NDArray[np.int64] | None) -> npt.NDArray[Any]:
    """What all windows of a row share, such as its label: `[rows]` of `[windows]`."""
    return values if owners is None else values[np.flatnonzero(np.diff(owners, prepend=-1))]
