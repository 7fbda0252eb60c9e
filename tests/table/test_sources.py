"""Several files, folders, names, and real data."""

import pathlib
from typing import Any

import pytest
from datasets import Dataset, DatasetDict

from tests.table.tables import GOOD
from warmstart.errors import UserError
from warmstart.table.sources import load


def test_several_files_and_the_other_names_of_splits(tmp_path: pathlib.Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_text(GOOD.replace("fine", name), encoding="utf-8")
    files = {name: str(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv")}
    cache = str(tmp_path / "cache")
    splits = load({"train": files["a.csv"], "dev": files["b.csv"]}, test=files["c.csv"], cache_dir=cache)
    assert {split: rows["text"][0] for split, rows in splits.items()} == {
        "train": "a.csv",
        "validation": "b.csv",
        "test": "c.csv",
    }
    with pytest.raises(UserError, match="given twice"):
        load({"train": files["a.csv"], "dev": files["b.csv"]}, validation=files["c.csv"], cache_dir=cache)
    with pytest.raises(UserError, match="no files"):
        load({}, cache_dir=cache)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_folder_whose_files_name_splits(tmp_path: pathlib.Path, kind: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    names = ["train-00000-of-00002", "train-00001-of-00002", "my_dev", "test", "cache-12ab"]
    for name in names:
        rows = Dataset.from_dict({"text": [name], "n": ["1"]})
        rows.to_csv(folder / f"{name}.csv") if kind == "csv" else rows.to_parquet(folder / f"{name}.parquet")
    (folder / "dataset_info.json").write_text("{}", encoding="utf-8")
    splits = load(folder, cache_dir=str(tmp_path / "cache"))
    assert {split: list(rows["text"]) for split, rows in splits.items()} == {
        "train": names[:2],
        "validation": ["my_dev"],
        "test": ["test"],
    }


def test_folders_that_are_not_clear(tmp_path: pathlib.Path) -> None:
    def folder_error(*names: str) -> str:
        folder = tmp_path / "-".join(names or ("none",))
        folder.mkdir()
        for name in names:
            (folder / name).write_text(GOOD, encoding="utf-8")
        with pytest.raises(UserError) as caught:
            load(folder, cache_dir=str(tmp_path / "cache"))
        return caught.value.problem

    assert "no table" in folder_error()
    assert "vocabulary.csv names no one split" in folder_error("train.csv", "vocabulary.csv")
    assert "train_test.csv names no one split" in folder_error("train.csv", "train_test.csv")
    assert "validation_matched.csv, validation_other.csv all name" in folder_error(
        "train.csv", "validation_matched.csv", "validation_other.csv"
    )


def test_shards_with_other_columns_are_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "train-00000-of-00002.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "train-00001-of-00002.csv").write_text("text,class\na,b\n", encoding="utf-8")
    (tmp_path / "dev.csv").write_text(GOOD, encoding="utf-8")
    with pytest.raises(UserError, match="does not have the columns") as caught:
        load(tmp_path, cache_dir=str(tmp_path / "cache"))
    assert "class (string)" in caught.value.where


def test_what_save_to_disk_saved(tmp_path: pathlib.Path) -> None:
    rows = Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]})
    rows.save_to_disk(tmp_path / "one")
    DatasetDict(train=rows, test=rows).save_to_disk(tmp_path / "two")
    assert {split: part.to_dict() for split, part in load(tmp_path / "one").items()} == {"train": rows.to_dict()}
    assert list(load(str(tmp_path / "two"))) == ["train", "test"]
    (tmp_path / "one" / "state.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="damaged"):
        load(tmp_path / "one")


def test_a_folder_laid_out_as_on_the_hub(tmp_path: pathlib.Path) -> None:
    for config in ("en", "zh"):
        (tmp_path / config).mkdir()
        (tmp_path / config / "train.csv").write_text(GOOD.replace("fine", "007"), encoding="utf-8")
    (tmp_path / "README.md").write_text(
        "---\nconfigs:\n- {config_name: en, data_files: en/train.csv}\n- {config_name: zh, data_files: zh/*}\n---\n",
        encoding="utf-8",
    )
    cache = str(tmp_path / "cache")
    assert load(tmp_path, config="zh", cache_dir=cache)["train"]["text"][0] == "007"
    with pytest.raises(UserError, match="several configurations"):
        load(tmp_path, cache_dir=cache)
    with pytest.raises(UserError, match="no configuration 'zhh'") as caught:
        load(tmp_path, config="zhh", cache_dir=cache)
    assert "did you mean 'zh'" in caught.value.fix
    (tmp_path / "README.md").unlink()
    assert len(load(tmp_path, config="en", cache_dir=cache)["train"]) == 2
    with pytest.raises(UserError, match="no configuration 'ex'"):
        load(tmp_path, config="ex", cache_dir=cache)


@pytest.mark.parametrize(
    "files",
    [
        "../secret.csv",
        "/etc/hostname",
        "https://example.org/a.csv",
        "hf://datasets/x/y.csv",
        "[in.csv, ../*.csv]",
        "[{split: train, path: in.csv}, {split: test, path: [a/../../secret.csv]}]",
    ],
)
def test_a_readme_names_only_files_of_its_folder(tmp_path: pathlib.Path, files: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text(GOOD, encoding="utf-8")
    (folder / "in.csv").write_text(GOOD, encoding="utf-8")
    readme = folder / "README.md"
    readme.write_text(f"---\nconfigs:\n- config_name: default\n  data_files: {files}\n---\n", encoding="utf-8")
    with pytest.raises(UserError, match="not in the folder") as caught:
        load(folder, cache_dir=str(tmp_path / "cache"))
    assert "README.md" in caught.value.where
    readme.write_text("---\nconfigs:\n- config_name: default\n  data_dir: ..\n---\n", encoding="utf-8")
    with pytest.raises(UserError, match="not in the folder"):
        load(folder, cache_dir=str(tmp_path / "cache"))
    readme.write_text("---\nconfigs:\n- config_name: default\n  data_files: ./in.csv\n---\n", encoding="utf-8")
    assert len(load(folder, cache_dir=str(tmp_path / "cache"))["train"]) == 2


@pytest.mark.parametrize("matter", ["configs:\n- [", "configs: 3", "configs:\n- data_files: gone.csv", "configs:\n- 7"])
def test_a_readme_that_is_wrong_is_named(tmp_path: pathlib.Path, matter: str) -> None:
    (tmp_path / "in.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "README.md").write_text(f"---\n{matter}\n---\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load(tmp_path, cache_dir=str(tmp_path / "cache"))
    assert "README.md" in str(caught.value)
    assert "one by one" in caught.value.fix


def test_files_that_are_not_there(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("data").mkdir()
    pathlib.Path("data", "reviews.csv").write_text(GOOD, encoding="utf-8")
    for missing, near in (
        ("data/review.csv", "reviews.csv"),
        ("dta/reviews.csv", "data"),
        ("data/reviews", "reviews.csv"),
    ):
        with pytest.raises(UserError, match=f"there is no file {missing}") as caught:
            load(missing)
        assert f"did you mean '{near}'" in caught.value.fix
    pathlib.Path("a.xyz").write_text("just words\nand some more\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"cannot tell what a\.xyz is"):
        load("a.xyz")
    with pytest.raises(UserError, match="no configurations"):
        load("data/reviews.csv", config="x")
    with pytest.raises(UserError, match="is not a file"):
        load({"train": "data"})


def test_a_local_path_wins_over_the_sample_and_the_hub(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("sample").mkdir()
    pathlib.Path("sample", "train.csv").write_text(GOOD, encoding="utf-8")
    assert load("sample", cache_dir="cache")["train"]["text"][0] == "fine"


def test_the_built_in_sample(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert {"train", "validation"} <= load("sample").keys()


@pytest.mark.parametrize(
    ("task", "rows"), [("mrpc", (3668, 408, 1725)), ("sst2", (67349, 872, 1821)), ("stsb", (5749, 1500, 1379))]
)
def test_glue_as_a_folder_and_as_files(glue: pathlib.Path, tmp_path: pathlib.Path, task: str, rows: Any) -> None:
    cache = str(tmp_path)
    folder = load(glue, config=task, cache_dir=cache)
    assert tuple(map(len, folder.values())) == rows
    files = {split: str(glue / task / f"{split}-00000-of-00001.parquet") for split in ("train", "validation", "test")}
    for other in (load(files, cache_dir=cache), load(glue / task, cache_dir=cache)):
        assert {split: part._fingerprint for split, part in other.items()} == {
            split: part._fingerprint for split, part in folder.items()
        }
