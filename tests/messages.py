"""Brings the catalogue of translations to what the code says, and compiles it.

    python -m tests.messages        (or: make messages)

New sentences are added without a translation, those that the code no longer has are taken out, and one that was changed
keeps its old translation, marked fuzzy. tests/test_messages.py fails until somebody has seen to each of them.
"""

import inspect
import io
import pathlib
from collections.abc import Iterator

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import warmstart
from warmstart.cli.app import build
from warmstart.messages import in_language

SOURCE = pathlib.Path(warmstart.__file__).parent
FOLDER = SOURCE / "locale" / "zh_CN" / "LC_MESSAGES"
PO, MO = FOLDER / "warmstart.po", FOLDER / "warmstart.mo"


def helps() -> Iterator[tuple[str, str]]:
    """(file, English) of the help of each command: its docstring."""
    with in_language("en"):
        app = build()
    for name in app:
        if not name.startswith("-"):
            command = inspect.unwrap(app[name].default_command)
            yield (
                pathlib.Path(inspect.getfile(command)).relative_to(SOURCE.parent).as_posix(),
                inspect.getdoc(command) or "",
            )


def said() -> Catalog:
    """All that the code says, in English."""
    found = Catalog(domain="warmstart", project="warmstart", locale="zh_CN")
    for path in sorted(SOURCE.rglob("*.py")):
        for _line, message, _comments, context in extract_from_file("python", path, DEFAULT_KEYWORDS):
            found.add(message, locations=[(path.relative_to(SOURCE.parent).as_posix(), 1)], context=context)
    for name, message in helps():
        found.add(message, locations=[(name, 1)])
    return found


def translated() -> Catalog:
    """The catalogue as it is."""
    with PO.open("rb") as file:
        return read_po(file, locale="zh_CN", domain="warmstart")


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as `gettext` reads it."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def main() -> None:
    catalogue, template = translated(), said()
    template.creation_date = catalogue.creation_date  # or each call would change the file
    catalogue.update(template, update_creation_date=False)
    with PO.open("wb") as file:
        write_po(file, catalogue, width=100, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    MO.write_bytes(compiled(translated()))
    missing = [message.id for message in catalogue if message.id and (not message.string or message.fuzzy)]
    print(f"{len(catalogue)} sentences; to be translated: {len(missing)}")
    for each in missing:
        print(f"  {each!r}")


if __name__ == "__main__":
    main()
