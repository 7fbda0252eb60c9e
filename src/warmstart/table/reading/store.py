"""Rows of the user's files as one Arrow file in the cache, found again by what the files hold; or in memory."""

import hashlib
import pathlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.storage import cache_folder, is_whole
from warmstart.table import origin
from warmstart.table.reading import (
    columnar,
    compression,
    contents,
    delimited,
    dialect,
    encodings,
    formats,
    notes,
    objects,
    refusals,
    workbooks,
)
from warmstart.table.reading.options import Options

if TYPE_CHECKING:
    import datasets

ROWS = "rows.arrow"
FORMAT = "2"  # of what is written; a reader that reads otherwise than before takes the next number
DEFAULT = Options()


def dataset(
    paths: Sequence[pathlib.Path],
    split: str,
    options: Options = DEFAULT,
    *,
    cache_dir: str | None = None,
    info: "datasets.DatasetInfo | None" = None,
    keep: bool = True,
) -> "datasets.Dataset":
    """The rows of the files, one after another, memory-mapped from `<cache>/warmstart/<key>/rows.arrow`; if they are
    not there and `keep` is false, in memory.

    The key, which is the dataset's fingerprint too, is made of what the files hold and of how they are read, never of
    their names or dates. So a second run neither parses again nor, with `Dataset.map`, tokenizes again.
    """
    import datasets
    from datasets.table import InMemoryTable, MemoryMappedTable

    before = [contents.stamp(path) for path in paths]
    key = _key(paths, options)
    folder = pathlib.Path(cache_dir or datasets.config.HF_DATASETS_CACHE).expanduser() / "warmstart" / key
    rows = folder / ROWS
    in_memory = None
    if not is_whole(folder):
        batches = _batches(paths, before, options)
        if keep:
            _write(folder, next(batches), batches)
        else:
            in_memory = InMemoryTable.from_batches(list(batches))
    try:
        table = MemoryMappedTable.from_file(str(rows)) if in_memory is None else in_memory
        found = datasets.Dataset(table, info=info, split=datasets.NamedSplit(split), fingerprint=key)
    except ValueError as error:  # such as a column of maps
        raise UserError(
            _("a column is of a type that cannot be read: {error}").format(error=error),
            ", ".join(map(str, paths)),
            _("leave that column out of the file"),
        ) from error
    origin.mark(found, paths, [(note.sentence, note.values) for note in notes.of(table.schema)])
    return found


def _key(paths: Sequence[pathlib.Path], options: Options) -> str:
    sha = hashlib.sha256(FORMAT.encode())
    for path in paths:
        file_format = formats.format_of(path, options)
        digest = contents.digest(path, file_format, options.encoding)
        sha.update(repr((file_format, _read_as(path, file_format, options), digest)).encode())
    return sha.hexdigest()


def _read_as(path: pathlib.Path, file_format: formats.Format, options: Options) -> tuple[object, ...]:
    """What the rows of a file depend on besides its bytes."""
    encoding = encodings.encoding_name(options.encoding)
    match file_format:
        case "delimited":
            settled = dialect.settled(path, options)
            said = [note.sentence for note in settled.notes]
            return encoding, settled.separator, options.quoting, options.header, *said
        case "json":
            return encoding, compression.bare(path).suffix.lower() == ".json"
        case "workbook":
            return options.header, options.sheet
        case _:
            return ()


def _batches(
    paths: Sequence[pathlib.Path], before: list[tuple[int, int]], options: Options
) -> Iterator[pa.RecordBatch]:
    """The batches of all files.

    Raises UserError for a file whose columns are not those of the first, for one that becomes larger than it can be
    meant to be and, after the last batch, if a file no longer has the stamp of `before`: then the rows are not those
    that the key was made of.
    """
    schema: pa.Schema | None = None
    for path in paths:
        unpacked = 0
        for batch in _read(path, options):
            schema = schema or batch.schema
            if not batch.schema.equals(schema):
                raise UserError(
                    _("{name} does not have the columns of {first}").format(name=path.name, first=paths[0].name),
                    f"{paths[0]}: {_columns(schema)}; {path}: {_columns(batch.schema)}",
                    _("files of one split need the same columns and types"),
                )
            unpacked += batch.nbytes
            compression.check_size(path, unpacked)
            yield batch
    if before != [contents.stamp(path) for path in paths]:
        raise refusals.changed(*paths)


def _read(path: pathlib.Path, options: Options) -> Iterator[pa.RecordBatch]:
    match formats.format_of(path, options):
        case "delimited":
            return delimited.batches(path, options)
        case "json":
            return objects.batches(path, options)
        case "parquet":
            return columnar.parquet(path)
        case "arrow":
            return columnar.arrow(path)
        case "workbook":
            return workbooks.batches(path, options)


def _columns(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in schema)


def _write(folder: pathlib.Path, first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> None:
    """Write the batches where nobody looks, then give them their name: whoever finds it finds all of it."""
    with (
        cache_folder(folder) as work,
        (work / ROWS).open("xb") as file,
        pa.ipc.new_stream(file, first.schema) as writer,
    ):
        writer.write_batch(first)
        for batch in rest:
            writer.write_batch(batch)
