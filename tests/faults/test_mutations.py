"""A thousand mutations of checkpoint files: each is noticed, or what it changes is not used."""

import pathlib
import random
import shutil

import pytest

from tests.trainer.helpers import Pad, rows, tiny_bert
from warmstart import Trainer, TrainingArguments, storage
from warmstart.checkpoints import checkpoint
from warmstart.errors import UserError

COUNT = 1000


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A run with two checkpoints."""
    folder = tmp_path_factory.mktemp("run")
    settings = {"save_strategy": "steps", "save_steps": 2, "max_steps": 4, "report_to": "none", "disable_tqdm": True}
    trainer = Trainer(tiny_bert(), TrainingArguments(str(folder), **settings), Pad(), rows(16))
    trainer.train()
    return folder


def files(folder: pathlib.Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mutate(folder: pathlib.Path, other: pathlib.Path, draw: random.Random) -> str:
    """Change one file of a checkpoint in one way, and say which."""
    name = draw.choice(files(folder))
    path = folder / name
    whole = path.read_bytes()
    kind = draw.choice(["flip", "truncate", "zero", "delete", "swap", "empty", "append", "swap all"])
    if kind == "flip":
        at = draw.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << draw.randrange(8))]) + whole[at + 1 :])
    elif kind == "truncate":
        path.write_bytes(whole[: draw.randrange(len(whole))])
    elif kind == "zero":
        at = draw.randrange(len(whole))
        size = min(draw.choice([1, 16, 512, 4096]), len(whole) - at)
        path.write_bytes(whole[:at] + bytes(size) + whole[at + size :])
    elif kind == "delete":
        path.unlink()
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "append":
        path.write_bytes(whole + draw.choice([b"\0", b"\n", b" ", whole[:64]]))
    elif kind == "swap":
        path.write_bytes((other / name).read_bytes())
    else:
        for each in files(other):
            (folder / each).write_bytes((other / each).read_bytes())
    return f"{kind} {name}"


def test_a_thousand_mutations_are_noticed_or_harmless(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    draw = random.Random(4)
    first, second = run / "checkpoint-2", run / "checkpoint-4"
    pristine = {name: (second / name).read_bytes() for name in files(second)}
    manifest = storage.read_json(second / storage.MANIFEST)
    harmless = []
    for number in range(COUNT):
        folder = tmp_path / str(number) / "checkpoint-4"
        shutil.copytree(second, folder)
        what = mutate(folder, first, draw)
        after = {name: (folder / name).read_bytes() for name in files(folder)}
        if checkpoint.why_not(folder) is None:
            # What the manifest lists is as it was; the manifest says what it said.
            assert all(after[name] == pristine[name] for name in manifest["files"]), what
            assert storage.read_json(folder / storage.MANIFEST) == manifest, what
            harmless.append(what)
        else:
            assert after != pristine, what
            with pytest.raises(UserError) as caught:
                checkpoint.check(folder)
            assert str(folder) in str(caught.value), what
        shutil.rmtree(folder.parent)
    assert len(harmless) < COUNT / 10
    unchanged = ("zero", "swap", "append manifest.json", "flip manifest.json")  # zeros over zeros, equal files, spaces
    assert all(what.startswith(unchanged) for what in harmless), harmless


def test_the_damaged_one_is_named_and_set_aside_and_the_one_before_is_used(
    run: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    weights = folder / "checkpoint-4" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    damaged = weights.read_bytes()
    told: list[str] = []
    assert checkpoint.newest_good(folder, told.append) == folder / "checkpoint-2"
    assert len(told) == 1
    assert all(part in told[0] for part in ("checkpoint-4", "model.safetensors", "checkpoint-4.damaged"))
    assert (folder / "checkpoint-4.damaged" / "model.safetensors").read_bytes() == damaged
    (folder / "checkpoint-2" / storage.MANIFEST).unlink()
    for _ in range(2):  # and it stays so
        with pytest.raises(UserError, match="no checkpoint of this run is good"):
            checkpoint.newest_good(folder, told.append)
    assert len(told) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint-2.damaged", "checkpoint-4.damaged"]
