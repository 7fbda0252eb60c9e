"""Locks of folders, of which the system lets go when their process ends, however it does."""

import contextlib
import os
import pathlib
import sys
from collections.abc import Iterator

if sys.platform != "win32":
    import fcntl


@contextlib.contextmanager
def locked(folder: pathlib.Path) -> Iterator[bool | None]:
    """Whether this process has the folder's lock, which it keeps to the end of the block or of its life: the number of
    a process would say nothing in another container. None on Windows, which cannot lock a folder. Raises OSError on a
    file system that has no locks."""
    if sys.platform == "win32":
        yield None
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            has_it = True
        except BlockingIOError:
            has_it = False
        yield has_it
    finally:
        os.close(handle)
