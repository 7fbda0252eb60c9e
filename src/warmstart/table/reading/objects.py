"""JSON files as columns: read strictly, with the types that the file gives its values."""

import itertools
import pathlib
from collections.abc import Iterator
from typing import NoReturn

import pyarrow as pa

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading import notes, refusals, shapes
from warmstart.table.reading.lines import on_lines
from warmstart.table.reading.options import Options
from warmstart.table.reading.rows import Source, refuse, refuse_json

MANY, SPARSE = 1_000, 10  # fields; and how many times more than a row has on the average are too many
ROWS = 1_000  # in a batch, as datasets writes them; many more dicts at once cost time, not just memory


def batches(path: pathlib.Path, options: Options) -> Iterator[pa.RecordBatch]:
    """The rows of a JSON file with the types that the file gives them, in batches that do not grow with the file.

    The file is read twice: once for the type of every column, once for the rows. Whole numbers beside fractions become
    fractions; a null goes with anything, and a field that a row lacks is null there. Raises UserError naming the line
    for what is not JSON, and for any other mixture of types.
    """
    source = Source(path, options.encoding)
    schema = notes.attached(_schema(source), source.notes)
    with source.opened() as rows:
        while chunk := list(itertools.islice(rows, ROWS)):
            try:
                arrays = [pa.array([row.get(field.name) for _unused, row in chunk], field.type) for field in schema]
            except (UnicodeEncodeError, pa.ArrowException, OverflowError):
                _refuse_cells(source, schema)
            yield pa.record_batch(arrays, schema=schema)


def _schema(source: Source) -> pa.Schema:
    fields: dict[str, shapes.Shape] = {}
    first = read = given = 0  # the first row's line, rows read, fields that they have together
    with source.opened() as rows:
        while chunk := list(itertools.islice(rows, ROWS)):
            first = first or chunk[0][0]
            for _unused, row in chunk:
                given += len(row)
                if row.keys() != fields.keys():
                    fields.update((name, shapes.NULL) for name in row if name not in fields)
            read += len(chunk)
            if len(fields) > MANY and given < read * len(fields) / SPARSE:
                _refuse_sparse(source, len(fields))
            for name, shape in fields.items():
                values = [row.get(name) for _unused, row in chunk]
                try:
                    fields[name] = shapes.merge(shape, shapes.of_all(values))
                except shapes.Mixture:
                    _refuse_mixture(source, name)
                except RecursionError as error:
                    refuse_json(source.path, chunk[0][0], error)
    if not first:
        raise UserError(
            _("{name} has no rows").format(name=source.path.name),
            str(source.path),
            _("give another file"),
        )
    if not fields:
        refuse(source.path, first, _("the row has no fields"))
    try:
        return pa.schema([(name, shapes.to_arrow(shape)) for name, shape in fields.items()])
    except UnicodeEncodeError:
        _refuse_names(source)


def _refuse_sparse(source: Source, names: int) -> NoReturn:
    raise UserError(
        _("the rows have {names:,} different fields, and most of them in few rows").format(names=names),
        str(source.path),
        _("name the same fields in every row; what differs from row to row belongs into their values"),
    )


def _refuse_cells(source: Source, schema: pa.Schema) -> NoReturn:
    """Name the lines with what JSON can say and Arrow cannot, or only with a change."""
    wrong: dict[str, list[int]] = {}
    with source.opened() as rows:
        for line, row in rows:
            for field in schema:
                try:
                    pa.array([row.get(field.name)], field.type)
                except UnicodeEncodeError:
                    problem = _("{name!r} holds half a character (a lone surrogate)").format(name=field.name)
                    wrong.setdefault(problem, []).append(line)
                except (pa.ArrowException, OverflowError):
                    problem = _("{name!r} holds a number too large to keep exactly").format(name=field.name)
                    wrong.setdefault(problem, []).append(line)
    for problem, lines in wrong.items():  # the first of them
        raise UserError(problem, on_lines(source.path, *lines), _("mend these rows"))
    raise refusals.changed(source.path)


def _refuse_names(source: Source) -> NoReturn:
    """Name the first line with a field, at any depth, whose name is no text."""
    with source.opened() as rows:
        for line, row in rows:
            try:
                shapes.to_arrow(shapes.of(row))
            except UnicodeEncodeError:
                raise UserError(
                    _("the name of a field holds half a character (a lone surrogate)"),
                    on_lines(source.path, line),
                    _("mend the name"),
                ) from None
    raise refusals.changed(source.path)


def _refuse_mixture(source: Source, name: str) -> NoReturn:
    """Name the first lines whose values do not go together, or the first whose list does not go together."""
    fix = _("write all of them in the same way")
    seen, begun = shapes.NULL, 1
    with source.opened() as rows:
        for line, row in rows:
            try:
                shape = shapes.of(row.get(name))
            except shapes.Mixture:
                problem = _("{name!r} mixes types within a value").format(name=name)
                raise UserError(problem, on_lines(source.path, line), fix) from None
            try:
                merged = shapes.merge(seen, shape)
            except shapes.Mixture:
                one, other = shapes.describe(seen), shapes.describe(shape)
                where = _("{path}, {one} on line {begun:,}, {other} on line {line:,}").format(
                    path=source.path, one=one, begun=begun, other=other, line=line
                )
                problem = _("{name!r} mixes types: {one} and {other}").format(name=name, one=one, other=other)
                raise UserError(problem, where, fix) from None
            seen, begun = merged, begun if merged == seen else line
    raise refusals.changed(source.path)
