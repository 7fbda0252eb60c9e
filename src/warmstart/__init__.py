"""warmstart: fine-tune a pretrained transformer on your own table of texts, and know how good it is.

The names of the Hugging Face course are importable from here. Each is loaded when it is first used: importing the
package costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from warmstart.openmp import share_processors

__version__ = "0.1.0"

if TYPE_CHECKING:
    from transformers import DataCollatorWithPadding, EarlyStoppingCallback, get_scheduler

    from warmstart.engine.distributed.launch import notebook_launcher
    from warmstart.engine.distributed.processes import Accelerator
    from warmstart.engine.optimizer import AdamW
    from warmstart.engine.predictor import Predictor
    from warmstart.errors import UserError
    from warmstart.evaluation.load_metric import load_metric
    from warmstart.models.auto import AutoModelForSequenceClassification, AutoTokenizer
    from warmstart.models.default import default_checkpoint
    from warmstart.recipe import Recipe
    from warmstart.runs.run import train
    from warmstart.table.sources import load, load_dataset
    from warmstart.trainer.arguments import TrainingArguments
    from warmstart.trainer.trainer import Trainer

_HOMES = {
    "Accelerator": "warmstart.engine.distributed.processes",
    "AdamW": "warmstart.engine.optimizer",
    "AutoModelForSequenceClassification": "warmstart.models.auto",
    "AutoTokenizer": "warmstart.models.auto",
    "DataCollatorWithPadding": "transformers",
    "EarlyStoppingCallback": "transformers",
    "Predictor": "warmstart.engine.predictor",
    "Recipe": "warmstart.recipe",
    "Trainer": "warmstart.trainer.trainer",
    "TrainingArguments": "warmstart.trainer.arguments",
    "UserError": "warmstart.errors",
    "default_checkpoint": "warmstart.models.default",
    "get_scheduler": "transformers",
    "load": "warmstart.table.sources",
    "load_dataset": "warmstart.table.sources",
    "load_metric": "warmstart.evaluation.load_metric",
    "notebook_launcher": "warmstart.engine.distributed.launch",
    "train": "warmstart.runs.run",
}

__all__ = [
    "Accelerator",
    "AdamW",
    "AutoModelForSequenceClassification",
    "AutoTokenizer",
    "DataCollatorWithPadding",
    "EarlyStoppingCallback",
    "Predictor",
    "Recipe",
    "Trainer",
    "TrainingArguments",
    "UserError",
    "default_checkpoint",
    "get_scheduler",
    "load",
    "load_dataset",
    "load_metric",
    "notebook_launcher",
    "train",
]


share_processors()  # before torch is loaded


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
