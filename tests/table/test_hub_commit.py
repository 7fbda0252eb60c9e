"""Which commit of the Hub rows are of."""

import pathlib

import datasets
import pytest

from tests import tiny
from warmstart.table.reading import hub
from warmstart.table.sources import load


@pytest.fixture
def cache(tmp_path: pathlib.Path) -> str:
    """The library's cache with the data set account/plain in it, as it lies there when it came from the Hub."""
    folder, cache = tmp_path / "account___plain", tmp_path / "cache"
    folder.mkdir()
    for split in ("train", "test"):
        (folder / f"{split}.csv").write_text("text,label\nfine,1\nawful,0\n")
    datasets.load_dataset(str(folder), cache_dir=str(cache))
    (made,) = cache.glob("account___plain/default/0.0.0/*/")
    for arrow in made.glob("*.arrow"):
        arrow.rename(arrow.with_name(arrow.name.removeprefix("account___")))
    made.rename(made.with_name(tiny.COMMIT))
    return str(cache)


def test_rows_of_the_hub_are_known_by_their_commit(cache: str) -> None:
    splits = load("account/plain", cache_dir=cache)
    assert hub.commit_of(splits) == tiny.COMMIT
    chosen = datasets.DatasetDict({name: rows.shuffle(seed=0).select([0]) for name, rows in splits.items()})
    assert hub.commit_of(chosen) == tiny.COMMIT


def test_other_rows_have_no_commit(cache: str, tmp_path: pathlib.Path) -> None:
    assert hub.commit_of(load(str(tmp_path / "account___plain"), cache_dir=cache)) is None
    assert hub.commit_of(load(str(tmp_path / "account___plain" / "train.csv"), cache_dir=cache)) is None
    assert hub.commit_of(datasets.DatasetDict({"train": datasets.Dataset.from_dict({"text": ["fine"]})})) is None
    with_validation = load("account/plain", cache_dir=cache, validation=str(tmp_path / "account___plain" / "test.csv"))
    assert hub.commit_of(with_validation) == tiny.COMMIT
