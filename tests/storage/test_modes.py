"""Who may read what is written: whom the umask lets, whichever library wrote the file."""

import os
import pathlib
from collections.abc import Iterator

import pytest
import torch
from safetensors.torch import save_file

from warmstart import storage


@pytest.fixture(params=[0o022, 0o027, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield int(request.param)
    os.umask(before)


@pytest.mark.parametrize("making", [storage.new_folder, storage.new_files])
def test_weights_are_as_readable_as_any_other_file(making: object, umask: int, tmp_path: pathlib.Path) -> None:
    with making(tmp_path / "model") as work:  # type: ignore[operator]
        save_file({"x": torch.ones(2)}, work / "model.safetensors")
        (work / "config.json").write_text("{}")
    for path in (tmp_path / "model").iterdir():
        assert oct(path.stat().st_mode & 0o777) == oct(0o666 & ~umask), path.name
