"""A file as text: its lines with their ends as they are."""

import io
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from warmstart.table.reading import compression
from warmstart.table.reading.encodings import encoding_name


@contextmanager
def opened(path: pathlib.Path, encoding: str, newline: str = "") -> Iterator[TextIO]:
    """The text of a file, a byte-order mark taken off. `newline`: as for `open`. It cannot be wound back."""
    name = "utf-8-sig" if encoding_name(encoding) == "utf-8" else encoding
    with io.TextIOWrapper(compression.opened(path), name, newline=newline) as file:
        if file.read(1) == "\ufeff":  # such as utf-16-le keeps
            yield file
            return
    with io.TextIOWrapper(compression.opened(path), name, newline=newline) as file:
        yield file
