"""Errors for whole files, whoever finds them out."""

import pathlib

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.table.reading.encodings import encoding_name
from warmstart.table.reading.lines import on_lines


def not_in(path: pathlib.Path, place: str, encoding: str, suggested: str | None) -> UserError:
    """The error for bytes that do not decode, with the encoding that they seem to be in."""
    fix = _("name the right encoding with --encoding")
    if suggested:
        fix = _("it looks like {suggested}: say --encoding {suggested}, or save the file as UTF-8").format(
            suggested=suggested
        )
    return UserError(
        _("{name} is not in {encoding}: {place} does not decode").format(
            name=path.name, encoding=encoding, place=place
        ),
        str(path),
        fix,
    )


def half_a_character(path: pathlib.Path, at: int, line: int, encoding: str) -> UserError:
    """The error for what is written where one character is taken for two; no other encoding reads it rightly."""
    fix = _("mend the line, or write the file again from its source")
    if encoding_name(encoding) != "utf-8":
        fix += _("; or it is not in {encoding}: see --encoding").format(encoding=encoding)
    return UserError(
        _("{name} holds half a character (a lone surrogate) at byte {at:,}").format(name=path.name, at=at),
        on_lines(path, line),
        fix,
    )


def empty(path: pathlib.Path) -> UserError:
    """The error for a file with nothing in it."""
    return UserError(_("{name} is empty").format(name=path.name), str(path), _("give another file"))


def unreadable(path: pathlib.Path, error: OSError) -> UserError:
    """The error for a file that the system does not let us read."""
    return UserError(
        _("cannot read {name}: {reason}").format(name=path.name, reason=error.strerror or error),
        str(path),
        _("give a file that you may read"),
    )


def changed(*paths: pathlib.Path) -> UserError:
    """The error for files that are not what they were a moment ago."""
    return UserError(
        _("a file changed while it was read"),
        ", ".join(map(str, paths)),
        _("run again once it is complete"),
    )
