"""What the user reads, in the user's language: gettext. The code has the English, `locale/` the translations.

    _("there is no column {name!r}").format(name=name)
    ngettext("{count:,} row", "{count:,} rows", count).format(count=count)

A sentence is translated when it is shown, never when a module is imported; one that is written down at import is marked
by `N_` and goes through `_` where it is shown. `make messages` brings new sentences into the catalogue.
"""

import contextlib
import contextvars
import functools
import gettext
import locale
import os
import pathlib
from collections.abc import Iterator

LOCALE = pathlib.Path(__file__).parent / "locale"
CATALOGUES = {"zh": "zh_CN"}  # of the languages other than English, the folder in `locale`

_chosen: contextvars.ContextVar[str | None] = contextvars.ContextVar("language", default=None)


def language() -> str:
    """`"zh"` or `"en"`: the one of `in_language`, else `WARMSTART_LANG`, else the locale's language, else English."""
    wanted = _chosen.get() or os.environ.get("WARMSTART_LANG") or locale.getlocale()[0] or ""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        wanted = wanted if wanted and wanted != "C" else os.environ.get(name, "")
    return "zh" if wanted.lower().startswith(("zh", "chinese")) else "en"


@contextlib.contextmanager
def in_language(name: str) -> Iterator[None]:
    """Messages of the block, in this thread or task alone, are in this language: `"en"`, `"zh"`, `"zh-CN"` ..."""
    before = _chosen.set(name)
    try:
        yield
    finally:
        _chosen.reset(before)


def _(message: str) -> str:
    """The message in the user's language."""
    found = _catalogue(language())
    return found.gettext(message) if found and message else message  # of "" there is the catalogue's head


def ngettext(one: str, many: str, count: int) -> str:
    """`one` if `count` is 1, else `many`, in the user's language."""
    found = _catalogue(language())
    return found.ngettext(one, many, count) if found else one if count == 1 else many


def pgettext(context: str, message: str) -> str:
    """`_` for a message that is translated in one way here and in another elsewhere."""
    found = _catalogue(language())
    return found.pgettext(context, message) if found else message


def N_(message: str) -> str:
    """The message as it is: a mark that it has a translation, for what is written down where modules are imported."""
    return message


@functools.cache
def _catalogue(name: str) -> gettext.GNUTranslations | None:
    """The translations into a language, read at the first message; None for English, which needs none."""
    if name not in CATALOGUES:
        return None
    with (LOCALE / CATALOGUES[name] / "LC_MESSAGES" / "warmstart.mo").open("rb") as file:
        return gettext.GNUTranslations(file)
