"""How commands speak: lines for the user on standard error, JSON on standard output."""

import json
import sys
from typing import Any

from warmstart import visible
from warmstart.events import lines


def say(line: str) -> None:
    """A line for the person at the terminal; standard output is kept for results."""
    print(visible.lines(line), file=sys.stderr, flush=True)


listen = lines(say)  # to a run, on behalf of the person at the terminal


def quiet_libraries(*, tables: bool = True) -> None:
    """Without the libraries' own notices: what matters is said by this command. `tables`: it reads any."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if not tables:
        return
    import datasets

    datasets.logging.set_verbosity_error()
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()


def as_json(value: Any) -> None:
    """One JSON object on standard output."""
    print(visible.json_text(json.dumps(value, ensure_ascii=False, indent=2)))
