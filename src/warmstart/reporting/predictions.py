"""Files of predictions: CSV, TSV or JSON lines, whole or not at all."""

import csv
import io
import itertools
import json
import math
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from warmstart.reporting.spreadsheet import safe
from warmstart.storage import write_text

BLOCK = 4_000_000  # characters that are written at a time


def _plain(value: Any) -> Any:
    """As JSON can hold it: what is not finite is null, a date or a decimal is its text."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return value if value is None or isinstance(value, str | int | float) else str(value)


def write_rows(path: pathlib.Path, rows: Iterable[dict[str, Any]], *, spreadsheet_safe: bool = False) -> None:
    """Write rows of the same names as CSV, TSV or JSON lines, by the name's ending; the file appears whole or not at
    all, and is never held whole. `spreadsheet_safe`: no cell or name in CSV and TSV is a formula (`spreadsheet`)."""
    lines = path.suffix.lower() in (".jsonl", ".ndjson", ".json")
    make = safe if spreadsheet_safe else None
    write_text(path, _blocks(_json_lines(rows) if lines else _cells(rows, path.suffix.lower() == ".tsv", make)))


def _json_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(_plain(row), ensure_ascii=False, allow_nan=False) + "\n"


def _cells(rows: Iterable[dict[str, Any]], tabs: bool, make: Callable[[Any], Any] | None) -> Iterator[str]:
    rows = iter(rows)
    first = list(itertools.islice(rows, 1))
    names = list(first[0]) if first else ["prediction"]
    out = io.StringIO()
    # Quotes go around cells that hold a character of the line's end, so that it has both; one is taken off again.
    writer = csv.writer(out, delimiter="\t" if tabs else ",", lineterminator="\r\n")
    for cells in itertools.chain([names], ([row[name] for name in names] for row in itertools.chain(first, rows))):
        writer.writerow(map(make, cells) if make else cells)
        yield out.getvalue().removesuffix("\r\n") + "\n"
        out.seek(0)
        out.truncate()


def _blocks(lines: Iterable[str]) -> Iterator[str]:
    """Lines put together to blocks of `BLOCK` characters, at least one block."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size > BLOCK:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)
