"""The recipe: TOML there and back, every setting an option of the command, and answers for what is misspelt."""

import io
import pathlib
import tomllib
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from warmstart import Recipe
from warmstart.cli.app import build
from warmstart.errors import UserError
from warmstart.models import default

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="./"), max_size=12
)  # of nothing that exists
positive = st.floats(min_value=1e-300, max_value=1e300)
share = st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True)
count = st.integers(1, 10**9)
every = st.one_of(st.sampled_from(["epoch", "never"]), count)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(["data", "validation", "model", "class_weights", "corrections"], names),
    **dict.fromkeys(["encoding", "schedule", "optimizer"], text),
    **dict.fromkeys(
        ["config", "delimiter", "sheet", "text", "pair", "label", "kind", "best_metric", "out", "threshold_for"], text
    ),
    **dict.fromkeys(["epochs", "lr"], positive),
    **dict.fromkeys(["warmup", "weight_decay", "clip"], st.floats(0, 1e300)),
    **dict.fromkeys(["updates", "batch_size", "micro_batch_size", "keep", "patience", "log_every", "processes"], count),
    **dict.fromkeys(
        ["best", "baselines", "cpu", "allow_leakage", "header", "spreadsheet_safe", "calibrate"], st.booleans()
    ),
    **dict.fromkeys(["evaluate_every", "save_every"], every),
    "group": text,
    "max_length": st.integers(2, 10**9),
    "validation_fraction": share,
    "label_smoothing": st.floats(0, 1, exclude_max=True),
    "seed": st.integers(0, 2**32 - 1),
    "label_separator": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3),
    **dict.fromkeys(["report_to", "without"], st.lists(text, max_size=3).map(tuple)),
}


def choices(name: str) -> Any:
    """The values of a setting that has a few."""
    annotation = Recipe.model_fields[name].annotation
    inner = [get_args(part) or (part,) for part in get_args(annotation)]
    return st.sampled_from([value for part in inner for value in part if isinstance(value, str)])


for name in (
    "on_empty",
    "on_nonfinite",
    "precision",
    "order",
    "labels",
    "label_empty",
    "decimal",
    "quoting",
    "long",
    "sampling",
):
    VALUES[name] = choices(name)
