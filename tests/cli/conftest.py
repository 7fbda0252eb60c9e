"""Commands in the folder that a module calls `place`."""

import pathlib

import pytest

from tests.cli.helpers import Run, command


@pytest.fixture
def run(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command there."""
    monkeypatch.chdir(place)
    return lambda *words: command(capsys, *words)
