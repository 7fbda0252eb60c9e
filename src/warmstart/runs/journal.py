"""log.jsonl: everything that was logged, one JSON object a line, as it happens."""

import pathlib
from typing import Any

from warmstart import storage
from warmstart.events import Event, Failed, Metrics, Started, TechniquesOn


class Journal:
    """A listener that keeps `path` equal to the run's history: rewritten when training begins (a resumed run forgets
    what came after its checkpoint), then a line for each log. The first line says what makes the run fast."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._header: dict[str, Any] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case TechniquesOn():
                self._header = {"shape": event.shape, **event.facts}
            case Started():
                storage.write_lines(self.path, [self._header, *event.history])
            case Metrics():
                storage.append_line(self.path, event.values)
            case Failed():
                storage.append_line(self.path, {"failed": event.problem})
