"""A damaged token table is never trained on: it is made again, with a line. Nor is one of other texts."""

import itertools
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
from datasets import Dataset, load_from_disk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import tiny
from tests.damage import CHANGES
from tests.faults.test_outside import mounting, ran
from warmstart.batches.contents import key_of
from warmstart.batches.tokens import TokenTable, tokenize
from warmstart.events import Event, Warned, listening
from warmstart.table.task import Task

PAIRS = Task(kind="classes", text="text", pair="other", label=None)
ARRAYS = ("ids", "offsets", "types", "cut")


@pytest.fixture
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache" / "warmstart" / "tokens"


def rows(texts: list[str] | None = None) -> Dataset:
    texts = texts or [row["text"] for row in tiny.reviews(40)]
    return Dataset.from_dict({"text": texts, "other": texts[::-1]})


def table(dataset: Dataset, *, keep: bool = True) -> TokenTable:
    return tokenize(dataset, PAIRS, tiny.tokenizer(), max_length=9, keep=keep)


def arrays(found: TokenTable) -> dict[str, list[int]]:
    return {name: np.array(getattr(found, name)).tolist() for name in ARRAYS}


SOME = ("a bit near the end", "second half zero", "shifted by eight bytes", "a pickle", "gone", "a pipe")  # of CHANGES


@pytest.mark.parametrize(
    ("name", "change"),
    [
        *(("ids.npy", change) for change in SOME),
        *((f"{array}.npy", change) for array in ARRAYS[1:] for change in SOME[:2]),
        *(("sums.json", change) for change in ("all zero", "gone", "a device")),
    ],
)
def test_a_damaged_table_is_made_again(name: str, change: str, cache: pathlib.Path) -> None:
    made = table(rows())
    wanted = arrays(made)
    CHANGES[change](cache / made.fingerprint / name)
    heard: list[Event] = []
    with listening(heard.append):
        assert arrays(table(rows(), keep=False)) == wanted
        assert arrays(table(rows())) == wanted
    assert len([event for event in heard if isinstance(event, Warned)]) <= 1
    assert heard or name == "sums.json"
    heard.clear()
    with listening(heard.append):
        assert arrays(table(rows())) == wanted
    assert not heard


def test_the_tokens_of_other_rows_are_not_taken_for_these(cache: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """The fingerprint of a saved data set is a line in a file, which says nothing of the rows beside it."""
    one, two = [row["text"] for row in tiny.reviews(40)], [row["text"] for row in tiny.reviews(40, seed=1)]
    rows(one).save_to_disk(tmp_path / "one")
    rows(two).save_to_disk(tmp_path / "two")
    shutil.copy(tmp_path / "one" / "state.json", tmp_path / "two" / "state.json")
    (arrow,) = [path.name for path in (tmp_path / "one").glob("*.arrow")]
    assert (tmp_path / "two" / arrow).exists()
    first, second = load_from_disk(tmp_path / "one"), load_from_disk(tmp_path / "two")
    assert first._fingerprint == second._fingerprint
    table(first)
    assert arrays(table(second)) == arrays(table(rows(two), keep=False)) != arrays(table(first))


# What texts say


TEXTS = st.lists(st.text(max_size=4) | st.none(), max_size=12)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=TEXTS, others=TEXTS, cuts=st.lists(st.integers(0, 12), max_size=3))
def test_the_key_is_that_of_the_texts_and_of_nothing_else(
    texts: list[str | None], others: list[str | None], cuts: list[int]
) -> None:
    import pyarrow as pa

    def key(table: pa.Table) -> list[str]:
        return key_of(Dataset(table), ["text"])

    whole = pa.array(texts, pa.string())
    edges = sorted({0, len(texts), *(min(cut, len(texts)) for cut in cuts)})
    chunks = [whole[a:b] for a, b in itertools.pairwise(edges)]
    wanted = key(pa.table({"text": whole}))
    assert key(pa.table({"text": pa.chunked_array(chunks, pa.string())})) == wanted
    assert key(pa.table({"text": whole.cast(pa.large_string()), "more": pa.nulls(len(texts))})) == wanted
    assert (key(pa.table({"text": pa.array(others, pa.string())})) == wanted) == (texts == others)


def test_rows_that_were_chosen_are_others() -> None:
    dataset = rows()
    chosen = [dataset, *(dataset.select(places) for places in ([3, 1, 2], [3, 2, 1], [39, 0] * 4, range(5, 30)))]
    keys = [key_of(each, ["text"]) for each in chosen]
    assert keys == [key_of(each, ["text"]) for each in chosen]
    assert len(set(map(str, keys))) == len(keys)
    assert key_of(dataset, ["text"]) != key_of(dataset, ["other"])


# A full disk

FULL = """
set -e
mount -t tmpfs -o size={size}k tmpfs {disk}
status=0
{python} -c '{command}' {disk} 2> {place}/said.txt || status=$?
ls -A {disk}/cache/warmstart/tokens > {place}/left.txt
exit $status
"""
COMMAND = """
import sys, datasets
datasets.disable_progress_bars()
datasets.config.HF_DATASETS_CACHE = sys.argv[1] + "/cache"
from tests import tiny
from warmstart import UserError
from warmstart.batches.tokens import tokenize
from warmstart.table.task import Task
texts = [row["text"] + " good" * 20 for row in tiny.reviews(200)] * 20
rows = datasets.Dataset.from_dict({"text": texts})
try:
    tokenize(rows, Task("classes", "text", None, None), tiny.tokenizer(), max_length=32)
except UserError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
"""


def test_a_full_disk_is_told_and_nothing_stays(tmp_path: pathlib.Path) -> None:
    """In the arrays, which are written last: 4,000 rows of some 30 tokens are 640 KB, and as much in the Arrow file."""
    disk = tmp_path / "disk"
    disk.mkdir()
    script = FULL.format(size=1100, disk=disk, python=sys.executable, command=COMMAND, place=tmp_path)
    done: subprocess.CompletedProcess[str] = ran(tmp_path, *mounting(tmp_path), "bash", "-c", script)
    said = (tmp_path / "said.txt").read_text()
    assert done.returncode == 3, said[-3000:]
    assert "cannot write to the cache" in said
    assert "No space left" in said
    assert (tmp_path / "left.txt").read_text() == ""
