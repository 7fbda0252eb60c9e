"""What a checkpoint holds and how a run goes on from it: weights, optimiser, schedule, state; no pickle."""

import pathlib
import re
from collections.abc import Callable
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from warmstart.errors import UserError, text
from warmstart.training import storage

NAME = re.compile(r"checkpoint-(\d+)")
STATE = "trainer_state.json"
OPTIMIZER = "optimizer.safetensors"
OPTIMIZER_REST = "optimizer.json"
SCHEDULER = "scheduler.json"
LOSSES = "losses.json"


def folders(output_dir: pathlib.Path) -> list[pathlib.Path]:
    """The complete checkpoints of a run, in order of update."""
    if not output_dir.is_dir():
        return []
    found = [(NAME.fullmatch(path.name), path) for path in output_dir.iterdir()]
    numbered = [(int(match[1]), path) for match, path in found if match and (path / storage.MANIFEST).is_file()]
    return [path for _, path in sorted(numbered)]


def last(output_dir: pathlib.Path) -> pathlib.Path | None:
    """The newest checkpoint whose every byte is as written; None if there is none."""
    for folder in reversed(folders(output_dir)):
        try:
            storage.verify(folder)
        except storage.Damaged:
            continue
        return folder
    return None


def save(
    folder: pathlib.Path,
    *,
    save_weights: Callable[[pathlib.Path], None],
    state: dict[str, Any],
    optimizer: torch.optim.Optimizer | None = None,
    scheduler: Any = None,
    losses: dict[str, float] | None = None,
) -> None:
    """Write a checkpoint, whole or not at all. Without an optimiser it can be loaded but not resumed from."""
    with storage.new_folder(folder) as work:
        save_weights(work)
        storage.write_json(work / STATE, state)
        if optimizer is not None:
            tensors, rest = _split(optimizer.state_dict())
            save_file(tensors, work / OPTIMIZER)
            storage.write_json(work / OPTIMIZER_REST, rest)
        if scheduler is not None:
            storage.write_json(work / SCHEDULER, _plain(scheduler.state_dict()))
        if losses is not None:
            storage.write_json(work / LOSSES, losses)


def can_resume(folder: pathlib.Path) -> bool:
    """Whether `folder` is a complete checkpoint, with the optimiser's state."""
    try:
        check(folder)
    except UserError:
        return False
    return True


def check(folder: pathlib.Path) -> None:
    """Raises UserError unless `folder` is a complete checkpoint that can be resumed from."""
    if not folder.is_dir():
        raise UserError(
            text(f"there is no checkpoint {folder}", f"没有检查点 {folder}"),
            where=str(folder),
            fix=text("give the folder of a checkpoint, or start anew", "请给出检查点文件夹, 或重新训练"),
        )
    try:
        storage.verify(folder)
    except storage.Damaged as error:
        raise UserError(
            text(f"the checkpoint is damaged: {error}", f"检查点已损坏: {error}"),
            where=str(folder),
            fix=text("resume from an earlier checkpoint", "请从更早的检查点恢复"),
        ) from error
    if not (folder / OPTIMIZER).is_file():
        raise UserError(
            text("the checkpoint has weights only: it cannot be resumed from", "该检查点只有权重, 无法从中恢复训练"),
            where=str(folder),
            fix=text("save with save_only_model=False", "保存时使用 save_only_model=False"),
        )


def load_progress(folder: pathlib.Path, optimizer: torch.optim.Optimizer, scheduler: Any) -> None:
    """Put the optimiser and the schedule where they were."""
    tensors = load_file(folder / OPTIMIZER)
    optimizer.load_state_dict(_joined(tensors, storage.read_json(folder / OPTIMIZER_REST)))
    if scheduler is not None and (folder / SCHEDULER).is_file():
        scheduler.load_state_dict({**scheduler.state_dict(), **storage.read_json(folder / SCHEDULER)})


def load_losses(folder: pathlib.Path) -> dict[str, float] | None:
    """The sums of losses that `save` was given, if any."""
    return storage.read_json(folder / LOSSES) if (folder / LOSSES).is_file() else None


def load_state(folder: pathlib.Path) -> dict[str, Any]:
    """What `save` was given as `state`."""
    state: dict[str, Any] = storage.read_json(folder / STATE)
    return state


def rotate(output_dir: pathlib.Path, keep: int | None, never: set[pathlib.Path]) -> None:
    """Remove the oldest checkpoints, in order of update, until `keep` are left; never the newest nor one of `never`."""
    if not keep:
        return
    present = folders(output_dir)
    protected = {path.resolve() for path in never} | {path.resolve() for path in present[-1:]}
    spare = [path for path in present if path.resolve() not in protected]
    for path in spare[: max(len(present) - keep, 0)]:
        storage.remove(path)


def _split(state: dict[str, Any]) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """An optimiser's state as named tensors and the rest, which JSON can hold. Keys are `<parameter>/<name>`."""
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
