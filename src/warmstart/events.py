"""What happens during a run, as values. Whoever wants to know listens: the terminal, the log, a notebook, later a page.

There is no other channel: what the engine has to say is one of these, and what is shown or written is the listener's.
"""

import contextlib
import contextvars
import dataclasses
import logging
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

from warmstart import visible


@dataclasses.dataclass(frozen=True)
class Note:
    """Something good to know."""

    text: str

    def __str__(self) -> str:
        return visible.lines(self.text)


@dataclasses.dataclass(frozen=True)
class Warned:
    """Something went otherwise than asked, and the run goes on."""

    text: str

    def __str__(self) -> str:
        return visible.lines(self.text)


@dataclasses.dataclass(frozen=True)
class TechniquesOn:
    """What makes the run fast, told before its first update. `text`: a line for people; `facts`: for the log; `shape`:
    precision and batch shape in words, where a recipe's run has chosen them."""

    text: str
    facts: dict[str, Any]
    shape: str = ""

    def __str__(self) -> str:
        return f"{self.shape}; {self.text}" if self.shape else self.text


@dataclasses.dataclass(frozen=True)
class Started:
    """Training begins after `update` of `last` updates; `history`: what has been logged up to there."""

    update: int
    last: int
    history: tuple[dict[str, Any], ...]


@dataclasses.dataclass(frozen=True)
class Progress:
    """`update` of `last` updates are done; `first` were before this training began."""

    first: int
    update: int
    last: int
    rows_per_second: float
    seconds_left: float


@dataclasses.dataclass(frozen=True)
class Metrics:
    """Numbers that were logged, with epoch and step: an entry of `TrainerState.log_history`."""

    values: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Saved:
    """A checkpoint is on the disk, whole."""

    folder: pathlib.Path
    update: int


@dataclasses.dataclass(frozen=True)
class Ended:
    """Training is over, however it ended."""


@dataclasses.dataclass(frozen=True)
class Failed:
    """An error ended the run."""

    problem: str


Event = Note | Warned | TechniquesOn | Started | Progress | Metrics | Saved | Ended | Failed
Listener = Callable[[Event], None]


class Events:
    """A listener that passes on what it hears to others, in order."""

    def __init__(self, *listeners: Listener) -> None:
        self.listeners = list(listeners)

    def __call__(self, event: Event) -> None:
        for each in self.listeners:
            each(event)


def silent(event: Event) -> None:
    """The listener that does nothing."""


def to_logging(event: Event) -> None:
    """The listener that hands on what is worth a line to Python's logging, by which it reaches standard error."""
    if isinstance(event, Note | Warned):
        logging.getLogger("warmstart").log(logging.WARNING if isinstance(event, Warned) else logging.INFO, str(event))


_listener: contextvars.ContextVar[Listener] = contextvars.ContextVar("listener", default=to_logging)


def tell(event: Event) -> None:
    """Tell whoever listens (`listening`), for what happens where no listener is handed down: in caches and in files
    that are read."""
    _listener.get()(event)


@contextlib.contextmanager
def listening(listen: Listener) -> Iterator[None]:
    """What the block, in this thread or task alone, has to `tell`, this listener hears."""
    before = _listener.set(listen)
    try:
        yield
    finally:
        _listener.reset(before)


def lines(show: Callable[[str], None]) -> Listener:
    """A listener that shows what is worth a line to a person: notes, warnings and what makes the run fast."""

    def hear(event: Event) -> None:
        if isinstance(event, Note | Warned | TechniquesOn):
            show(str(event))

    return hear
