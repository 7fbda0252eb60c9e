"""Numbers as people write them are numbers or a question, never fifty classes."""

import json
import re
from typing import Any

import numpy as np
import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.table.labelled import error_of, labelled, table
from warmstart.errors import UserError
from warmstart.heads.notation import Notation
from warmstart.heads.quantities import Decimal, read
from warmstart.table.checks import check
from warmstart.table.infer import infer_task
from warmstart.table.labels import encode_labels
from warmstart.table.task import Task

NUMBERS = [0.5, 3.25, 12.0, 999.9, 1234.5, 1234567.25, -7.5]


def written(amount: float, thousands: str, point: str) -> str:
    return f"{amount:,.2f}".replace(",", "T").replace(".", point).replace("T", thousands)


@pytest.mark.parametrize(
    ("thousands", "point", "decimal"),
    [
        ("", ",", "comma"),
        (".", ",", "comma"),
        (" ", ",", "comma"),
        ("\xa0", ",", "comma"),
        ("\u202f", ",", "comma"),
        (",", ".", "point"),
        ("'", ".", "point"),
        ("\u2019", ".", "point"),
        (" ", ".", "point"),
        ("", "．", None),
        ("，", "．", "point"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "${}", "{} €", "€{}", "¥{}", "￥{}", "{}%", "{} %", "{}％", "{} USD", "{}元"])
def test_numbers_of_every_country(thousands: str, point: str, decimal: Decimal | None, around: str) -> None:
    cells = [around.format(written(amount, thousands, point)) for amount in NUMBERS]
    task = labelled(*cells)
    assert (task.kind, task.classes) == ("number", ())
    assert np.allclose(encode_labels(task, cells), NUMBERS)
    assert task.notation.decimal in (decimal, "point")
    assert Task.from_dict(json.loads(json.dumps(task.to_dict()))) == task
    assert np.allclose(encode_labels(labelled(*cells, kind="number"), cells), NUMBERS)
    assert len(labelled(*cells, kind="classes").classes) == len(cells)


@settings(max_examples=200, deadline=None)
@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from([(",", ".", "point"), (".", ",", "comma")]))
def test_reading_undoes_writing(amount: Any, way: tuple[str, str, Decimal]) -> None:
    thousands, point, decimal = way
    found = read(written(amount, thousands, point), decimal)
    assert found is not None
    assert found.amount == float(amount)


@pytest.mark.parametrize(
    "cells",
    [
        [f"{n},5" for n in range(5)],  # few values, as of ratings
        [f"{n} %" for n in range(0, 100, 25)],
        [f"${n}" for n in range(10, 60)],
        [f"{n}.000" for n in range(1, 9)] + ["1.234.567"],
        ["1,0", "1,5", "2,0", "2,5", "3,0", "3,5", "4,0", "4,5", "5,0"],
        ["１．５", "２．５", "３．０"],
        ["-$3.50", "$-2.00", "+$1.25"],
        ["−1,5", "2,5", "1e3"],
        ["$12 AUD", "$3.50 AUD"],
    ],
)
def test_few_or_whole_they_are_a_number(cells: list[str]) -> None:
    task = labelled(*cells)
    assert task.kind == "number"
    assert "--kind classes" in " ".join(task.reasons)
    assert np.isfinite(encode_labels(task, cells)).all()


def test_digits_of_full_width_can_number_classes() -> None:
    cells = ["１", "２", "３", "１"]
    task = labelled(*cells)
    assert (task.kind, task.values) == ("classes", ("１", "２", "３"))
    assert encode_labels(labelled(*cells, kind="number"), cells).tolist() == [1, 2, 3, 1]


