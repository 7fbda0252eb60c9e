"""Which file rows are from, so that whatever is wrong with them is told with its name."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from warmstart.errors import UserError, examples
from warmstart.messages import _

if TYPE_CHECKING:
    import datasets


def mark(dataset: "datasets.Dataset", paths: Sequence[str | os.PathLike[str]]) -> None:
    """Note that the rows are from these files: in the field that `datasets` has for it, which a selection keeps."""
    dataset.info.download_checksums = {str(path): {"num_bytes": None, "checksum": None} for path in paths}


def place(dataset: "datasets.Dataset", split: str) -> str:
    """Where rows are, as a phrase: their file, if they are from one of this machine, and their split."""
    files = [name for name in dataset.info.download_checksums or {} if "://" not in name]
    return ", ".join([*([examples(files, most=1)] if files else []), _("split {split!r}").format(split=split)])


@contextmanager
def telling(dataset: "datasets.Dataset", split: str) -> Iterator[None]:
    """What goes wrong inside with the rows of a split is told with their place."""
    try:
        yield
    except UserError as error:
        where = ", ".join(filter(None, [place(dataset, split), error.where]))
        raise UserError(error.problem, where, error.fix) from error
