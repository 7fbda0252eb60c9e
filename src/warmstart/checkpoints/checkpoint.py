"""What a checkpoint holds and how a run goes on from it: weights, optimizer, schedule, state, identity; no pickle."""

import pathlib
import re
from collections.abc import Callable
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from warmstart import storage
from warmstart.checkpoints.provenance import Identity
from warmstart.errors import UserError
from warmstart.messages import _

NAME = re.compile(r"checkpoint-(\d+)")
STATE = "trainer_state.json"
WEIGHTS = "model.safetensors"
OPTIMIZER = "optimizer.safetensors"
OPTIMIZER_REST = "optimizer.json"
SCHEDULER = "scheduler.json"
PROGRESS = "progress.json"
IDENTITY = "identity.json"
INDEX = f"{WEIGHTS}.index.json"
OURS = (storage.MANIFEST, OPTIMIZER, OPTIMIZER_REST, SCHEDULER, PROGRESS, IDENTITY)  # what no other program writes
READ = {*OURS, STATE, WEIGHTS, INDEX, "config.json"}  # what going on from a checkpoint opens


def place(output_dir: pathlib.Path, update: int) -> pathlib.Path:
    """The folder of the checkpoint that is written after so many updates."""
    return output_dir / f"checkpoint-{update}"


def update_of(folder: pathlib.Path) -> int | None:
    """After how many updates a folder was written, by its name; None if it has not the name of a checkpoint."""
    match = NAME.fullmatch(folder.name)
    return int(match[1]) if match else None


def named(output_dir: pathlib.Path) -> list[pathlib.Path]:
    """The folders that bear the name of a checkpoint, in order of update, whatever is in them."""
    if not output_dir.is_dir():
        return []
    found = [(update_of(path), path) for path in output_dir.iterdir()]
    return [path for _unused, path in sorted((update, path) for update, path in found if update is not None)]


def folders(output_dir: pathlib.Path) -> list[pathlib.Path]:
    """The checkpoints of a run that this library has written, in order of update."""
    return [path for path in named(output_dir) if (path / storage.MANIFEST).is_file()]


def is_foreign(folder: pathlib.Path) -> bool:
    """Whether another program has written a folder, such as `transformers.Trainer`: nothing in it is of this library,
    and it is nothing of this library's to judge or to rename."""
    return not any((folder / name).exists() for name in OURS)


def begun(output_dir: pathlib.Path) -> bool:
    """Whether there is any checkpoint, good or not, also one that was set aside."""
    names = [path.name for path in output_dir.iterdir()] if output_dir.is_dir() else []
    return any(NAME.match(name) and not name.endswith(storage.UNFINISHED) for name in names)


def recover(output_dir: pathlib.Path) -> None:
    """Put right what a crash left: replacements half done are undone or finished, what was never complete goes."""
    names = [path.name for path in output_dir.iterdir()] if output_dir.is_dir() else []
    for name in sorted({name.removesuffix(storage.REPLACED).removesuffix(storage.UNFINISHED) for name in names}):
        if NAME.fullmatch(name):
            storage.recover(output_dir / name)


def newest_good(output_dir: pathlib.Path, tell: Callable[[str], None]) -> pathlib.Path | None:
    """The newest checkpoint that can be resumed from; None if none was ever finished. What is damaged is set aside
    under another name, and `tell` is told; what another program wrote is left alone. Raises UserError if checkpoints
    were there and none of them is good."""
    recover(output_dir)
    weights_only = foreign = None
    for folder in reversed(named(output_dir)):
        if is_foreign(folder):
            foreign = foreign or folder
            continue
        why = why_not(folder)
        if why is None and (folder / OPTIMIZER).is_file():
            return folder
        if why is None:
            weights_only = weights_only or folder
            continue
        aside = storage.set_aside(folder)
        tell(
            _("{folder} is damaged and was set aside as {aside}: {why}").format(
                folder=folder.name, aside=aside.name, why=why
            )
        )
    if weights_only is not None:
        return weights_only  # of which `check` will say what is missing
    if foreign is not None:
        raise _not_ours(foreign)
    if begun(output_dir):
        raise UserError(
            _("no checkpoint of this run is good"),
            where=str(output_dir),
            fix=_("train anew into another folder, or remove the damaged checkpoints to begin this run again"),
        )
    return None


def why_not(folder: pathlib.Path) -> str | None:
    """What is wrong with a checkpoint; None if every byte is as written and it is in its own place."""
    try:
        storage.verify(folder, READ.__contains__)
        step = load_state(folder).get("global_step")
    except (storage.Damaged, OSError, ValueError) as error:
        return str(error)
    if update_of(folder) not in (None, step):
        return _("it holds update {step}").format(step=step)
    return None


def save(
    folder: pathlib.Path,
    *,
    save_weights: Callable[[pathlib.Path], None],
    state: dict[str, Any],
    optimizer: torch.optim.Optimizer | None = None,
    scheduler: Any = None,
    progress: dict[str, Any] | None = None,
    identity: Identity | None = None,
) -> None:
    """Write a checkpoint, whole or not at all. Without an optimizer it can be loaded but not resumed from. `progress`:
    what the engine itself needs to go on; `identity`: what run it is of."""
    if folder.exists() and is_foreign(folder):
        storage.set_aside(folder)  # it is not ours to remove
    with storage.new_folder(folder) as work:
        save_weights(work)
        storage.write_json(work / STATE, state)
        if optimizer is not None:
            tensors, rest = _split(optimizer.state_dict())
            save_file(tensors, work / OPTIMIZER)
            storage.write_json(work / OPTIMIZER_REST, rest)
        if scheduler is not None:
            storage.write_json(work / SCHEDULER, _plain(scheduler.state_dict()))
        if progress is not None:
            storage.write_json(work / PROGRESS, progress)
        if identity is not None:
            storage.write_json(work / IDENTITY, identity)


