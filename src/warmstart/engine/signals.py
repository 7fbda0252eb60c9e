"""Being told to stop: the update is finished, everything is saved, and whoever asked learns how to go on."""

import contextlib
import os
import pathlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

# SIGHUP: the terminal, or the connection to it, is gone. Windows has none.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))


class Interrupted(KeyboardInterrupt):
    """Training was told to stop by a signal, and stopped after `update` updates. `folder`: the checkpoint to resume
    from. A KeyboardInterrupt, so that code which knows what to do about Ctrl-C does it."""

    def __init__(self, folder: pathlib.Path, update: int) -> None:
        super().__init__(f"stopped after update {update}; saved in {folder}")
        self.folder = folder
        self.update = update


class Signals:
    """Whether this process has been told to stop."""

    def __init__(self) -> None:
        self.told = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The first signal is noted, the second one ends the process at once, as if it had not been caught."""
        if self.told:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.told = True


class Told(KeyboardInterrupt):
    """A signal came where there is no update to finish: in an evaluation, or after the last update."""


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """Inside the block, after the last update, the first signal raises Told at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise Told

    with _handling(stop):
        yield


@contextlib.contextmanager
def listening() -> Iterator[Signals]:
    """Inside the block SIGTERM, SIGINT and SIGHUP are noted, and do nothing else the first time; what is ignored (by
    nohup) stays so. Outside of the main thread Python cannot listen; then nothing is noted."""
    signals = Signals()
    with _handling(signals):
        yield signals


@contextlib.contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier if earlier is not None else signal.SIG_DFL)
