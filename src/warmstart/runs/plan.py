"""What a recipe would do and cost, found out with a few real updates whose result is thrown away."""

import dataclasses
import tempfile
from typing import Any

import torch
from transformers import EarlyStoppingCallback

from warmstart.engine import threads
from warmstart.engine.distributed.processes import Processes
from warmstart.events import Listener, Note, silent
from warmstart.recipe import Recipe
from warmstart.runs.forecast import Cost
from warmstart.runs.run import assemble
from warmstart.trainer.progress import callback as widget


@dataclasses.dataclass(frozen=True)
class Plan:
    """`shape`: precision and batch shape with the reason; `techniques`: what is on; `padded_because`: why padding is
    computed, if it is; `threads`: that compute in each process."""

    shape: str
    threads: int
    techniques: tuple[str, ...]
    padded_because: str
    cost: Cost

    def to_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "techniques": list(self.techniques)}


def plan(recipe: Recipe, listen: Listener = silent) -> Plan:
    """Assemble the run that `recipe` means, measure its first updates, and leave nothing but caches.

    Raises UserError for whatever training would refuse.
    """
    processes = Processes(use_cpu=recipe.cpu)
    with tempfile.TemporaryDirectory() as nowhere:
        if processes.is_main:
            listen(Note(threads.told(torch.get_num_threads())))
        made = assemble(recipe.changed({"out": nowhere}), processes, listen if processes.is_main else silent)
        trainer = made.trainer
        trainer.args.eval_strategy = trainer.args.save_strategy = "no"
        trainer.args.load_best_model_at_end = False
        for not_now in (EarlyStoppingCallback, *filter(None, [widget(hidden=False)])):
            trainer.pop_callback(not_now)
        made.forecast.only_measure = True
        trainer.train()
    assert made.forecast.cost is not None
    on = trainer.techniques
    return Plan(made.shape, torch.get_num_threads(), on.on, on.padded_because, made.forecast.cost)
