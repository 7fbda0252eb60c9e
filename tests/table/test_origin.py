"""Rows know the file they are from, through every selection, and what is wrong with them is told with it."""

import pathlib

import pytest
from datasets import Dataset

from warmstart.errors import UserError
from warmstart.table import origin
from warmstart.table.sources import load


def test_rows_of_files_and_of_none(tmp_path: pathlib.Path) -> None:
    for name in ("train-00000-of-00002.csv", "train-00001-of-00002.csv", "dev.csv"):
        (tmp_path / name).write_text(f"text,label\n{name},pos\nb,neg\n", encoding="utf-8")
    splits = load(tmp_path, cache_dir=str(tmp_path / "cache"))
    shards, dev = splits["train"], splits["validation"]
    assert origin.place(shards, "train") == f"{tmp_path}/train-00000-of-00002.csv and 1 more, split 'train'"
    for rows in (dev, dev.select([1]), dev.shuffle(seed=0)):
        assert origin.place(rows, "validation") == f"{tmp_path}/dev.csv, split 'validation'"
    dev.save_to_disk(tmp_path / "saved")
    saved = load(tmp_path / "saved")["train"]  # the folder, not the file that its rows were once read from
    assert origin.place(saved, "train") == f"{tmp_path}/saved, split 'train'"
    assert origin.place(Dataset.from_dict({"text": ["a"]}), "test") == "split 'test'"


def test_files_of_the_hub_are_not_named() -> None:
    rows = Dataset.from_dict({"text": ["a"]})
    file = "hf://datasets/nyu-mll/glue@1/mrpc/train.parquet"
    rows.info.download_checksums = {file: {"num_bytes": 649281, "checksum": None}}  # as the library notes it
    assert origin.place(rows, "train") == "split 'train'"


def test_what_goes_wrong_is_told_with_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Dataset.from_dict({"text": ["a"]})
    origin.mark(rows, ["a.csv"])
    with pytest.raises(UserError) as caught, origin.telling(rows, "train"):
        raise UserError("odd", "row 3", "mend it")
    assert caught.value.args == ("odd", "a.csv, split 'train', row 3", "mend it")
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    with pytest.raises(UserError) as caught, origin.telling(rows, "train"):
        raise UserError("odd")
    assert caught.value.where == "a.csv, 数据划分 'train'"
