"""A recipe in a run's folder finds its table and its model from wherever it is read, and after a move."""

import pathlib
import shutil
import tomllib

import pytest

from warmstart import Recipe, load, paths
from warmstart.errors import UserError
from warmstart.runs.prepared import prepare


@pytest.fixture
def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The current folder: data/reviews.csv, a folder `tiny`, and another folder beside it."""
    place = tmp_path / "place"
    (place / "data").mkdir(parents=True)
    (place / "tiny").mkdir()
    (place / "data" / "reviews.csv").write_text("text,label\nfine,1\nawful,0\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(place)
    return place


def write(run: pathlib.Path, **settings: str) -> dict[str, object]:
    """Write a recipe into a run's folder; what stands in the file."""
    run.mkdir(parents=True, exist_ok=True)
    content = Recipe.of({**settings, "out": str(run)}).toml(relative_to=run)
    (run / "recipe.toml").write_text(content, encoding="utf-8")
    return tomllib.loads(content)


def test_a_file_in_a_folder_has_paths_from_there_and_no_out(place: pathlib.Path) -> None:
    found = write(pathlib.Path("runs/one"), data="data/reviews.csv", validation=str(place / "data"), model="./tiny")
    assert (found["data"], found["validation"], found["model"]) == (
        *("../../data/reviews.csv", "../../data", "../../tiny"),
    )
    assert "out" not in found
    assert str(place) not in str(found)


def test_it_is_read_from_any_folder(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(place / "runs/one", data=str(place / "data" / "reviews.csv"), model="tiny")
    read = Recipe.read("runs/one/recipe.toml")
    assert (read.data, read.model) == ("data/reviews.csv", "tiny")
    monkeypatch.chdir(place.parent / "elsewhere")
    read = Recipe.read("../place/runs/one/recipe.toml")
    assert (read.data, read.model) == (str(place / "data/reviews.csv"), str(place / "tiny"))
    shutil.move(place, place.parent / "moved")
    read = Recipe.read(place.parent / "moved/runs/one/recipe.toml")
    assert read.data == str(place.parent / "moved/data/reviews.csv")


def test_what_is_not_on_this_machine_stays_a_name(place: pathlib.Path) -> None:
    found = write(place / "run", data="glue/mrpc", validation="sample", model="org/tiny")
    assert (found["data"], found["validation"], found["model"]) == ("glue/mrpc", "sample", "org/tiny")
    read = Recipe.read("run/recipe.toml")
    assert (read.data, read.validation, read.model) == ("glue/mrpc", "sample", "org/tiny")


def test_through_links(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the run's folder, and to the table: its own name, not the target's, says what kind of file it is."""
    (place.parent / "elsewhere" / "deep").mkdir()
    (place / "runs").symlink_to(place.parent / "elsewhere" / "deep")
    (place / "blob").write_text("text,label\nfine,1\n")
    (place / "linked.csv").symlink_to(place / "blob")
    found = write(place / "runs/one", data="linked.csv", validation="~/reviews.csv")
    assert found["data"] == "../../../place/linked.csv"
    assert Recipe.read("runs/one/recipe.toml").data == "linked.csv"
    assert Recipe.read(place.parent / "elsewhere/deep/one/recipe.toml").data == "linked.csv"
    (place / "reviews.csv").write_text("text,label\nfine,1\n")
    monkeypatch.setenv("HOME", str(place))
    assert write(place / "runs/one", data="~/reviews.csv")["data"] == "../../../place/reviews.csv"


def test_a_recipe_written_by_hand(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its own folder, else from the current one; an absolute path is what it is."""
    recipe = place / "data" / "recipe.toml"
    recipe.write_text('data = "reviews.csv"\nmodel = "tiny"\n')
    assert (Recipe.read(recipe).data, Recipe.read(recipe).model) == ("data/reviews.csv", "tiny")
    recipe.write_text('data = "data/reviews.csv"\nmodel = "../tiny"\n')
    assert (Recipe.read(recipe).data, Recipe.read(recipe).model) == ("data/reviews.csv", "tiny")
    recipe.write_text(f'data = "{place}/data/reviews.csv"\nout = "again"\n')
    assert (Recipe.read(recipe).data, Recipe.read(recipe).out) == ("data/reviews.csv", "again")
    recipe.write_text('data = "../place/data/reviews.csv"\n')
    monkeypatch.chdir(place.parent / "elsewhere")
    assert Recipe.read(recipe).data == "../place/data/reviews.csv"


def test_a_table_that_is_gone_is_missed_where_it_was(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(place / "runs/one", data="data/reviews.csv")
    (place / "data" / "reviews.csv").unlink()
    (place / "data" / "reviews2.csv").write_text("text,label\nfine,1\n")
    monkeypatch.chdir(place.parent / "elsewhere")
    with pytest.raises(UserError) as caught:
        prepare(Recipe.read(place / "runs/one/recipe.toml"))
    assert str(place / "data") in caught.value.where
    assert "did you mean 'reviews2.csv'" in caught.value.fix


def test_what_cannot_be_a_path_is_nothing_that_exists(tmp_path: pathlib.Path) -> None:
    for name in ("a" * 5_000, "x\0y"):
        assert not paths.exists(tmp_path / name)
        assert paths.resolved(name, tmp_path) == paths.relative(name, tmp_path) == name
        with pytest.raises(UserError):
            load(name)
