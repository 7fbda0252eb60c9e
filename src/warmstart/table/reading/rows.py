"""The rows of a JSON file as a stream: an object a line, one array of objects, or one object that holds a table."""

import json
import pathlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading import compression, orients, text
from warmstart.table.reading.lines import on_lines
from warmstart.table.reading.notes import Note

BLOCK = 1 << 20  # characters read at a time from an array
LONGEST_ROW = 1 << 27  # characters; beyond it, a quote that is not closed is likelier than a row
Numbered = tuple[int, dict[str, Any]]  # the line on which a row begins, and the row

_SPACE = re.compile(r"[ \t\r\n]*")


class _RepeatedName(ValueError):
    """A JSON object names a field twice; the json module would keep the last and say nothing."""


class Source:
    """A JSON file, looked at once: how its rows are written. `notes`: what is to be said of that."""

    def __init__(self, path: pathlib.Path, encoding: str) -> None:
        self.path, self.encoding = path, encoding
        self.notes: tuple[Note, ...] = ()
        self._is_array = False
        self._table: list[Numbered] | None = None  # of a file that is one object
        with text.opened(path, encoding, "\n") as file:
            self._look(file)

    @contextmanager
    def opened(self) -> Iterator[Iterator[Numbered]]:
        """The rows, each with the number of the line on which it begins."""
        if self._table is not None:
            yield iter(self._table)
            return
        with text.opened(self.path, self.encoding, "\n") as file:
            yield _of_array(self.path, file) if self._is_array else _of_lines(self.path, file)

    def _look(self, file: Any) -> None:
        is_json = compression.bare(self.path).suffix.lower() == ".json"
        line, number = file.readline(LONGEST_ROW), 1
        while line and not line.strip("\ufeff \t\r\n"):
            line, number = file.readline(LONGEST_ROW), number + 1
        begin = line.lstrip("\ufeff \t\r\n")
        if begin.startswith("["):
            rest = begin[1:].strip()
            while not rest and (line := file.readline(LONGEST_ROW)):
                rest = line.strip()
            self._is_array = is_json or rest.startswith("{")
        elif begin.startswith("{"):
            self._one_object(file, begin, number, is_json)

    def _one_object(self, file: Any, begin: str, number: int, is_json: bool) -> None:
        """Whether an object, on one line or on many, is all that the file holds; then its rows are made out."""
        decode = json.JSONDecoder(object_pairs_hook=_once).decode
        try:
            whole, rest = decode(begin), file.readline(LONGEST_ROW)
        except (ValueError, RecursionError):
            if not is_json:
                return  # told with its line when the rows are read
            begin += file.read(LONGEST_ROW - len(begin))
            if file.read(1):
                return
            try:
                whole, rest = decode(begin), ""
            except (ValueError, RecursionError) as error:
                line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
                if line == 1 or "Extra data" in str(error):
                    return
                refuse_json(self.path, number + line - 1, error)
        while rest.isspace():
            rest = file.readline(LONGEST_ROW)
        if rest or not isinstance(whole, dict):
            return
        rows, self.notes = orients.rows_of(self.path, whole, is_line=not is_json)
        self._table = [(number, row) for row in rows]


def _of_lines(path: pathlib.Path, file: Any) -> Iterator[Numbered]:
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
