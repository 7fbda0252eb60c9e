"""How far training is: a bar in a terminal, plain lines in a log. In a notebook `transformers` has a widget for it."""

import logging
import sys
import time
from typing import Any

from transformers.utils import is_in_notebook

from warmstart.events import Ended, Event, Listener, Metrics, Note, Progress, Started, TechniquesOn, Warned
from warmstart.messages import _

PLAIN_SECONDS = 10.0  # between two lines in a log


def bars() -> list[Listener]:
    """What shows progress where the output goes; nothing in a notebook, which has `callback`."""
    if is_in_notebook():
        return []
    return [TerminalProgress() if sys.stderr.isatty() else PlainProgress()]


def callback(hidden: bool) -> Any:
    """The callback of `transformers` that shows what is logged where our own listeners do not; None if there is none:
    a notebook's widget, or a print of each entry where bars are hidden."""
    if hidden:
        from transformers.trainer_callback import PrinterCallback

        return PrinterCallback
    if is_in_notebook():
        from transformers.utils.notebook import NotebookProgressCallback

        return NotebookProgressCallback
    return None


def logged(event: Event) -> None:
    """Warnings, and what makes the run fast, to Python's logging."""
    logger = logging.getLogger("warmstart")
    if isinstance(event, Note | TechniquesOn):
        logger.info("%s", event)
    elif isinstance(event, Warned):
        logger.warning("%s", event)


class _Shown:
    """What both ways of showing progress know: the last logged loss, and how evaluations are told."""

    def __init__(self) -> None:
        self.loss: float | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case Started():
                self.start(event)
            case Progress():
                self.show(event)
            case Metrics():
                self._metrics(event.values)
            case Ended():
                self.stop()

    def _metrics(self, values: dict[str, Any]) -> None:
        self.loss = values.get("loss", self.loss)
        scores = {name: value for name, value in values.items() if name.startswith("eval_")}
        shown = {name: value for name, value in scores.items() if not name.endswith(("_runtime", "_per_second"))}
        if shown:
            listed = "  ".join(f"{name[5:]} {value:.4g}" for name, value in shown.items() if isinstance(value, float))
            self.say(_("epoch") + f" {values['epoch']:.4g}  {listed}")

    def start(self, began: Started) -> None: ...

    def show(self, now: Progress) -> None: ...

    def say(self, line: str) -> None: ...

    def stop(self) -> None: ...


class TerminalProgress(_Shown):
    """A bar with loss, rate and time left, on standard error. It is put away however training ends: a traceback would
    be drawn over, and the cursor be gone."""

    bar: Any = None

    def start(self, began: Started) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
        self.bar = Bar(*columns, console=Console(stderr=True))
        self.task = self.bar.add_task("", total=began.last, completed=began.update)
        self.bar.start()

    def show(self, now: Progress) -> None:
        loss = "" if self.loss is None else _("loss {loss:.4f}  ").format(loss=self.loss)
        rate = _("{rows_per_second:.0f} rows/s").format(rows_per_second=now.rows_per_second)
        self.bar.update(self.task, completed=now.update, description=loss + rate)

    def say(self, line: str) -> None:
        if self.bar is None:
            print(line, file=sys.stderr)
        else:
            self.bar.console.print(line, highlight=False)

    def stop(self) -> None:
        if self.bar is not None:
            self.bar.stop()
        self.bar = None


class PlainProgress(_Shown):
    """A line at the beginning, then one every ten seconds, on standard error."""

    def __init__(self) -> None:
        super().__init__()
        self.spoken = 0.0

    def show(self, now: Progress) -> None:
        moment = time.monotonic()
        if moment - self.spoken < PLAIN_SECONDS and now.update not in (now.first + 1, now.last):
            return
        self.spoken = moment
        loss = "" if self.loss is None else _("  loss {loss:.4f}").format(loss=self.loss)
        place = f"{now.update}/{now.last}{loss}"
        rows, left = f"{now.rows_per_second:.0f}", "{}:{:02d}".format(*divmod(round(now.seconds_left), 60))
        self.say(_("update {place}  {rows} rows/s  {left} left").format(place=place, rows=rows, left=left))

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)
