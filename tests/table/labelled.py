"""Tables with labels for the tests of the task."""

from typing import Any

import pytest
from datasets import Dataset, DatasetDict

from warmstart.errors import UserError
from warmstart.table.infer import infer_task
from warmstart.table.task import Task

TEXTS = ["the film was long but good", "a dull and tired story", "nobody should miss this one", "it left me cold"]


def table(rows: int = 4, **columns: list[Any]) -> DatasetDict:
    columns = {"text": [f"{TEXTS[row % 4]} {row}" for row in range(rows)]} | columns
    return DatasetDict(train=Dataset.from_dict(columns))


def labelled(*cells: Any, **options: Any) -> Task:
    return infer_task(table(len(cells), label=list(cells)), **options)


def error_of(splits: DatasetDict, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        infer_task(splits, **options)
    return caught.value
