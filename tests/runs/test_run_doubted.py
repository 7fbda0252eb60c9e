"""A run's model is doubted when it is opened: damaged, half, planted in or linked elsewhere, it does not answer."""

import json
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests import tiny
from tests.damage import CHANGES
from tests.runs.recipes import Make
from warmstart import Predictor, Recipe, train
from warmstart.cli.app import main
from warmstart.errors import UserError
from warmstart.events import Event, Note, Warned, listening
from warmstart.models.load import load_model, load_tokenizer
from warmstart.runs.run import Result
from warmstart.runs.saved import SavedRun
from warmstart.storage import MANIFEST
from warmstart.table.task import Task

TEXTS = ["a good film", "a bad film"]
FILES = ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json")


@pytest.fixture
def run(finished: tuple[Result, list[str]], tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of a finished run, where its recipe finds its table and its model."""
    shutil.copy(finished[0].folder.parent / "reviews.csv", tmp_path)
    return pathlib.Path(shutil.copytree(finished[0].folder, tmp_path / "run"))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        *(
            ("model.safetensors", change)
            for change in ("a bit in the middle", "last bit", "second half zero", "a pipe")
        ),
        *((name, change) for name in FILES[1:] for change in ("a bit in the middle", "gone")),
        *((MANIFEST, change) for change in ("a bit in the middle", "empty", "all zero", "a folder")),
    ],
)
def test_a_model_that_is_not_what_the_run_wrote_does_not_answer(name: str, change: str, run: pathlib.Path) -> None:
    CHANGES[change](run / "model" / name)
    for load in (Predictor.load, lambda folder: SavedRun.open(folder).predictor):
        with pytest.raises(UserError) as caught:
            load(run)
        assert str(run) in caught.value.where


PLANTED = (
    "adapter_config.json",
    "model.safetensors.index.json",
    "chat_template.jinja",
    "vocab.txt",
    "other.safetensors",
)


@pytest.mark.parametrize("name", PLANTED)
def test_a_file_that_was_put_there_later_is_refused_if_it_could_be_read(name: str, run: pathlib.Path) -> None:
    (run / "model" / name).write_text("{}")
    with pytest.raises(UserError, match="was not there when"):
        Predictor.load(run)


def test_what_is_written_beside_the_model_does_not_matter(run: pathlib.Path) -> None:
    for name in ("README.md", "model.onnx", "notes.txt"):
        (run / "model" / name).write_text("of mine")
    assert len(Predictor.load(run).predict(TEXTS)) == 2


def test_both_ways_out_lead_out(run: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Resuming writes the model again, to the byte; without its manifest it is opened as it is, with a line."""
    monkeypatch.chdir(run.parent)
    before = {name: (run / "model" / name).read_bytes() for name in FILES}
    wanted = Predictor.load(run).logits(TEXTS)
    CHANGES["second half zero"](run / "model" / "model.safetensors")
    with pytest.raises(SystemExit) as ended:
        main(["predict", "run", TEXTS[0]])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "model.safetensors is not what was written" in said
    assert f"warmstart resume {run.name}" in said

    (run / "model" / MANIFEST).rename(run / MANIFEST)
    heard: list[Event] = []
    with listening(heard.append):
        Predictor.load(run)
    assert [type(event) for event in heard] == [Warned]
    assert "no manifest" in str(heard[0])
    (run / MANIFEST).rename(run / "model" / MANIFEST)

    main(["resume", "run"])
    assert {name: (run / "model" / name).read_bytes() for name in FILES} == before
    np.testing.assert_array_equal(Predictor.load(run).logits(TEXTS), wanted)


def test_a_model_without_a_part_of_it_is_not_made_up(run: pathlib.Path) -> None:
    """Of a run that has no manifest: its own files say what is not there."""
    (run / "model" / MANIFEST).unlink()
    weights = run / "model" / "model.safetensors"
    saved = load_file(weights)
    for lacking in (["classifier.weight", "classifier.bias"], ["bert.encoder.layer.1.output.dense.weight"]):
        save_file({name: tensor for name, tensor in saved.items() if name not in lacking}, weights, {"format": "pt"})
        with pytest.raises(UserError, match=sorted(lacking)[0]) as caught:
            Predictor.load(run)
        assert caught.value.fix == f"warmstart resume {run}"


@pytest.mark.parametrize(
    "change",
    ["first bit", "second half zero", "cut in half", "empty", "a pipe", "a device", "a folder", "gone", "twice"],
)
def test_a_damaged_task_does_not_answer(change: str, run: pathlib.Path) -> None:
    CHANGES[change](run / "task.json")
    with pytest.raises(UserError):
        Predictor.load(run)


@pytest.mark.parametrize("said", ["null", "[" * 50_000, '{"kind": "classes"}', "[]"])
def test_a_task_that_is_none_does_not_answer(said: str, run: pathlib.Path) -> None:
    (run / "task.json").write_text(said)
    with pytest.raises(UserError):
        Predictor.load(run)
    train(Recipe.read(run / "recipe.toml").changed({"out": str(run)}), resume=True)
    assert Predictor.load(run).task.classes == ("negative", "positive")


@pytest.mark.parametrize("names", [("a", "b", "c"), ("a", "b"), ("positive", "negative"), ("negative", "positivf")])
def test_a_task_of_another_model_does_not_answer(names: tuple[str, ...], run: pathlib.Path) -> None:
    (run / "task.json").write_text(json.dumps(Task("classes", "text", None, "label", names, names).to_dict()))
    with pytest.raises(UserError, match="answers with negative, positive"):
        Predictor.load(run)


# A link


@pytest.mark.parametrize("name", ["model", "log.jsonl", "task.json"])
def test_nothing_is_written_through_a_link(name: str, run: pathlib.Path) -> None:
    elsewhere = run.parent / "elsewhere"
    (run / name).rename(elsewhere)
    (run / name).symlink_to(elsewhere)
    files = [elsewhere] if elsewhere.is_file() else list(elsewhere.iterdir())
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
    recipe = Recipe.read(run / "recipe.toml").changed({"out": str(run)})
    with pytest.raises(UserError, match="is a link") as caught:
        train(recipe, resume=True)
    assert name in caught.value.problem
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files} == before
    (run / name).unlink()
    elsewhere.rename(run / name)
    train(recipe, resume=True)


