"""Every failure is told: what is wrong, where, how to mend it; exit status 2; never a traceback."""

import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import tiny
from tests.cli.helpers import Run
from warmstart import Recipe
from warmstart.runs.run import train

TINY = ("--model", "tiny", "--updates", "1", "--no-baselines", "--cpu")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """A folder with a tiny model, tables good and bad, and two finished runs."""
    folder = tmp_path_factory.mktemp("place")
    tiny.checkpoint(folder / "tiny")
    rows = tiny.reviews(30)
    tiny.write(folder / "reviews.csv", rows)
    tiny.write(folder / "other.csv", [{"txt": row["text"], "label": row["label"]} for row in rows])
    tiny.write(folder / "unlabelled.csv", [{"text": row["text"]} for row in rows])
    tiny.write(folder / "strange.csv", [{**row, "label": "purple"} for row in rows])
    tiny.write(folder / "null.jsonl", [{"text": "good"}, {"text": None}, {"text": "bad"}])
    tiny.write(folder / "numbers.jsonl", [{"text": 5}, {"text": 6}])
    pairs = [{"one": row["text"], "two": "a book", "label": row["label"]} for row in rows]
    tiny.write(folder / "pairs.csv", pairs)
    tiny.write(folder / "scores.csv", [{"text": row["text"], "score": 0.5 + len(row["text"])} for row in rows])
    (folder / "empty.csv").write_text("text,label\n")
    (folder / "nothing.csv").write_text("")
    (folder / "file").write_text("")
    (folder / "bad.toml").write_text("lr = = 3")
    (folder / "unknown.toml").write_text("batchsize = 3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets.config.HF_DATASETS_CACHE", folder / "cache")
        plain = {"model": str(folder / "tiny"), "updates": 1, "baselines": False, "cpu": True}
        train(Recipe.of({"data": str(folder / "reviews.csv"), "out": str(folder / "run"), **plain}))
        columns = {"text": "one", "pair": "two"}
        train(Recipe.of({"data": str(folder / "pairs.csv"), "out": str(folder / "two"), **columns, **plain}))
        for name, hurt in BROKEN_RUNS.items():
            shutil.copytree(folder / "run", folder / name)
            hurt(folder / name)
        yield folder


BROKEN_RUNS: dict[str, Callable[[pathlib.Path], Any]] = {
    "untrained": lambda folder: shutil.rmtree(folder / "model"),
    "weightless": lambda folder: (folder / "model" / "model.safetensors").unlink(),
    "rotten": lambda folder: (folder / "model" / "model.safetensors").write_bytes(b"abc"),
    "taskless": lambda folder: (folder / "task.json").write_text("{"),
    "speechless": lambda folder: (folder / "model" / "tokenizer.json").unlink(),
}


