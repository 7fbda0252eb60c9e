"""What the tests of this folder share."""

import pathlib
from typing import Any

import pytest

from tests.table.tables import Make
from warmstart.table.sources import load


@pytest.fixture
def make(tmp_path: pathlib.Path) -> Make:
    """Write a file and load it, the cache beside it."""

    def write_and_load(name: str, content: str | bytes, **options: Any) -> Any:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load(path, cache_dir=str(tmp_path / "cache"), **options)["train"]

    return write_and_load
