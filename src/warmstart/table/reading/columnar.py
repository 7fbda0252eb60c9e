"""Parquet and Arrow files, with the types that they declare."""

import functools
import itertools
import pathlib
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from warmstart.errors import UserError, examples
from warmstart.messages import N_, _
from warmstart.table.reading import notes

ROWS = 10_000  # of a batch
PIECE = 1 << 25  # bytes of text that a part of a batch has at most, unless a single cell has more
DIGITS = 18  # of any whole number that an int64 keeps

Batches = Callable[[list[str] | None], Iterator[pa.RecordBatch]]  # of the columns that are named, or of all


def parquet(path: pathlib.Path) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file in batches.

    Decimal numbers become the nearest float64, whole ones an int64 or, if they may be longer, text; bytes that are
    UTF-8 in every row become text. A column of a type that nothing here can read is left out, and that is said. Raises
    UserError if the file is damaged, if nothing is left, or for text that is not UTF-8.
    """
    import pyarrow.parquet as pq

    def read(columns: list[str] | None) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path, pre_buffer=False, read_dictionary=_texts(pq.read_schema(path))) as file:
            yield from file.iter_batches(ROWS, columns=columns)

    return _sound(path, lambda: pq.read_schema(path), read)


def arrow(path: pathlib.Path) -> Iterator[pa.RecordBatch]:
    """The rows of an Arrow file of either format (stream or file) in batches. Treats and raises as `parquet` does."""

    def read(columns: list[str] | None) -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(path)) as source:
            for batch in _batches(source)[1]:
                for start in range(0, batch.num_rows, ROWS):
                    part = batch.slice(start, ROWS)
                    yield part if columns is None else part.select(columns)

    def declared() -> pa.Schema:
        with pa.memory_map(str(path)) as source:
            return _batches(source)[0]

    return _sound(path, declared, read)


def _batches(source: pa.NativeFile) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    if source.read(6) == b"ARROW1":
        file = pa.ipc.open_file(source)
        return file.schema, (file.get_batch(i) for i in range(file.num_record_batches))
    source.seek(0)
    stream = pa.ipc.open_stream(source)
    return stream.schema, iter(stream)


def _texts(declared: pa.Schema) -> list[str]:
    """The columns of text. As dictionaries they take no more memory than in the file, which may say in a few bytes that
    a long text stands in each of many rows."""
    return [field.name for field in declared if _has_bytes(field.type)]


def _sound(path: pathlib.Path, declared: Callable[[], pa.Schema], read: Batches) -> Iterator[pa.RecordBatch]:
    rows = 0
    schema: pa.Schema | None = None
    try:
        for batch in itertools.chain.from_iterable(map(_pieces, read(None))):
            if schema is None:
                schema = _schema(path, declared(), read)
            plain = pa.record_batch([_cast(batch.column(field.name), field.type) for field in schema], schema=schema)
            for name, column in zip(schema.names, plain.columns, strict=True):
                _check_text(path, name, column, rows)
            yield plain
            rows += batch.num_rows
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UserError(
            _("{name} is damaged: {error}").format(name=path.name, error=error),
            str(path),
            _("make it again"),
        ) from error
    if not rows:
        raise UserError(
            _("{name} has no rows").format(name=path.name),
            str(path),
            _("give another file"),
        )


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The rows of a batch in parts that stay small when each row gets its text for its place in a dictionary."""
    sizes = np.zeros(batch.num_rows, np.int64)  # bytes of text in each row
    for column in batch.columns:
        if pa.types.is_dictionary(column.type) and _has_bytes(column.type.value_type):
            lengths = pc.fill_null(pc.take(pc.binary_length(column.dictionary), column.indices), 0)
            sizes += lengths.to_numpy(zero_copy_only=False)
    ends = np.cumsum(sizes)
    start = 0
    while start < batch.num_rows:
        before = ends[start - 1] if start else 0
        end = max(int(np.searchsorted(ends, before + PIECE, "right")), start + 1)
        yield batch.slice(start, end - start)
        start = end


def _schema(path: pathlib.Path, found: pa.Schema, read: Batches) -> pa.Schema:
    """What the columns become, and what is said of it."""
    repeated = sorted({name for name in found.names if found.names.count(name) > 1})
    if repeated:
        names = examples(map(repr, repeated))
        raise UserError(
            _("the columns {names} are there more than once").format(names=names),
            str(path),
            _("give every column a name of its own"),
        )
    bytes_ = [field.name for field in found if _is_bytes(_plain(field.type))]
    written = {name for name in bytes_ if all(map(_is_utf8, read([name])))}
    fields = [field.with_type(pa.string() if field.name in written else _plain(field.type)) for field in found]
    kept = [field for field in fields if _is_readable(field)]
    said = []
    if written:
        called = examples(repr(name) for name in bytes_ if name in written)
        said.append(notes.Note(N_("{name} has bytes that are read as UTF-8 text: {called}"), {"called": called}))
    left = [field for field in fields if field not in kept]
    if left:
        called = examples(f"{field.name!r} ({field.type})" for field in left)
        said.append(
            notes.Note(N_("{name} has columns of a type that cannot be read; left out: {called}"), {"called": called})
        )
    if not kept:
        raise UserError(
            _("{name} has no column that can be read: {called}").format(name=path.name, called=called),
            str(path),
            _("write the texts as strings"),
        )
    return notes.attached(pa.schema(kept, metadata=found.metadata), said)


def _cast(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.type == wanted:
        return column
    return column.cast(wanted)


def _plain(declared: pa.DataType) -> pa.DataType:
    """The type that a column gets. Dictionaries and views are ways of storing, not types to a user, and decimals are
    numbers."""
    types = pa.types
    if types.is_dictionary(declared):
        return _plain(declared.value_type)
    if types.is_string_view(declared):
        return pa.string()
    if types.is_binary_view(declared):
        return pa.binary()
    if types.is_decimal(declared):
        if declared.scale > 0:
            return pa.float64()
        return pa.int64() if declared.precision - declared.scale <= DIGITS else pa.string()
    return declared


def _is_bytes(declared: pa.DataType) -> bool:
    return bool(pa.types.is_binary(declared) or pa.types.is_large_binary(declared))


def _has_bytes(declared: pa.DataType) -> bool:
    return _is_bytes(declared) or bool(pa.types.is_string(declared) or pa.types.is_large_string(declared))


def _is_utf8(batch: pa.RecordBatch) -> bool:
    column = batch.column(0)
    column = column.dictionary if pa.types.is_dictionary(column.type) else column
    return _is_valid(column.cast(pa.large_binary()).view(pa.large_string()))


@functools.cache
def _is_readable(field: pa.Field) -> bool:
    """Whether the library that holds the rows has a type for a column."""
    import datasets

    try:
        datasets.Features.from_arrow_schema(pa.schema([field]))
    except (ValueError, NotImplementedError, KeyError, TypeError):
        return False
    return True


def _check_text(path: pathlib.Path, name: str, column: pa.Array, before: int) -> None:
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)) or _is_valid(column):
        return
    row = next(i for i in range(len(column)) if not _is_valid(column.slice(i, 1)))
    raise UserError(
        _("{name!r} holds half a character (a lone surrogate) or other bytes that are not UTF-8").format(name=name),
        _("{path}, row {row:,}").format(path=path, row=before + row + 1),
        _("mend the row, or write the file again from the source"),
    )


def _is_valid(column: pa.Array) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
