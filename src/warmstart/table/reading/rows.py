"""The rows of a JSON file as a stream: an object a line, or one array of objects."""

import json
import pathlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading.encodings import encoding_name
from warmstart.table.reading.lines import on_lines

BLOCK = 1 << 20  # characters read at a time from an array
LONGEST_ROW = 1 << 27  # characters; beyond it, a quote that is not closed is likelier than a row
Numbered = tuple[int, dict[str, Any]]  # the line on which a row begins, and the row

_SPACE = re.compile(r"[ \t\r\n]*")


class _RepeatedName(ValueError):
    """A JSON object names a field twice; the json module would keep the last and say nothing."""


@contextmanager
def opened(path: pathlib.Path, encoding: str) -> Iterator[Iterator[Numbered]]:
    """The rows of a JSON file, each with the number of the line on which it begins."""
    name = "utf-8-sig" if encoding_name(encoding) == "utf-8" else encoding
    with path.open(encoding=name, newline="\n") as file:
        head = file.read(1)
        while head and (head.isspace() or head == "\ufeff"):
            head = file.read(1)
        is_array = head == "[" and path.suffix.lower() == ".json"
        file.seek(0)
        if file.read(1) != "\ufeff":  # such as utf-16-le keeps
            file.seek(0)
        yield _of_array(path, file) if is_array else _of_lines(path, file)


def _of_lines(path: pathlib.Path, file: Iterator[str]) -> Iterator[Numbered]:
    decode = json.JSONDecoder(object_pairs_hook=_once).decode
    blank = 0
    for number, line in enumerate(file, 1):
        if line.isspace():
            blank = blank or number  # harmless at the end of the file, so wait for what follows
            continue
        if blank:
            refuse(path, blank, _("the line is blank, and rows follow it"))
        try:
            value = decode(line)
        except (ValueError, RecursionError) as error:
            refuse_json(path, number, error)
        yield number, _row(path, number, value)


def _of_array(path: pathlib.Path, file: Any) -> Iterator[Numbered]:
    """The objects of one array, decoded one by one from a window that slides over the file."""
    decode = json.JSONDecoder(object_pairs_hook=_once).raw_decode
    window: str = file.read(BLOCK)
    at = window.index("[") + 1
    line, begun = 1 + window.count("\n", 0, at), False
    while True:
        start = _skip_space(window, at)
        try:
            if window[start : start + 1] == "]":
                if (window[start + 1 :] + file.read(BLOCK)).strip():
                    refuse(path, line, _("something follows the end of the array"))
                return
            if begun:
                if window[start : start + 1] != ",":
                    raise json.JSONDecodeError("Expecting ',' delimiter", window, start)
                start = _skip_space(window, start + 1)
            value, end = decode(window, start)
        except (ValueError, RecursionError) as error:
            left = len(window) - at
            block = file.read(max(BLOCK, left)) if _is_cut(error, window) and left < LONGEST_ROW else ""
            if not block:
                refuse_json(path, line, error)
            window, at = window[at:] + block, 0
            continue
        line += window.count("\n", at, start)
        yield line, _row(path, line, value)
        line += window.count("\n", start, end)
        at, begun = end, True


def _skip_space(window: str, at: int) -> int:
    found = _SPACE.match(window, at)
    return found.end() if found else at


def _is_cut(error: Exception, window: str) -> bool:
    """Whether the decoder failed because the window ends inside a row, so that a longer one may help."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.pos > len(window) - 16 or error.msg.startswith("Unterminated string")  # 16: no word is as long


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _unused in pairs]
        raise _RepeatedName(next(name for name in names if names.count(name) > 1))
    return fields


def _row(path: pathlib.Path, line: int, value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    return refuse(path, line, _("the row is not an object with named fields"))


def refuse(path: pathlib.Path, line: int, problem: str) -> NoReturn:
    """Raises UserError for a row that is wrong in the way that `problem` says."""
    raise UserError(
        problem,
        on_lines(path, line),
        _('write one object a line: {"text": "...", "label": "..."}'),
    )


def refuse_json(path: pathlib.Path, line: int, error: Exception) -> NoReturn:
    """Raises UserError for a row that the decoder could not read, with what it said."""
    if isinstance(error, _RepeatedName):
        refuse(path, line, _("the field {error!r} is named twice").format(error=str(error)))
    message = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    refuse(path, line, _("the line is not JSON: {message}").format(message=message))
