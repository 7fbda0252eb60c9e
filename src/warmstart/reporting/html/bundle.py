"""The script that draws charts: Vega, as vl-convert carries it, made once for each version and kept."""

import contextlib
import functools
import importlib.metadata
import os
import pathlib

from warmstart import storage
from warmstart.errors import UserError

NAME = "charts.js"


def installed() -> bool:
    """Whether the extra `warmstart[report]` is there."""
    try:
        for package in ("altair", "vl-convert-python"):
            importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


@functools.cache
def script() -> str:
    """The whole script, which sets `vegaEmbed`. Making it takes seconds; it is kept in the cache of Hugging Face, and
    where that cannot be written to it is made anew."""
    version = importlib.metadata.version("vl-convert-python")
    folder = _home() / "warmstart" / f"charts-{version}"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if storage.is_whole(folder):
            return (folder / NAME).read_text(encoding="utf-8")
    made = _made()
    with contextlib.suppress(UserError, OSError), storage.cache_folder(folder) as work:
        (work / NAME).write_text(made, encoding="utf-8", newline="\n")
    return made


def _home() -> pathlib.Path:
    return pathlib.Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()


def _made() -> str:
    import vl_convert

    # Inside a page: no end of line that a browser would change, and nothing that ends a script.
    made = str(vl_convert.javascript_bundle())  # type: ignore[call-arg] # its stub lacks the default
    return made.replace("\r\n", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")
