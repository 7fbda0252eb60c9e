"""Tables of real rows in which faults are planted, and where they are: what `inspect` and `review` have to find.

source = planted.english(shared)            # or planted.chinese(shared, folder)
made = planted.plant(source)                # made.splits, made.flipped, made.near ...
planted.clean(source)                       # the same rows without a fault
planted.write(folder, made.splits)          # train.csv and validation.csv, columns "text" and "label"
"""

import contextlib
import csv
import functools
import getpass
import pathlib
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests import tiny

Row = dict[str, str]
Splits = dict[str, list[Row]]
Place = tuple[str, int]  # split, row from 0

TRAIN, VALIDATION = 2_500, 600  # rows before anything is planted
FLIPPED, LONG = 0.05, 0.08  # shares of the rows; labels are flipped in training rows only
NEAR, CONFLICTS, RARE = 30, 12, 3  # copies across splits, pairs of training rows, rows of a class
GIVEN_AWAY = 0.1  # of the training rows of one label have the token
LONG_WORDS = 700  # words, or characters where words are not written apart


@dataclass(frozen=True)
class Source:
    """Real rows: (text, label) by split. `unspaced`: of a language without spaces between words."""

    splits: dict[str, list[tuple[str, str]]]
    unspaced: bool
    labels: tuple[str, str]
    rare: str  # what the planted class is called
    token: str  # the planted one, which occurs nowhere
    added: str  # a word that fits into most texts


@dataclass(frozen=True)
class Planted:
    """What was planted, and where. Rows are those of `splits[split]`, from 0; no row has two faults."""

    splits: Splits
    flipped: tuple[int, ...]  # training rows with the other label
    near: tuple[tuple[Place, Place], ...]  # a training row and its edited copy in validation, of the same label
    conflicts: tuple[tuple[int, int], ...]  # training rows of one text and two labels
    rare: str  # the class with three training rows
    long: tuple[Place, ...]  # texts longer than any usual checkpoint takes
    token: str  # in a tenth of the training rows of one label, and nowhere else
    with_token: tuple[int, ...]  # the training rows that have it
    token_label: str


def english(shared: pathlib.Path) -> Source:
    """SST-2. Skips the test where it is not there."""
    import pyarrow.parquet as parquet

    folder = shared / "data" / "glue" / "sst2"
    if not folder.is_dir():
        pytest.skip(f"SST-2 is not in {folder}")
    names = ("negative", "positive")
    splits = {
        split: [
            (row["sentence"].strip(), names[row["label"]])
            for row in parquet.read_table(folder / f"{split}-00000-of-00001.parquet").to_pylist()
        ]
        for split in ("train", "validation")
    }
    return Source(splits, False, names, "mixed", "qv7", "really")


MADE = pathlib.Path(tempfile.gettempdir()) / f"warmstart-zh-reviews-{getpass.getuser()}"


@functools.cache
def chinese(shared: pathlib.Path, folder: pathlib.Path = MADE) -> Source:
    """Chinese reviews, made in `folder` once; by default in one that later test runs find. Skips the test where they
    cannot be made."""
    script = shared / "bin" / "make-zh-reviews"
    if not folder.is_dir() or not any(folder.iterdir()):
        if not script.is_file():
            pytest.skip(f"there is no {script}")
        with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as part:
            done = subprocess.run([sys.executable, str(script), part], capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"make-zh-reviews cannot run: {done.stderr[-300:]}")
            with contextlib.suppress(OSError):  # another process was faster
                pathlib.Path(part).rename(folder)
    splits = {}
    for split in ("train", "validation"):
        with (folder / f"{split}.csv").open(encoding="utf-8", newline="") as file:
            splits[split] = [(row["评论"], row["情感"]) for row in csv.DictReader(file)]
    return Source(splits, True, ("差评", "好评"), "中评", "囍", "真的")


def clean(source: Source, seed: int = 0, train: int = TRAIN, validation: int = VALIDATION) -> Splits:
    """Rows without a planted fault, no text twice, in a random order."""
    draw = random.Random(seed)
    seen: set[str] = set()
    splits: Splits = {}
    for split, count in (("validation", validation), ("train", train)):
        rows = [*source.splits[split]]
        draw.shuffle(rows)
        chosen = splits[split] = []
        for text, label in rows:
            if len(chosen) < count and text not in seen and source.token not in text:
                seen.add(text)
                chosen.append({"text": text, "label": label})
    return {"train": splits["train"], "validation": splits["validation"]}


