"""Paths in a file that may be moved: they start from the folder that it lies in."""

import os
import pathlib


def expanded(name: str | pathlib.Path) -> pathlib.Path:
    """A path with the ~ at its beginning written out, which a shell does not do in `--out=~/x`. That of a user who is
    not known stays as it is."""
    return pathlib.Path(os.path.expanduser(name))


def exists(path: pathlib.Path) -> bool:
    """Whether a file or folder is there; also of what cannot be a path, such as a text of a thousand characters."""
    return os.path.exists(path)


def relative(name: str, folder: str | pathlib.Path) -> str:
    """A path as it is written into a file in `folder`; what is not on this machine, such as a Hub id, as it is."""
    path = expanded(name)
    if not name or not exists(path):
        return name
    return pathlib.Path(os.path.relpath(_without_links(path), os.path.realpath(folder))).as_posix()


def resolved(name: object, folder: str | pathlib.Path) -> object:
    """What `relative` was given, as seen from the current folder.

    What is not there stays as it is, unless it can only have been a path from `folder`: so that what says that it is
    missing names the right place.
    """
    if not isinstance(name, str) or not name:
        return name
    path = pathlib.Path(folder) / name
    if exists(path) or (name.startswith("../") and not exists(pathlib.Path(name))):
        place = _without_links(path)
        return str(place.relative_to(pathlib.Path.cwd()) if place.is_relative_to(pathlib.Path.cwd()) else place)
    return name


def _without_links(path: pathlib.Path) -> pathlib.Path:
    """Absolute, through the links on the way but not through the last: its own name says what kind of file it is."""
    return pathlib.Path(os.path.normpath(os.path.realpath(path.parent) + os.sep + path.name))
