"""Where a run goes: which folder it gets, and which it may not have."""

import contextlib
import itertools
import pathlib
import shlex
from collections.abc import Iterator

from warmstart import paths, storage
from warmstart.checkpoints import checkpoint
from warmstart.engine.distributed.processes import Processes
from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.recipe import Recipe

LOG = "log.jsonl"
# What a run writes, besides its recipe.
RESULTS = (
    *("task.json", LOG, "model", "predictions.csv", "metrics.json", "row_losses.json"),
    *("report.json", "report.html"),
)


@contextlib.contextmanager
def own_folder(recipe: Recipe, processes: Processes) -> Iterator[pathlib.Path]:
    """The run's folder, inside the block no other process's: as asked, or the next free runs/<name of data>-<number>.

    Of several processes the main one has it for all. What is empty at the end was made for nothing, and goes. Raises
    UserError, on every process, if another process is at work there.
    """
    with contextlib.ExitStack() as stack:
        folder: pathlib.Path | None = None
        with processes.together():
            if processes.is_main:
                folder = stack.enter_context(_claimed(recipe, restarted=processes.restarted))
        found: pathlib.Path | None = processes.gathered(folder)[0]
        assert found is not None
        yield found


@contextlib.contextmanager
def _claimed(recipe: Recipe, *, restarted: bool) -> Iterator[pathlib.Path]:
    named = paths.expanded(recipe.out) if recipe.out else None
    stem = pathlib.Path(recipe.data).name.rpartition(":")[2].split(".")[0] or "run"
    numbered = (pathlib.Path("runs", f"{stem}-{number}") for number in itertools.count(1))
    if named is None and restarted:  # torchrun --max-restarts: the run that this job had begun, if it had
        taken = list(itertools.takewhile(pathlib.Path.exists, numbered))
        named = next((folder for folder in taken[-1:] if not (folder / "metrics.json").exists()), None)
        numbered = (pathlib.Path("runs", f"{stem}-{number}") for number in itertools.count(1))
    if named is not None:
        folder, made = named, storage.make_folder(named)
    else:
        made = next(filter(None, map(_if_new, numbered)))
        folder = made[-1]
    try:
        with storage.locked(folder) as has_it:
            if has_it is False:
                raise UserError(
                    _("another process is working in {folder}").format(folder=folder),
                    where=str(folder),
                    fix=_("wait until it has ended, or give another --out"),
                )
            yield folder
    finally:
        for each in reversed(made):
            with contextlib.suppress(OSError):  # something is in it
                each.rmdir()


def _if_new(folder: pathlib.Path) -> list[pathlib.Path]:
    """Make a folder; nothing if it is there. Of several processes that try, one succeeds."""
    try:
        return storage.make_folder(folder, new=True)
    except FileExistsError:
        return []


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
