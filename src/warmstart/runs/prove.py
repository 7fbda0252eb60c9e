"""Whether a run is exact on this machine: some of its updates are run again, and every bit is compared."""

import contextlib
import dataclasses
import itertools
import pathlib
import shutil
import tempfile
from typing import Any

from transformers.trainer_callback import TrainerCallback

from warmstart import paths, storage
from warmstart.checkpoints import checkpoint
from warmstart.checkpoints.provenance import differences, refusal
from warmstart.engine.distributed.processes import Processes
from warmstart.errors import UserError
from warmstart.events import Listener, Note, silent
from warmstart.messages import _
from warmstart.recipe import Recipe
from warmstart.runs.run import assemble
from warmstart.trainer import progress

TIMES = ("_runtime", "_per_second")


@dataclasses.dataclass(frozen=True)
class Proof:
    """Updates `first` + 1 to `last` were run again. `differs`: what came out otherwise (files, the log); empty if every
    bit agrees."""

    first: int
    last: int
    differs: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not self.differs

    def to_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "differs": list(self.differs), "agrees": self.agrees}


def prove(folder: str | pathlib.Path, listen: Listener = silent) -> Proof:
    """Run the updates between the two nearest of a run's checkpoints again, from the earlier one, and compare weights,
    optimizer, schedule and log with the later one. With a single checkpoint they are run from the beginning.

    The run is only read. Raises UserError if it has no good checkpoint, or is no longer made of what it was made of.
    """
    folder = paths.expanded(folder)
    recipe = Recipe.read(folder / "recipe.toml")
    good = [path for path in checkpoint.folders(folder) if checkpoint.can_resume(path)]
    if not good:
        raise UserError(
            _("the run has no good checkpoint to compare with"),
            where=str(folder),
            fix=_("train with --save-every, or resume the run"),
        )
    start, goal = _nearest(good)
    processes = Processes(use_cpu=recipe.cpu)
    listen = listen if processes.is_main else silent
    first, last = _update(start), _update(goal)
    listen(Note(_("running updates {first} to {last} again").format(first=first + 1, last=last)))
    with tempfile.TemporaryDirectory() as place:
        for path in good:  # the best one may be any
            shutil.copytree(path, pathlib.Path(place, path.name))
        trainer = assemble(recipe.changed({"out": place}), processes, listen).trainer
        changed = differences(checkpoint.load_identity(goal) or {}, trainer.identify())
        if changed:
            raise refusal(changed, str(goal), by_command=True)
        due = checkpoint.control_of(checkpoint.load_state(goal)).get("should_evaluate", False)
        trainer.add_callback(_Until(last, due))
        trainer.events.listeners += progress.bars()
        again = pathlib.Path(place, goal.name)
        storage.remove(again)
        with contextlib.suppress(_Reached):
            trainer.train(resume_from_checkpoint=str(pathlib.Path(place, start.name)) if start else None)
        if trainer.run_state.saved_at != last:
            trainer.save_checkpoint(resumable=True)
        return Proof(first, last, tuple(_differences(goal, again)))


class _Reached(Exception):
    """The update that was to be run again last is done."""


class _Until(TrainerCallback):  # type: ignore[misc]
    """Leaves training where the update after the last would begin, or in its evaluation where that was still `due`.
    Asking it to stop would end the epoch there, with the evaluation that belongs to the end, where a run that was
    interrupted had none."""

    def __init__(self, update: int, due: bool) -> None:
        self.update, self.due = update, due

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step >= self.update:
            raise _Reached

    def on_prediction_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self.due and state.global_step >= self.update:
            raise _Reached


def _nearest(good: list[pathlib.Path]) -> tuple[pathlib.Path | None, pathlib.Path]:
    """The two checkpoints that have the fewest updates between them; (None, the only one) of a single one."""
    if len(good) == 1:
        return None, good[0]
    return min(itertools.pairwise(good), key=lambda pair: _update(pair[1]) - _update(pair[0]))


def _update(folder: pathlib.Path | None) -> int:
    return 0 if folder is None else checkpoint.update_of(folder) or 0


def _differences(was: pathlib.Path, now: pathlib.Path) -> list[str]:
    """The files of two checkpoints of one update that do not say the same. How long things took is not compared, nor
    whether the run was told to end there."""
    names = (checkpoint.WEIGHTS, checkpoint.OPTIMIZER, checkpoint.SCHEDULER, checkpoint.PROGRESS)
    there = [name for name in names if (was / name).is_file()]
    found = [name for name in there if (was / name).read_bytes() != (now / name).read_bytes()]
    logs = [[_plain(entry) for entry in checkpoint.load_state(each)["log_history"]] for each in (was, now)]
    if logs[0] != logs[1]:
        found.append(_("the log"))
    return found


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if not name.endswith(TIMES)}
