"""The first look at a file, before any parser: what its bytes are, whether they decode, and their digest."""

import codecs
import hashlib
import pathlib
import re
from typing import Literal

from warmstart.errors import UserError
from warmstart.messages import N_, _
from warmstart.table.reading import encodings, refusals
from warmstart.table.reading.lines import on_lines

BLOCK = 1 << 20  # bytes
Format = Literal["delimited", "json", "parquet", "arrow"]
FORMATS: dict[str, Format] = {
    ".csv": "delimited", ".tsv": "delimited", ".tab": "delimited",
    ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".parquet": "parquet", ".arrow": "arrow",
}  # fmt: skip

# What a file is, by its first bytes: (pattern, what it is, the suffix under which we would read it).
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (rb"PAR1", N_("a Parquet file"), ".parquet"),
    (rb"ARROW1\0\0|\xff\xff\xff\xff", N_("an Arrow file"), ".arrow"),
    (rb"\x80[\x02-\x05]|[\]}]q\0|\([ld]p\d*\n|c[\w.]+\n\w+\np\d+\n", N_("a Python pickle"), ""),
    (rb"PK(\x03\x04|\x05\x06)", N_("a zip archive (an Excel workbook is one too)"), ""),
    (rb"\xd0\xcf\x11\xe0", N_("an old Office file"), ""),
    (rb"\x1f\x8b|BZh[1-9]1AY|\xfd7zXZ\0|\x28\xb5\x2f\xfd|7z\xbc\xaf|Rar!\x1a", N_("a compressed file"), ""),
    (rb"\x7fELF|MZ[^\n]{0,62}\0|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe|#!/", N_("an executable"), ""),
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|%PDF-", N_("an image or a PDF"), ""),
    (rb"\x93NUMPY|\x89HDF|SQLite format 3\0", N_("a binary file of another kind"), ""),
    (rb"\s*<(!doctype html|html)", N_("a web page"), ""),
)  # fmt: skip


def format_of(path: pathlib.Path, delimiter: str | None = None) -> Format:
    """How to read `path`, by its suffix; a file of any other suffix is a table if its delimiter is named."""
    file_format = FORMATS.get(path.suffix.lower())
    if file_format is None and delimiter is None:
        known = ", ".join(FORMATS)
        raise UserError(
            _("cannot tell from its name what {name} is").format(name=path.name),
            str(path),
            _("use one of {known}, or say --delimiter").format(known=known),
        )
    return file_format or "delimited"


def digest(path: pathlib.Path, file_format: Format, encoding: str) -> str:
    """The SHA-256 of the file's bytes, having made sure that they are of that format.

    One pass in blocks, so memory does not grow with the file. Raises UserError for an empty file, for one whose first
    bytes belong to another format and, where it is text, for a NUL byte or bytes that do not decode.
    """
    is_text = file_format in ("delimited", "json")
    sha, offset, lines = hashlib.sha256(), 0, 0
    try:
        with path.open("rb") as file:
            head = file.read(BLOCK)
            _refuse(path, file_format, head)
            decoder = codecs.getincrementaldecoder(encodings.encoding_name(encoding))() if is_text else None
            if decoder and encodings.encoding_name(encoding) == "utf-8" and (marked := encodings.from_mark(head)):
                raise refusals.not_in(path, _("the file"), encoding, marked)
            block = head
            while block:
                sha.update(block)
                if decoder:
                    lines += _decode(path, decoder, block, offset, lines, encoding)
                offset += len(block)
                block = file.read(BLOCK)
            if decoder:
                _decode(path, decoder, b"", offset, lines, encoding)
    except OSError as error:
        raise UserError(
            _("cannot read {name}: {reason}").format(name=path.name, reason=error.strerror),
            str(path),
            _("give a file that you may read"),
        ) from error
    return sha.hexdigest()


def _refuse(path: pathlib.Path, file_format: Format, head: bytes) -> None:
    if not head:
        raise refusals.empty(path)
    wanted = {"parquet": ".parquet", "arrow": ".arrow"}.get(file_format, "")
    for pattern, what, suffix in _MAGIC:
        if not re.match(pattern, head[:512], re.IGNORECASE if b"html" in pattern else 0):
            continue
        if suffix and suffix == wanted:
            return
        raise UserError(
            _("{name} is not a table of text but {what}").format(name=path.name, what=_(what)),
            str(path),
            _("rename it to {stem}{suffix}").format(stem=path.stem, suffix=suffix)
            if suffix
            else _("save the table as CSV (UTF-8) or Parquet"),
        )
    if wanted:
        raise UserError(
            _("{name} is not {file_format}, whatever its name").format(
                name=path.name, file_format=file_format.capitalize()
            ),
            str(path),
            _("rename it after what it holds"),
        )


def _decode(
    path: pathlib.Path, decoder: codecs.IncrementalDecoder, block: bytes, offset: int, lines: int, encoding: str
) -> int:
    """Decode and drop one block that begins `offset` bytes and `lines` lines into the file; return its newlines."""
    pending = len(decoder.getstate()[0])  # bytes of a character that the last block cut in two
    try:
        decoded = decoder.decode(block, final=not block)
    except UnicodeDecodeError as error:
        at, line = offset - pending + error.start, lines + 1 + block[: max(error.start - pending, 0)].count(b"\n")
        sample = _around(path, at)
        if encodings.is_surrogate(error, sample):
            raise refusals.half_a_character(path, at, line, encoding) from None
        suggested = encodings.guess(sample) if encodings.encoding_name(encoding) == "utf-8" else None
        place = _("byte {at:,} (line {line:,})").format(at=at, line=line)
        raise refusals.not_in(path, place, encoding, suggested) from None
    except UnicodeError:  # UTF-16 and UTF-32, where no byte-order mark says which of the two there are
        whole = _("the file, which has no byte-order mark,")
        raise refusals.not_in(path, whole, encoding, encodings.from_mark(block)) from None
    nul = decoded.find("\0")
    if nul >= 0:
        line = lines + 1 + decoded.count("\n", 0, nul)
        raise UserError(
            _("{name} holds a NUL byte").format(name=path.name),
            on_lines(path, line),
            _("remove it; a text file has none"),
        )
    return decoded.count("\n")


def _around(path: pathlib.Path, at: int) -> bytes:
    """Some bytes on both sides of byte `at`, from the beginning of a line or at least of a character of UTF-8."""
    start = max(at - encodings.SAMPLE // 2, 0)
    with path.open("rb") as file:
        file.seek(start)
        sample = file.read(encodings.SAMPLE)
    line = sample.find(b"\n", 0, at - start) + 1
    return sample[line:] if line or not start else sample.lstrip(encodings.CONTINUING)


def stamp(path: pathlib.Path) -> tuple[int, int]:
    """(bytes, time of last change in ns): a file that changes while it is read is found out by these."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns
