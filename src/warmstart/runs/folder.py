"""Where a run goes: which folder it gets, and which it may not have."""

import pathlib
import shlex

from warmstart import paths
from warmstart.checkpoints import checkpoint
from warmstart.engine.distributed.processes import Processes
from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.recipe import Recipe

LOG = "log.jsonl"
RESULTS = ("task.json", LOG, "model", "predictions.csv", "metrics.json")  # what a run writes, besides its recipe


def folder_of(recipe: Recipe, processes: Processes) -> pathlib.Path:
    """The run's folder: as asked, or the next free runs/<name of the data>-<number>; for processes that were started
    again the last one that is taken."""
    if recipe.out:
        return paths.expanded(recipe.out)
    stem = pathlib.Path(recipe.data).name.split(".")[0] or "run"
    number = next(n for n in range(1, 10**6) if not pathlib.Path("runs", f"{stem}-{n}").exists())
    return pathlib.Path("runs", f"{stem}-{max(number - processes.restarted, 1)}")


def refuse_existing(folder: pathlib.Path) -> None:
    """Raises UserError where a run is already, or files that one would replace. Nothing is ever overwritten but what is
    left of a run that failed before it had saved anything: the same line, mended, works."""
    there = [name for name in RESULTS if (folder / name).exists()] + [path.name for path in checkpoint.named(folder)]
    if not (folder / "recipe.toml").exists():
        if there:
            raise UserError(
                _("{folder} holds files that a run would replace").format(folder=folder),
                where=f"--out: {', '.join(there)}",
                fix=_("move them away, or give another --out"),
            )
    elif there != ["task.json", LOG] or not _failed(folder / LOG):
        resume = f"warmstart resume {shlex.quote(str(folder))}"
        raise UserError(
            _("{folder} holds a run already").format(folder=folder),
            where="--out",
            fix=_("{resume}, or another --out").format(resume=resume),
        )


def refuse_links(folder: pathlib.Path) -> None:
    """Raises UserError where something that a run writes is a link: what it leads to is not the run's to change."""
    linked = [name for name in RESULTS if (folder / name).is_symlink()]
    if linked:
        raise UserError(
            _("{names} is a link, and what it leads to would be overwritten").format(names=", ".join(linked)),
            where=str(folder / linked[0]),
            fix=_("remove the link, or put what it leads to in its place"),
        )


def _failed(log: pathlib.Path) -> bool:
    """Whether a run's log ends with an error."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return bool(lines) and lines[-1].startswith('{"failed": ')
