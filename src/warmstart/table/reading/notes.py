"""What a reader decides for the user and does not refuse: a sentence that goes with the rows, through the cache too."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_KEY = b"warmstart.notes"  # in the metadata of a schema


@dataclass(frozen=True)
class Note:
    """An English sentence, marked by `N_`, and what fills its placeholders: translated when it is shown.

    {name} is filled then too, with the name of the file: rows are found again for a file that holds the same.
    """

    sentence: str
    values: dict[str, str | int] = field(default_factory=dict)


def attached(schema: "pa.Schema", notes: Iterable[Note]) -> "pa.Schema":
    """The schema with the notes in its metadata."""
    listed = [[note.sentence, note.values] for note in notes]
    return schema.with_metadata({**(schema.metadata or {}), _KEY: json.dumps(listed).encode()}) if listed else schema


def of(schema: "pa.Schema") -> tuple[Note, ...]:
    """The notes in a schema's metadata."""
    return tuple(Note(*each) for each in json.loads((schema.metadata or {}).get(_KEY, b"[]")))
