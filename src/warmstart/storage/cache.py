"""Folders of a cache: they appear whole, from whichever process is first, and what a killed one left is cleared."""

import contextlib
import os
import pathlib
import shutil
import time
import uuid
from collections.abc import Iterator

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.storage.locks import locked
from warmstart.storage.operations import UNFINISHED, sync
from warmstart.storage.sums import SUMS, clear, write_sums

OLD = 3600.0  # seconds: no build rests for so long, also where another machine's locks are not seen


@contextlib.contextmanager
def cache_folder(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary folder beside `target` to write into; at the end of the block its sums are noted, its files are
    flushed and it becomes `target`, unless another process has made that meanwhile.

    A cache can be made again: its sums are quick ones (`is_whole` compares them), and `watchers` are not told. Raises
    UserError if the disk is full or may not be written to; nothing is left behind then.
    """
    work = target.with_name(f"{target.name}.{uuid.uuid4().hex}{UNFINISHED}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear(target.parent)
        work.mkdir()
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):  # where there are no such locks nobody has one
                stack.enter_context(locked(work))
            yield work
            write_sums(work, target.name)
            for path in work.iterdir():
                sync(path)  # a loss of power must not leave the name without the content
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                _take_place(work, target)
    except OSError as error:
        raise UserError(
            _("cannot write to the cache: {reason}").format(reason=error.strerror or error),
            str(target.parent),
            _("make room, or set HF_HOME to a folder you may write to"),
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _take_place(work: pathlib.Path, target: pathlib.Path) -> None:
    try:
        os.rename(work, target)
    except OSError:  # of a folder that is not empty; which error that is differs from system to system
        if not target.is_dir():
            raise
        if not (target / SUMS).exists():  # of a folder that was damaged; what others have put there stays
            for path in sorted(work.iterdir(), key=lambda path: path.name == SUMS):
                clear(target / path.name)
                os.replace(path, target / path.name)


def _clear(parent: pathlib.Path) -> None:
    """Remove what processes that are no more had begun in `parent`, for whichever target. What may still be built
    stays: whose lock is held or cannot be had, and what is not old."""
    for left in parent.glob(f"*{UNFINISHED}"):
        with contextlib.suppress(OSError):
            newest = max(path.stat().st_mtime for path in (left, *left.rglob("*")))
            if time.time() - newest > OLD:
                with locked(left) as is_dead:
                    if is_dead:
                        shutil.rmtree(left, ignore_errors=True)
