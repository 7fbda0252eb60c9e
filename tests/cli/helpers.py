"""Commands in this process: what they print and how they end."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from warmstart.cli import main


@dataclasses.dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON document; what cannot be in JSON, such as NaN, fails."""

        def refuse(word: str) -> Any:
            raise AssertionError(f"{word} is not JSON")

        return json.loads(self.out, parse_constant=refuse)


Run = Callable[..., Done]


def command(capsys: pytest.CaptureFixture[str], *words: object) -> Done:
    """Run `warmstart` with these words. An exception other than the command's own exit is passed on."""
    capsys.readouterr()
    status = 0
    try:
        main([str(word) for word in words])
    except SystemExit as end:
        status = int(end.code or 0)
    out, err = capsys.readouterr()
    return Done(status, out, err)
