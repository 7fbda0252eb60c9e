"""log.jsonl: everything that was logged, one JSON object a line, as it happens."""

import pathlib
from typing import Any

from transformers.trainer_callback import TrainerCallback

from warmstart import storage


class Journal(TrainerCallback):  # type: ignore[misc]
    """Keeps `path` equal to the run's history: rewritten when training begins (a resumed run forgets what came after
    its checkpoint), then a line for each log. `header` is the first line, if it is set before training begins."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.header: dict[str, Any] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            storage.write_lines(self.path, [*([self.header] if self.header else []), *state.log_history])

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero and state.log_history:
            storage.append_line(self.path, state.log_history[-1])
