"""The manifest of a folder: its files with their sizes and SHA-256, sealed with a hash of its own."""

import hashlib
import json
import os
import pathlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from warmstart.messages import _
from warmstart.storage.files import read_json, replace_json, write_json
from warmstart.storage.operations import Damaged

MANIFEST = "manifest.json"


def write_manifest(folder: pathlib.Path, files: list[pathlib.Path]) -> None:
    """List `files`, which are in `folder`, in its manifest."""
    write_json(folder / MANIFEST, _manifest(folder, files))


def seal(folder: pathlib.Path, is_read: Callable[[str], bool]) -> None:
    """Give a folder that is complete a manifest, or another one, of the files in it whose names `is_read` accepts.
    Raises UserError if the disk is full or may not be written to."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and is_read(path.name))
    replace_json(folder / MANIFEST, _manifest(folder, files))


def _manifest(folder: pathlib.Path, files: list[pathlib.Path]) -> dict[str, Any]:
    names = [path.relative_to(folder).as_posix() for path in files]
    listed = dict(zip(names, _hashes(files), strict=True))
    return {"files": listed, "seal": _seal(listed)}


def verify(folder: pathlib.Path, is_read: Callable[[str], bool] | None = None, *, from_disk: bool = False) -> None:
    """Raises Damaged, naming the file, unless every file that the manifest lists is there with its size and hash, and
    the manifest itself is as written. A file that it does not list may be there unless `is_read` accepts its name: then
    it would be read in place of what was written. `from_disk`: what the system remembers of the files is given up
    first, where it can be."""
    manifest = folder / MANIFEST
    try:
        found = read_json(manifest)
        listed, seal = found["files"], found["seal"]
        if seal != _seal(listed):
            raise Damaged(_("{manifest} is not what was written").format(manifest=manifest))
        paths = [folder / name for name in listed]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(_("{manifest} cannot be read ({error})").format(manifest=manifest, error=error)) from error
    for path in sorted(folder.iterdir()):
        if path.name not in (*listed, MANIFEST) and is_read is not None and is_read(path.name):
            raise Damaged(_("{path} was not there when the rest was written").format(path=path))
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
