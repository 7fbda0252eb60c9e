"""The files of a checkpoint, be it a folder or a Hub id, and the commit that a Hub id stands for."""

import functools
import os
import pathlib
import re
from typing import Any

from warmstart.models.default import resolve

# What says where a checkpoint's files are, among the settings of a `from_pretrained`.
WHERE = ("cache_dir", "local_files_only", "proxies", "revision", "subfolder", "token")
_COMMIT = re.compile(r"/snapshots/([0-9a-f]{40})/")


def find(name: str, file: str, settings: dict[str, Any]) -> pathlib.Path | None:
    """`file` of checkpoint `name`, downloaded where it has to be; None if there is no such file, or no reaching it.

    Raises OSError for a Hub id that does not exist.
    """
    from transformers.utils import cached_file

    if os.path.isfile(name):  # which transformers reads as the configuration
        return pathlib.Path(name) if file == "config.json" else None
    found = cached_file(name, file, _raise_exceptions_for_missing_entries=False, **_where(settings))
    return pathlib.Path(found) if found else None


def has(name: str, file: str, settings: dict[str, Any]) -> bool:
    """Whether checkpoint `name` has such a file, which is not downloaded."""
    from transformers.utils import has_file

    where = _where(settings)
    return bool(has_file(name, os.path.join(where.pop("subfolder", ""), file), **where))


def _where(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: settings[key] for key in WHERE if settings.get(key) is not None}


def commit_in(path: pathlib.Path) -> str | None:
    """The commit that a file of the Hub's cache belongs to, None for any other file."""
    found = _COMMIT.search(path.absolute().as_posix())
    return found[1] if found else None


@functools.cache
def commit_of(name: str) -> str | None:
    """The commit of Hub id `name`, the same for as long as this process lives; None for a folder and for the packaged
    checkpoint.

    Raises OSError for a Hub id that does not exist or cannot be reached.
    """
    path = find(resolve(name), "config.json", {})
    return commit_in(path) if path else None
