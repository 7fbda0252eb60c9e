"""Ten thousand rows, good and bad, are judged in a few seconds, and so is a cell of ten megabytes."""

import pathlib
import random
import time
from collections.abc import Callable, Sequence

import pytest

from tests.bad_inputs.helpers import accepted, csv_of, refused, reviews, write
from warmstart.errors import UserError

ROWS = 10_000
SECONDS = 5.0
WORDS = "a film that was good or bad and told its long story quickly in some small town by the sea".split()
Rows = list[list[str]]


def many(seed: int = 0) -> Rows:
    draw = random.Random(seed)
    return [[f"{n} {' '.join(draw.choices(WORDS, k=30))} {seed}", ("good", "bad")[n % 2]] for n in range(ROWS)]


def timed(ask: Callable[[], object]) -> float:
    start = time.perf_counter()
    ask()
    return time.perf_counter() - start


@pytest.fixture(scope="module", autouse=True)
def libraries(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is loaded with the first table belongs to the start of the program."""
    accepted(write(tmp_path_factory.mktemp("first") / "a.csv", csv_of(reviews())))


def every(rows: Rows, step: int, column: int, cell: str) -> Rows:
    return [[*row[:column], cell, *row[column + 1 :]] if n % step == step - 1 else row for n, row in enumerate(rows)]


FAULTS: dict[str, tuple[Callable[[Rows], Sequence[Sequence[str]]], str]] = {
    "row_05_everywhere": (lambda rows: [row[:1] for row in rows], "a row has 1 cells"),
    "row_08_at_the_start": (lambda rows: [['"open', "good"], *rows], "never closed"),
    "row_08_at_the_end": (lambda rows: [*rows, ['"open', "good"]], "never closed"),
    "row_12_everywhere": (lambda rows: [["", row[1]] for row in rows], "no text in 10,000 rows"),
    "row_18": (lambda rows: every([[text, str(n % 5)] for n, (text, _) in enumerate(rows)], 7, 1, "-100"), "no label"),
    "row_19": (lambda rows: every(rows, 2, 1, ""), "no label in 5,000 rows"),
    "row_22": (lambda rows: every(rows, 2, 1, "7"), "mixes numbers"),
    "as_many_classes_as_rows": (lambda rows: [[row[0], row[0][:9]] for row in rows], "probably not a label"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_table(tmp_path: pathlib.Path, fault: str) -> None:
    spoil, problem = FAULTS[fault]
    table = write(tmp_path / "a.csv", csv_of(spoil(many())))
    found: list[UserError] = []
    assert timed(lambda: found.append(refused(table))) < SECONDS
    assert problem in found[0].problem


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_good_table(tmp_path: pathlib.Path, name: str) -> None:
    rows = many()
    objects = [{"text": text, "label": label} for text, label in rows]
    table = write(tmp_path / name, csv_of(rows) if name == "a.csv" else objects)
    assert timed(lambda: accepted(table)) < SECONDS


def test_rows_26_and_27_copies_everywhere(tmp_path: pathlib.Path) -> None:
    rows = many()
    table = write(
        tmp_path / "a.csv", csv_of([*rows[: ROWS // 2], *([text, "neither"] for text, _ in rows[: ROWS // 2])])
    )
    other = write(tmp_path / "b.csv", csv_of([[text, "good"] for text, _ in rows]))
    found: list[UserError] = []
    assert timed(lambda: found.append(refused(table, blame="b.csv", validation=str(other)))) < SECONDS
    assert "5,000 rows are in the split 'train' too" in found[0].problem
    assert timed(lambda: accepted(table, validation=str(other), allow_leakage=True)) < SECONDS


def test_row_29_a_lone_surrogate_in_the_last_of_many_rows(tmp_path: pathlib.Path) -> None:
    objects = [{"text": text, "label": label} for text, label in [*many(), ["half \ud83d", "good"]]]
    table = write(tmp_path / "a.jsonl", objects)
    found: list[UserError] = []
    assert timed(lambda: found.append(refused(table))) < SECONDS
    assert "line 10,001" in found[0].where


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_row_28_a_cell_of_ten_megabytes(tmp_path: pathlib.Path, name: str) -> None:
    rows = [["x " * 5_000_000, "good"], *reviews(20)]
    objects = [{"text": text, "label": label} for text, label in rows]
    table = write(tmp_path / name, csv_of(rows) if name == "a.csv" else objects)
    assert timed(lambda: accepted(table)) < SECONDS
