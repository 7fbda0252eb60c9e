"""The Hub's data sets out of a stock cache, offline, and the error where there is none: each in a process of its own.

HF_HOME, HF_HUB_OFFLINE and HF_ENDPOINT are read when the libraries are imported, so nothing less would tell.
"""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from warmstart.errors import UserError
from warmstart.table.reading import hub

BUILD = """
import datasets, pathlib
for config in ("en", "zh"):
    datasets.load_dataset("reviews", config)
datasets.load_dataset("account___plain")
for made in pathlib.Path(datasets.config.HF_DATASETS_CACHE).glob("account___plain/*/*/*/account___plain-train.arrow"):
    made.rename(made.with_name("plain-train.arrow"))  # the name it has when it comes from the Hub
datasets.load_dataset("csv", data_files="reviews/en/train.csv")
"""
USE = """
import json, sys
from warmstart.table.reading import hub
from warmstart.table.sources import load, load_dataset
from warmstart.errors import UserError

def said(call, *arguments, **options):
    try:
        splits = call(*arguments, **options)
        return {split: rows[:] for split, rows in splits.items()}
    except UserError as error:
        return [error.problem, error.where, error.fix]

print(json.dumps({
    "cached": hub.cached(),
    "chapter": said(load_dataset, "reviews", "zh"),
    "joined": said(load, "reviews/zh"),
    "config": said(load, "reviews", config="en"),
    "account": said(load, "account/plain"),
    "three": said(load, "account/plain/default"),
    "no config": said(load, "reviews/zz"),
    "several": said(load_dataset, "reviews"),
    "unknown": said(load, "imdb"),
    "unknown account": said(load, "account/other"),
    "glue": said(load, "glue/cola"),
    "no folder": said(load_dataset, "./nowhere"),
}))
"""


