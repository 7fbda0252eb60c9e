"""Every command on a tiny model: what it prints for people, what it prints as JSON, and the files it leaves."""

import csv
import json
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests import tiny
from tests.cli.helpers import Done, Run
from warmstart import Recipe, __version__
from warmstart.runs.forecast import Forecast

TRAIN = ["--epochs", 8, "--lr", 5e-3, "--precision", "fp32", "--cpu"]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a tiny model, tables, and nothing else."""
    folder = tmp_path_factory.mktemp("place")
    tiny.checkpoint(folder / "tiny")
    tiny.write(folder / "reviews.csv", tiny.reviews(60))
    tiny.write(folder / "new.csv", tiny.reviews(40, seed=8))
    pairs = [{"one": row["text"], "two": "a book", "label": row["label"]} for row in tiny.reviews(40)]
    tiny.write(folder / "pairs.csv", pairs)
    scores = [{"text": row["text"], "score": 0.5 + len(row["text"])} for row in tiny.reviews(40)]
    tiny.write(folder / "scores.csv", scores)
    tags = [
        {"text": row["text"], "tags": [row["label"]] + ["film"] * ("film" in row["text"])} for row in tiny.reviews(40)
    ]
    tiny.write(folder / "tags.jsonl", tags)
    return folder


@pytest.fixture(scope="module")
def trained(place: pathlib.Path) -> dict[str, Any]:
    """What `warmstart train --json` said of the run runs/reviews-1, and what it printed beside."""
    code = "import sys, datasets; datasets.config.HF_DATASETS_CACHE = sys.argv.pop(1); import warmstart.__main__"
    words = ["train", "reviews.csv", "--model", "tiny", "--json", *map(str, TRAIN)]
    done = subprocess.run(
        [sys.executable, "-c", code, str(place / "cache"), *words],
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
    )
    return {**Done(0, done.stdout, done.stderr).json, "said": done.stderr}


@pytest.fixture(scope="module")
def others(place: pathlib.Path) -> dict[str, str]:
    """One quick run of each other kind, made without the command."""
    from warmstart.runs.run import train

    folders = {}
    for name in ("pairs.csv", "scores.csv", "tags.jsonl"):
        kind = name.split(".")[0]
        out = str(place / "others" / kind)
        settings = {"data": str(place / name), "model": str(place / "tiny"), "out": out, "updates": 2, "cpu": True}
        text = {"text": "one", "pair": "two"} if kind == "pairs" else {}
        train(Recipe.of({**settings, **text, "baselines": False, "precision": "fp32"}))
        folders[kind] = out
    return folders


# inspect


def test_inspect_shows_what_would_be_trained(run: Run) -> None:
    shown = run("inspect", "reviews.csv", "--model", "tiny")
    assert shown.status == 0
    for phrase in ("rows: train 60", "text: 'text', by its name", "2 classes: negative, positive", "negative 30"):
        assert phrase in shown.out
    found = run("inspect", "reviews.csv", "--model", "tiny", "--json").json
    assert found["splits"] == {"train": 60}
    assert found["task"]["classes"] == ["negative", "positive"]
    assert found["labels"] == {"train": {"negative": 30, "positive": 30}}
    tokens = found["tokens"]
    words = [len(row["text"].split()) + 2 for row in tiny.reviews(60)]
    assert (tokens["rows_counted"], tokens["longest"], tokens["limit"]) == (60, max(words), tiny.LONGEST)
    assert f"longest {max(words)}" in shown.out
    assert found["columns"]["text"]["examples"][0] == tiny.reviews(60)[0]["text"]


@pytest.mark.parametrize(
    ("table", "kind", "balance"),
    [
        ("pairs.csv", "classes", {"negative": 20, "positive": 20}),
        ("tags.jsonl", "labels", {"film": None, "negative": 20, "positive": 20}),
        ("scores.csv", "number", {"least": None, "mean": None, "most": None}),
    ],
)
def test_inspect_knows_every_kind(table: str, kind: str, balance: dict[str, Any], run: Run) -> None:
    found = run("inspect", table, "--model", "tiny", "--json").json
    assert found["task"]["kind"] == kind
    assert found["labels"]["train"].keys() == balance.keys()
    for name, count in balance.items():
        assert count is None or found["labels"]["train"][name] == count
    assert run("inspect", table, "--model", "tiny").status == 0


# train


def test_train_prints_one_json_document_and_talks_on_the_other_stream(trained: dict[str, Any]) -> None:
    assert trained["run"] == "runs/reviews-1"
    assert trained["model"] == "runs/reviews-1/model"
    assert trained["rows"] == 6
    assert trained["headline"] == ["accuracy", "macro_f1"]
    assert trained["scores"]["model"]["accuracy"] == 1.0
    assert trained["intervals"]["model"]["accuracy"] == [1.0, 1.0]
    for line in ("task: one of 2 classes", "6 of 60 training rows are set aside", "54 training rows", "update 56/56"):
        assert line in trained["said"]
    assert "Traceback" not in trained["said"]
    assert "Warning" not in trained["said"]


def test_train_shows_a_table_and_says_what_to_type_next(run: Run, trained: dict[str, Any]) -> None:
    shown = run("train", "reviews.csv", "--recipe", "runs/reviews-1/recipe.toml", "--seed", 7, "--out", "again")
    assert shown.status == 0
    for word in ("on 6 validation rows", "model", "most frequent class", "TF-IDF + logistic regression", "accuracy"):
        assert word in shown.out
    assert 'warmstart predict again "..."' in shown.err
    first, second = (Recipe.read(f"{folder}/recipe.toml") for folder in ("runs/reviews-1", "again"))
    assert second == first.changed({"seed": 7})


def test_a_recipe_alone_trains_anew(run: Run, trained: dict[str, Any], place: pathlib.Path) -> None:
    done = run("train", "--recipe", "runs/reviews-1/recipe.toml", "--updates", 1, "--no-baselines", "--json")
    assert done.json["run"] == "runs/reviews-2"
    assert list(done.json["scores"]) == ["model"]
    assert Recipe.read(place / "runs/reviews-2/recipe.toml").updates == 1


# evaluate


def test_evaluate_measures_on_another_table(run: Run, trained: dict[str, Any]) -> None:
    found = run("evaluate", trained["run"], "new.csv", "--json")
    assert found.json["rows"] == 40
    assert found.json["scores"]["model"]["accuracy"] > 0.9
    assert set(found.json["scores"]) == {"model", "most frequent class", "TF-IDF + logistic regression"}
    shown = run("evaluate", trained["run"], "new.csv")
    assert f"{found.json['scores']['model']['accuracy']:.3f}" in shown.out
    assert "runs/reviews-1 on 40 rows of new.csv" in shown.out


def test_evaluate_takes_the_split_that_has_labels(run: Run, trained: dict[str, Any], place: pathlib.Path) -> None:
    folder = place / "splits"
    folder.mkdir()
    tiny.write(folder / "test.csv", [{"text": row["text"]} for row in tiny.reviews(9, seed=1)])
    tiny.write(folder / "validation.csv", tiny.reviews(7, seed=2))
    assert run("evaluate", trained["run"], "splits", "--json").json["rows"] == 7
    tiny.write(folder / "test.csv", tiny.reviews(9, seed=1))
    assert run("evaluate", trained["run"], "splits", "--json").json["rows"] == 9


def test_evaluate_goes_on_without_the_training_rows(run: Run, place: pathlib.Path) -> None:
    tiny.write(place / "gone.csv", tiny.reviews(30))
    options = ["--model", "tiny", "--updates", 1, "--no-baselines", "--out", "orphan", "--cpu"]
    assert run("train", "gone.csv", *options).status == 0
    (place / "gone.csv").unlink()
    done = run("evaluate", "orphan", "new.csv", "--json")
    assert list(done.json["scores"]) == ["model"]
    assert "no baselines" in done.err


@pytest.mark.parametrize("change", ["labels", "texts", "column"])
def test_no_baseline_learns_from_rows_that_have_changed(change: str, run: Run, place: pathlib.Path) -> None:
    rows = tiny.reviews(30)
    tiny.write(place / "changes.csv", rows)
    out = f"changed-{change}"
    options = ["--model", "tiny", "--updates", 2, "--no-baselines", "--out", out, "--cpu"]
    assert run("train", "changes.csv", *options).status == 0
    same = run("evaluate", out, "new.csv", "--json")
    assert len(same.json["scores"]) == 3
    assert "no baselines" not in same.err
    other = {"positive": "negative", "negative": "positive"}
    changed = {
        "labels": [{**row, "label": other[row["label"]]} for row in rows],
        "texts": [{**row, "text": f"a {row['text']}"} for row in rows],
        "column": [{"review": row["text"], "label": row["label"]} for row in rows],
    }
    tiny.write(place / "changes.csv", changed[change])
    done = run("evaluate", out, "new.csv", "--json")
    assert list(done.json["scores"]) == ["model"]
    assert "no baselines: the training rows have changed" in done.err


# predict


def test_predict_one_text(run: Run, trained: dict[str, Any]) -> None:
    for word, label in (("good", "positive"), ("bad", "negative")):
        text = f"a {word} film was so"
        found = run("predict", trained["run"], text, "--json").json
        assert found["prediction"] == label
        assert found["p(negative)"] + found["p(positive)"] == pytest.approx(1)
        lines = run("predict", trained["run"], text).out.splitlines()
        assert lines[0] == label
        assert lines[1] == f"  {label}  {found[f'p({label})']:.4f}"
        assert len(lines) == 3


def test_predict_takes_a_text_of_any_length_and_kind(run: Run, trained: dict[str, Any]) -> None:
    for text in ("good " * 2000, "g" * 5000, "好", "-", "a/b/" * 500, "what? [bold]*", "nothing.", "line\nline"):
        done = run("predict", trained["run"], "--json", "--", text)
        assert done.status == 0, text
        assert done.json["prediction"] in ("negative", "positive")


def test_predict_the_other_kinds(run: Run, others: dict[str, str]) -> None:
    pair = run("predict", others["pairs"], "a good film", "--pair", "a book", "--json").json
    assert pair["prediction"] in ("negative", "positive")
    other = run("predict", others["pairs"], "a good film", "--pair", "bad bad bad", "--json").json
    assert other["p(positive)"] != pair["p(positive)"]
    number = run("predict", others["scores"], "a good film", "--json").json
    assert list(number) == ["prediction"]
    assert run("predict", others["scores"], "a good film").out == f"{number['prediction']:.4f}\n"
    several = run("predict", others["tags"], "a good film", "--json").json
    assert list(several) == ["prediction", "p(film)", "p(negative)", "p(positive)"]
    likely = [name for name in ("film", "negative", "positive") if several[f"p({name})"] > 0.5]
    assert several["prediction"] == "|".join(likely)


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_predict_a_file_row_for_row(ending: str, run: Run, trained: dict[str, Any], place: pathlib.Path) -> None:
    out = f"labelled.{ending}"
    assert run("predict", trained["run"], "new.csv", "--out", out, "--json").json == {"rows": 40, "out": out}
    with (place / out).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t" if ending == "tsv" else ",")
        rows = [json.loads(line) for line in file] if ending == "jsonl" else list(reader)
    wanted = tiny.reviews(40, seed=8)
    assert [row["text"] for row in rows] == [row["text"] for row in wanted]
    right = [row["prediction"] == other["label"] for row, other in zip(rows, wanted, strict=True)]
    assert sum(right) / 40 == run("evaluate", trained["run"], "new.csv", "--json").json["scores"]["model"]["accuracy"]
    one = run("predict", trained["run"], wanted[3]["text"], "--json").json
    assert float(rows[3]["p(positive)"]) == pytest.approx(one["p(positive)"], abs=1e-5)


def test_predictions_lie_beside_the_file_unless_said_otherwise(
    run: Run, trained: dict[str, Any], others: dict[str, str], place: pathlib.Path
) -> None:
    done = run("predict", trained["run"], "new.csv")
    assert done.status == 0
    assert "40 predictions are in new.predictions.csv" in done.err
    assert (place / "new.predictions.csv").is_file()
    assert run("predict", others["pairs"], "pairs.csv", "--json").json["rows"] == 40
    with (place / "pairs.predictions.csv").open(newline="") as file:
        assert next(csv.reader(file))[:4] == ["one", "two", "label", "prediction"]  # every column that was given


def test_predict_a_folder(run: Run, trained: dict[str, Any], place: pathlib.Path) -> None:
    (place / "folder").mkdir()
    tiny.write(place / "folder" / "train.csv", tiny.reviews(5))
    tiny.write(place / "folder" / "test.csv", tiny.reviews(3, seed=9))
    done = run("predict", trained["run"], "folder/", "--json")
    assert done.json == {"rows": 5, "out": "folder.predictions.csv"}
    assert "of the splits train, test the first is predicted" in done.err
    assert run("predict", trained["run"], "sample").out.startswith(("positive", "negative"))  # a text


def test_predict_finds_a_home_folder(
    run: Run, trained: dict[str, Any], place: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(place))
    out = str(place / "home.csv")
    assert run("predict", trained["run"], "~/new.csv", "--out", "~/home.csv", "--json").json["out"] == out
    assert pathlib.Path(out).is_file()


def test_predict_leaves_out_rows_without_text(run: Run, trained: dict[str, Any], place: pathlib.Path) -> None:
    (place / "blank.csv").write_text('text,label\ngood,1\n"",2\n"  ",3\nbad,4\n')
    refused = run("predict", trained["run"], "blank.csv")
    assert refused.status == 2
    for phrase in ("no text in 2 rows", "rows 2, 3", "--on-empty drop"):
        assert phrase in refused.err
    done = run("predict", trained["run"], "blank.csv", "--on-empty", "drop", "--json")
    assert done.json["rows"] == 2
    assert "2 rows without text dropped" in done.err
    with (place / "blank.predictions.csv").open(newline="") as file:
        assert [row["label"] for row in csv.DictReader(file)] == ["1", "4"]


# resume


def test_resume_goes_on_where_a_run_was_cut_off(run: Run, place: pathlib.Path) -> None:
    options = ["--model", "tiny", "--epochs", 2, "--save-every", 4, "--lr", 1e-3, "--cpu", "--precision", "fp32"]
    assert run("train", "reviews.csv", *options, "--out", "whole", "--no-baselines").status == 0

    def die(self: Any, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 9:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Forecast, "on_step_end", die)
        cut = run("train", "reviews.csv", *options, "--out", "cut", "--no-baselines")
    assert cut.status == 130
    assert "warmstart resume" in cut.err
    assert "Traceback" not in cut.err
    done = run("resume", "cut", "--json")
    assert done.json["run"] == "cut"
    whole, again = (place / name / "model" / "model.safetensors" for name in ("whole", "cut"))
    assert whole.read_bytes() == again.read_bytes()
    assert "accuracy" in run("resume", "cut").out
    assert again.read_bytes() == whole.read_bytes()


# The command itself


@pytest.mark.parametrize("name", ["inspect", "train", "evaluate", "predict", "resume", "demo"])
def test_every_command_has_help_with_its_arguments(name: str, run: Run) -> None:
    everything = run("--help")
    assert everything.status == 0
    assert name in everything.out
    one = run(name, "--help")
    assert one.status == 0
    assert f"warmstart {name}" in one.out
    assert "--json" in one.out


def test_version_and_chinese_help(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("--version").out.strip() == __version__
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    assert "微调" in run("--help").out
    shown = run("inspect", "reviews.csv", "--model", "tiny")
    assert "每行属于 2 个类别之一" in shown.out


def test_help_does_not_wait_for_heavy_libraries(tmp_path: pathlib.Path) -> None:
    code = """
import sys
from warmstart.cli import main
for words in (["--help"], ["train", "--help"], ["--version"]):
    main(words)
print("heavy:", sorted({"torch", "transformers", "datasets", "sklearn", "accelerate", "pyarrow"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.rstrip().endswith("heavy: []")
    assert re.search(r"--batch-size", done.stdout)
