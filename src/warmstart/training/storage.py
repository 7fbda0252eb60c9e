"""The one file that touches the disk for checkpoints: a folder appears whole, with its hashes, or not at all."""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
from collections.abc import Iterable, Iterator
from typing import Any

MANIFEST = "manifest.json"
UNFINISHED = ".unfinished"


class Damaged(Exception):
    """A folder whose files are not those that its manifest lists."""


@contextlib.contextmanager
def new_folder(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary folder beside `target` to write into; at the end of the block it becomes `target`.

    Every file is flushed to the disk, a manifest with sizes and SHA-256 is written last, the folder is renamed and the
    rename flushed: whatever happens in between, `target` is what it was before or complete. An existing `target` is
    replaced.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(target.name + UNFINISHED)
    if work.exists():
        shutil.rmtree(work)
    work.mkdir()
    try:
        yield work
        files = sorted(path for path in work.rglob("*") if path.is_file())
        listed = {path.relative_to(work).as_posix(): _describe(path) for path in files}
        write_json(work / MANIFEST, listed)
        for path in (*files, work / MANIFEST, work):
            _flush(path)
        if target.exists():
            shutil.rmtree(target)
        os.rename(work, target)
        _flush(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def new_files(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary folder to write into; at the end of the block its files move into `target`, which may hold others."""
    target.mkdir(parents=True, exist_ok=True)
    work = target / ("files" + UNFINISHED)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        yield work
        for path in sorted(path for path in work.iterdir()):
            _flush(path)
            os.replace(path, target / path.name)
        _flush(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def verify(folder: pathlib.Path) -> None:
    """Raises Damaged, naming the file, unless every file that the manifest lists is there with its size and hash."""
    try:
        listed = read_json(folder / MANIFEST)
    except (OSError, ValueError) as error:
        raise Damaged(f"{folder}: {MANIFEST} cannot be read ({error})") from error
    for name, expected in listed.items():
        path = folder / name
        if not path.is_file():
            raise Damaged(f"{path} is missing")
        if _describe(path) != expected:
            raise Damaged(f"{path} is not what was written")


def remove(folder: pathlib.Path) -> None:
    """Remove a folder; under another name first, so that a removal cut short leaves nothing that looks complete."""
    work = folder.with_name(folder.name + UNFINISHED)
    shutil.rmtree(work, ignore_errors=True)
    os.rename(folder, work)
    shutil.rmtree(work)


def write_json(path: pathlib.Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def write_text(path: pathlib.Path, content: str) -> None:
    """Replace a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_name(path.name + UNFINISHED)
    work.write_text(content, encoding="utf-8")
    _flush(work)
    os.replace(work, path)
    _flush(path.parent)


def write_lines(path: pathlib.Path, values: Iterable[Any]) -> None:
    """Replace a file by one JSON object a line, whole or not at all."""
    write_text(path, "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values))


def append_line(path: pathlib.Path, value: Any) -> None:
    """Add one JSON object as a line."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(value, ensure_ascii=False) + "\n")


def read_json(path: pathlib.Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _describe(path: pathlib.Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}


def _flush(path: pathlib.Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
