"""log.jsonl: everything that was logged, one JSON object a line, as it happens."""

import pathlib
from typing import Any

from warmstart import storage
from warmstart.events import Event, Failed, Metrics, Started, TechniquesOn


class Journal:
    """A listener that keeps `path` equal to the run's history: rewritten when training begins (a resumed run forgets
    what came after its checkpoint), then a line for each log. The first line says what makes the run fast. Where
    somebody removes it meanwhile it is written again, whole: nobody loses a training by that."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._lines: list[dict[str, Any]] = [{}]

    def __call__(self, event: Event) -> None:
        match event:
            case TechniquesOn():
                self._lines = [{"shape": event.shape, **event.facts}]
            case Started():
                self._lines += event.history
                storage.write_lines(self.path, self._lines)
            case Metrics():
                self._append(event.values)
            case Failed():
                self._append({"failed": event.problem})

    def _append(self, line: dict[str, Any]) -> None:
        self._lines.append(line)
        if self.path.exists():
            storage.append_line(self.path, line)
        else:
            storage.make_folder(self.path.parent)
            storage.write_lines(self.path, self._lines)