# The run's model as the beginning of another


def test_the_same_labels_in_another_order_score_the_same(run: pathlib.Path) -> None:
    task = Task("classes", "text", None, "label", ("positive", "negative"), ("positive", "negative"))
    rows = tiny.reviews(40, seed=5)
    name = str(run / "model")
    model = load_model(name, task, load_tokenizer(name)).eval()
    predictor = Predictor(model, load_tokenizer(name), task)
    found = [row["prediction"] for row in predictor.predict([row["text"] for row in rows])]
    assert found == [row["prediction"] for row in Predictor.load(run).predict([row["text"] for row in rows])]
    assert np.mean([one == row["label"] for one, row in zip(found, rows, strict=True)]) > 0.9


def test_a_run_says_what_became_of_the_head(recipe: Make, run: pathlib.Path) -> None:
    heard: list[Event] = []
    train(recipe(updates=1, out=str(run.parent / "one")), listen=heard.append)
    assert any("the head is new" in str(event) for event in heard if isinstance(event, Note))
    heard.clear()
    train(recipe(updates=1, model=str(run / "model"), out=str(run.parent / "two")), listen=heard.append)
    assert any("the same labels" in str(event) for event in heard if isinstance(event, Note))


def test_a_tokenizer_with_tokens_of_its_own_gets_rows_for_them(recipe: Make, tmp_path: pathlib.Path) -> None:
    model = pathlib.Path(tiny.checkpoint(tmp_path / "more"))
    tokenizer = tiny.tokenizer()
    tokenizer.add_tokens(["wonderful", "dreadful"])
    tokenizer.save_pretrained(model)
    heard: list[Event] = []
    result = train(recipe(model=str(model), updates=2, out=str(tmp_path / "run")), listen=heard.append)
    assert any("2 tokens more than the model" in str(event) for event in heard)
    predictor = Predictor.load(result.folder)
    assert predictor.model.get_input_embeddings().num_embeddings == len(tokenizer)
    assert json.loads((result.folder / "model" / "config.json").read_text())["vocab_size"] == len(tokenizer)
    assert np.isfinite(predictor.logits(["wonderful", "dreadful"])).all()
    old = load_file(model / "model.safetensors")["embeddings.word_embeddings.weight"]
    new = load_model(str(model), result.task, tokenizer).get_input_embeddings().weight
    assert torch.equal(new[: len(old)], old)
