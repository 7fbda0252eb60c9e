"""A model of a disk that loses what was not flushed: which states can it be in after the power has gone?

A file's content lasts once the file has been flushed; a folder's entries last once the folder has been flushed. Until
then the content may be there, be cut, be zeros, or be missing; and of the changes of names, some may have reached the
disk.
"""

import dataclasses
import itertools
import os
import pathlib
from collections.abc import Iterator

Names = dict[str, int]  # in one folder: name -> inode
Change = tuple[int, str, int | None]  # in the folder of this inode, this name now means this inode, or nothing
Tree = dict[str, bytes | None]  # relative path -> content; None: a folder
MOST_CHANGES = 4  # of names, whose every subset is tried; of more, every beginning


@dataclasses.dataclass
class Disk:
    """Follows the operations of the storage module in the folder `root`: call `before` for each of them."""

    root: pathlib.Path
    content: dict[int, bytes] = dataclasses.field(default_factory=dict)  # inode of a file -> what lasts of it
    names: dict[int, Names] = dataclasses.field(default_factory=dict)  # inode of a folder -> its entries that last
    pending: list[Change] = dataclasses.field(default_factory=list)
    seen: dict[int, Names] = dataclasses.field(default_factory=dict)  # inode of a folder -> its entries
    handles: dict[int, int] = dataclasses.field(default_factory=dict)  # held, so that no inode is given twice
    flushing: pathlib.Path | None = None

    def before(self, operation: str, path: pathlib.Path) -> None:
        """The operation before this one has been done; look at what it has changed."""
        for each in (self.root, *self.root.rglob("*")):
            if each.stat().st_ino not in self.handles:
                self.handles[each.stat().st_ino] = os.open(each, os.O_RDONLY)
        now = {
            folder.stat().st_ino: {each.name: each.stat().st_ino for each in sorted(folder.iterdir())}
            for folder in (self.root, *self.root.rglob("*"))
            if folder.is_dir()
        }
        for folder, entries in now.items():
            was = self.seen.get(folder, {})
            self.pending += [(folder, name, None) for name in was if name not in entries]
            self.pending += [(folder, name, inode) for name, inode in entries.items() if was.get(name) != inode]
        self.seen |= now
        if self.flushing is not None and self.flushing.exists():
            self._flushed(self.flushing)
        self.flushing = path if operation == "flush" else None

    def _flushed(self, path: pathlib.Path) -> None:
        inode = path.stat().st_ino
        if path.is_dir():
            self.names[inode] = dict(self.seen[inode])
            self.pending = [change for change in self.pending if change[0] != inode]
        else:
            self.content[inode] = path.read_bytes()

    def states(self) -> Iterator[Tree]:
        """What the disk may hold if the power goes now."""
        numbers = range(len(self.pending))
        every = [some for size in range(len(numbers) + 1) for some in itertools.combinations(numbers, size)]
        beginnings = [tuple(range(size)) for size in range(len(numbers) + 1)]
        for chosen in every if len(numbers) <= MOST_CHANGES else beginnings:
            names = {folder: dict(entries) for folder, entries in self.names.items()}
            for folder, name, inode in (self.pending[number] for number in chosen):
                if inode is None:
                    names.setdefault(folder, {}).pop(name, None)
                else:
                    names.setdefault(folder, {})[name] = inode
            for how in ("whole", "missing", "cut", "zeros"):
                yield dict(self._tree(self.root.stat().st_ino, "", names, how))

    def _tree(self, folder: int, path: str, names: dict[int, Names], how: str) -> Iterator[tuple[str, bytes | None]]:
        for name, inode in sorted(names.get(folder, {}).items()):
            here = path + name
            if inode in names or inode in self.seen:
                yield here, None
                yield from self._tree(inode, here + "/", names, how)
            elif inode in self.content:
                yield here, self.content[inode]
            else:
                written = os.pread(self.handles[inode], 2**20, 0)
                lost = {"whole": written, "missing": b"", "cut": written[: len(written) // 2]}
                yield here, lost.get(how, bytes(len(written)))

    def close(self) -> None:
        for handle in self.handles.values():
            os.close(handle)


def put(tree: Tree, place: pathlib.Path) -> None:
    """Make `place` hold a tree."""
    for path, content in tree.items():
        if content is None:
            (place / path).mkdir()
        else:
            (place / path).write_bytes(content)
