"""Parquet and Arrow files, with the types that they declare."""

import pathlib
from collections.abc import Iterator

import pyarrow as pa

from warmstart.errors import UserError, examples
from warmstart.messages import _

ROWS = 10_000


def parquet(path: pathlib.Path) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file in batches. Raises UserError if it is damaged or holds text that is not UTF-8."""
    import pyarrow.parquet

    def read() -> Iterator[pa.RecordBatch]:
        with pyarrow.parquet.ParquetFile(path, pre_buffer=False) as file:
            yield from file.iter_batches(ROWS)

    return _sound(path, read())


def arrow(path: pathlib.Path) -> Iterator[pa.RecordBatch]:
    """The rows of an Arrow file of either format (stream or file) in batches. Raises as `parquet` does."""

    def read() -> Iterator[pa.RecordBatch]:
        with pa.memory_map(str(path)) as source:
            if source.read(6) == b"ARROW1":
                file = pa.ipc.open_file(source)
                yield from (file.get_batch(i) for i in range(file.num_record_batches))
            else:
                source.seek(0)
                yield from pa.ipc.open_stream(source)

    return _sound(path, read())


def _sound(path: pathlib.Path, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    rows = 0
    try:
        for batch in batches:
            if not batch.num_rows:
                continue
            repeated = sorted({name for name in batch.schema.names if batch.schema.names.count(name) > 1})
            if repeated:
                names = examples(map(repr, repeated))
                raise UserError(
                    _("the columns {names} are there more than once").format(names=names),
                    str(path),
                    _("give every column a name of its own"),
                )
            schema = pa.schema(
                [field.with_type(_plain(field.type)) for field in batch.schema], metadata=batch.schema.metadata
            )
            plain = batch if schema.equals(batch.schema) else batch.cast(schema)
            for name, column in zip(schema.names, plain.columns, strict=True):
                _check_text(path, name, column, rows)
            yield plain
            rows += batch.num_rows
    except (pa.ArrowException, OSError) as error:
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


def _plain(declared: pa.DataType) -> pa.DataType:
    """The same type with text as plain strings: dictionaries and views are ways of storing, not types to a user."""
    if pa.types.is_dictionary(declared):
        return _plain(declared.value_type)
    return pa.string() if pa.types.is_string_view(declared) else declared


def _check_text(path: pathlib.Path, name: str, column: pa.Array, before: int) -> None:
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        row = next(i for i in range(len(column)) if not _is_valid(column.slice(i, 1)))
        raise UserError(
            _("{name!r} holds half a character (a lone surrogate) or other bytes that are not UTF-8").format(name=name),
            _("{path}, row {row:,}").format(path=path, row=before + row + 1),
            _("mend the row, or write the file again from the source"),
        ) from None


def _is_valid(column: pa.Array) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
