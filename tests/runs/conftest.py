"""What the tests of this folder share."""

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests import tiny
from tests.runs.recipes import Make
from warmstart import Recipe
from warmstart.events import lines
from warmstart.runs.run import Result, train


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny.checkpoint(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """A cache of this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setattr("datasets.config.HF_DATASETS_CACHE", folder)
        yield folder


@pytest.fixture
def recipe(model: str, tmp_path: pathlib.Path) -> Make:
    """A recipe for sixty reviews and the tiny model, changed as asked."""

    def make(**settings: Any) -> Recipe:
        if "data" not in settings:
            settings["data"] = str(tiny.write(tmp_path / "reviews.csv", tiny.reviews(60)))
        plain = {"model": model, "out": str(tmp_path / "run"), "epochs": 2, "lr": 1e-3, "precision": "fp32"}
        return Recipe.of({**plain, "baselines": False, "cpu": True, **settings})

    return make


@pytest.fixture(scope="module")
def finished(model: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, list[str]]:
    """One run with everything, and what it said."""
    folder = tmp_path_factory.mktemp("finished")
    data = tiny.write(folder / "reviews.csv", tiny.reviews(60))
    said: list[str] = []
    plain = {"model": model, "out": str(folder / "run"), "epochs": 8, "lr": 5e-3, "cpu": True}
    return train(Recipe.of({"data": str(data), **plain}), listen=lines(said.append)), said
