"""What a disk, a crash or a person does to a file: changes to try on caches, checkpoints and models."""

import os
import pathlib
import shutil
from collections.abc import Callable

Change = Callable[[pathlib.Path], None]


def _rewrite(change: Callable[[bytes], bytes]) -> Change:
    def rewrite(path: pathlib.Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return rewrite


def flipped(share: float) -> Change:
    """One bit, at a share of the file's length."""

    def flip(content: bytes) -> bytes:
        place = min(int(len(content) * share), len(content) - 1)
        return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]

    return _rewrite(flip)


def _instead(make: Callable[[pathlib.Path], object]) -> Change:
    """Something else in the file's place."""

    def replace(path: pathlib.Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
        make(path)

    return replace


# Each leaves something that is not what was there, and of which no byte is needed to say so.
CHANGES: dict[str, Change] = {
    "first bit": flipped(0.0),
    "a bit in the middle": flipped(0.5),
    "a bit near the end": flipped(0.95),
    "last bit": flipped(1.0),
    "second half zero": _rewrite(lambda content: content[: len(content) // 2] + bytes(-(-len(content) // 2))),
    "all zero": _rewrite(lambda content: bytes(len(content))),
    "shifted by a byte": _rewrite(lambda content: content[1:] + content[:1]),
    "shifted by eight bytes": _rewrite(lambda content: content[8:] + content[:8]),
    "back to front": _rewrite(lambda content: content[::-1]),
    "cut in half": _rewrite(lambda content: content[: len(content) // 2]),
    "a byte short": _rewrite(lambda content: content[:-1]),
    "a byte more": _rewrite(lambda content: content + b"\0"),
    "twice": _rewrite(lambda content: content * 2),
    "empty": _rewrite(lambda content: b""),
    "a pickle": _rewrite(lambda content: b"\x80\x04\x95\x1c\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."),
    "gone": lambda path: path.unlink(),
    "a folder": _instead(pathlib.Path.mkdir),
    "a pipe": _instead(os.mkfifo),
    "a device": _instead(lambda path: path.symlink_to("/dev/zero")),
    "a link to nowhere": _instead(lambda path: path.symlink_to("nowhere")),
    "a link to itself": _instead(lambda path: path.symlink_to(path.name)),
}
