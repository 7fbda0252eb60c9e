"""The one file that writes a run to the disk: a folder appears whole, with its hashes, or not at all.

Every change of the disk goes through one of the operations at the end of this file, and each of them tells `watchers`
first: that is where tests make a process die or a disk fail.
"""

import contextlib
import hashlib
import json
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from safetensors import SafetensorError

from warmstart.errors import UserError
from warmstart.messages import _

MANIFEST = "manifest.json"
UNFINISHED = ".unfinished"  # being written, or being removed
REPLACED = ".replaced"  # what was there before; removed when its successor has been read back
DAMAGED = ".damaged"  # set aside: never removed by us

watchers: list[Callable[[str, pathlib.Path], None]] = []


class Damaged(Exception):
    """A folder whose files are not those that its manifest lists."""


@contextlib.contextmanager
def new_folder(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary folder beside `target` to write into; at the end of the block it becomes `target`.

    Files are flushed to the disk, a manifest with their sizes and SHA-256 is written last, the folder is renamed, the
    rename flushed, and everything read back from the disk and compared. Whatever happens in between, `target` is what
    it was before or complete, once `recover` has been called. Raises UserError if the disk is full, may not be written
    to, or gives other bytes back.
    """
    work, before = _beside(target, UNFINISHED), _beside(target, REPLACED)
    try:
        with _telling(target):
            recover(target)
            _make(work)
            _about_to("write", work)
            yield work
            files = sorted(path for path in work.rglob("*") if path.is_file())
            names = [path.relative_to(work).as_posix() for path in files]
            listed = dict(zip(names, _hashes(files), strict=True))
            write_json(work / MANIFEST, {"files": listed, "seal": _seal(listed)})
            for path in (*files, work / MANIFEST, *(path for path in work.rglob("*") if path.is_dir()), work):
                _flush(path)
            if target.exists():
                _rename(target, before)
            _rename(work, target)
            _flush(target.parent)
            _read_back(target)
            _remove_tree(before)
    finally:
        with contextlib.suppress(OSError):
            _remove_tree(work)


def is_in_the_making(folder: pathlib.Path) -> bool:
    """Whether it is what `new_folder` has given to write into, or in there."""
    return any(part.name.endswith(UNFINISHED) for part in (folder, *folder.parents))


@contextlib.contextmanager
def new_files(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary folder to write into; at the end of the block its files move into `target`, which may hold others.
    Each of them is replaced whole or not at all. Raises UserError if the disk is full or may not be written to."""
    work = target / ("files" + UNFINISHED)
    try:
        with _telling(target):
            _make(target)
            _remove_tree(work)
            _make(work)
            _about_to("write", work)
            yield work
            for path in sorted(work.iterdir()):
                _flush(path)
                _rename(path, target / path.name)
            _flush(target)
            _remove_tree(work)
    finally:
        with contextlib.suppress(OSError):
            _remove_tree(work)


def verify(folder: pathlib.Path, *, from_disk: bool = False) -> None:
    """Raises Damaged, naming the file, unless every file that the manifest lists is there with its size and hash, and
    the manifest itself is as written. Files that it does not list are not looked at: nobody reads them. `from_disk`:
    what the system remembers of the files is given up first, where it can be."""
    manifest = folder / MANIFEST
    try:
        found = read_json(manifest)
        listed, seal = found["files"], found["seal"]
        if seal != _seal(listed):
            raise Damaged(_("{manifest} is not what was written").format(manifest=manifest))
        paths = [folder / name for name in listed]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(_("{manifest} cannot be read ({error})").format(manifest=manifest, error=error)) from error
    for path in paths:
        if not path.is_file():
            raise Damaged(_("{path} is missing").format(path=path))
        if from_disk:
            _forget(path)
    try:
        hashes = _hashes(paths)
    except OSError as error:
        raise Damaged(_("{folder} cannot be read ({error})").format(folder=folder, error=error)) from error
    for path, was, now in zip(paths, listed.values(), hashes, strict=True):
        if was != now:
            raise Damaged(_("{path} is not what was written").format(path=path))


def recover(target: pathlib.Path) -> None:
    """Put back what an interrupted replacement of the folder `target` had put away, and clear what was never
    finished."""
    before = _beside(target, REPLACED)
    with _telling(target):
        if before.exists():
            if _is_good(target):
                _remove_tree(before)
            else:
                _remove_tree(target)
                _rename(before, target)
                _flush(target.parent)
        _remove_tree(_beside(target, UNFINISHED))


def remove(folder: pathlib.Path) -> None:
    """Remove a folder; under another name first, so that a removal cut short leaves nothing that looks complete."""
    work = _beside(folder, UNFINISHED)
    with _telling(folder):
        _remove_tree(work)
        _rename(folder, work)
        _flush(folder.parent)
        _remove_tree(work)


def set_aside(folder: pathlib.Path) -> pathlib.Path:
    """Give a damaged folder another name, so that nobody takes it for a good one; returns that."""
    names = (_beside(folder, DAMAGED + (f"-{number}" if number > 1 else "")) for number in range(1, 10**6))
    aside = next(path for path in names if not path.exists())
    with _telling(folder):
        _rename(folder, aside)
        _flush(folder.parent)
    return aside


def write_json(path: pathlib.Path, value: Any) -> None:
    """A file of its own folder in the making: see `new_folder`."""
    _write(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_text(path: pathlib.Path, content: str) -> None:
    """Replace a file, whole or not at all. Raises UserError if the disk is full or may not be written to."""
    work = _beside(path, UNFINISHED)
    with _telling(path):
        _make(path.parent)
        _write(work, content)
        _flush(work)
        _rename(work, path)
        _flush(path.parent)


def write_lines(path: pathlib.Path, values: Iterable[Any]) -> None:
    """Replace a file by one JSON object a line, whole or not at all."""
    write_text(path, "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values))


def append_line(path: pathlib.Path, value: Any) -> None:
    """Add one JSON object as a line. A line cut short by a crash is mended when the run goes on."""
    with _telling(path):
        _write(path, json.dumps(value, ensure_ascii=False) + "\n", "a")


def read_json(path: pathlib.Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _beside(path: pathlib.Path, ending: str) -> pathlib.Path:
    return path.with_name(path.name + ending)


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


def _seal(listed: dict[str, Any]) -> str:
    """The manifest's own hash: SHA-256 of what it lists, as sorted JSON."""
    return hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()


def _hashes(paths: list[pathlib.Path]) -> list[dict[str, Any]]:
    """Size and SHA-256 of each file; two at a time, since hashing lets other threads run."""
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(_describe, paths))


def _describe(path: pathlib.Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}


def _forget(path: pathlib.Path) -> None:
    """Ask the system to read a file from the disk the next time (where it can: Linux, and file systems that agree)."""
    if hasattr(os, "posix_fadvise"):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _telling(path: pathlib.Path) -> Iterator[None]:
    """What the disk refuses inside the block is told as a UserError about `path`."""
    try:
        yield
    except (OSError, SafetensorError, Damaged) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise UserError(
            _("the disk does not take {name}: {why}").format(name=path.name, why=why),
            where=str(path),
            fix=_("make room, or allow writing there, and resume; what was saved earlier is untouched"),
        ) from error


# The operations. Each tells the watchers first; nothing else changes the disk.


def _about_to(operation: str, path: pathlib.Path) -> None:
    for each in watchers:
        each(operation, path)


def _make(folder: pathlib.Path) -> None:
    """Make a folder, and those it is in, so that they outlast a loss of power."""
    if not folder.is_dir():
        _make(folder.parent)
        _about_to("make", folder)
        folder.mkdir(exist_ok=True)
        _flush(folder.parent)


def _write(path: pathlib.Path, content: str, mode: str = "w") -> None:
    _about_to("write", path)
    with path.open(mode, encoding="utf-8", newline="") as file:
        file.write(content)


def _flush(path: pathlib.Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows has no such call
    _about_to("flush", path)
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _rename(path: pathlib.Path, to: pathlib.Path) -> None:
    _about_to("rename", path)
    os.replace(path, to)


def _remove_tree(path: pathlib.Path) -> None:
    """Remove a file or a folder with all it holds, if it is there."""
    if path.is_dir() and not path.is_symlink():
        for inner in sorted(path.iterdir()):
            _remove_tree(inner)
        _about_to("remove", path)
        path.rmdir()
    elif path.exists() or path.is_symlink():
        _about_to("remove", path)
        path.unlink()