def can_resume(folder: pathlib.Path) -> bool:
    """Whether `folder` is a complete checkpoint, with the optimizer's state."""
    try:
        check(folder)
    except UserError:
        return False
    return True


def check(folder: pathlib.Path, *, verified: bool = False) -> None:
    """Raises UserError unless `folder` is a complete checkpoint that can be resumed from. `verified`: its bytes have
    just been looked at."""
    if not folder.is_dir():
        raise UserError(
            _("Can't find a valid checkpoint at {folder}").format(folder=folder),
            where=str(folder),
            fix=_("give the folder of a checkpoint, or start anew"),
        )
    if is_foreign(folder):
        raise _not_ours(folder)
    if not verified:
        check_bytes(folder)
    if not (folder / OPTIMIZER).is_file():
        raise UserError(
            _("the checkpoint has weights only: it cannot be resumed from"),
            where=str(folder),
            fix=_("save with save_only_model=False"),
        )


def _not_ours(folder: pathlib.Path) -> UserError:
    return UserError(
        _("another program wrote this checkpoint, such as transformers.Trainer: it cannot be resumed from exactly"),
        where=str(folder),
        fix=_("go on with that program; or load its model with from_pretrained and train anew into another folder"),
    )


def check_bytes(folder: pathlib.Path) -> None:
    """Raises UserError unless every byte of a checkpoint is as it was written."""
    why = why_not(folder)
    if why is not None:
        raise UserError(
            _("the checkpoint is damaged: {why}").format(why=why),
            where=str(folder),
            fix=_("resume from an earlier checkpoint"),
        )


def load_optimizer(folder: pathlib.Path, optimizer: torch.optim.Optimizer, scheduler: Any) -> None:
    """Put the optimizer and the schedule where they were."""
    tensors = load_file(folder / OPTIMIZER)
    optimizer.load_state_dict(_joined(tensors, storage.read_json(folder / OPTIMIZER_REST)))
    if scheduler is not None and (folder / SCHEDULER).is_file():
        scheduler.load_state_dict(_like(scheduler.state_dict(), storage.read_json(folder / SCHEDULER)))


def load_progress(folder: pathlib.Path) -> dict[str, Any] | None:
    """The `progress` that `save` was given, if any."""
    return storage.read_json(folder / PROGRESS) if (folder / PROGRESS).is_file() else None


def load_identity(folder: pathlib.Path) -> Identity | None:
    """The `identity` that `save` was given, if any."""
    return storage.read_json(folder / IDENTITY) if (folder / IDENTITY).is_file() else None


def load_state(folder: pathlib.Path) -> dict[str, Any]:
    """What `save` was given as `state`."""
    state: dict[str, Any] = storage.read_json(folder / STATE)
    return state


def control_of(state: dict[str, Any]) -> dict[str, bool]:
    """What callbacks had asked the trainer for when this state was saved, and was still to be done: an evaluation, if a
    signal came in it."""
    found: dict[str, bool] = (state["stateful_callbacks"] or {}).get("TrainerControl", {}).get("args", {})
    return found


def rotate(output_dir: pathlib.Path, keep: int | None, never: set[pathlib.Path]) -> None:
    """Remove the oldest checkpoints, in order of update, until `keep` are left; never one of `never`, which are the one
    that has just been read back and the best."""
    if not keep:
        return
    present = folders(output_dir)
    protected = {path.resolve() for path in never}
    spare = [path for path in present if path.resolve() not in protected]
    for path in spare[: max(len(present) - keep, 0)]:
        storage.remove(path)


def _split(state: dict[str, Any]) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """An optimizer's state as named tensors and the rest, which JSON can hold. Keys are `<parameter>/<name>`."""
    tensors = {}
    rest: dict[str, Any] = {"param_groups": _plain(state["param_groups"]), "state": {}}
    for parameter, values in state["state"].items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{parameter}/{name}"] = value.detach().cpu().contiguous()
            else:
                rest["state"].setdefault(str(parameter), {})[name] = _plain(value)
    return tensors, rest


def _joined(tensors: dict[str, torch.Tensor], rest: dict[str, Any]) -> dict[str, Any]:
    state: dict[int, dict[str, Any]] = {int(parameter): dict(values) for parameter, values in rest["state"].items()}
    for key, tensor in tensors.items():
        parameter, name = key.split("/", 1)
        state.setdefault(int(parameter), {})[name] = tensor
    groups = [
        {**group, "betas": tuple(group["betas"])} if "betas" in group else group for group in rest["param_groups"]
    ]
    return {"state": state, "param_groups": groups}


def _like(example: Any, value: Any) -> Any:
    """`value`, which JSON has given back, with what `example` has and JSON has not: keys that are numbers (a schedule's
    milestones), counters, and entries that `_plain` left out."""
    if isinstance(example, dict) and isinstance(value, dict):
        if any(isinstance(key, int) for key in example):
            return type(example)({int(key): item for key, item in value.items()})
        return {**example, **{key: _like(example.get(key), item) for key, item in value.items()}}
    if isinstance(example, list) and isinstance(value, list) and len(example) == len(value):
        return [_like(one, other) for one, other in zip(example, value, strict=True)]
    return value


def _plain(value: Any) -> Any:
    """`value` with tensors of one number as numbers and what JSON cannot hold (functions) left out."""
    if isinstance(value, torch.Tensor):
        return value.item()
    if isinstance(value, dict):
        kept = {key: _plain(item) for key, item in value.items() if not callable(item)}
        return {key: item for key, item in kept.items() if key != "lr_lambdas"}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
