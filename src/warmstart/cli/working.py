"""A bar for what takes longer than two seconds."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

SECONDS = 2.0  # that a command works before it says how far it is


@contextlib.contextmanager
def working() -> Iterator[Callable[[float, str], None]]:
    """What hears which share is done, and what is being done: from the third second on it is a bar on standard error,
    which is gone afterwards; lines, one for each thing done, where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    began = time.monotonic()
    console = Console(file=sys.stderr)
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True)
    task, said = bar.add_task("", total=1.0), ""
    waiting = threading.Timer(SECONDS, bar.start)
    waiting.daemon = True

    def tell(share: float, what: str) -> None:
        nonlocal said
        bar.update(task, completed=share, description=what)
        if not console.is_terminal and what != said and time.monotonic() - began >= SECONDS:
            print(f"{share:.0%} {what}", file=sys.stderr, flush=True)
            said = what

    if console.is_terminal:
        waiting.start()
    try:
        yield tell
    finally:
        waiting.cancel()
        if waiting.is_alive():
            waiting.join()  # it may be about to start the bar
        if bar.live.is_started:
            bar.stop()
