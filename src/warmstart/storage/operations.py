"""The operations: nothing else changes what a run leaves on the disk. Each tells `watchers` first, and that is where
tests make a process die or a disk fail.
"""

import contextlib
import os
import pathlib
from collections.abc import Callable, Iterator

from safetensors import SafetensorError

from warmstart.errors import UserError
from warmstart.messages import _

UNFINISHED = ".unfinished"  # being written, or being removed

watchers: list[Callable[[str, pathlib.Path], None]] = []


class Damaged(Exception):
    """A folder whose files are not those that its manifest lists."""


def beside(path: pathlib.Path, ending: str) -> pathlib.Path:
    return path.with_name(path.name + ending)


@contextlib.contextmanager
def telling(path: pathlib.Path) -> Iterator[None]:
    """What the disk refuses inside the block is told as a UserError about `path`."""
    try:
        yield
    except (OSError, SafetensorError, Damaged) as error:
        raise not_taken(path, error) from error


def not_taken(path: pathlib.Path, error: Exception) -> UserError:
    """The error for what the disk refuses."""
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return UserError(
        _("the disk does not take {name}: {why}").format(name=path.name, why=why),
        where=str(path),
        fix=_("make room, or allow writing there, and resume; what was saved earlier is untouched"),
    )


def about_to(operation: str, path: pathlib.Path) -> None:
    for each in watchers:
        each(operation, path)


def make(folder: pathlib.Path, *, new: bool = False) -> list[pathlib.Path]:
    """Make a folder, and those it is in, so that they outlast a loss of power. Returns those that were not there, from
    the outermost. Raises FileExistsError if one that has to be `new` is there."""
    if folder.is_dir() and not new:
        return []
    made = make(folder.parent)
    about_to("make", folder)
    folder.mkdir(exist_ok=not new)
    flush(folder.parent)
    return [*made, folder]


def write(path: pathlib.Path, content: str, mode: str = "w") -> None:
    about_to("write", path)
    with path.open(mode, encoding="utf-8", newline="") as file:
        file.write(content)


def readable(path: pathlib.Path, folder: pathlib.Path) -> None:
    """Let those read and write a file who may its folder, as the umask has it: safetensors lets its owner alone."""
    if path.is_file() and not path.is_symlink():
        path.chmod(folder.stat().st_mode & 0o666)


def flush(path: pathlib.Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows has no such call
    about_to("flush", path)
    sync(path)


def sync(path: pathlib.Path) -> None:
    """Have the system write a file, or a folder's names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def rename(path: pathlib.Path, to: pathlib.Path) -> None:
    about_to("rename", path)
    os.replace(path, to)


def remove_tree(path: pathlib.Path) -> None:
    """Remove a file or a folder with all it holds, if it is there."""
    if path.is_dir() and not path.is_symlink():
        for inner in sorted(path.iterdir()):
            remove_tree(inner)
        about_to("remove", path)
        path.rmdir()
    elif path.exists() or path.is_symlink():
        about_to("remove", path)
        path.unlink()
