"""Files as bytes: those that are compressed are unpacked as a stream, never whole."""

import bz2
import gzip
import io
import lzma
import pathlib
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

from warmstart.errors import UserError, examples
from warmstart.messages import _

BLOCK = 1 << 20  # bytes
ERRORS = (OSError, EOFError, RuntimeError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
MOST, RATIO = 1 << 30, 1000  # bytes that any file may unpack to, and times its size if that is more


def _zstandard(path: pathlib.Path) -> Any:
    import pyarrow as pa

    return pa.input_stream(str(path), compression="zstd")


def _only_one(path: pathlib.Path) -> Any:
    """The one file in a zip archive; those that a desktop adds for itself do not count."""
    with zipfile.ZipFile(path) as archive:  # what is opened in it keeps the file open
        names = [
            each for each in archive.namelist() if not each.endswith(("/", ".DS_Store")) and "__MACOSX/" not in each
        ]
        if len(names) == 1:
            return archive.open(names[0])
    raise UserError(
        _("{name} holds several files, or none: {names}").format(name=path.name, names=examples(names)),
        str(path),
        _("unpack it, and give the table that is in it"),
    )


PACKED: dict[str, Callable[[pathlib.Path], Any]] = {
    ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open, ".zst": _zstandard, ".zip": _only_one,
}  # fmt: skip


def bare(path: pathlib.Path) -> pathlib.Path:
    """The path less the suffix that says how the file is compressed."""
    return path.with_suffix("") if path.suffix.lower() in PACKED else path


def opened(path: pathlib.Path) -> BinaryIO:
    """The bytes of a file, unpacked where its suffix says that it is compressed. It cannot be wound back.

    Reading raises UserError where a compressed file is damaged, and where it becomes so much larger than it is that
    nobody can have meant it (`check_size`).
    """
    unpack = PACKED.get(path.suffix.lower())
    if unpack is None:
        return path.open("rb")
    path.open("rb").close()  # that it may not be read is told as for any file
    return io.BufferedReader(_Unpacked(path, unpack), BLOCK)


def check_size(path: pathlib.Path, unpacked: int, ratio: int | None = None) -> None:
    """Raises UserError if a file becomes `unpacked` bytes, and that is beyond what tables can be compressed: more than
    `MOST` bytes, and more than `ratio` (by default `RATIO`) times its size."""
    if unpacked <= MOST:
        return
    size = path.stat().st_size
    most = max(MOST, (RATIO if ratio is None else ratio) * size)
    if unpacked > most:
        raise UserError(
            _("{name} has {size:,} bytes and would become more than {most:,}").format(
                name=path.name, size=size, most=most
            ),
            str(path),
            _("if it is meant to hold so much, write its rows as CSV or JSON lines without compression"),
        )


class _Unpacked(io.RawIOBase):
    def __init__(self, path: pathlib.Path, unpack: Callable[[pathlib.Path], Any]) -> None:
        self._path, self._unpack, self._given = path, unpack, 0
        self._inner: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            self._inner = self._inner or self._unpack(self._path)
            block = self._inner.read(len(buffer))
        except ERRORS as error:
            ending = self._path.suffix
            raise UserError(
                _("{name} cannot be unpacked: {error}").format(name=self._path.name, error=error),
                str(self._path),
                _("make it again; or if it is not compressed, take {ending} off its name").format(ending=ending),
            ) from error
        self._given += len(block)
        check_size(self._path, self._given)
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if self._inner and not self.closed:
            self._inner.close()
        super().close()
