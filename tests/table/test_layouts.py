"""Which column is which in tables as people have them: the right answer, or a question with all that could be meant."""

import random
import shlex

import pytest
from datasets import Dataset, DatasetDict

from tests.table.labelled import error_of
from tests.table.layouts import LAYOUTS, Column
from warmstart.errors import UserError
from warmstart.table.infer import infer_task


def table_of(columns: dict[str, Column], seed: int = 0) -> DatasetDict:
    draw = random.Random(seed)
    return DatasetDict(train=Dataset.from_dict({name: column(draw) for name, column in columns.items()}))


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_right_columns_or_a_question(name: str) -> None:
    columns, expected = LAYOUTS[name]
    splits = table_of(columns)
    if expected[0] is not None:
        task = infer_task(splits)
        assert (task.text, task.pair, task.label) == expected
        return
    error = error_of(splits)
    assert "several columns could be the" in error.problem
    for candidate in expected[1]:
        assert repr(candidate) in error.problem
    lines = [line for line in error.fix.splitlines() if line.startswith("  --")]
    options = [shlex.split(line.split("  (")[0]) for line in lines]
    assert {column for _, column in options} >= {*expected[1]}
    for (option, column), line in zip(options, lines, strict=True):
        cells = splits["train"][column][:]
        assert any(str(cell)[:20] in line for cell in cells if cell)  # with examples
        asked = option.removeprefix("--")
        if column in expected[1]:
            assert asked_again(splits, asked, column) != error.problem


def asked_again(splits: DatasetDict, option: str, column: str) -> str:
    """What is asked where the option is given: nothing, or the next question."""
    try:
        task = infer_task(splits, **{option: column})
    except UserError as error:
        return error.problem
    assert getattr(task, option) == column
    return ""


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_order_of_columns_does_not_overturn_it(name: str) -> None:
    """A table whose columns stand in another order gives the same columns, or a question."""
    columns, expected = LAYOUTS[name]
    for seed in range(3):
        order = random.Random(seed).sample(list(columns), len(columns))
        splits = table_of({each: columns[each] for each in order}, seed)
        if expected[0] is None:
            assert "several" in error_of(splits).problem
        else:
            task = infer_task(splits)
            assert ({task.text, task.pair}, task.label) == ({*expected[:2]}, expected[2])
