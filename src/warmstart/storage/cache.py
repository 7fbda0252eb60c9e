"""Folders of a cache: they appear whole, from whichever process is first, and what a killed one left is cleared."""

import contextlib
import itertools
import os
import pathlib
import shutil
import socket
from collections.abc import Iterator

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.storage.operations import UNFINISHED, sync

_numbers = itertools.count()  # threads of one process may make the same folder


@contextlib.contextmanager
def cache_folder(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary folder beside `target` to write into; at the end of the block its files are flushed and it becomes
    `target`, unless another process has made that meanwhile.

    A cache can be made again: there is no manifest, and `watchers` are not told. Raises UserError if the disk is full
    or may not be written to; nothing is left behind then.
    """
    work = target.with_name(f"{_mine(target)}{os.getpid()}-{next(_numbers)}{UNFINISHED}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear(target)
        work.mkdir()
        yield work
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


def _clear(target: pathlib.Path) -> None:
    """Remove what processes of this machine that are no longer there had begun for the same target."""
    mine = _mine(target)
    for path in target.parent.iterdir():
        process = path.name.removeprefix(mine).partition("-")[0]
        if path.name.startswith(mine) and process.isdigit() and not _is_alive(int(process)):
            shutil.rmtree(path, ignore_errors=True)


def _mine(target: pathlib.Path) -> str:
    """How names of unfinished folders for `target` begin on this machine: a cache may be shared by several."""
    return f"{target.name}.{socket.gethostname()}-"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
