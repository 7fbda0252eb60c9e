"""The validation rows that are longer than the model reads, read as a run reads them and cut."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart.batches.tokens import texts_of, tokenize_in_memory
from warmstart.evaluation.long_texts import LongTexts, long_texts
from warmstart.table.labels import encode
from warmstart.table.task import Task
from warmstart.trainer.trainer import Trainer

if TYPE_CHECKING:
    from datasets import Dataset


def measured(task: Task, trainer: Trainer, rows: "Dataset", logits: npt.NDArray[Any]) -> LongTexts | None:
    """What reading `rows` as `task.long` says is worth; None where long texts are cut. `logits`: of all of them. Every
    process has to call it."""
    if task.long == "cut":
        return None
    tokenizer: Any = trainer.processing_class
    texts, most = texts_of(rows, task), tokenizer.model_max_length
    found = tokenize_in_memory(texts, tokenizer, max_length=most).cut
    long = np.flatnonzero([] if found is None else found)
    if not len(long):
        return long_texts(task, logits[:0], logits[:0], np.zeros(0), len(rows))
    beginnings = tokenize_in_memory([[column[row] for row in long] for column in texts], tokenizer, max_length=most)
    cut = trainer.predict(beginnings).predictions
    return long_texts(task, cut, logits[long], encode(task, rows)[long], len(rows))