recipes = st.fixed_dictionaries({}, optional=VALUES).map(Recipe.of)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipe=recipes)
def test_toml_there_and_back(recipe: Recipe, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(recipe.toml(), encoding="utf-8", newline="")
    assert Recipe.read(path) == recipe
    assert tomllib.loads(recipe.toml()).keys() == recipe.model_dump(exclude_none=True).keys()


def test_the_strategies_reach_every_setting() -> None:
    assert VALUES.keys() == Recipe.model_fields.keys()


def test_a_recipe_says_what_it_took_from_the_defaults() -> None:
    """So that another default in a later release changes no old run."""
    written = tomllib.loads(Recipe.of({"data": "a.csv"}).toml())
    assert {"lr", "epochs", "seed", "optimizer", "model", "precision"} <= written.keys()


@settings(max_examples=60, deadline=None)
@given(recipes, st.integers(0, 99))
def test_changing_one_setting_changes_that_one(recipe: Recipe, seed: int) -> None:
    changed = recipe.changed({"seed": seed})
    assert changed.seed == seed
    assert changed == recipe.model_copy(update={"seed": seed})
    with pytest.raises(Exception, match="frozen"):
        recipe.seed = seed  # type: ignore[misc]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("learning_rat", None), ("batchsize", "batch_size"), ("epoch", "epochs"), ("Seed", "seed"), ("warm_up", "warmup")],
)
def test_an_unknown_setting_is_answered_with_the_nearest(wrong: str, meant: str | None, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(f"seed = 1\n{wrong} = 3\n")
    with pytest.raises(UserError) as caught:
        Recipe.read(path)
    assert repr(wrong) in caught.value.problem
    assert caught.value.where == str(path)
    if meant is not None:
        assert f"did you mean {meant!r}" in caught.value.fix
    assert "batch_size" in caught.value.fix


OUT_OF_RANGE: dict[str, list[Any]] = {
    "lr": [0, -1e-5, "fast", float("inf"), float("nan")],
    "epochs": [0, -1, float("inf")],
    "updates": [0, 1.5],
    "batch_size": [0, -8, 2.5],
    "micro_batch_size": [0],
    "max_length": [1, 0],
    "validation_fraction": [0, 1, 1.5],
    "seed": [-1, 2**32],
    "warmup": [-0.1],
    "weight_decay": [-0.1],
    "clip": [-1],
    "label_smoothing": [1, -0.1],
    "keep": [0],
    "patience": [0],
    "log_every": [0],
    "processes": [0],
    "evaluate_every": [0, -3, "weekly"],
    "save_every": [0, "sometimes"],
    "on_empty": ["ignore"],
    "quoting": ["minimal", True],
    "header": ["perhaps"],
    "kind": [3],
    "precision": ["fp16", "float32"],
    "order": ["alphabetical"],
    "sampling": ["evenly"],
    "text": [3],
    "best": ["perhaps"],
    "report_to": ["wandb"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, some in OUT_OF_RANGE.items() for value in some])
def test_a_value_out_of_range_is_named_with_its_place(name: str, value: Any) -> None:
    for make in (Recipe.of, Recipe().changed):
        with pytest.raises(UserError) as caught:
            make({name: value})
        assert caught.value.problem.startswith(f"{name} = {value!r}")
        assert caught.value.where == f"--{name.replace('_', '-')}"
        assert caught.value.fix


@pytest.mark.parametrize("content", [b"lr = = 3", b"lr = \xff", b"lr 3", b"[lr"])
def test_what_is_no_toml_is_told_with_its_place(content: bytes, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        Recipe.read(path)
    assert caught.value.where == str(path)
    assert "lr = 5e-5" in caught.value.fix
    with pytest.raises(UserError, match="no recipe"):
        Recipe.read(tmp_path / "other.toml")
    with pytest.raises(UserError):
        Recipe.read(tmp_path)


def test_a_number_as_yaml_would_misread_it(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("lr = 2e-5\nepochs = 3\n")
    assert Recipe.read(path) == Recipe.of({"lr": 2e-5, "epochs": 3.0})


# The command


@pytest.fixture(scope="module")
def help_of_train() -> str:
    console = Console(file=io.StringIO(), width=400)
    build().help_print(["train"], console=console)
    found: str = console.file.getvalue()  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("name", sorted(Recipe.model_fields.keys() - {"data"}))
def test_every_setting_is_an_option_with_its_description(name: str, help_of_train: str) -> None:
    assert f"--{name.replace('_', '-')}" in help_of_train
    assert str(Recipe.model_fields[name].description) in help_of_train


@settings(max_examples=80, deadline=None)
@given(st.fixed_dictionaries({}, optional={name: value for name, value in VALUES.items() if name != "data"}))
def test_options_and_recipe_say_the_same(chosen: dict[str, Any]) -> None:
    """What is written on the command line and what is written in TOML make the same recipe."""
    words = ["train", "table.csv"]
    for name, value in chosen.items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            words.append(option if value else f"--no-{name.replace('_', '-')}")
        elif isinstance(value, tuple):
            words += [f"{option}={item}" for item in value]
        else:
            words.append(f"{option}={value}")
    _, bound, _ = build().parse_args(words, exit_on_error=False, print_error=False)
    parsed = bound.arguments["settings"] if "settings" in bound.arguments else Recipe()
    if chosen.get("report_to") == ():
        chosen = {name: value for name, value in chosen.items() if name != "report_to"}
    assert parsed == Recipe.of(chosen)
    assert bound.arguments["data"] == "table.csv"


def test_the_default_model_is_the_packaged_one() -> None:
    assert Recipe().model == default.NAME
