"""The power goes at any moment: what was not flushed is lost, cut or zero, and a good checkpoint is found."""

import hashlib
import pathlib
import shutil
from typing import Any

import pytest
import torch
from torch import nn

from tests.faults.disk import Disk, Tree, put
from warmstart import storage
from warmstart.checkpoints import checkpoint
from warmstart.checkpoints.weights import save_weights
from warmstart.errors import UserError


def save(folder: pathlib.Path, step: int, seed: int) -> None:
    torch.manual_seed(seed)
    model = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    checkpoint.save(
        folder / f"checkpoint-{step}",
        save_weights=lambda work: save_weights(model, None, work),
        state={"global_step": step, "seed": seed},
        optimizer=optimizer,
        identity={"seed": {"is": seed}},
    )


def content(folder: pathlib.Path) -> str:
    """The hash of all that a checkpoint holds."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def life(folder: pathlib.Path, saved: list[str]) -> None:
    """A run's checkpoints: saved, rotated, one of them replaced, one set aside. Each is noted when it was saved."""
    for step in (2, 4, 6):
        save(folder, step, seed=step)
        saved.append(content(folder / f"checkpoint-{step}"))
        checkpoint.rotate(folder, 2, {folder / f"checkpoint-{step}"})
    save(folder, 6, seed=60)
    saved.append(content(folder / "checkpoint-6"))
    storage.set_aside(folder / "checkpoint-4")
    save(folder, 8, seed=8)
    saved.append(content(folder / "checkpoint-8"))
    checkpoint.rotate(folder, 1, {folder / "checkpoint-8"})


def test_every_state_a_disk_can_be_left_in_has_a_good_checkpoint(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "run"
    root.mkdir()
    disk = Disk(root)
    states: dict[tuple[Any, ...], bool] = {}  # each once, with whether a checkpoint had been saved by then
    saved: list[str] = []

    def watch(operation: str, path: pathlib.Path) -> None:
        disk.before(operation, path)
        for tree in disk.states():
            key = tuple(tree.items())
            states[key] = states.get(key, False) or bool(saved)

    monkeypatch.setattr(storage.operations, "watchers", [watch])
    life(root, saved)
    monkeypatch.setattr(storage.operations, "watchers", [])
    disk.close()
    assert len(states) > 300
    found: list[Any] = []
    for number, (key, had_one) in enumerate(states.items()):
        tree: Tree = dict(key)
        place = tmp_path / str(number)
        place.mkdir()
        put(tree, place)
        told: list[str] = []
        try:
            good = checkpoint.newest_good(place, told.append)
        except UserError:
            good = None
        if good is None:
            assert not had_one, sorted(tree)
        else:
            assert content(good) in saved
            checkpoint.check(good)
        found.append(good is not None)
        shutil.rmtree(place)
    assert any(found)
    assert not all(found)


def test_the_disk_model_loses_what_was_not_flushed(tmp_path: pathlib.Path) -> None:
    disk = Disk(tmp_path)
    (tmp_path / "a").write_bytes(b"12")
    disk.before("flush", tmp_path / "a")
    (tmp_path / "b").write_bytes(b"34")
    disk.before("flush", tmp_path)  # a's content lasts now, but not yet its name
    names = {tuple(sorted(tree.items())) for tree in disk.states()}
    assert () in names
    assert (("a", b"12"),) in names
    assert (("a", b"12"), ("b", b"")) in names
    assert (("a", b"1"),) not in names
    disk.before("write", tmp_path / "c")  # both names last now, but not b's content
    contents = {(tree["a"], tree["b"]) for tree in disk.states()}
    assert contents == {(b"12", b"34"), (b"12", b""), (b"12", b"3"), (b"12", bytes(2))}
    disk.close()
