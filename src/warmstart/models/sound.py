"""The files of a checkpoint, before any library opens them: of the right kind, of a size that can be read, and sound.

Whoever made a checkpoint is not known. A pipe never ends, a device is never read to its end, JSON may be nested until a
parser gives up, and a line of a configuration may ask for more memory than there is.
"""

import fnmatch
import json
import os
import pathlib
import re
import stat
from collections.abc import Iterator
from typing import Any

from warmstart.errors import UserError, first_line
from warmstart.messages import N_, _

MANY, SOME = 1 << 29, 1 << 26  # bytes: of a file with a vocabulary, and of one with settings
DEEPEST = 64  # of what is nested in JSON: configurations have three or four levels
HELD_OUT = "held_out.json"  # what a run has kept of its held-out rows, to promise a share of errors
READ = (  # the names of files that are opened where a model or a tokenizer is loaded
    *("*.safetensors", "*.safetensors.index.json", "config.json", "generation_config.json", "adapter_*"),
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "chat_template*", "vocab*", "merges.txt"),
    *("*.model", HELD_OUT),
)
FIX = N_(
    "give a folder that holds a saved model, a Hub id that is cached or can be reached, or leave "
    "--model out to use a packaged one"
)
WEIGHTS_OF = re.compile(r"(^|\.)(weight|bias)$")
FLOATS = ("F64", "F32", "F16", "BF16")
COUNTS = re.compile(r"layer|block|depth|head|group|expert|stage|labels")  # of what is built one by one
NEVER_NEGATIVE = re.compile(r"^(num|n)_|(layers|heads|labels)$")  # while a `feature_layer` may be counted from the end
MOST_SHOWN = 80  # characters of a value
MOST = 100_000  # of such; the largest model has a few hundred layers


def refused(name: str, why: str, file: str = "") -> UserError:
    """That checkpoint `name` cannot be loaded, because of `file` in it."""
    where = os.path.join(name, file) if file and not os.path.isfile(name) else json.dumps(name, ensure_ascii=False)
    return UserError(_("the model {name!r} cannot be loaded: {why}").format(name=name, why=why), where, _(FIX))


def check_files(name: str, folder: pathlib.Path) -> None:
    """Raises UserError for a pipe or a device in `folder`, and for settings or vocabularies of a size that nobody has.
    What is not there, or a folder where a file should be, is for those to complain about who load it."""
    try:
        found = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise refused(name, error.strerror or str(error)) from error
    for entry in found:
        try:
            seen = entry.stat()
        except OSError:  # a link to nowhere
            continue
        if not stat.S_ISREG(seen.st_mode) and not stat.S_ISDIR(seen.st_mode):
            raise refused(name, _("{file} is a pipe or a device").format(file=entry.name), entry.name)
        if is_read(entry.name) and seen.st_size > _most(entry.name):
            size = f"{seen.st_size:,}"
            raise refused(name, _("{file} has {size} bytes").format(file=entry.name, size=size), entry.name)


def is_read(file: str) -> bool:
    """Whether a file of that name may be opened where a model or a tokenizer is loaded."""
    return any(fnmatch.fnmatchcase(file, pattern) for pattern in READ)


def _most(file: str) -> int:
    if file.endswith(".safetensors"):
        return 1 << 62
    return SOME if file.endswith(".json") and file not in ("tokenizer.json", "vocab.json") else MANY


def read(name: str, path: pathlib.Path) -> dict[str, Any]:
    """A JSON object of checkpoint `name`. Raises UserError if the file holds none, or one nested deeper than any that a
    library writes."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise refused(name, f"{path.name}: {error.strerror}", path.name) from error
    except (ValueError, RecursionError, MemoryError) as error:
        why = _("{file} is not JSON that can be read ({error})").format(file=path.name, error=first_line(error))
        raise refused(name, why, path.name) from error
    if not isinstance(content, dict):
        raise refused(name, _("{file} holds no JSON object").format(file=path.name), path.name)
    if not _is_shallow(content):
        raise refused(name, _("{file} is nested too deep").format(file=path.name), path.name)
    return content


def _is_shallow(content: Any) -> bool:
    level = [content]
    for _unused in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return True
    return False


def _inside(content: Any) -> Iterator[Any]:
    return iter(content.values() if isinstance(content, dict) else content)


def check_counts(name: str, file: str, entries: Iterator[tuple[str, str, Any]]) -> None:
    """Raises UserError for a configuration that names more layers, heads or labels than any model has, or fewer than
    none: they would be built one by one before anything else is looked at."""
    for place, key, value in entries:
        if not isinstance(value, int) or not COUNTS.search(key):
            continue
        if value > MOST or (value < 0 and NEVER_NEGATIVE.search(key)):
            why = _("{place} is {value} in {file}").format(place=place, value=str(value)[:MOST_SHOWN], file=file)
            raise refused(name, why, file)


def shards(name: str, path: pathlib.Path) -> list[str]:
    """The files that an index says the weights are in. Raises UserError for an index that is none, and for a file that
    is not beside it."""
    listed = read(name, path).get("weight_map")
    files = set(map(str, listed.values())) if isinstance(listed, dict) else set()
    if not files:
        raise refused(name, _("{file} lists no weights").format(file=path.name), path.name)
    outside = next((file for file in sorted(files) if os.path.basename(file) != file), None)
    if outside is not None:
        why = _("{file} names a file elsewhere, {outside}").format(file=path.name, outside=outside[:MOST_SHOWN])
        raise refused(name, why, path.name)
    return sorted(files)


def tensors(name: str, path: pathlib.Path) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor in a file of weights, of which only the header is read. Raises UserError for one that is
    damaged, and for weights that are no floating-point numbers."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            slices = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118 # it is no mapping
            dtypes = {key: part.get_dtype() for key, part in slices.items()}
            shapes = {key: tuple(part.get_shape()) for key, part in slices.items()}
    except (SafetensorError, OSError, MemoryError, ValueError) as error:
        raise refused(name, f"{path.name}: {first_line(error)}", path.name) from error
    odd = next((key for key, dtype in dtypes.items() if WEIGHTS_OF.search(key) and dtype not in FLOATS), None)
    if odd is not None:
        why = _("{tensor} is of type {kind}, which weights are not").format(tensor=odd, kind=dtypes[odd])
        raise refused(name, why, path.name)
    return shapes
