"""The first look at a file, before any parser: what its bytes are, whether they decode, and their digest."""

import codecs
import hashlib
import pathlib

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading import compression, encodings, magic, refusals
from warmstart.table.reading.formats import FORMATS, Format, known
from warmstart.table.reading.lines import on_lines

BLOCK = 1 << 20  # bytes
_WORDS: dict[Format, str] = {"parquet": "Parquet", "arrow": "Arrow", "workbook": "Excel"}


def digest(path: pathlib.Path, file_format: Format, encoding: str) -> str:
    """The SHA-256 of the file's bytes, unpacked if they are compressed, having made sure that they are of that format.

    One pass in blocks, so memory does not grow with the file. Raises UserError for an empty file, for one whose first
    bytes belong to another format and, where it is text, for a NUL byte or bytes that do not decode.
    """
    is_text = file_format in ("delimited", "json")
    sha, offset, lines = hashlib.sha256(), 0, 0
    try:
        with compression.opened(path) as file:
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
        raise refusals.unreadable(path, error) from error
    return sha.hexdigest()


def _refuse(path: pathlib.Path, file_format: Format, head: bytes) -> None:
    if not head:
        raise refusals.empty(path)
    found = magic.of(path, head)
    if found is None:
        if file_format in ("delimited", "json"):
            return
        raise UserError(
            _("{name} is not {file_format}, whatever its name").format(name=path.name, file_format=_WORDS[file_format]),
            str(path),
            _("rename it after what it holds"),
        )
    what, suffix = found
    if FORMATS.get(suffix) == file_format or (file_format == "workbook" and head[:2] == b"PK"):
        return  # a damaged workbook is told by its reader
    if suffix in compression.PACKED and known(path):
        fix = _("rename it to {name}").format(name=path.name + suffix)
    elif suffix == "." or suffix in compression.PACKED:
        fix = _("unpack it, and give the table that is in it")
    elif suffix:
        fix = _("rename it to {name}").format(name=compression.bare(path).stem + suffix)
    else:
        fix = _("save the table as CSV (UTF-8) or Parquet; of what is on the web give the address of the file itself")
    raise UserError(_("{name} is not a table of text but {what}").format(name=path.name, what=_(what)), str(path), fix)


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
    with compression.opened(path) as file:
        for _unused in range(start // BLOCK):  # what is unpacked cannot be sought in
            file.read(BLOCK)
        file.read(start % BLOCK)
        sample = file.read(encodings.SAMPLE)
    line = sample.find(b"\n", 0, at - start) + 1
    return sample[line:] if line or not start else sample.lstrip(encodings.CONTINUING)


def stamp(path: pathlib.Path) -> tuple[int, int]:
    """(bytes, time of last change in ns): a file that changes while it is read is found out by these."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns
