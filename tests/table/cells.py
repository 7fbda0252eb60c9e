"""Cells like those of public tables: kinds of values, lengths, and how many are empty."""

import random
from collections.abc import Callable

ROWS = 80
VOCABULARY = "the flight was late and nobody told us why so we slept on the floor but food came for all at last".split()
Cells = list[str]
Column = Callable[[random.Random], Cells]


def prose(length: int, repeated: bool = False) -> Column:
    """Texts of about so many characters, each another."""

    def make(draw: random.Random) -> Cells:
        texts = [" ".join(draw.choices(VOCABULARY, k=max(length // 5, 1))) + f" {row}" for row in range(ROWS)]
        return [texts[row % 4] for row in range(ROWS)] if repeated else texts

    return make


def words(*values: str) -> Column:
    """One of a few values, each about as often."""
    return lambda draw: [values[row] if row < len(values) else draw.choice(values) for row in range(ROWS)]


def counts(most: int) -> Column:
    """Whole numbers from 0."""
    return lambda draw: [str(min(int(draw.expovariate(3 / most)), most)) for _ in range(ROWS)]


def fractions(draw: random.Random) -> Cells:
    """Numbers between 0 and 1, each another."""
    return [f"{draw.random():.4f}" for _ in range(ROWS)]


def numbered(draw: random.Random) -> Cells:
    """A number for each row."""
    return [str(570_306_133_677 + row * 13) for row in range(ROWS)]


def coded(draw: random.Random) -> Cells:
    """22 characters for each row, as ids of the web are."""
    return ["".join(draw.choices("abcdefghijkmnpqrstuvwxyzABCDEFGH0123456789-_", k=22)) for _ in range(ROWS)]


def names(draw: random.Random) -> Cells:
    """Names of people, a few of them twice."""
    return [
        f"{draw.choice('ABCDEFGHJKLM')}. {draw.choice(VOCABULARY).title()}son{draw.randrange(99)}" for _ in range(ROWS)
    ]


def days(draw: random.Random) -> Cells:
    return [f"201{draw.randrange(9)}-0{draw.randrange(1, 9)}-1{draw.randrange(9)}" for _ in range(ROWS)]


def seldom(column: Column, share: float = 0.05) -> Column:
    """The column with most cells empty."""
    return lambda draw: [cell if row < share * ROWS else "" for row, cell in enumerate(column(draw))]


BINARY = words("0", "1")
STARS = words("1", "2", "3", "4", "5")
FEELING = words("negative", "neutral", "positive")
