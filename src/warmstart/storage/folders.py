"""Folders that appear whole, with their hashes, or not at all."""

import contextlib
import pathlib
from collections.abc import Iterator

from warmstart.storage.manifest import MANIFEST, verify, write_manifest
from warmstart.storage.operations import (
    UNFINISHED,
    Damaged,
    about_to,
    beside,
    flush,
    make,
    not_taken,
    readable,
    remove_tree,
    rename,
    telling,
)

REPLACED = ".replaced"  # what was there before; removed when its successor has been read back
DAMAGED = ".damaged"  # set aside: never removed by us


def make_folder(folder: pathlib.Path, *, new: bool = False) -> list[pathlib.Path]:
    """Make a folder, as `operations.make` does. Raises FileExistsError as that does, and UserError for whatever else
    the disk refuses."""
    try:
        return make(folder, new=new)
    except FileExistsError:
        raise
    except OSError as error:
        raise not_taken(folder, error) from error


@contextlib.contextmanager
def new_folder(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary folder beside `target` to write into; at the end of the block it becomes `target`.

    Files are flushed to the disk, a manifest with their sizes and SHA-256 is written last, the folder is renamed, the
    rename flushed, and everything read back from the disk and compared. Whatever happens in between, `target` is what
    it was before or complete, once `recover` has been called. Raises UserError if the disk is full, may not be written
    to, or gives other bytes back.
    """
    work, before = beside(target, UNFINISHED), beside(target, REPLACED)
    try:
        with telling(target):
            recover(target)
            make(work)
            about_to("write", work)
            yield work
            files = sorted(path for path in work.rglob("*") if path.is_file())
            for path in files:
                readable(path, work)
            write_manifest(work, files)
            for path in (*files, work / MANIFEST, *(path for path in work.rglob("*") if path.is_dir()), work):
                flush(path)
            if target.exists():
                rename(target, before)
            rename(work, target)
            flush(target.parent)
            _read_back(target)
            remove_tree(before)
    finally:
        with contextlib.suppress(OSError):
            remove_tree(work)


def is_in_the_making(folder: pathlib.Path) -> bool:
    """Whether it is what `new_folder` has given to write into, or in there."""
    return any(part.name.endswith(UNFINISHED) for part in (folder, *folder.parents))


@contextlib.contextmanager
def new_files(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary folder to write into; at the end of the block its files move into `target`, which may hold others.
    Each of them is replaced whole or not at all. Raises UserError if the disk is full or may not be written to."""
    work = target / ("files" + UNFINISHED)
    try:
        with telling(target):
            make(target)
            remove_tree(work)
            make(work)
            about_to("write", work)
            yield work
            for path in sorted(work.iterdir()):
                readable(path, work)
                flush(path)
                rename(path, target / path.name)
            flush(target)
            remove_tree(work)
    finally:
        with contextlib.suppress(OSError):
            remove_tree(work)


def recover(target: pathlib.Path) -> None:
    """Put back what an interrupted replacement of the folder `target` had put away, and clear what was never
    finished."""
    before = beside(target, REPLACED)
    with telling(target):
        if before.exists():
            if _is_good(target):
                remove_tree(before)
            else:
                remove_tree(target)
                rename(before, target)
                flush(target.parent)
        remove_tree(beside(target, UNFINISHED))


def remove(folder: pathlib.Path) -> None:
    """Remove a folder; under another name first, so that a removal cut short leaves nothing that looks complete."""
    work = beside(folder, UNFINISHED)
    with telling(folder):
        remove_tree(work)
        rename(folder, work)
        flush(folder.parent)
        remove_tree(work)


def set_aside(folder: pathlib.Path) -> pathlib.Path:
    """Give a damaged folder another name, so that nobody takes it for a good one; returns that."""
    names = (beside(folder, DAMAGED + (f"-{number}" if number > 1 else "")) for number in range(1, 10**6))
    aside = next(path for path in names if not path.exists())
    with telling(folder):
        rename(folder, aside)
        flush(folder.parent)
    return aside


def _read_back(folder: pathlib.Path) -> None:
    """Raises Damaged if the disk gives other bytes than it was given; the folder is then no longer under its name."""
    try:
        verify(folder, from_disk=True)
    except Damaged:
        set_aside(folder)
        recover(folder)
        raise


def _is_good(folder: pathlib.Path) -> bool:
    try:
        verify(folder)
    except Damaged:
        return False
    return True
