"""The end of a run with calibrated probabilities: the temperature is part of the model that is saved, and of nothing
else. Checkpoints keep the weights as they were trained."""

import contextlib
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from warmstart.batches.long_texts import averaged
from warmstart.batches.ragged import ragged
from warmstart.batches.tokens import TokenTable
from warmstart.evaluation.calibration import Calibration, calibrate, left_out
from warmstart.events import Listener, Note
from warmstart.messages import _
from warmstart.models.last_layer import divided, logits_layer
from warmstart.models.ragged.door import call
from warmstart.recipe import Recipe
from warmstart.table.labels import encode
from warmstart.table.task import Task
from warmstart.trainer.trainer import Trainer

if TYPE_CHECKING:
    from datasets import Dataset

Logits = np.ndarray[Any, Any]
TRIED = 8  # rows, by which the layer is found
CLOSE = 1e-3  # of the logits of all rows, to what they should be


def settled(recipe: Recipe, task: Task, folder: pathlib.Path, resume: bool, listen: Listener) -> Recipe:
    """The recipe of a run with `calibrate` decided, where nobody has: a run that begins calibrates, and one that goes
    on ends as it was begun, also before there was that setting."""
    if recipe.calibrate and not task.head.probable:
        listen(Note(_("--calibrate does not count: the model gives no probabilities")))
    if recipe.calibrate is not None or not task.head.probable:
        return recipe
    begun = resume and (folder / "recipe.toml").is_file()
    return recipe.changed({"calibrate": Recipe.read(folder / "recipe.toml").calibrate if begun else True})


@contextlib.contextmanager
def calibrated(
    recipe: Recipe, task: Task, rows: "Dataset", table: TokenTable, trainer: Trainer, listen: Listener
) -> Iterator[tuple[Logits, Calibration | None]]:
    """The logits of the validation rows, float32 [rows, outputs], and what calibration has found, None where it was not
    asked for. Inside the block the model has the temperature in it, on every process, and the logits are those of this
    model; behind it, it is as it was. `rows` and `table` are the validation rows."""
    logits = averaged(trainer.predict(table).predictions, table.owners)
    if not recipe.calibrate or not task.head.probable:
        yield logits, None
        return
    processes = trainer.processes
    found = processes.gathered(calibrate(task.head, logits, encode(task, rows)) if processes.is_main else None)[0]
    assert found is not None
    layer = None
    if found.temperature != 1:
        layer = logits_layer(trainer.model, task.head.outputs, lambda: _logits(trainer, table))
        if layer is None:
            found = left_out(found, _("no last linear layer gives the model's outputs"))
    with contextlib.ExitStack() as stack:
        if layer is not None:
            stack.enter_context(divided(layer, found.temperature))
            cooled = averaged(trainer.predict(table).predictions, table.owners)
            if _are_those(task, cooled, logits, found.temperature):
                logits = cooled
            else:
                stack.close()
                found = left_out(found, _("rounding would change an answer"))
        listen(Note(str(found)))
        yield logits, found


def _logits(trainer: Trainer, table: TokenTable) -> torch.Tensor:
    """Those of the first rows, as the model computes them now."""
    was_training = trainer.model.training
    trainer.model.eval()
    try:
        batch = ragged(table, np.arange(min(TRIED, len(table)))).to(trainer.processes.device)
        with torch.inference_mode():
            found: torch.Tensor = call(trainer.model, batch).logits.float()
        return found
    finally:
        trainer.model.train(was_training)


def _are_those(task: Task, cooled: Logits, logits: Logits, temperature: float) -> bool:
    """Whether these are the logits divided by the temperature, and no row has another answer."""
    wanted = logits / temperature
    return bool(
        np.allclose(cooled, wanted, rtol=CLOSE, atol=CLOSE * np.abs(wanted).max())
        and np.array_equal(task.head.decide(cooled), task.head.decide(logits))
    )
