"""Tables at an address, such as https://... or s3://...: fetched for the time of reading, and not kept."""

import pathlib
import re
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from warmstart.errors import UserError, first_line
from warmstart.messages import _

TIMEOUT = 60.0  # seconds without a byte
BLOCK = 1 << 20  # bytes
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://.+")


def is_address(source: str) -> bool:
    """Whether a source is an address and no path."""
    return _ADDRESS.fullmatch(source) is not None


@contextmanager
def fetched(address: str) -> Iterator[pathlib.Path]:
    """A file with what is at the address, under the name that it has there, for as long as the block lasts.

    What goes wrong with that file inside is told with the address. Raises UserError if the address cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="warmstart-") as folder:
        path = pathlib.Path(folder, _name(address))
        with path.open("wb") as file:
            for block in _blocks(address):
                file.write(block)
        try:
            yield path
        except UserError as error:
            raise UserError(error.problem, error.where.replace(str(path), address), error.fix) from error


def _name(address: str) -> str:
    path = urllib.parse.unquote(urllib.parse.urlsplit(address).path if "#" in address or "?" in address else address)
    return re.sub(r"[^\w.,+=@ -]", "_", path.rstrip("/").rpartition("/")[2])[-200:].lstrip(".") or "table"


def _blocks(address: str) -> Iterator[bytes]:
    given, expected = 0, None
    try:
        with _opened(address) as file:
            length = getattr(file, "headers", {}).get("Content-Length")
            expected = int(length) if length and length.isdigit() else None
            while block := file.read(BLOCK):
                given += len(block)
                yield block
    except UserError:
        raise
    except Exception as error:  # each file system has its own
        told = _("there is nothing there") if isinstance(error, FileNotFoundError) else first_line(error)
        raise _unreachable(address, told) from error
    if expected is not None and given < expected:  # a connection that ends too early is no error to the library
        told = _("only {given:,} of {expected:,} bytes came").format(given=given, expected=expected)
        raise _unreachable(address, told)


def _unreachable(address: str, told: str) -> UserError:
    return UserError(
        _("the address cannot be read: {told}").format(told=told),
        address,
        _("see that it is right and asks for no login; or download the file and give its path"),
    )


@contextmanager
def _opened(address: str) -> Iterator[Any]:
    if address.lower().startswith(("http://", "https://")):
        request = urllib.request.Request(address, headers={"User-Agent": "warmstart"})
        try:
            file = urllib.request.urlopen(request, timeout=TIMEOUT)  # nosec B310 # the scheme is known
        except urllib.error.HTTPError as error:
            error.close()  # it is an answer, too, and holds the connection
            raise
        with file:
            yield file
        return
    import fsspec

    try:
        with fsspec.open(address, "rb") as file:
            yield file
    except ImportError as error:
        package = re.search(r"[Ii]nstall (?:the )?['\"]?([a-z][\w-]*)", str(error))
        raise UserError(
            _("what reads {scheme}:// is not installed ({error})").format(
                scheme=address.partition("://")[0], error=first_line(error)
            ),
            address,
            _("pip install {package}, or download the file and give its path").format(
                package=package[1] if package else "fsspec"
            ),
        ) from error
