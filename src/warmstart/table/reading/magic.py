"""What a file is, by its first bytes."""

import pathlib
import re
import zipfile

from warmstart.messages import N_

HEAD = 512  # bytes that are enough

# (pattern, what it is, the suffix under which we would read it; "." of what is to be unpacked)
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (rb"PAR1", N_("a Parquet file"), ".parquet"),
    (rb"ARROW1\0\0|\xff\xff\xff\xff", N_("an Arrow file"), ".arrow"),
    (rb"\x80[\x02-\x05]|[\]}]q\0|\([ld]p\d*\n|c[\w.]+\n\w+\np\d+\n", N_("a Python pickle"), ""),
    (rb"PK(\x03\x04|\x05\x06)", N_("a zip archive"), "."),
    (rb"\xd0\xcf\x11\xe0", N_("an old Office file"), ".xls"),
    (rb"\x1f\x8b", N_("a compressed file"), ".gz"),
    (rb"BZh[1-9]1AY", N_("a compressed file"), ".bz2"),
    (rb"\xfd7zXZ\0", N_("a compressed file"), ".xz"),
    (rb"\x28\xb5\x2f\xfd", N_("a compressed file"), ".zst"),
    (rb"7z\xbc\xaf|Rar!\x1a", N_("a compressed file"), "."),
    (rb"\x7fELF|MZ[^\n]{0,62}\0|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe|#!/", N_("an executable"), ""),
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|%PDF-", N_("an image or a PDF"), ""),
    (rb"\x93NUMPY|\x89HDF|SQLite format 3\0", N_("a binary file of another kind"), ""),
    (rb"\s*<(!doctype html|html)", N_("a web page"), ""),
    (rb"\s*<\?xml", N_("an XML file"), ""),
    (rb"(?s:.{257})ustar", N_("a tar archive"), "."),
)  # fmt: skip


def of(path: pathlib.Path, head: bytes) -> tuple[str, str] | None:
    """(what it is, in English and marked by `N_`, and the suffix under which it is read) of a file that begins with
    `head`; None for what may be text. Without a suffix it is not read; "." means that it is to be unpacked."""
    for pattern, what, suffix in _MAGIC:
        if re.match(pattern, head[:HEAD], re.IGNORECASE if b"html" in pattern else 0):
            return (_office(path) if head[:2] == b"PK" else None) or (what, suffix)
    return None


def _office(path: pathlib.Path) -> tuple[str, str] | None:
    """What an office program has written as a zip archive; None for any other archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return None
    if "xl/workbook.xml" in parts:
        return N_("an Excel workbook"), ".xlsx"
    if "[Content_Types].xml" in parts or "mimetype" in parts:
        return N_("an office file that cannot be read"), ""
    return None
