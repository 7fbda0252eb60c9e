"""The sums of a cache's files: what was written is what is read, or it is made again.

A checkpoint has SHA-256 (see `manifest`): it is kept for years. What a cache holds can be made again, and is read at
every start: XXH3 takes a tenth of the time, and finds whatever a disk does to a file.
"""

import contextlib
import hashlib
import json
import pathlib
import shutil
from typing import Any

import xxhash

from warmstart.events import Warned, tell
from warmstart.messages import _

SUMS = "sums.json"
BLOCK = 1 << 22  # bytes
LARGEST = 1 << 20  # bytes of a file of sums: it has a line for each of a few files


def write_sums(folder: pathlib.Path, name: str) -> None:
    """Note size and XXH3 of every file in `folder`, which will be found under `name`."""
    listed = {path.name: _describe(path) for path in sorted(folder.iterdir())}
    (folder / SUMS).write_text(json.dumps({"files": listed, "seal": _seal(name, listed)}), encoding="utf-8")


def is_whole(folder: pathlib.Path) -> bool:
    """Whether a folder of a cache is there and every byte is as it was written. Where one is not, that is told, and
    the folder counts as not there from now on: `cache_folder` makes it again."""
    if not (folder / SUMS).exists():
        return False
    why = _why_not(folder)
    if why is None:
        return True
    tell(Warned(_("what was kept of earlier work is damaged and is made again: {why}").format(why=why)))
    with contextlib.suppress(OSError):  # it may not be written to, which making it again will say
        clear(folder / SUMS)
    return False


def clear(path: pathlib.Path) -> None:
    """Remove what is there under a name, of whatever kind."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _why_not(folder: pathlib.Path) -> str | None:
    sums = folder / SUMS
    try:
        if not sums.is_file() or sums.stat().st_size > LARGEST:
            return _changed(sums)
        found = json.loads(sums.read_text(encoding="utf-8"))
        listed = found["files"]
        if found["seal"] != _seal(folder.name, listed):
            return _changed(sums)
        for name, said in listed.items():
            path = folder / name
            if not path.is_file():  # a pipe would never end
                return _("{path} is missing").format(path=path)
            if path.stat().st_size != said["size"] or _describe(path) != said:
                return _changed(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return f"{sums}: {error}"
    return None


def _changed(path: pathlib.Path) -> str:
    return _("{path} is not what was written").format(path=path)


def _describe(path: pathlib.Path) -> dict[str, Any]:
    sum_of_all = xxhash.xxh3_128()
    with path.open("rb", buffering=0) as file:
        block = memoryview(bytearray(BLOCK))
        while size := file.readinto(block):
            sum_of_all.update(block[:size])
    return {"size": path.stat().st_size, "xxh3": sum_of_all.hexdigest()}


def _seal(name: str, listed: dict[str, Any]) -> str:
    """The hash of the sums themselves and of the name they are for: a folder under another's name is not whole."""
    return hashlib.sha256(json.dumps([name, listed], sort_keys=True).encode()).hexdigest()