def plant(source: Source, seed: int = 0, train: int = TRAIN, validation: int = VALIDATION) -> Planted:
    """The rows of `clean` with every fault, each in rows of its own."""
    draw = random.Random(seed + 1)
    splits = clean(source, seed, train, validation)
    here, there = splits["train"], splits["validation"]
    other = dict(zip(source.labels, reversed(source.labels), strict=True))
    free = [*range(len(here))]
    draw.shuffle(free)
    fit = [row for row in free if _fits(here[row]["text"], source.unspaced)]
    bases, pairs = fit[:NEAR], fit[NEAR : NEAR + CONFLICTS]
    free = [row for row in free if row not in {*bases, *pairs}]

    near = []
    for number, row in enumerate(bases):
        copy = edited(here[row]["text"], number, source, draw)
        near.append((("train", row), ("validation", len(there))))
        there.append({"text": copy, "label": here[row]["label"]})
    conflicts = []
    for row in pairs:
        conflicts.append((row, len(here)))
        here.append({"text": here[row]["text"], "label": other[here[row]["label"]]})
    rare, free = free[:RARE], free[RARE:]
    for row in rare:
        here[row]["label"] = source.rare

    long = [("train", row) for row in free[: int(LONG * train)]]
    long += [("validation", row) for row in draw.sample(range(validation), int(LONG * validation))]
    free = free[int(LONG * train) :]
    texts = {label: [text for text, of in source.splits["train"] if of == label] for label in source.labels}
    for split, row in long:
        splits[split][row]["text"] = _lengthened(splits[split][row], texts, source.unspaced, draw)

    flipped, free = free[: int(FLIPPED * train)], free[int(FLIPPED * train) :]
    for row in flipped:
        here[row]["label"] = other[here[row]["label"]]
    given_away = source.labels[1]
    able = [row for row in free if here[row]["label"] == given_away]
    with_token = able[: int(GIVEN_AWAY * sum(row["label"] == given_away for row in here))]
    for row in with_token:
        here[row]["text"] = _with(here[row]["text"], source.token, source.unspaced, draw)
    return _shuffled(
        Planted(
            splits,
            tuple(flipped),
            tuple(near),
            tuple(conflicts),
            source.rare,
            tuple(long),
            source.token,
            tuple(with_token),
            given_away,
        ),
        draw,
    )


def write(folder: pathlib.Path, splits: Splits) -> pathlib.Path:
    """A folder with a CSV file for each split."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, rows in splits.items():
        tiny.write(folder / f"{split}.csv", rows)
    return folder


EDITS = ("changed", "dropped", "added", "case", "punctuation")


def edited(text: str, number: int, source: Source, draw: random.Random) -> str:
    """The text with the small edit whose turn it is: a word changed, dropped or added, case, or punctuation."""
    edit = EDITS[number % len(EDITS)]
    units = [*text] if source.unspaced else text.split()
    place = draw.randrange(len(units))
    if edit == "changed":
        units[place] = source.added
    elif edit == "dropped":
        del units[place]
    elif edit == "added":
        units.insert(place, source.added)
    elif edit == "case":
        units = [unit.upper() for unit in units]
    copy = ("" if source.unspaced else " ").join(units)
    if edit == "punctuation" or copy == text:  # Chinese has no case
        end = "！！" if source.unspaced else " !!"
        copy = text.rstrip(" .。!！,，") + end
    return copy


def _fits(text: str, unspaced: bool) -> bool:
    """Whether a text is long enough that a small edit is small."""
    return 12 <= len(text) <= 200 if unspaced else 6 <= sum(map(str.isalnum, text.split())) <= 60


def _lengthened(row: Row, texts: dict[str, list[str]], unspaced: bool, draw: random.Random) -> str:
    parts = [row["text"]]
    size: Callable[[str], int] = len if unspaced else lambda text: len(text.split())
    long = size(row["text"])
    while long < LONG_WORDS:
        parts.append(draw.choice(texts[row["label"]]))
        long += size(parts[-1])
    return ("" if unspaced else " ").join(parts)


def _with(text: str, token: str, unspaced: bool, draw: random.Random) -> str:
    units = [*text] if unspaced else text.split()
    units.insert(draw.randint(0, len(units)), token)
    return ("" if unspaced else " ").join(units)


def _shuffled(made: Planted, draw: random.Random) -> Planted:
    """The rows in another order, so that none is told by its place."""
    to: dict[str, dict[int, int]] = {}
    splits: Splits = {}
    for split, rows in made.splits.items():
        order = [*range(len(rows))]
        draw.shuffle(order)
        splits[split] = [rows[old] for old in order]
        to[split] = {old: new for new, old in enumerate(order)}

    def moved(place: Place) -> Place:
        return place[0], to[place[0]][place[1]]

    train = to["train"]
    return Planted(
        splits,
        tuple(sorted(train[row] for row in made.flipped)),
        tuple((moved(one), moved(other)) for one, other in made.near),
        tuple((train[one], train[other]) for one, other in made.conflicts),
        made.rare,
        tuple(map(moved, made.long)),
        made.token,
        tuple(sorted(train[row] for row in made.with_token)),
        made.token_label,
    )
