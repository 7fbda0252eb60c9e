"""How a file is to be read: by its suffix, and where that says nothing, by what it holds."""

import pathlib
from typing import Literal

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading import compression, dialect, encodings, magic, refusals
from warmstart.table.reading.options import Options

Format = Literal["delimited", "json", "parquet", "arrow", "workbook"]
FORMATS: dict[str, Format] = {
    ".csv": "delimited", ".tsv": "delimited", ".tab": "delimited",
    ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".parquet": "parquet", ".arrow": "arrow",
    ".xlsx": "workbook", ".xlsm": "workbook", ".xls": "workbook",
}  # fmt: skip


def known(path: pathlib.Path) -> Format | None:
    """What a file's name says that it is; None if it says nothing. A compressed one is what is in it."""
    return FORMATS.get(compression.bare(path).suffix.lower())


def stem(path: pathlib.Path) -> str:
    """The file's name without the suffixes that say how it is read."""
    return compression.bare(path).stem


def format_of(path: pathlib.Path, options: Options) -> Format:
    """How to read a file: as its suffix says; as a delimited one if its delimiter is named; else as what it holds.

    Raises UserError where none of these says anything.
    """
    found = known(path) or ("delimited" if options.delimiter is not None else _guess(path, options))
    if found is None:
        listed = ", ".join(FORMATS)
        raise UserError(
            _("cannot tell what {name} is, from its name or from what it holds").format(name=path.name),
            str(path),
            _("use one of {known}, or say --delimiter").format(known=listed),
        )
    if compression.bare(path) != path and found not in ("delimited", "json"):
        raise UserError(
            _("a {ending} file is compressed in itself, and is not read through {outer}").format(
                ending=compression.bare(path).suffix, outer=path.suffix
            ),
            str(path),
            _("unpack it"),
        )
    return found


def _guess(path: pathlib.Path, options: Options) -> Format | None:
    encoding = encodings.encoding_name(options.encoding)
    try:
        with compression.opened(path) as file:
            head = file.read(magic.HEAD)
    except OSError as error:
        raise refusals.unreadable(path, error) from error
    if not head:
        raise refusals.empty(path)
    found = magic.of(path, head)
    if found:
        return FORMATS.get(found[1], "delimited")  # whatever is no table is refused with its name
    if head.decode(encoding, "ignore").lstrip("\ufeff \t\r\n").startswith(("{", "[{")):
        return "json"
    try:
        return "delimited" if dialect.guessed(path, encoding) else None
    except UnicodeError:
        return "delimited"  # what does not decode is told with its place
