"""Malformed model folders: a UserError that names the folder and a way out, or a model that works; soon, in little
memory, and never another exception."""

import os
import pathlib
import resource
import shutil
import time

import pytest
import torch

from tests import tiny
from tests.models.malformed import ALL, LOADS, SLOW, TOKENIZERS
from warmstart import AutoModelForSequenceClassification, AutoTokenizer
from warmstart.batches.tokens import tokenize_in_memory
from warmstart.errors import UserError
from warmstart.models.load import load_model, load_tokenizer, longest_input
from warmstart.table.task import Task

TASK = Task("classes", "text", None, "label", ("bad", "good"), ("bad", "good"))
TEXTS = ["good film", "a" * 60 + "!", "<new0> <new2>", "没有 \N{GRINNING FACE}"]
SECONDS, MEGABYTES = 10, 300
ELSEWHERE = {name for name in TOKENIZERS if name.endswith(", of no class") and "expression" in name}  # the same again


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder that is sound, and which was loaded: what libraries import and keep is then in memory."""
    folder = tiny.checkpoint(tmp_path_factory.mktemp("sound"))
    load(folder)
    return folder


def load(name: str) -> None:
    """As a training does, up to outputs."""
    tokenizer = load_tokenizer(name)
    length = longest_input(tokenizer, name)
    model = load_model(name, TASK, tokenizer)
    table = tokenize_in_memory([TEXTS], tokenizer, max_length=min(length, 16))
    for start, stop in zip(table.offsets[:-1], table.offsets[1:], strict=True):
        ids = torch.tensor(table.ids[start:stop].tolist())
        assert len(ids) == 0 or ids.max() < model.get_input_embeddings().num_embeddings
        if len(ids):
            model.eval()(input_ids=ids[None])


@pytest.mark.parametrize("what", [name for name in ALL if name not in SLOW | ELSEWHERE])
def test_it_is_refused_by_name_or_works(what: str, sound: str, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(sound, folder)
    ALL[what](folder)
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if what in LOADS:
        load(str(folder))
    else:
        with pytest.raises(UserError) as caught:
            load(str(folder))
        assert str(folder) in caught.value.problem
        assert str(folder) in caught.value.where
        assert caught.value.fix
    assert time.perf_counter() - start < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES


def test_the_list_is_long_enough_and_says_what_there_is() -> None:
    assert len(ALL) > 150
    assert {*LOADS, *SLOW} <= {*ALL, *(f"{name}, of no class" for name in ALL)}


@pytest.mark.parametrize("what", ["config is a pipe", "num_hidden_layers is 100000", "hidden_size is 1000000"])
def test_so_it_is_by_the_name_of_the_course(what: str, sound: str, tmp_path: pathlib.Path) -> None:
    folder = pathlib.Path(shutil.copytree(sound, tmp_path / "model"))
    ALL[what](folder)
    with pytest.raises(UserError):
        AutoModelForSequenceClassification.from_pretrained(folder)


def test_what_is_no_file_of_the_model_does_not_matter(sound: str, tmp_path: pathlib.Path) -> None:
    folder = pathlib.Path(shutil.copytree(sound, tmp_path / "model"))
    (folder / "old").mkdir()
    (folder / "tokenizers").mkdir()
    (folder / "nowhere").symlink_to("not there")
    with (folder / "rows.json").open("wb") as file:
        file.truncate(1 << 40)
    load(str(folder))
    os.mkfifo(folder / "old" / "pipe")
    AutoTokenizer.from_pretrained(folder)


def test_a_bound_ends_with_the_loading(sound: str, tmp_path: pathlib.Path) -> None:
    folder = pathlib.Path(shutil.copytree(sound, tmp_path / "model"))
    ALL["hidden_size is 1000000"](folder)
    with pytest.raises(UserError, match="far larger"):
        AutoModelForSequenceClassification.from_pretrained(folder)
    assert torch.nn.Linear(10**6, 10**6, device="meta").weight.numel() == 10**12
