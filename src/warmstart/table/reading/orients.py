"""A JSON file that is one object: the shapes in which libraries write a whole table, and the rows in them.

{"text": {"0": "fine", "1": "dull"}, "label": {"0": 1, "1": 0}}            pandas, by default ("columns")
{"0": {"text": "fine", "label": 1}, "1": {"text": "dull", "label": 0}}     pandas, "index"
{"columns": ["text", "label"], "index": [0, 1], "data": [["fine", 1], ["dull", 0]]}              pandas, "split"
{"schema": {...}, "data": [{"text": "fine", "label": 1}, ...]}             pandas, "table"
{"text": ["fine", "dull"], "label": [1, 0]}                                a list for each column
{"version": "1.0", "data": [{"text": "fine", "label": 1}, ...]}            one list of rows, and what is about it
"""

import pathlib
from typing import Any

from warmstart.errors import UserError, examples
from warmstart.messages import N_, _
from warmstart.table.reading.notes import Note

Row = dict[str, Any]
MANY = 10  # times more rows than columns: names that say nothing are those of rows then


def rows_of(path: pathlib.Path, whole: Row, *, is_line: bool) -> tuple[list[Row], tuple[Note, ...]]:
    """The rows that the one object of a file stands for, and what is to be said of it; the object itself if it is one.

    `is_line`: the file is to have an object a line, and this may be its only row; then only what no row of texts looks
    like is taken for a table. Raises UserError where no rows, or more than one list of them, can be made out.
    """
    found = _of_pandas(whole)
    if found is None and (not is_line or (len(whole) == 1 and all(_are_rows(value) for value in whole.values()))):
        found = _of_lists(path, whole)
    if found is not None:
        rows, shape = found
        if not rows:
            return [], ()
        note = N_("{name} is one JSON object, read as a table of {rows} rows by its shape: {shape}")
        return rows, (Note(note, {"rows": len(rows), "shape": shape}),)
    if not whole or is_line or any(not isinstance(value, (dict, list)) for value in whole.values()):
        return [whole], ()
    raise _unclear(
        path,
        _("no rows can be made out in it"),
        whole,
        _('write an object a line, such as {example}; from pandas: to_json(..., orient="records", lines=True)').format(
            example='{"text": "...", "label": "..."}'
        ),
    )


def _of_pandas(whole: Row) -> tuple[list[Row], str] | None:
    """The rows, and the name of the orientation in pandas; None for what pandas does not write."""
    data, columns = whole.get("data"), whole.get("columns")
    if isinstance(data, list) and isinstance(columns, list) and whole.keys() <= {"columns", "index", "data"}:
        if _is_header(columns) and all(isinstance(row, list) and len(row) == len(columns) for row in data):
            names = [str(name) for name in columns]
            return _with_index([dict(zip(names, row, strict=True)) for row in data], whole.get("index")), "split"
        return None
    if whole.keys() == {"schema", "data"} and isinstance(data, list) and isinstance(whole["schema"], dict):
        return (data, "table") if _are_rows(data) else None
    values = list(whole.values())
    if not values or not all(isinstance(value, dict) and value for value in values):
        return None
    inner = list(values[0])
    if _are_numbers(inner) and not _are_numbers(whole) and all(value.keys() == values[0].keys() for value in values):
        return [{name: column[key] for name, column in whole.items()} for key in inner], "columns"
    if _are_numbers(whole) and not _are_numbers(inner):
        return values, "index"
    if all(value.keys() == values[0].keys() for value in values) and len(inner) >= MANY * len(whole):
        return [{"index": key, **{name: column[key] for name, column in whole.items()}} for key in inner], "columns"
    if len(whole) >= MANY * len({name for value in values for name in value}):
        return [{"index": key, **value} for key, value in whole.items()], "index"
    return None


def _of_lists(path: pathlib.Path, whole: Row) -> tuple[list[Row], str] | None:
    named = [name for name, value in whole.items() if _are_rows(value)]
    if len(named) > 1:
        listed = examples(map(repr, named))
        why = _("several of its fields are lists of rows ({listed})").format(listed=listed)
        raise _unclear(path, why, whole, _("write each of these lists into a file of its own, such as train.json"))
    if named:
        return whole[named[0]], repr(named[0])
    values = list(whole.values())
    if (
        values
        and all(isinstance(value, list) and len(value) == len(values[0]) for value in values)
        and not any(isinstance(cell, dict) for value in values for cell in value)
        and not (len(values) == 1 and any(isinstance(cell, list) for cell in values[0]))
    ):
        return [dict(zip(whole, row, strict=True)) for row in zip(*values, strict=True)], "list"
    return None


def _with_index(rows: list[Row], index: Any) -> list[Row]:
    """The rows with their index as the column "index", unless it only numbers them."""
    if not isinstance(index, list) or len(index) != len(rows) or all(isinstance(each, int) for each in index):
        return rows
    return [{"index": each, **row} for each, row in zip(index, rows, strict=True)]


def _is_header(columns: list[Any]) -> bool:
    names = {str(name) for name in columns if isinstance(name, (str, int))}
    return bool(columns) and len(names) == len(columns)


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _are_numbers(names: Any) -> bool:
    """Whether names are those of an index that only numbers the rows."""
    return all(name.isascii() and name.isdigit() for name in names)


def _unclear(path: pathlib.Path, why: str, whole: Row, fix: str) -> UserError:
    return UserError(
        _("{name} is one JSON object, and {why}").format(name=path.name, why=why),
        _("{path}, fields {fields}").format(path=path, fields=examples(map(repr, whole))),
        fix,
    )
