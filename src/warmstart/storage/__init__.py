"""The one place that writes to the disk: a file or a folder appears whole or not at all.

`folders`: checkpoints and other folders with a manifest; `files`: single files; `manifest`: what a folder's files must
be; `cache`: folders that can be made again, `sums`: what their files must be; `operations`: what changes a run, each
telling `watchers` first; `locks`: of folders.
"""

from warmstart.storage.cache import cache_folder
from warmstart.storage.files import append_line, read_json, replace_json, write_json, write_lines, write_text
from warmstart.storage.folders import (
    DAMAGED,
    REPLACED,
    is_in_the_making,
    make_folder,
    new_files,
    new_folder,
    recover,
    remove,
    set_aside,
)
from warmstart.storage.locks import locked
from warmstart.storage.manifest import MANIFEST, seal, verify
from warmstart.storage.operations import UNFINISHED, Damaged, watchers
from warmstart.storage.sums import is_whole

__all__ = [
    "DAMAGED",
    "MANIFEST",
    "REPLACED",
    "UNFINISHED",
    "Damaged",
    "append_line",
    "cache_folder",
    "is_in_the_making",
    "is_whole",
    "locked",
    "make_folder",
    "new_files",
    "new_folder",
    "read_json",
    "recover",
    "remove",
    "replace_json",
    "seal",
    "set_aside",
    "verify",
    "watchers",
    "write_json",
    "write_lines",
    "write_text",
]
