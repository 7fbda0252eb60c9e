"""Single files: written, replaced whole or not at all, added to, read."""

import json
import pathlib
from collections.abc import Iterable
from typing import Any

from warmstart.storage.operations import UNFINISHED, beside, flush, make, rename, telling, write


def write_json(path: pathlib.Path, value: Any) -> None:
    """A file of its own folder in the making: see `new_folder`."""
    write(path, _indented(value))


def replace_json(path: pathlib.Path, value: Any) -> None:
    """Replace a file by JSON, as `write_text` does."""
    write_text(path, _indented(value))


def write_text(path: pathlib.Path, content: str | Iterable[str]) -> None:
    """Replace a file, whole or not at all; `content` may come in blocks. Raises UserError if the disk is full or may
    not be written to."""
    work = beside(path, UNFINISHED)
    with telling(path):
        make(path.parent)
        mode = "w"
        for block in [content] if isinstance(content, str) else content:
            write(work, block, mode)
            mode = "a"
        flush(work)
        rename(work, path)
        flush(path.parent)


def write_lines(path: pathlib.Path, values: Iterable[Any]) -> None:
    """Replace a file by one JSON object a line, whole or not at all."""
    write_text(path, "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values))


def append_line(path: pathlib.Path, value: Any) -> None:
    """Add one JSON object as a line. A line cut short by a crash is mended when the run goes on."""
    with telling(path):
        write(path, json.dumps(value, ensure_ascii=False) + "\n", "a")


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def read_json(path: pathlib.Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
