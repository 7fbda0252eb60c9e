"""warmstart: fine-tune a pretrained transformer on your own table of texts, and know how good it is.

The names of the Hugging Face course are importable from here. Each is loaded when it is first used: importing the
package costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from transformers import DataCollatorWithPadding, EarlyStoppingCallback, get_scheduler

    from warmstart.data.sources import load, load_dataset
    from warmstart.errors import UserError
    from warmstart.evaluation.load_metric import load_metric
    from warmstart.models.auto import AutoModelForSequenceClassification, AutoTokenizer
    from warmstart.models.default import default_checkpoint
    from warmstart.recipe import Recipe
    from warmstart.run import train
    from warmstart.training.accelerator import Accelerator, notebook_launcher
    from warmstart.training.arguments import TrainingArguments
    from warmstart.training.optimiser import AdamW
    from warmstart.training.trainer import Trainer

_HOMES = {
    "Accelerator": "warmstart.training.accelerator",
    "AdamW": "warmstart.training.optimiser",
    "AutoModelForSequenceClassification": "warmstart.models.auto",
    "AutoTokenizer": "warmstart.models.auto",
    "DataCollatorWithPadding": "transformers",
    "EarlyStoppingCallback": "transformers",
    "Recipe": "warmstart.recipe",
    "Trainer": "warmstart.training.trainer",
    "TrainingArguments": "warmstart.training.arguments",
    "UserError": "warmstart.errors",
    "default_checkpoint": "warmstart.models.default",
    "get_scheduler": "transformers",
    "load": "warmstart.data.sources",
    "load_dataset": "warmstart.data.sources",
    "load_metric": "warmstart.evaluation.load_metric",
    "notebook_launcher": "warmstart.training.accelerator",
    "train": "warmstart.run",
}

__all__ = [
    "Accelerator",
    "AdamW",
    "AutoModelForSequenceClassification",
    "AutoTokenizer",
    "DataCollatorWithPadding",
    "EarlyStoppingCallback",
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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