# The words of a command, and what the answer must hold.
WRONG: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # The table
    "no table": (("train",), ("no data was given", "warmstart train my.csv")),
    "a missing file": (("train", "review.csv", *TINY), ("there is no file review.csv", "did you mean 'reviews.csv'")),
    "a missing file to inspect": (("inspect", "review.csv"), ("review.csv", "did you mean 'reviews.csv'")),
    "a missing validation file": (("train", "reviews.csv", "--validation", "v.csv", *TINY), ("v.csv",)),
    "no rows": (("train", "empty.csv", *TINY), ("header and no rows",)),
    "an empty file": (("train", "nothing.csv", *TINY), ("nothing.csv",)),
    "no label column": (("train", "unlabelled.csv", *TINY), ("--label",)),
    "a misspelt column": (("train", "reviews.csv", "--label", "lable", *TINY), ("'lable'", "did you mean 'label'")),
    "a misspelt text": (("train", "reviews.csv", "--text", "texd", *TINY), ("'texd'", "did you mean 'text'")),
    "the pair is not there": (("train", "reviews.csv", "--text", "text", "--pair", "two", *TINY), ("'two'",)),
    "no such encoding": (("train", "reviews.csv", "--encoding", "utf-9", *TINY), ("utf-9",)),
    # The model
    "no such model": (("train", "reviews.csv", "--model", "tinny"), ("'tinny' cannot be loaded", "leave --model out")),
    "a folder without a model": (("train", "reviews.csv", "--model", "cache"), ("no config.json", "--model")),
    "too short for any text": (("train", "reviews.csv", *TINY, "--max-length", "2"), ("--max-length", "at least 3")),
    # The settings
    "an unknown command": (("trian", "reviews.csv"), ("'trian'", "did you mean 'train'")),
    "an unknown option": (("train", "reviews.csv", "--epoch", "2"), ("--epoch", "did you mean --epochs")),
    "another's option": (("predict", "run", "x", "--batch-size", "2"), ("--batch-size", "warmstart predict --help")),
    "a word too many": (("train", "reviews.csv", "other.csv"), ("other.csv", "--help")),
    "a word too few": (("predict", "run"), ("TEXT is missing", "--help")),
    "an option without a value": (("train", "reviews.csv", "--lr"), ("--lr", "--help")),
    "a rate below zero": (("train", "reviews.csv", "--lr", "-1"), ("--lr", "greater than 0")),
    "no number": (("train", "reviews.csv", "--lr", "fast"), ("--lr", "number")),
    "endless": (("train", "reviews.csv", "--epochs", "inf"), ("--epochs", "finite")),
    "no rows at a time": (("train", "reviews.csv", "--batch-size", "0"), ("--batch-size", "greater than")),
    "an unknown kind": (
        ("train", "reviews.csv", "--kind", "class"),
        ("--kind", "did you mean 'classes'? There are: classes, labels, number"),
    ),
    "weekly": (("train", "reviews.csv", "--evaluate-every", "weekly"), ("--evaluate-every:", "'epoch' or 'never'")),
    "a technique that does not exist": (
        ("train", "reviews.csv", *TINY, "--without", "paddingfree"),
        ("--without", "did you mean 'padding-free'"),
    ),
    "an unknown schedule": (("train", "reviews.csv", *TINY, "--schedule", "linera"), ("did you mean 'linear'",)),
    "an unknown optimizer": (("train", "reviews.csv", *TINY, "--optimizer", "sdg"), ("--optimizer", "'sgd'")),
    "an optimizer not installed": (
        ("train", "reviews.csv", *TINY, "--optimizer", "apollo_adamw", "--out", "never1"),
        ("apollo_adamw", "install"),
    ),
    "a schedule that needs more": (
        ("train", "reviews.csv", *TINY, "--schedule", "cosine_with_min_lr", "--out", "never2"),
        ("cosine_with_min_lr", "min_lr"),
    ),
    "a tracker not installed": (("train", "reviews.csv", *TINY, "--report-to", "comet_ml"), ("comet", "install")),
    "an unknown tracker": (("train", "reviews.csv", *TINY, "--report-to", "wand"), ("wand",)),
    "an unknown metric": (
        ("train", "reviews.csv", *TINY, "--best", "--best-metric", "acuracy"),
        ("--best-metric", "did you mean 'accuracy'"),
    ),
    "the best of nothing": (
        ("train", "reviews.csv", *TINY, "--patience", "2", "--evaluate-every", "never"),
        ("without evaluating", "--evaluate-every epoch"),
    ),
    "a number smoothed": (("train", "scores.csv", *TINY, "--label-smoothing", "0.1"), ("--label-smoothing",)),
    # Recipes and folders
    "no such recipe": (("train", "--recipe", "nope.toml"), ("no recipe nope.toml",)),
    "no TOML": (("train", "--recipe", "bad.toml"), ("bad.toml", "line 1")),
    "an unknown setting": (("train", "--recipe", "unknown.toml"), ("'batchsize'", "did you mean 'batch_size'")),
    "a run is there": (("train", "reviews.csv", *TINY, "--out", "run"), ("holds a run", "warmstart resume run")),
    "a file is there": (("train", "reviews.csv", *TINY, "--out", "file"), ("file",)),
    "no run to resume": (("resume", "nope"), ("nope is not the folder of a run", "recipe.toml")),
    "no run to predict with": (("predict", "nope", "good"), ("nope is not the folder of a run",)),
    "no run to measure": (("evaluate", "nope", "reviews.csv"), ("nope is not the folder of a run",)),
    **{
        f"a run that is {name}": (("predict", name, "a good film"), (name, f"warmstart resume {name}"))
        for name in ("untrained", "weightless", "taskless", "rotten", "speechless")
    },
    # Predicting and measuring
    "a pair is missing": (("predict", "two", "a good film"), ("reads pairs", "--pair")),
    "a pair too many": (("predict", "run", "a good film", "--pair", "x"), ("single texts", "leave --pair out")),
    "no file to predict": (("predict", "run", "new.csv"), ("there is no file new.csv",)),
    "a misspelt file": (
        ("predict", "run", "my reviews.csv"),
        ("there is no file my reviews.csv", "did you mean 'reviews.csv'"),
    ),
    "no table for a file": (("predict", "run", "./rewiews", "--out", "o.csv"), ("no file ./rewiews", "'reviews.csv'")),
    "a pair for a table": (("predict", "two", "pairs.csv", "--pair", "bad"), ("not of a table", "leave --pair out")),
    "no text": (("predict", "run", " "), ("there is no text", "TEXT")),
    "half a pair of texts": (("predict", "two", "good", "--pair", ""), ("there is no text", "--pair")),
    "another column": (("predict", "run", "other.csv"), ("no column 'text'", "did you mean 'txt'")),
    "another column to measure": (("evaluate", "run", "other.csv"), ("no column 'text'", "did you mean 'txt'")),
    "half a pair": (("predict", "two", "reviews.csv"), ("no column 'one'",)),
    "a text that is missing": (("predict", "run", "null.jsonl"), ("no text", "'text'", "2")),
    "texts that are numbers": (("predict", "run", "numbers.jsonl"), ("'text' holds no text", "int64")),
    "a kind of file": (("predict", "run", "reviews.csv", "--out", "x.parquet"), (".parquet", ".jsonl")),
    "a folder to write": (("predict", "run", "reviews.csv", "--out", "cache.csv"), ("cache.csv",)),
    "no labels": (("evaluate", "run", "unlabelled.csv"), ("no labels to measure with", "warmstart predict")),
    "labels of another kind": (("evaluate", "run", "strange.csv"), ("'purple'", "'negative', 'positive'")),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told(name: str, run: Run, place: pathlib.Path) -> None:
    (place / "cache.csv").mkdir(exist_ok=True)
    words, phrases = WRONG[name]
    done = run(*words)
    assert done.status == 2, done.err
    told = done.err[done.err.index("error: ") :]
    for phrase in phrases:
        assert phrase in told
    assert re.search(r"\n  (where|fix): +\S", told), told
    assert "Traceback" not in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    "name",
    [
        *("a missing file", "no label column", "no such model", "too short for any text", "an unknown schedule"),
        *("the best of nothing", "a run is there", "a run that is untrained", "a pair is missing", "another column"),
        *("a text that is missing", "no labels", "labels of another kind", "no TOML", "no such recipe", "no table"),
    ],
)
def test_it_is_told_in_chinese_where_that_is_the_language(
    name: str, run: Run, place: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    done = run(*WRONG[name][0])
    assert done.status == 2
    told = done.err[done.err.index("错误: ") :]
    problem = told.splitlines()[0].removeprefix("错误: ")
    assert re.search(r"[一-鿿]", problem), told
    assert re.search(r"\n  (位置|解决办法): +\S", told)
    assert not re.search(r"\n  (where|fix):", told)


def test_a_mistake_leaves_nothing_behind(run: Run, place: pathlib.Path) -> None:
    """So that the same line, mended, works."""
    for wrong in (
        *(("--schedule", "linera"), ("--max-length", "2"), ("--best-metric", "acuracy"), ("--label", "lable")),
        *(("--schedule", "cosine_with_min_lr"), ("--optimizer", "apollo_adamw")),
    ):
        assert run("train", "reviews.csv", *TINY, "--out", "clean", *wrong).status == 2
        assert not (place / "clean").exists()
    assert run("train", "reviews.csv", *TINY, "--out", "clean").status == 0


def test_only_schedules_that_can_be_made_are_offered(run: Run) -> None:
    for wrong in ("cosine_with_min_lr", "warmup_stable_decy"):
        told = run("train", "reviews.csv", *TINY, "--schedule", wrong).err
        offered = told[told.index("fix:") :]
        assert "cosine_with_restarts" in offered
        assert "min_lr" not in offered
        assert "warmup_stable_decay" not in offered


def test_a_run_that_failed_before_it_saved_anything_may_be_begun_again(run: Run, place: pathlib.Path) -> None:
    words = ("train", "reviews.csv", "--model", "tiny", "--epochs", "1", "--no-baselines", "--cpu", "--out", "diverged")
    for again in ((*words, "--lr", "1e30"), ("resume", "diverged")):
        done = run(*again)
        assert done.status == 2
        assert "lower the learning rate" in done.err
    log = place / "diverged" / "log.jsonl"
    assert "not finite" in log.read_text().splitlines()[-1]
    assert run(*words, "--lr", "1e-4").status == 0
    assert "not finite" not in log.read_text()
    assert Recipe.read(place / "diverged" / "recipe.toml").lr == 1e-4


def test_a_run_that_may_still_be_going_on_is_not_begun_again(run: Run, place: pathlib.Path) -> None:
    (place / "going on").mkdir()
    for name in ("recipe.toml", "task.json", "log.jsonl"):
        shutil.copy(place / "run" / name, place / "going on")
    told = run("train", "reviews.csv", *TINY, "--out", "going on").err
    assert "holds a run already" in told
    assert "warmstart resume 'going on', or" in told


@pytest.mark.parametrize("name", ["predictions.csv", "model/README.md", "log.jsonl", "checkpoint-3/mine"])
def test_a_users_own_files_are_not_replaced(name: str, run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    done = run("train", "reviews.csv", *TINY, "--out", tmp_path)
    assert done.status == 2
    assert f"--out: {name.split('/')[0]}" in done.err
    assert (tmp_path / name).read_text() == "mine"
    assert not (tmp_path / "recipe.toml").exists()


def test_bad_rows_are_all_told_before_a_model_is_loaded(run: Run, place: pathlib.Path) -> None:
    rows = tiny.reviews(30)
    rows[4]["text"], rows[7]["label"], rows[11]["text"] = "  ", "", ""
    tiny.write(place / "bad.csv", rows)
    done = run("train", "bad.csv", "--model", "does-not-matter")
    assert done.status == 2
    for phrase in ("2 things are wrong", "no text in 2 rows", "5, 12", "no label in 1 row", "row 8", "--on-empty drop"):
        assert phrase in done.err
    assert "does-not-matter" not in done.err


def test_an_error_of_ours_is_not_hidden(run: Run) -> None:
    """Only what a user can mend is told as such; a bug keeps its traceback."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warmstart.runs.saved.SavedRun.open", lambda folder: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            run("predict", "run", "good")


def test_a_process_ends_with_status_2_and_nothing_on_standard_output(place: pathlib.Path) -> None:
    words = [sys.executable, "-m", "warmstart", "train", "reviews.csv", "--epoch", "2"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=place, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == "error: there is no option --epoch"
    assert "where: warmstart train reviews.csv --epoch 2" in done.stderr
