"""Runs whose classes are uneven: weights, even sampling and thresholds, from the recipe to `predict`."""

import dataclasses
import json
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest

from tests import tiny
from tests.runs.recipes import Make, config, weights
from warmstart import Predictor, Recipe
from warmstart.checkpoints import checkpoint
from warmstart.errors import UserError
from warmstart.events import lines
from warmstart.runs.evaluate import measure_run
from warmstart.runs.run import Result, train
from warmstart.runs.saved import SavedRun
from warmstart.table.sources import load


def uneven(count: int = 400, every: int = 8, seed: int = 0) -> list[dict[str, Any]]:
    """Reviews of which one in so many is positive."""
    rows = tiny.reviews(2 * count, seed)
    positive = iter([row for row in rows if row["label"] == "positive"])
    negative = iter([row for row in rows if row["label"] == "negative"])
    return [next(positive if number % every == 0 else negative) for number in range(count)]


def several(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Rows with a label for "good" and one for "book"; a third of them lie."""
    draw = np.random.default_rng(seed)
    return [
        {
            "text": row["text"],
            "good": int(("good" in row["text"]) != (draw.random() < 0.25)),
            "book": int(("book" in row["text"]) != (draw.random() < 0.25)),
        }
        for row in tiny.reviews(count, seed)
    ]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny.write(tmp_path_factory.mktemp("uneven") / "t.csv", uneven()))


# Weights of classes

FILES = {
    "w.json": '{"positive": 7, "negative": 0.5}',
    "w.csv": "class,weight\nnegative,0.5\npositive,7\n",
    "plain.csv": "positive,7\nnegative,0.5\n",
    "w.tsv": "negative\t0.5\npositive\t7\n",
}


def test_weights_of_a_file_are_the_recipes_own(table: str, recipe: Make, tmp_path: pathlib.Path) -> None:
    """In every way to write them they train the same; the run is moved without the file, and other weights are told."""
    folders = {}
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        made = recipe(data=table, updates=3, class_weights=str(tmp_path / name), out=str(tmp_path / f"run-{name}"))
        told: list[str] = []
        folders[name] = train(made, listen=lines(told.append)).folder
        assert "weights of the classes in the loss: negative 0.5, positive 7" in told
        (tmp_path / name).unlink()
    assert len({weights(folder) for folder in folders.values()}) == 1
    plain = train(recipe(data=table, updates=3, out=str(tmp_path / "plain"))).folder
    assert weights(plain) != weights(folders["w.json"])

    moved = pathlib.Path(shutil.move(folders["w.json"], tmp_path / "moved"))
    written = Recipe.read(moved / "recipe.toml")
    assert json.loads(written.class_weights or "") == {"negative": 0.5, "positive": 7}
    settings = {"data": table, "out": str(moved), "updates": 5}
    more = {**settings, "class_weights": '{"negative": 0.5, "positive": 8}', "updates": 3}
    with pytest.raises(UserError, match=r"recipe\.class_weights"):
        train(written.changed(more), resume=True)
    assert weights(train(written.changed({**settings, "updates": 3}), resume=True).folder) == weights(folders["w.csv"])


WRONG = {
    '{"positive": 1}': "no weight for 'negative'",
    '{"positive": 1, "negative": 1, "negativ": 2}': "did you mean 'negative'",
    '{"positive": 1, "negative": 1, "positive": 2}': "two weights",
    '{"positive": 1, "negative": 0}': "not a number above 0",
    '{"positive": 1, "negative": "much"}': "not a number above 0",
    '{"positive": true, "negative": 1}': "not a number above 0",
    '{"positive": 1, "negative": NaN}': "not a number above 0",
    '{"positive": 1, ': "it is no JSON",
    "[1, 2]": "no object of names and weights",
    "positive,1\nnegative\n": "a class and its weight",
    "positive,1\nnegative,-3\n": "not a number above 0",
    "": "no weight for",
}


@pytest.mark.parametrize("content", WRONG)
def test_what_is_wrong_with_weights_is_told_by_name(
    content: str, table: str, recipe: Make, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "w.csv").write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        train(recipe(data=table, class_weights=str(tmp_path / "w.csv")))
    assert WRONG[content] in str(caught.value)
    assert "w.csv" in str(caught.value)
    assert caught.value.fix
    assert not (tmp_path / "run").exists()


def test_weights_beside_a_recipe_are_found_from_there(table: str, model: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "w.json").write_text(FILES["w.json"])
    (tmp_path / "auto").mkdir()
    for given, wanted in (("w.json", str(tmp_path / "w.json")), ("auto", "auto"), ("no-file", "no-file")):
        (tmp_path / "recipe.toml").write_text(f'data = "{table}"\nmodel = "{model}"\nclass_weights = "{given}"\n')
        assert str(Recipe.read(tmp_path / "recipe.toml").class_weights).endswith(wanted)
    with pytest.raises(UserError, match="cannot be read"):
        train(Recipe.read(tmp_path / "recipe.toml").changed({"cpu": True, "out": str(tmp_path / "run")}))


# What has no classes


@pytest.mark.parametrize("settings", [{"class_weights": "auto"}, {"sampling": "balanced"}, {"threshold_for": "auto"}])
def test_a_number_has_no_classes(settings: dict[str, Any], recipe: Make, tmp_path: pathlib.Path) -> None:
    rows = [{"text": row["text"], "label": len(row["text"]) / 3} for row in tiny.reviews(60)]
    data = str(tiny.write(tmp_path / "n.csv", rows))
    with pytest.raises(UserError) as caught:
        train(recipe(data=data, updates=1, **settings))
    assert f"--{next(iter(settings)).replace('_', '-')}" in caught.value.where
    train(recipe(data=data, updates=1))  # the fix: leave it out


def test_what_cannot_go_together(table: str, recipe: Make) -> None:
    with pytest.raises(UserError, match="by their length"):
        train(recipe(data=table, sampling="balanced", order="length"))
    with pytest.raises(UserError, match="did you mean 'macro_f1'"):
        train(recipe(data=table, threshold_for="macrof1"))


# Rare classes are found


RARE = {"epochs": 2, "seed": 1, "lr": 3e-3, "validation_fraction": 0.25, "evaluate_every": "never"}


@pytest.fixture(scope="module")
def unheeded(table: str, model: str, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Macro F1 of a run that does nothing about its rare class."""
    folder = tmp_path_factory.mktemp("plain")
    settings = {"data": table, "model": model, "out": str(folder / "run"), "cpu": True, "precision": "fp32"}
    report = train(Recipe.of({**settings, **RARE, "baselines": False})).report
    assert report is not None
    return report.scores["model"]["macro_f1"]


@pytest.mark.parametrize("settings", [{"class_weights": "auto"}, {"sampling": "balanced"}])
def test_a_rare_class_is_found_and_a_run_goes_on_exactly(
    settings: dict[str, str], unheeded: float, table: str, recipe: Make, tmp_path: pathlib.Path
) -> None:
    told: list[str] = []
    whole = train(recipe(data=table, **RARE, **settings), listen=lines(told.append))
    assert whole.report is not None
    assert whole.report.scores["model"]["macro_f1"] > unheeded
    [line] = [line for line in told if "positive 3.95" in line]  # 300 rows, 38 of them positive
    assert "negative 0.573" in line
    part = recipe(data=table, **RARE, **settings, out=str(tmp_path / "part"))
    shutil.copytree(whole.folder, part.out or "")
    shutil.rmtree(checkpoint.folders(tmp_path / "part")[-1])
    shutil.rmtree(tmp_path / "part" / "model")
    assert weights(train(part, resume=True).folder) == weights(whole.folder)


# Thresholds


@pytest.fixture(scope="module")
def decided(model: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, list[str]]:
    """A run of several labels that is cut off before its probabilities are right, with thresholds."""
    folder = tmp_path_factory.mktemp("decided")
    data = str(tiny.write(folder / "t.csv", several(900)))
    settings = {"model": model, "data": data, "out": str(folder / "run"), "cpu": True, "label": "good,book", "lr": 1e-3}
    told: list[str] = []
    made = Recipe.of(
        {**settings, "epochs": 2, "threshold_for": "auto", "validation_fraction": 0.5, "precision": "fp32"}
    )
    return train(made, listen=lines(told.append)), told


def test_thresholds_are_saved_with_the_model(decided: tuple[Result, list[str]]) -> None:
    result, told = decided
    facts = json.loads((result.folder / "metrics.json").read_text())["thresholds"]
    assert facts["metric"] == "macro_f1"
    assert facts["gain"][1] > 0
    assert any("thresholds for macro_f1: good" in line for line in told)
    assert dict(zip(result.task.classes, result.task.thresholds, strict=True)) == facts["labels"]
    assert config(result.folder)["thresholds"] == facts["labels"]
    saved = SavedRun.open(result.folder)
    assert saved.task == result.task
    assert result.report is not None
    assert result.report.scores["model"]["macro_f1"] == pytest.approx(facts["after"])


def test_thresholds_decide_wherever_the_model_answers(decided: tuple[Result, list[str]]) -> None:
    result, _told = decided
    new = [row["text"] for row in several(60, seed=9)]
    predictor = Predictor.load(result.folder)
    answers = predictor.predict(new)
    for answer in answers:
        given = [
            name
            for name, at in zip(result.task.classes, result.task.thresholds, strict=True)
            if answer[f"p({name})"] > at
        ]
        assert answer["prediction"] == "|".join(given)
    plain = dataclasses.replace(predictor, task=dataclasses.replace(predictor.task, thresholds=()))
    assert [one["prediction"] for one in plain.predict(new)] != [one["prediction"] for one in answers]


def test_an_evaluation_uses_them_and_still_knows_its_training_rows(
    decided: tuple[Result, list[str]], tmp_path: pathlib.Path
) -> None:
    result, _told = decided
    saved = SavedRun.open(result.folder)
    data = str(tiny.write(tmp_path / "new.csv", several(80, seed=5)))
    report, notes = measure_run(saved, load(data))
    assert len(report.scores) == 3, notes
    at_half = dataclasses.replace(saved, task=dataclasses.replace(saved.task, thresholds=()))
    assert measure_run(at_half, load(data))[0].scores["model"] != report.scores["model"]


def test_a_model_begun_from_one_with_thresholds_has_none(
    decided: tuple[Result, list[str]], recipe: Make, tmp_path: pathlib.Path
) -> None:
    made = recipe(
        model=str(decided[0].folder / "model"), data=str(tiny.write(tmp_path / "t.csv", several(60))), updates=1
    )
    result = train(made.changed({"label": "good,book"}))
    assert "thresholds" not in config(result.folder)
    assert "thresholds" not in json.loads((result.folder / "task.json").read_text())
    assert "thresholds" not in json.loads((result.folder / "metrics.json").read_text())
