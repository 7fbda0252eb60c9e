"""JSON files as columns: read strictly, with the types that the file gives its values."""

import itertools
import pathlib
from collections.abc import Iterator
from typing import Any, NoReturn

import pyarrow as pa

from warmstart.errors import UserError, examples
from warmstart.messages import _
from warmstart.table.reading import refusals, shapes
from warmstart.table.reading.lines import on_lines
from warmstart.table.reading.rows import opened, refuse, refuse_json

ROWS = 1_000  # in a batch, as datasets writes them; many more dicts at once cost time, not just memory


def batches(path: pathlib.Path, encoding: str = "utf-8") -> Iterator[pa.RecordBatch]:
    """The rows of a JSON file with the types that the file gives them, in batches that do not grow with the file.

    The file is read twice: once for the type of every column, once for the rows. Whole numbers beside fractions become
    fractions; a null goes with anything. Raises UserError naming the line for what is not JSON, for a field that is
    missing or too many, and for any other mixture of types.
    """
    schema = _schema(path, encoding)
    with opened(path, encoding) as rows:
        while chunk := list(itertools.islice(rows, ROWS)):
            try:
                arrays = [pa.array([row[field.name] for _unused, row in chunk], field.type) for field in schema]
            except (UnicodeEncodeError, pa.ArrowException, OverflowError):
                _refuse_cells(path, encoding, schema)
            yield pa.record_batch(arrays, schema=schema)


def _schema(path: pathlib.Path, encoding: str) -> pa.Schema:
    fields: dict[str, shapes.Shape] = {}
    first = 0
    unlike: dict[str, list[int]] = {}  # by what is wrong: lines whose fields are not those of the first row
    with opened(path, encoding) as rows:
        while chunk := list(itertools.islice(rows, ROWS)):
            if not first:
                first = chunk[0][0]
                if not chunk[0][1]:
                    refuse(path, first, _("the row has no fields"))
                fields = dict.fromkeys(chunk[0][1], shapes.NULL)
            for line, row in chunk:
                if row.keys() != fields.keys():
                    unlike.setdefault(_unlike(row, list(fields), first), []).append(line)
            if unlike:
                continue
            for name, shape in fields.items():
                values = [row[name] for _unused, row in chunk]
                try:
                    fields[name] = shapes.merge(shape, shapes.of_all(values))
                except shapes.Mixture:
                    _refuse_mixture(path, encoding, name)
                except RecursionError as error:
                    refuse_json(path, chunk[0][0], error)
    if not first:
        raise UserError(
            _("{name} has no rows").format(name=path.name),
            str(path),
            _("give another file"),
        )
    for problem, lines in unlike.items():  # the first of them
        raise UserError(
            problem,
            on_lines(path, *lines),
            _("give every row the same fields; write null where there is no value"),
        )
    try:
        return pa.schema([(name, shapes.to_arrow(shape)) for name, shape in fields.items()])
    except UnicodeEncodeError:
        _refuse_names(path, encoding)


def _unlike(row: dict[str, Any], names: list[str], first: int) -> str:
    """In which way the fields of a row are not `names`, those of the row on line `first`."""
    missing = [name for name in names if name not in row]
    if missing:
        listed = examples(map(repr, missing))
        return _("the field {listed} is missing").format(listed=listed)
    extra = examples(repr(name) for name in row if name not in names)
    return _("the field {extra} is not in the first row (line {first})").format(extra=extra, first=first)


def _refuse_cells(path: pathlib.Path, encoding: str, schema: pa.Schema) -> NoReturn:
    """Name the lines with what JSON can say and Arrow cannot, or only with a change."""
    wrong: dict[str, list[int]] = {}
    with opened(path, encoding) as rows:
        for line, row in rows:
            for field in schema:
                try:
                    pa.array([row[field.name]], field.type)
                except UnicodeEncodeError:
                    problem = _("{name!r} holds half a character (a lone surrogate)").format(name=field.name)
                    wrong.setdefault(problem, []).append(line)
                except (pa.ArrowException, OverflowError):
                    problem = _("{name!r} holds a number too large to keep exactly").format(name=field.name)
                    wrong.setdefault(problem, []).append(line)
    for problem, lines in wrong.items():  # the first of them
        raise UserError(problem, on_lines(path, *lines), _("mend these rows"))
    raise refusals.changed(path)


def _refuse_names(path: pathlib.Path, encoding: str) -> NoReturn:
    """Name the first line with a field, at any depth, whose name is no text."""
    with opened(path, encoding) as rows:
        for line, row in rows:
            try:
                shapes.to_arrow(shapes.of(row))
            except UnicodeEncodeError:
                raise UserError(
                    _("the name of a field holds half a character (a lone surrogate)"),
                    on_lines(path, line),
                    _("mend the name"),
                ) from None
    raise refusals.changed(path)


def _refuse_mixture(path: pathlib.Path, encoding: str, name: str) -> NoReturn:
    """Name the first lines whose values do not go together, or the first whose list does not go together."""
    fix = _("write all of them in the same way")
    seen, begun = shapes.NULL, 1
    with opened(path, encoding) as rows:
        for line, row in rows:
            try:
                shape = shapes.of(row[name])
            except shapes.Mixture:
                problem = _("{name!r} mixes types within a value").format(name=name)
                raise UserError(problem, on_lines(path, line), fix) from None
            try:
                merged = shapes.merge(seen, shape)
            except shapes.Mixture:
                one, other = shapes.describe(seen), shapes.describe(shape)
                where = _("{path}, {one} on line {begun:,}, {other} on line {line:,}").format(
                    path=path, one=one, begun=begun, other=other, line=line
                )
                problem = _("{name!r} mixes types: {one} and {other}").format(name=name, one=one, other=other)
                raise UserError(problem, where, fix) from None
            seen, begun = merged, begun if merged == seen else line
    raise refusals.changed(path)
