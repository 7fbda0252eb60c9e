"""Files of predictions: CSV, TSV or JSON lines, whole or not at all."""

import csv
import io
import json
import math
import pathlib
from typing import Any

from warmstart.storage import write_text


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


def write_rows(path: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as CSV, TSV or JSON lines, by the name's ending; the file appears whole or not at all."""
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        content = "".join(json.dumps(_plain(row), ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    else:
        out = io.StringIO()
        writer = csv.DictWriter(
            out,
            list(rows[0]) if rows else ["prediction"],
            delimiter="\t" if path.suffix.lower() == ".tsv" else ",",
            lineterminator="\n",
        )
        writer.writeheader()
        writer.writerows(rows)
        content = out.getvalue()
    write_text(path, content)
