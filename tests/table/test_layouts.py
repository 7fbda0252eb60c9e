"""Which column is which in tables as people have them: the right answer, or a question with all that could be meant."""

import random
import shlex

import pytest
from datasets import Dataset, DatasetDict

from tests.table.cells import Column
from tests.table.labelled import error_of
from tests.table.layouts import LAYOUTS
from tests.table.questions import QUESTIONS
from warmstart.errors import UserError
from warmstart.table.infer import infer_task


def table_of(columns: dict[str, Column], seed: int) -> DatasetDict:
    """The table in its own order of columns for seed 0, else in another."""
    draw = random.Random(seed)
    order = draw.sample(list(columns), len(columns)) if seed else list(columns)
    return DatasetDict(train=Dataset.from_dict({name: columns[name](draw) for name in order}))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_right_columns(name: str, seed: int) -> None:
    columns, (text, pair, label) = LAYOUTS[name]
    task = infer_task(table_of(columns, seed))
    assert ({task.text, task.pair}, task.label) == ({text, pair}, label)
    assert seed or task.text == text


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_with_all_that_could_be_meant(name: str, seed: int) -> None:
    columns, candidates = QUESTIONS[name]
    splits = table_of(columns, seed)
    error = error_of(splits)
    assert "several columns could be the" in error.problem
    lines = {}
    for line in error.fix.splitlines()[1:]:
        option, column = shlex.split(line.split("  (")[0])
        if column not in splits["train"].column_names:  # several columns of zeros and ones
            assert infer_task(splits, label=column).classes == tuple(column.split(","))
            continue
        assert any(str(cell)[:20] in line for cell in splits["train"][column][:] if cell)  # with examples
        lines[column] = option.removeprefix("--")
    assert {*lines} >= {*candidates}
    for column in candidates:
        assert repr(column) in error.problem
        assert asked_again(splits, lines[column], column) != error.problem


def asked_again(splits: DatasetDict, option: str, column: str) -> str:
    """What is asked where the option is given: nothing, or the next question."""
    try:
        task = infer_task(splits, **{option: column})
    except UserError as error:
        return error.problem
    assert getattr(task, option) == column
    return ""
