"""How far training is: a bar in a terminal, plain lines in a log, the widget of `transformers` in a notebook."""

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

from transformers.trainer_callback import TrainerCallback
from transformers.utils import is_in_notebook

from warmstart.errors import text

PLAIN_SECONDS = 10.0  # between two lines in a log


def progress_callback() -> Any:
    """The callback for where the output goes."""
    if is_in_notebook():
        from transformers.utils.notebook import NotebookProgressCallback

        return NotebookProgressCallback
    return TerminalProgress if sys.stderr.isatty() else PlainProgress


@contextlib.contextmanager
def put_away(callbacks: Iterable[Any]) -> Iterator[None]:
    """However the block ends, no bar is left in the terminal: a traceback would be drawn over, the cursor be gone."""
    try:
        yield
    finally:
        for callback in callbacks:
            if isinstance(callback, _Counted):
                callback.stop()


class _Counted(TrainerCallback):  # type: ignore[misc]
    """What both ways of showing progress know: updates done, the last logged loss, rows a second, time left."""

    def __init__(self) -> None:
        self.loss: float | None = None
        self.began = 0.0
        self.first = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.began, self.first = time.monotonic(), state.global_step
        self.start(state)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            elapsed = time.monotonic() - self.began
            per_update = elapsed / max(state.global_step - self.first, 1)
            rows = args.train_batch_size * args.gradient_accumulation_steps * args.world_size / max(per_update, 1e-9)
            self.show(state, rows, per_update * (state.max_steps - state.global_step))

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        self.loss = (logs or {}).get("loss", self.loss)
        scores = {name: value for name, value in (logs or {}).items() if name.startswith("eval_")}
        shown = {name: value for name, value in scores.items() if not name.endswith(("_runtime", "_per_second"))}
        if shown and state.is_world_process_zero:
            listed = "  ".join(f"{name[5:]} {value:.4g}" for name, value in shown.items() if isinstance(value, float))
            self.say(text("epoch", "轮次") + f" {state.epoch:.4g}  {listed}")

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            self.stop()

    def start(self, state: Any) -> None: ...

    def show(self, state: Any, rows: float, left: float) -> None: ...

    def say(self, line: str) -> None: ...

    def stop(self) -> None: ...


class TerminalProgress(_Counted):
    """A bar with loss, rate and time left, on standard error."""

    bar: Any = None

    def start(self, state: Any) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        if not state.is_world_process_zero:
            return
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
        self.bar = Progress(*columns, console=Console(stderr=True))
        self.task = self.bar.add_task("", total=state.max_steps, completed=state.global_step)
        self.bar.start()

    def show(self, state: Any, rows: float, left: float) -> None:
        loss = "" if self.loss is None else text(f"loss {self.loss:.4f}  ", f"损失 {self.loss:.4f}  ")
        rate = text(f"{rows:.0f} rows/s", f"{rows:.0f} 行/秒")
        self.bar.update(self.task, completed=state.global_step, description=loss + rate)

    def say(self, line: str) -> None:
        if self.bar is None:
            print(line, file=sys.stderr)
        else:
            self.bar.console.print(line, highlight=False)

    def stop(self) -> None:
        if self.bar is not None:
            self.bar.stop()
        self.bar = None


class PlainProgress(_Counted):
    """A line at the beginning, then one every ten seconds, on standard error."""

    def __init__(self) -> None:
        super().__init__()
        self.spoken = 0.0

    def show(self, state: Any, rows: float, left: float) -> None:
        now = time.monotonic()
        if now - self.spoken < PLAIN_SECONDS and state.global_step not in (self.first + 1, state.max_steps):
            return
        self.spoken = now
        loss = "" if self.loss is None else text(f"  loss {self.loss:.4f}", f"  损失 {self.loss:.4f}")
        place = f"{state.global_step}/{state.max_steps}{loss}"
        time_left = "{}:{:02d}".format(*divmod(round(left), 60))
        english = f"update {place}  {rows:.0f} rows/s  {time_left} left"
        self.say(text(english, f"更新 {place}  {rows:.0f} 行/秒  剩余 {time_left}"))

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)
