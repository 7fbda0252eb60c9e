"""What a recipe would do and cost, found out with a few real updates whose result is thrown away."""

import dataclasses
import tempfile
from typing import Any

from transformers import EarlyStoppingCallback

from warmstart.recipe import Recipe
from warmstart.runs.run import Say, assemble, silent
from warmstart.engine.distributed.processes import Processes
from warmstart.runs.forecast import Cost
from warmstart.trainer.progress import progress_callback
from warmstart.engine.techniques import Techniques


@dataclasses.dataclass(frozen=True)
class Plan:
    """`shape`: precision and batch shape with the reason; `techniques`: what is on; `padded_because`: why padding is
    computed, if it is."""

    shape: str
    techniques: tuple[str, ...]
    padded_because: str
    cost: Cost

    def to_dict(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "techniques": list(self.techniques)}


def plan(recipe: Recipe, say: Say = silent) -> Plan:
    """Assemble the run that `recipe` means, measure its first updates, and leave nothing but caches.

    Raises UserError for whatever training would refuse.
    """
    processes = Processes(use_cpu=recipe.cpu)
    with tempfile.TemporaryDirectory() as nowhere:
        made = assemble(recipe.changed({"out": nowhere}), processes, say if processes.is_main else silent)
        trainer = made.trainer
        tell, on = trainer.announce, Techniques()

        def keep(techniques: Techniques) -> None:
            nonlocal on
            on = techniques
            tell(techniques)

        trainer.announce = keep
        trainer.args.eval_strategy = trainer.args.save_strategy = "no"
        trainer.args.load_best_model_at_end = False
        for not_now in (progress_callback(), EarlyStoppingCallback):
            trainer.pop_callback(not_now)
        made.forecast.only_measure = True
        trainer.train()
    assert made.forecast.cost is not None
    return Plan(made.shape, on.on, on.padded_because, made.forecast.cost)
