"""Which file rows are from, so that whatever is wrong with them is told with its name."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from warmstart.errors import UserError, examples
from warmstart.messages import _

if TYPE_CHECKING:
    import datasets


Note = tuple[str, Mapping[str, Any]]  # an English sentence, marked by `N_`, and what fills its placeholders
_TOLD = "warmstart"


def mark(
    dataset: "datasets.Dataset", files: Sequence[str | os.PathLike[str]], notes: Sequence[Note] | None = None
) -> None:
    """Note that the rows are from these files or addresses, and what was decided when they were read (if None, it stays
    what it was): in the field that `datasets` has for it, which a selection keeps."""
    told = _told(dataset) if notes is None else list(notes)
    dataset.info.download_checksums = {str(file): {"num_bytes": None, "checksum": None, _TOLD: told} for file in files}


def notes(splits: Iterable["datasets.Dataset"]) -> list[str]:
    """What was decided when the rows of splits were read, in the user's language, each sentence once."""
    said = [
        _(sentence).format(name=next(iter(rows.info.download_checksums)).rpartition("/")[2], **values)
        for rows in splits
        for sentence, values in _told(rows)
    ]
    return list(dict.fromkeys(said))


@contextmanager
def recalling(splits: Iterable["datasets.Dataset"]) -> Iterator[None]:
    """What goes wrong inside is told with what was decided when the rows were read: it may be why."""
    said = notes(splits)
    try:
        yield
    except UserError as error:
        raise UserError(error.problem, error.where, "; ".join(filter(None, [error.fix, *said]))) from error


def _told(dataset: "datasets.Dataset") -> list[Note]:
    marks = list((dataset.info.download_checksums or {}).values())
    return list(marks[0].get(_TOLD, ())) if marks else []


def place(dataset: "datasets.Dataset", split: str) -> str:
    """Where rows are, as a phrase: their file, if they are from one that the user named, and their split."""
    marks = dataset.info.download_checksums or {}
    files = [name for name, mark in marks.items() if "://" not in name or _TOLD in mark]
    return ", ".join([*([examples(files, most=1)] if files else []), _("split {split!r}").format(split=split)])


@contextmanager
def telling(dataset: "datasets.Dataset", split: str) -> Iterator[None]:
    """What goes wrong inside with the rows of a split is told with their place."""
    try:
        yield
    except UserError as error:
        where = ", ".join(filter(None, [place(dataset, split), error.where]))
        raise UserError(error.problem, where, error.fix) from error