def run(script: str, folder: pathlib.Path, home: pathlib.Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=folder,
        env=os.environ | {"HF_HOME": str(home), "WARMSTART_LANG": "en"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What each way of asking gives with a cache that the `datasets` library filled, and no Hub."""
    folder, elsewhere = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("elsewhere")
    for config, text in (("reviews/en", "fine"), ("reviews/zh", "很好"), ("account___plain", "plain")):
        (folder / config).mkdir(parents=True)
        (folder / config / "train.csv").write_text(f"text,label\n{text},1\n", encoding="utf-8")
    configs = "".join(f"- {{config_name: {name}, data_files: {name}/train.csv}}\n" for name in ("en", "zh"))
    (folder / "reviews" / "README.md").write_text(f"---\nconfigs:\n{configs}---\n", encoding="utf-8")
    home = folder / "home"
    run(BUILD, folder, home)
    return json.loads(run(USE, elsewhere, home, HF_HUB_OFFLINE="1"))


def test_a_stock_cache_is_found_offline(offline: Any) -> None:
    assert offline["chapter"] == {"train": {"text": ["很好"], "label": [1]}}
    assert offline["joined"] == offline["chapter"]
    assert offline["config"] == {"train": {"text": ["fine"], "label": [1]}}
    assert offline["account"] == offline["three"] == {"train": {"text": ["plain"], "label": [1]}}


def test_what_is_cached_is_listed_but_not_files_given_by_hand(offline: Any) -> None:
    assert offline["cached"] == [["account/plain", "default"], ["reviews", "en"], ["reviews", "zh"]]


def test_a_configuration_that_is_not_cached(offline: Any) -> None:
    problem, where, fix = offline["no config"]
    assert problem == "'reviews/zz' is not in the local cache, and the Hub cannot be reached"
    assert "datasets" in where
    assert "did you mean 'reviews/zh'" in fix
    assert "'reviews'" in offline["several"][0]


@pytest.mark.parametrize("case", ["unknown", "unknown account", "glue"])
def test_a_data_set_that_is_not_cached(offline: Any, case: str) -> None:
    problem, _, fix = offline[case]
    assert "not in the local cache, and the Hub cannot be reached" in problem
    for way in ("reviews/en", "HF_ENDPOINT", "HF_HUB_OFFLINE", "copy", "file"):
        assert way in fix


def test_a_folder_that_is_not_there(offline: Any) -> None:
    assert "no data at './nowhere'" in offline["no folder"][0]


def test_the_three_glue_tasks_as_a_user_has_them(shared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    subprocess.run(
        [sys.executable, str(shared / "bin" / "make-hf-home"), str(tmp_path / "home")],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        check=True,
    )
    script = """
import json
from warmstart.table.sources import load, load_dataset
from warmstart.table.infer import infer_task
found = {}
for name in ("mrpc", "sst2", "stsb"):
    splits = load(f"glue/{name}")
    assert splits["train"]._fingerprint == load_dataset("glue", name)["train"]._fingerprint
    found[name] = [infer_task(splits).to_dict(), {split: len(rows) for split, rows in splits.items()}]
print(json.dumps(found))
"""
    found = json.loads(run(script, tmp_path, tmp_path / "home", HF_HUB_OFFLINE="1"))
    for name, kind, columns in (
        ("mrpc", "classes", ("sentence1", "sentence2")),
        ("sst2", "classes", ("sentence", None)),
        ("stsb", "number", ("sentence1", "sentence2")),
    ):
        task, rows = found[name]
        assert (task["glue"], task["kind"], task["text"], task["pair"], task["label"]) == (
            name,
            kind,
            *columns,
            "label",
        )
        assert rows["train"] > 3000


# Ways in which the Hub is out of reach that the offline switch does not show


def explained(error: Exception, path: str = "imdb", name: str | None = None, cache: str = "none") -> UserError | None:
    return hub._explain(error, path, name, cache)


def test_every_kind_of_lost_connection_is_one_error(tmp_path: pathlib.Path) -> None:
    from datasets.load import httpx
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

    for error in (
        ConnectionError("refused"),
        TimeoutError("slow"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        OfflineModeIsEnabled("offline"),
        LocalEntryNotFoundError("not here"),
        ValueError("Couldn't find cache for imdb for config 'plain'"),
    ):
        told = explained(error, cache=str(tmp_path))
        assert told is not None
        assert "the Hub cannot be reached" in told.problem
        assert str(tmp_path) in told.where
        assert "the cache holds no data set" in told.fix


def test_a_data_set_that_the_hub_does_not_have() -> None:
    from datasets.exceptions import DatasetNotFoundError

    told = explained(DatasetNotFoundError("Dataset 'imbd' doesn't exist on the Hub or cannot be accessed."), "imbd")
    assert told is not None
    assert "the Hub has no data set 'imbd'" in told.problem


def test_a_configuration_that_the_data_set_does_not_have() -> None:
    told = explained(ValueError("BuilderConfig 'mrcp' not found. Available: ['mrpc', 'sst2']"), "glue", "mrcp")
    assert told is not None
    assert "no configuration 'mrcp'" in told.problem
    assert "did you mean 'mrpc'" in told.fix
    told = explained(
        ValueError("Config name is missing.\nPlease pick one among the available configs: ['a', 'b']"), "glue"
    )
    assert told is not None
    assert "name one: a, b" in told.fix


def test_other_errors_are_left_as_they_are() -> None:
    assert explained(ValueError("a bad file")) is None
    assert explained(KeyError("x")) is None


@pytest.mark.parametrize("source", ["imdb", "glue/mrpc", "account/name.v1", "account/name/config"])
def test_what_has_the_form_of_an_id(source: str) -> None:
    assert hub.is_id(source)


@pytest.mark.parametrize("source", ["./imdb", "/glue", "a/b/c/d", "a//b", "a\\b", "..", "a b", ""])
def test_what_has_not(source: str) -> None:
    assert not hub.is_id(source)


def test_a_half_written_cache_entry_is_passed_over(tmp_path: pathlib.Path) -> None:
    entry = tmp_path / "a" / "b" / "0.0.0" / "x"
    entry.mkdir(parents=True)
    (entry / "dataset_info.json").write_text("{", encoding="utf-8")
    assert hub.cached(str(tmp_path)) == []
    (entry / "dataset_info.json").write_text('{"config_name": "b"}', encoding="utf-8")
    assert hub.cached(str(tmp_path)) == [("a", "b")]
