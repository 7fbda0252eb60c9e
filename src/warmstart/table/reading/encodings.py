"""Names of encodings, and guessing that of a file that is not UTF-8, so that the error can suggest one."""

import codecs

from warmstart.errors import UserError
from warmstart.messages import _

CONTINUING = bytes(range(0x80, 0xC0))  # what UTF-8 has inside a character only
SAMPLE = 1 << 20  # bytes looked at: enough for any text, little enough to be instant


def encoding_name(encoding: str) -> str:
    """Python's own name of an encoding (`UTF8` and `utf-8` are one). Raises UserError if there is none."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)  # refuses the codecs that are not encodings of text, such as base64
    except LookupError:
        raise UserError(
            _("there is no encoding named {encoding!r}").format(encoding=encoding),
            fix=_("for example: utf-8, gb18030, cp1252, utf-16"),
        ) from None
    return "utf-8" if name == "utf-8-sig" else name


def from_mark(head: bytes) -> str | None:
    """The encoding that a byte-order mark announces, or that zero bytes in every other place betray. None: neither."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0::2], head[1::2]
    if len(head) < 4 or head.count(0) < len(head) / 8:  # a stray zero byte is no encoding
        return None
    if even.count(0) == 0:
        return "utf-16-le"
    return "utf-16-be" if odd.count(0) == 0 else None


def guess(sample: bytes) -> str:
    """`"gb18030"` or `"cp1252"` (`"latin-1"` where cp1252 leaves a byte undefined): the likelier for bytes not UTF-8.

    Nearly all Chinese text is of the first level of GB2312, pairs of bytes from A1A1 to D7FE. The accented letters of
    cp1252 mostly stand between ASCII letters, with which GB18030 joins them to pairs outside GB2312, and two of them
    side by side (ö and ß) are of the second level.
    """
    decoded = _decoded(sample, "gb18030")
    if decoded is not None:
        foreign = [character for character in decoded if character > "\x7f"]
        common = sum(_is_common(character) for character in foreign)
        if foreign and common > 0.8 * len(foreign):
            return "gb18030"
    return "cp1252" if _decoded(sample, "cp1252") is not None else "latin-1"


def is_surrogate(error: UnicodeDecodeError, sample: bytes) -> bool:
    """Whether bytes do not decode because they stand for half a character. `sample`: bytes on both sides of them.

    In UTF-8 that is so if nothing else is wrong with the sample: the same bytes can be a letter or two of cp1252.
    """
    if error.encoding == "utf-8":
        return _decoded(sample, "utf-8", "surrogatepass") is not None
    return "surrogate" in error.reason or error.reason == "illegal encoding"  # the two halves of UTF-16


def _decoded(sample: bytes, encoding: str, errors: str = "strict") -> str | None:
    try:
        # Not final: the sample may end inside a character.
        return codecs.getincrementaldecoder(encoding)(errors).decode(sample)
    except UnicodeDecodeError:
        return None


def _is_common(character: str) -> bool:
    try:
        return character.encode("gb2312") <= b"\xd7\xfe"
    except UnicodeEncodeError:
        return False
