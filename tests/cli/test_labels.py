"""The options of labels, typed: each error's way out is followed by the same command."""

import pathlib
import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import tiny
from tests.cli.helpers import Run

TRAIN = ("--model", "tiny", "--updates", "1", "--no-baselines", "--cpu")
INSPECT = ("--model", "tiny")
WORDS = ("book", "film", "very")


def rows(cells: Callable[[list[str]], dict[str, Any]], seed: int = 0) -> list[dict[str, Any]]:
    found = tiny.reviews(40, seed)
    return [{"text": row["text"], **cells([word for word in WORDS if word in row["text"]])} for row in found]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    folder = tmp_path_factory.mktemp("place")
    tiny.checkpoint(folder / "tiny")
    tiny.write(folder / "onehot.csv", rows(lambda tags: {word: int(word in tags) for word in WORDS}))
    tiny.write(folder / "joined.csv", rows(lambda tags: {"tags": "|".join(tags) or "plain"}))
    tiny.write(folder / "lists.csv", rows(lambda tags: {"tags": repr(tags)}))
    tiny.write(folder / "prices.csv", rows(lambda tags: {"price": f"{len(tags) + 1},{len(tags)}00"}))
    plain = tiny.reviews(40)
    tiny.write(folder / "clean.csv", plain)
    odd = [{**row, "label": f"{row['label'].upper()}\xa0"} if n % 7 == 0 else row for n, row in enumerate(plain)]
    tiny.write(folder / "odd.csv", odd)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets.config.HF_DATASETS_CACHE", folder / "cache")
        yield folder


@pytest.mark.parametrize(
    ("table", "asked", "pattern", "kind"),
    [
        ("onehot.csv", (), r"(--label \S+,\S+,\S+)", "labels"),
        ("joined.csv", ("--label", "tags"), r"(--label-separator \S+)", "labels"),
        ("odd.csv", (), r"(--labels merge)", "classes"),
        ("prices.csv", ("--label", "price"), r"(--decimal comma)", "number"),
        ("lists.csv", ("--label", "tags"), None, "labels"),
    ],
)
def test_a_question_and_its_answer(
    table: str, asked: tuple[str, ...], pattern: str | None, kind: str, run: Run
) -> None:
    answer: list[str] = []
    if pattern:
        for name, options in (("inspect", INSPECT), ("train", TRAIN)):
            done = run(name, table, *options, *asked)
            assert done.status == 2
            (found,) = re.findall(pattern, done.err)
            answer = shlex.split(found)
    shown = run("inspect", table, *INSPECT, *asked, *answer, "--json").json
    assert shown["task"]["kind"] == kind
    assert not [each for each in shown["findings"] if each["stops_training"]]
    out = f"{table}-{len(answer)}-{answer[-1:]}"
    assert run("train", table, *TRAIN, *asked, *answer, "--out", out).status == 0
    assert run("evaluate", out, table, "--json").json["rows"] == 40
    assert run("predict", out, table, "--out", f"{out}.csv").status == 0


def test_evaluating_other_spellings(run: Run) -> None:
    assert run("train", "clean.csv", *TRAIN, "--out", "clean").status == 0
    done = run("evaluate", "clean", "odd.csv")
    assert done.status == 2
    assert r"'POSITIVE\xa0' like 'positive'" in done.err
    (answer,) = set(re.findall(r"--labels merge", done.err))
    assert run("evaluate", "clean", "odd.csv", *answer.split(), "--json").json["rows"] == 40