@pytest.mark.parametrize(
    ("cells", "point", "comma"),
    [
        (["1,234", "2,345", "567"], [1234, 2345, 567], [1.234, 2.345, 567]),
        (["1,500", "2,250"], [1500, 2250], [1.5, 2.25]),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked(cells: list[str], point: list[float], comma: list[float]) -> None:
    error = error_of(table(len(cells), label=cells))
    assert "read in two ways" in error.problem
    assert "rows 1, 2" in error.where
    assert re.findall(r"--decimal (\w+)", error.fix) == ["point", "comma"]
    for decimal, wanted in (("point", point), ("comma", comma)):
        for kind in (None, "number"):
            task = labelled(*cells, kind=kind, notation=Notation.asked(decimal=decimal))  # type: ignore[arg-type]
            assert task.kind == "number"
            assert np.allclose(encode_labels(task, cells), wanted)


def test_money_has_no_thousandths() -> None:
    cells = ["$1,234", "$567"]
    assert encode_labels(labelled(*cells), cells).tolist() == [1234, 567]
    cells = ["1.234 €", "567 €"]
    assert encode_labels(labelled(*cells), cells).tolist() == [1234, 567]
    assert "read in two ways" in error_of(table(2, label=["$1.234M", "$2M"])).problem  # millions have


def test_multiples_of_money_and_shares_in_words() -> None:
    cells = ["$1.2M", "$300k", "$7", "$0.5bn"]
    assert np.allclose(encode_labels(labelled(*cells), cells), [1.2e6, 3e5, 7, 5e8])
    cells = ["¥3万", "¥1.5亿", "¥12"]
    assert np.allclose(encode_labels(labelled(*cells), cells), [3e4, 1.5e8, 12])
    cells = ["85 percent", "12.5%", "7 pct"]
    assert encode_labels(labelled(*cells), cells).tolist() == [85, 12.5, 7]
    assert labelled("4K", "8K", "2K").kind == "classes"


def test_digits_of_other_scripts() -> None:
    cells = ["٣٫٥", "٤٫٢٥", "१२.५"]
    assert np.allclose(encode_labels(labelled(*cells), cells), [3.5, 4.25, 12.5])


def test_a_comma_may_also_join_labels() -> None:
    cells = ["1,2", "2,3", "1,3", "3", "1", "2"]
    error = error_of(table(6, label=cells))
    assert "--label-separator ','" in error.fix
    assert "--decimal" in error.fix
    assert infer_task(table(6, label=cells), notation=Notation(separator=",")).classes == ("1", "2", "3")
    assert infer_task(table(6, label=cells), notation=Notation(decimal="comma")).kind == "number"


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["3,5", "3.5", "4,5", "1,5"], "decimal points and decimal commas"),
        (["$12.50", "€12.00", "$3.00"], "units"),
        (["85%", "0.85", "90%"], "shares and other numbers"),
    ],
)
def test_numbers_that_contradict_each_other(cells: list[str], what: str) -> None:
    error = error_of(table(len(cells), label=cells))
    assert f"mixes {what}" in error.problem
    assert "row" in error.where
    assert labelled(*cells, kind="classes").kind == "classes"


def test_words_among_them_are_named() -> None:
    cells = ["$12", "$30", "$45", "N/A", "$7"]
    error = error_of(table(5, label=cells))
    assert "mixes numbers ('$12', '$30', '$45' and 1 more) and words ('N/A')" in error.problem
    assert "row 4" in error.where
    assert "leave out the rows" in error.fix
    assert labelled("free", "cheap", "5%", "free").kind == "classes"


def test_very_many_different_numbers() -> None:
    cells = [f"{n // 7},{n % 7}{n % 3}" for n in range(400)]
    task = infer_task(table(400, price=cells))
    assert task.kind == "number"
    assert encode_labels(task, ["12,34"]).tolist() == [np.float32(12.34)]


def test_thousands_that_are_rare() -> None:
    cells = [f"{n / 7:.2f}" for n in range(3000)] + ["1,234.50"]
    task = labelled(*cells)
    assert task.kind == "number"
    assert encode_labels(task, cells[-1:]).tolist() == [1234.5]


def test_other_splits_are_read_alike_and_never_otherwise() -> None:
    def splits(*validation: str) -> DatasetDict:
        def rows(cells: Any, name: str) -> Dataset:
            return Dataset.from_dict({"text": [f"{name} {n}" for n in range(len(cells))], "price": cells})

        return DatasetDict(train=rows(["1.234,5", "3,5", "2,25", "7"], "one"), validation=rows(validation, "other"))

    good = splits("2.000", "1,5")
    task = infer_task(good)
    check(good, task)
    assert encode_labels(task, good["validation"]["price"]).tolist() == [2000, 1.5]
    bad = splits("3.5", "1,5")
    with pytest.raises(UserError, match="no finite number in 1 row"):
        check(bad, infer_task(bad))
    shares = labelled("85%", "12.5%")
    for cell in ("0.85", "$12", 0.85):
        with pytest.raises(UserError, match="no finite number") as caught:
            encode_labels(shares, [cell])
        assert "as those of the training rows" in caught.value.fix
    assert encode_labels(shares, ["7%", "0"]).tolist() == [7, 0]


@pytest.mark.parametrize(
    "cells",
    [["18-24", "25-34"], ["1.2.3", "1.2.4"], ["5 stars", "4 stars"], ["10:30", "11:30"], ["1/2", "3/4"], ["$", "€"]],
)
def test_what_is_no_number_stays_a_class(cells: list[str]) -> None:
    assert labelled(*cells * 3).classes == tuple(sorted(cells, key=str))
