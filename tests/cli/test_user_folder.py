"""Files of the user's, whatever they are called, do not get in the command's way."""

import os
import pathlib
import subprocess
import sys

import pytest

from warmstart.table.sample import sample
from warmstart.table.sources import BUILT_IN, load

THEIRS = ("torch", "datasets", "json", "transformers", "numpy", "visible", "errors")


def run(place: pathlib.Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "WARMSTART_LANG": "en", "HF_HOME": str(place / "home")}
    return subprocess.run([sys.executable, *words], cwd=place, env=environment, capture_output=True, text=True)


def test_a_module_of_theirs_is_not_taken_for_one_of_ours(tmp_path: pathlib.Path) -> None:
    for name in THEIRS:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('theirs')")
    (tmp_path / "data.csv").write_text("text,label\n" + "good,a\nbad,b\n" * 4)
    done = run(tmp_path, "-m", "warmstart", "inspect", "data.csv")
    assert done.returncode == 0, done.stderr
    assert "text" in done.stdout


def test_nor_is_a_script_called_like_the_command_when_several_processes_are_started(tmp_path: pathlib.Path) -> None:
    (tmp_path / "warmstart.py").write_text("raise SystemExit('theirs')")
    code = "from warmstart.cli import main; main(['launch', '--cpu', '-m', 'warmstart', '--version'])"
    done = run(tmp_path, "-P", "-c", code)
    assert done.returncode == 0, done.stderr
    assert "theirs" not in done.stderr + done.stdout


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_the_sample_has_a_name_that_no_file_has(
    kind: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    theirs = tmp_path / "sample"
    theirs.write_text("x") if kind == "file" else theirs.mkdir()
    assert load(BUILT_IN)["train"].to_dict() == sample()["train"].to_dict()
