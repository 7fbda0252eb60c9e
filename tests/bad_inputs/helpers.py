"""Tables as a user has them, put through the entry of a training; and what every refusal of one must be like."""

import json
import pathlib
from collections.abc import Sequence
from typing import Any

import pytest

from warmstart import Recipe
from warmstart.errors import UserError
from warmstart.runs.prepared import Prepared, prepare

NO_MODEL = "no/such-model"  # naming it shows that the table is looked at before any model


def csv_of(rows: Sequence[Sequence[str]], header: str = "text,label") -> str:
    """A CSV table of cells that need no quotes."""
    return "\n".join([header, *(",".join(row) for row in rows)]) + "\n"


def reviews(count: int = 12) -> list[list[str]]:
    """Rows of different texts and two classes in turn."""
    return [[f"review number {n}", ("good", "bad")[n % 2]] for n in range(count)]


def write(path: pathlib.Path, content: str | bytes | list[dict[str, Any]]) -> pathlib.Path:
    """Write text (UTF-8, line ends as they are), bytes, or objects as JSON lines."""
    if isinstance(content, list):
        content = "".join(json.dumps(row) + "\n" for row in content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def accepted(path: pathlib.Path, **settings: Any) -> Prepared:
    """What a table has become when training could begin."""
    return prepare(Recipe.of({"data": str(path), "model": NO_MODEL, **settings}))


def rows_of(path: pathlib.Path, **settings: Any) -> list[dict[str, Any]]:
    """All rows of an accepted table, whichever split they went to; `n`, a column that numbers them, orders them."""
    splits = accepted(path, **settings).splits
    rows = [row for split in splits.values() for row in split]
    return sorted(rows, key=lambda row: int(row["n"])) if "n" in rows[0] else rows


def refused(path: pathlib.Path, *, blame: str = "", **settings: Any) -> UserError:
    """The error for a table: it names the file (`blame`, if that is another) and a fix, and nothing is written."""
    folder = path if path.is_dir() else path.parent
    before = sorted(folder.rglob("*"))
    with pytest.raises(UserError) as caught:
        accepted(path, **settings)
    error = caught.value
    assert (blame or path.name) in f"{error.problem}\n{error.where}"
    assert error.fix or "\n  2. " in error.problem  # several findings carry their fixes themselves
    assert sorted(folder.rglob("*")) == before
    return error
