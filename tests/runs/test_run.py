"""Whole runs of a tiny model: what the folder holds, that the same recipe gives the same bytes, and that a run goes
on.
"""

import csv
import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from datasets import Dataset, DatasetDict

from tests import tiny
from warmstart import Recipe
from warmstart.cli.resume import known_run
from warmstart.engine.distributed.processes import Processes
from warmstart.errors import UserError
from warmstart.events import lines
from warmstart.models import auto
from warmstart.models.load import load_tokenizer
from warmstart.runs.evaluate import measure_run
from warmstart.runs.forecast import Forecast
from warmstart.runs.prove import prove
from warmstart.runs.run import Result, prepare, token_tables, train, training_arguments
from warmstart.runs.saved import SavedRun
from warmstart.table.task import Task
from warmstart.trainer.trainer import Trainer

Make = Callable[..., Recipe]


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


def weights(folder: pathlib.Path | str) -> bytes:
    return (pathlib.Path(folder) / "model" / "model.safetensors").read_bytes()


def config(folder: pathlib.Path | str) -> Any:
    return json.loads((pathlib.Path(folder) / "model" / "config.json").read_text(encoding="utf-8"))


def log(folder: pathlib.Path | str) -> list[dict[str, Any]]:
    lines = (pathlib.Path(folder) / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


# The folder


@pytest.fixture(scope="module")
def finished(model: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, list[str]]:
    """One run with everything, and what it said."""
    folder = tmp_path_factory.mktemp("finished")
    data = tiny.write(folder / "reviews.csv", tiny.reviews(60))
    said: list[str] = []
    plain = {"model": model, "out": str(folder / "run"), "epochs": 8, "lr": 5e-3, "cpu": True}
    return train(Recipe.of({"data": str(data), **plain}), listen=lines(said.append)), said


def test_the_folder_holds_all_that_the_run_was(finished: tuple[Result, list[str]]) -> None:
    result, said = finished
    assert {path.name for path in result.folder.iterdir()} == {
        *("recipe.toml", "task.json", "log.jsonl", "metrics.json", "predictions.csv", "model"),
        *("checkpoint-49", "checkpoint-56"),
    }
    files = {path.name for path in (result.folder / "model").iterdir()}
    assert files == {"README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert Recipe.read(result.folder / "recipe.toml").epochs == 8
    how, *history = log(result.folder)
    assert history == result.history
    assert "padding-free" in how["techniques"]
    assert how["shape"].startswith("precision ")
    assert json.loads((result.folder / "metrics.json").read_text()) == result.report.to_dict()  # type: ignore[union-attr]
    assert any("of 60 training rows are set aside" in line for line in said)
    assert any("54 training rows, 6 validation rows" in line for line in said)
    assert any(line.startswith("precision ") and "padding-free" in line for line in said)
    assert any("tokens/s" in line and "updates in about" in line for line in said)


def test_the_model_knows_its_classes(finished: tuple[Result, list[str]]) -> None:
    saved = config(finished[0].folder)
    assert saved["id2label"] == {"0": "negative", "1": "positive"}
    assert saved["label2id"] == {"negative": 0, "positive": 1}
    assert saved["problem_type"] == "single_label_classification"


def test_predictions_and_numbers_belong_together(finished: tuple[Result, list[str]]) -> None:
    result, _ = finished
    assert result.report is not None
    rows = result.splits["validation"]
    with (result.folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        predictions = list(csv.DictReader(file))
    assert len(predictions) == len(rows) == result.report.rows == 6
    right = np.mean([found["prediction"] == row["label"] for found, row in zip(predictions, rows, strict=True)])
    assert result.report.scores["model"]["accuracy"] == right == 1.0  # the label can be read off one word
    assert set(result.report.scores) == {"model", "most frequent class", "TF-IDF + logistic regression"}
    sums = [float(found["p(negative)"]) + float(found["p(positive)"]) for found in predictions]
    assert sums == pytest.approx([1] * 6)


def test_the_card_holds_the_measured_numbers_and_no_place_of_this_machine(
    finished: tuple[Result, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    result, _ = finished
    assert result.report is not None
    card = (result.folder / "model" / "README.md").read_text(encoding="utf-8")
    for who, scores in result.report.scores.items():
        assert who in card
        for name in result.report.headline:
            low, high = result.report.intervals[who][name]
            assert f"{scores[name]:.3f} ({low:.3f} to {high:.3f})" in card
    assert "`negative`, `positive`" in card
    assert "6 validation rows" in card
    assert "56 updates of 8 rows" in card
    for path in (result.folder / "model").iterdir():
        if path.suffix != ".safetensors":
            content = path.read_text(encoding="utf-8")
            assert str(tmp_path_factory.getbasetemp()) not in content, path.name
            assert str(pathlib.Path.home()) not in content, path.name


def test_the_example_of_the_card_runs(finished: tuple[Result, list[str]]) -> None:
    folder = finished[0].folder / "model"
    code = (folder / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    namespace: dict[str, Any] = {}
    exec(code.replace("PATH-OF-THIS-FOLDER", str(folder)), namespace)
    for word, label in (("good", "positive"), ("bad", "negative")):
        assert namespace["classify"](f"a {word} film was so")[0]["label"] == label


# What a table may be


PAIRS = [
    {"question": a["text"], "answer": b["text"], "match": "yes" if a["label"] == b["label"] else "no"}
    for a, b in zip(tiny.reviews(60), tiny.reviews(90, seed=1)[30:], strict=True)
]
PAIRS[::3] = [{**row, "answer": f"good {row['answer']}", "match": "no"} for row in PAIRS[::3]]
SEVERAL = [
    {"text": row["text"], "tags": [tag for tag, word in (("film", "film"), ("book", "book")) if word in row["text"]]}
    for row in tiny.reviews(60)
]
SCORES = [{"text": row["text"], "score": len(row["text"].split()) + 0.5} for row in tiny.reviews(60)]
CHINESE = [
    {"文本": "书" + "很" * (i % 7) + ("好" if i % 2 else "坏") + "书" * (i // 7), "标签": "好评" if i % 2 else "差评"}
    for i in range(56)
]
TABLES: dict[str, tuple[str, list[dict[str, Any]], dict[str, Any], str, list[str]]] = {
    "classes": ("t.csv", tiny.reviews(60), {}, "single_label_classification", ["negative", "positive"]),
    "pairs": ("t.csv", PAIRS, {}, "single_label_classification", ["no", "yes"]),
    "several labels": ("t.jsonl", SEVERAL, {}, "multi_label_classification", ["book", "film"]),
    "a number": ("t.csv", SCORES, {}, "regression", ["score"]),
    "Chinese": ("表.csv", CHINESE, {"text": "文本", "label": "标签"}, "single_label_classification", ["好评", "差评"]),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_kind_of_table_and_the_stock_pipeline_agrees(name: str, recipe: Make, tmp_path: pathlib.Path) -> None:
    """What `warmstart predict` says is what `transformers.pipeline` says of the saved model, to 1e-5."""
    file, rows, settings, problem, classes = TABLES[name]
    data = tiny.write(tmp_path / file, rows)
    result = train(recipe(data=str(data), epochs=1, **settings))
    saved = config(result.folder)
    assert saved["problem_type"] == problem
    assert sorted(saved["id2label"].values()) == sorted(classes)
    assert result.report is not None
    assert np.isfinite(result.report.scores["model"][result.report.headline[-1]])

    run = SavedRun.open(result.folder)
    held_out = result.splits["validation"]
    logits: Any = run.logits(held_out)
    assert result.logits is not None
    np.testing.assert_allclose(logits, np.asarray(result.logits), atol=1e-6)
    classify = transformers.pipeline("text-classification", model=str(result.folder / "model"))
    one, two = run.task.text, run.task.pair
    texts = [{"text": row[one], "text_pair": row[two]} if two else row[one] for row in held_out]
    for found, row in zip(classify(texts, top_k=None), run.task.head.prediction_rows(logits), strict=True):
        theirs = {each["label"]: each["score"] for each in found}
        ours = {label: row.get(f"p({label})", row["prediction"]) for label in classes}
        assert theirs == pytest.approx(ours, abs=1e-5)
        if problem == "single_label_classification":
            assert found[0]["label"] == row["prediction"]


def test_a_validation_table_is_used_and_nothing_is_held_out(recipe: Make, tmp_path: pathlib.Path) -> None:
    held_out = tiny.write(tmp_path / "v.csv", tiny.reviews(11, seed=5))
    said: list[str] = []
    result = train(recipe(validation=str(held_out), epochs=1), listen=lines(said.append))
    assert result.report is not None
    assert result.report.rows == 11
    assert len(result.splits["train"]) == 60
    assert not any("set aside" in line for line in said)
    assert list(result.splits["validation"]["text"]) == [row["text"] for row in tiny.reviews(11, seed=5)]


def test_the_held_out_share_and_seed_are_the_recipes(recipe: Make) -> None:
    rows = {}
    for seed in (1, 2):
        splits = prepare(recipe(validation_fraction=0.3, seed=seed)).splits
        assert len(splits["validation"]) == 18
        rows[seed] = list(splits["validation"]["text"])
        assert list(prepare(recipe(validation_fraction=0.3, seed=seed)).splits["validation"]["text"]) == rows[seed]
    assert rows[1] != rows[2]


def test_what_is_reported_is_computed_in_full_precision(recipe: Make) -> None:
    """However a model was trained, other tools run it in fp32, and its numbers are those that they will see."""
    result = train(recipe(precision="bf16", updates=4, lr=1e-2))
    assert result.logits is not None
    again: Any = SavedRun.open(result.folder).logits(result.splits["validation"])
    np.testing.assert_allclose(np.asarray(result.logits), again, atol=1e-6)


SETTINGS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"seed": 7}, {"seed": 7}),
    ({"lr": 3e-4, "schedule": "cosine"}, {"learning_rate": 3e-4, "lr_scheduler_type": "cosine"}),
    ({"weight_decay": 0.1, "clip": 0.5}, {"weight_decay": 0.1, "max_grad_norm": 0.5}),
    ({"warmup": 0.1}, {"warmup_steps": 0.1}),
    ({"optimizer": "sgd", "label_smoothing": 0.2}, {"optim": "sgd", "label_smoothing_factor": 0.2}),
    ({"updates": 9, "epochs": 4}, {"max_steps": 9, "num_train_epochs": 4}),
    ({"updates": None, "epochs": 0.5}, {"max_steps": -1, "num_train_epochs": 0.5}),
    ({"keep": 5, "log_every": 3}, {"save_total_limit": 5, "logging_steps": 3}),
    ({"batch_size": 12}, {"per_device_train_batch_size": 12, "gradient_accumulation_steps": 1}),
    (
        {"batch_size": 12, "micro_batch_size": 5},  # the largest divisor that fits
        {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 3},
    ),
    ({"batch_size": 4, "micro_batch_size": 9}, {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 1}),
    ({"precision": "bf16"}, {"bf16": True}),
    ({"precision": "fp32"}, {"bf16": False}),
    ({"order": "length"}, {"train_sampling_strategy": "group_by_length"}),
    ({"order": "random"}, {"train_sampling_strategy": "random"}),
    ({"evaluate_every": 5, "save_every": 3}, {"eval_strategy": "steps", "eval_steps": 5, "save_steps": 3}),
    ({"evaluate_every": "never", "save_every": "never"}, {"eval_strategy": "no", "save_strategy": "no"}),
    ({"best": True}, {"metric_for_best_model": "accuracy", "greater_is_better": True, "load_best_model_at_end": True}),
    ({"patience": 2, "best_metric": "loss"}, {"metric_for_best_model": "loss", "greater_is_better": False}),
]


@pytest.mark.parametrize(("asked", "wanted"), SETTINGS, ids=[" ".join(asked) for asked, _ in SETTINGS])
def test_what_the_recipe_asks_for_reaches_the_engine(
    asked: dict[str, Any], wanted: dict[str, Any], recipe: Make, tmp_path: pathlib.Path
) -> None:
    task = Task("classes", "text", None, "label", ("a", "b"), ("a", "b"))
    found, _ = training_arguments(recipe(**asked), task, tmp_path, Processes(use_cpu=True))
    assert {name: getattr(found, name) for name in wanted} == wanted


def test_without_a_name_the_run_gets_the_next_number(
    recipe: Make, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folders = [train(recipe(out=None, updates=1)).folder for _ in range(2)]
    assert folders == [pathlib.Path("runs/reviews-1"), pathlib.Path("runs/reviews-2")]
    assert Recipe.read(folders[1] / "recipe.toml").data == "reviews.csv"


def test_a_tilde_is_the_home_folder_everywhere(
    recipe: Make, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell leaves that of --out=~/run as it is."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    asked = recipe(out="~/run", updates=1)
    assert train(asked).folder == tmp_path / "run"
    assert {"recipe.toml", "log.jsonl", "checkpoint-1", "model"} <= {path.name for path in (tmp_path / "run").iterdir()}
    assert list(pathlib.Path().iterdir()) == []
    with pytest.raises(UserError, match="holds a run already"):
        train(asked)
    assert known_run("~/run") == SavedRun.open("~/run").folder == tmp_path / "run"
    assert prove("~/run").agrees


# The same bytes


def test_the_same_recipe_gives_the_same_bytes(recipe: Make, tmp_path: pathlib.Path) -> None:
    results = []
    for name in ("one", "two"):
        torch.rand(17 if name == "one" else 5)  # what went on before a run does not matter
        results.append(train(recipe(out=str(tmp_path / name), seed=3)))
    one, two = (result.folder for result in results)
    assert weights(one) == weights(two)
    for name in ("predictions.csv", "metrics.json", "model/config.json", "model/tokenizer.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    times = {"train_runtime", "eval_runtime", "train_samples_per_second", "eval_samples_per_second"}
    times |= {"train_steps_per_second", "eval_steps_per_second"}
    logged = [[{key: entry[key] for key in entry.keys() - times} for entry in log(folder)] for folder in (one, two)]
    assert logged[0] == logged[1]
    other = train(recipe(out=str(tmp_path / "other"), seed=4))
    assert weights(other.folder) != weights(one)


def test_a_recipe_file_alone_repeats_the_run(recipe: Make, tmp_path: pathlib.Path) -> None:
    first = train(recipe(label_smoothing=0.1, order="length", warmup=0.2, weight_decay=0.01))
    read = Recipe.read(first.folder / "recipe.toml").changed({"out": str(tmp_path / "again")})
    assert weights(train(read).folder) == weights(first.folder)


@pytest.mark.parametrize("order", ["random", "length"])
def test_micro_batches_change_nothing_but_rounding(order: str, recipe: Make, tmp_path: pathlib.Path) -> None:
    """Without dropout, whose noise is drawn for a whole micro-batch at a time."""
    calm = pathlib.Path(tiny.checkpoint(tmp_path / "calm"))
    settings = json.loads((calm / "config.json").read_text())
    settings.update(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    (calm / "config.json").write_text(json.dumps(settings))
    common = {"model": str(calm), "order": order}
    found: list[Any] = [
        train(recipe(out=str(tmp_path / str(size)), micro_batch_size=size, **common)).logits for size in (None, 4, 3, 1)
    ]
    for logits in found[1:]:
        np.testing.assert_allclose(logits, found[0], atol=2e-4)
    steps = [entry["step"] for entry in log(tmp_path / "3") if "eval_loss" in entry]
    assert steps == [7, 14]


# Nothing twice


def test_a_second_run_tokenises_nothing(
    recipe: Make, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, cache: pathlib.Path
) -> None:
    calls: list[int] = []
    stock = auto._TakesColumns.__call__

    def counted(self: Any, *args: Any, **settings: Any) -> Any:
        calls.append(len(args[0]))
        return stock(self, *args, **settings)

    monkeypatch.setattr(auto._TakesColumns, "__call__", counted)
    data = str(tiny.write(tmp_path / "fresh.csv", tiny.reviews(44, seed=77)))
    train(recipe(data=data, out=str(tmp_path / "one"), updates=1))
    assert sum(calls) == 44
    stamps = {path: path.stat().st_mtime_ns for path in (cache / "warmstart").rglob("*") if path.is_file()}
    calls.clear()
    train(recipe(data=data, out=str(tmp_path / "two"), updates=1, lr=1e-4, epochs=5))
    assert calls == []
    assert {path: path.stat().st_mtime_ns for path in (cache / "warmstart").rglob("*") if path.is_file()} == stamps
    train(recipe(data=data, out=str(tmp_path / "three"), updates=1, max_length=7))
    assert sum(calls) == 44


def test_tokens_are_mapped_and_not_held(recipe: Make) -> None:
    made = recipe()
    prepared = prepare(made)
    tables = token_tables(prepared.splits, prepared.task, load_tokenizer(made.model), 32, None)
    for table in tables.values():
        assert isinstance(table.ids, np.memmap)
        assert isinstance(table.offsets, np.memmap)
    assert len(tables["train"]) == 54


# Going on


class Cut(Exception):
    """The run was killed."""


def die_in(recipe: Recipe, event: str, update: int) -> None:
    """Start a run that dies at an event: with an exception from one of its callbacks."""

    def die(self: Any, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == update:
            raise Cut

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Forecast, event, die)
        with pytest.raises(Cut):
            train(recipe)


def resumed(recipe: Recipe) -> Result:
    return train(Recipe.read(pathlib.Path(str(recipe.out)) / "recipe.toml").changed({"out": recipe.out}), resume=True)


def same_end(one: pathlib.Path, two: pathlib.Path) -> None:
    for name in ("model/model.safetensors", "predictions.csv", "metrics.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    for kind in ("loss", "eval_loss"):
        assert [(entry["step"], entry[kind]) for entry in log(one) if kind in entry] == [
            (entry["step"], entry[kind]) for entry in log(two) if kind in entry
        ]


GOING_ON: dict[str, tuple[dict[str, Any], list[tuple[str, int]]]] = {
    "every three updates": (
        {"save_every": 3, "log_every": 3},
        [("on_step_begin", 2), ("on_step_begin", 3), ("on_step_end", 8), ("on_save", 9), ("on_evaluate", 14)],
    ),
    "each epoch, by length, micro-batches": (
        {"order": "length", "micro_batch_size": 3, "keep": 1, "log_every": 7},
        [("on_step_end", 6), ("on_epoch_end", 7), ("on_train_end", 14)],
    ),
    "the best, with patience": (
        {"patience": 1, "epochs": 5, "lr": 1e-9, "evaluate_every": 3, "best_metric": "accuracy", "log_every": 3},
        [("on_step_end", 5), ("on_save", 6), ("on_train_end", 6)],
    ),
    "another optimizer and schedule": (
        {"save_every": 5, "optimizer": "adafactor", "schedule": "cosine", "warmup": 3, "log_every": 5},
        [("on_step_end", 11)],
    ),
}


@pytest.mark.parametrize(
    ("name", "event", "update"), [(name, *place) for name, (_, places) in GOING_ON.items() for place in places]
)
def test_a_run_that_was_killed_ends_like_one_that_was_not(
    name: str, event: str, update: int, recipe: Make, tmp_path: pathlib.Path
) -> None:
    settings = GOING_ON[name][0]
    whole = train(recipe(out=str(tmp_path / "whole"), **settings))
    killed = recipe(out=str(tmp_path / "killed"), **settings)
    die_in(killed, event, update)
    result = resumed(killed)
    same_end(result.folder, whole.folder)
    same_end(resumed(killed).folder, whole.folder)  # and resuming what has ended changes nothing


def test_killed_while_the_model_is_written(recipe: Make, tmp_path: pathlib.Path) -> None:
    whole = train(recipe(out=str(tmp_path / "whole")))
    killed = recipe(out=str(tmp_path / "killed"))

    save = Trainer.save_model

    def die(self: Any, output_dir: str, _internal_call: bool = False) -> None:
        if not _internal_call:  # a checkpoint's are written as ever
            raise Cut
        save(self, output_dir, _internal_call)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "save_model", die)
        with pytest.raises(Cut):
            train(killed)
    assert not (tmp_path / "killed" / "model").exists()
    same_end(resumed(killed).folder, whole.folder)


def test_a_damaged_checkpoint_is_passed_over(recipe: Make, tmp_path: pathlib.Path) -> None:
    settings = {"save_every": 4, "log_every": 4}
    whole = train(recipe(out=str(tmp_path / "whole"), **settings))
    killed = recipe(out=str(tmp_path / "killed"), **settings)
    die_in(killed, "on_step_end", 10)
    (tmp_path / "killed" / "checkpoint-8" / "model.safetensors").write_bytes(b"rot")
    same_end(resumed(killed).folder, whole.folder)


# Evaluating and keeping


def test_evaluations_come_as_often_as_asked_for(recipe: Make) -> None:
    result = train(recipe(evaluate_every=4, save_every="never", log_every=2))
    assert [entry["step"] for entry in result.history if "eval_loss" in entry] == [4, 8, 12, 14]
    assert [entry["step"] for entry in result.history if "loss" in entry] == [1, 2, 4, 6, 8, 10, 12, 14]
    assert not list(result.folder.glob("checkpoint-*"))


def test_the_best_checkpoint_is_the_model_and_the_card_says_how_it_was_chosen(recipe: Make) -> None:
    result = train(recipe(patience=2, epochs=6, keep=1, best_metric="loss", lr=1e-2))
    losses = {entry["step"]: entry["eval_loss"] for entry in result.history if "eval_loss" in entry}
    best = min(losses, key=lambda step: losses[step])
    newest = max(losses)
    assert {path.name for path in result.folder.glob("checkpoint-*")} == {f"checkpoint-{best}", f"checkpoint-{newest}"}
    assert (result.folder / f"checkpoint-{best}" / "model.safetensors").read_bytes() == weights(result.folder)
    assert newest == 42 or newest == best + 14  # to the end, or two evaluations after the best
    card = (result.folder / "model" / "README.md").read_text(encoding="utf-8")
    assert "chosen on these rows" in card


def test_the_saved_tokenizer_cuts_where_the_run_did(recipe: Make, tmp_path: pathlib.Path) -> None:
    result = train(recipe(max_length=6, updates=1))
    run = SavedRun.open(result.folder)
    assert run.tokenizer.model_max_length == 6
    cut_text = Dataset.from_dict({"text": ["a good film was so very bad bad bad bad"]})
    short = Dataset.from_dict({"text": ["a good film was"]})
    np.testing.assert_allclose(run.logits(cut_text), run.logits(short), atol=1e-6)


def test_measuring_again_gives_the_same_numbers(finished: tuple[Result, list[str]]) -> None:
    result, _ = finished
    assert result.report is not None
    run = SavedRun.open(result.folder / "model")
    assert run.folder == result.folder
    report, notes = measure_run(run, DatasetDict({"train": result.splits["validation"]}))
    assert notes == []
    assert report.to_dict() == result.report.to_dict()


def test_measuring_what_was_learnt_from_is_told(finished: tuple[Result, list[str]]) -> None:
    result, _ = finished
    seen = DatasetDict({"train": result.splits["train"].select(range(3))})
    _, notes = measure_run(SavedRun.open(result.folder), seen)
    assert len(notes) == 1
    assert "3 rows are in the split 'train' too" in notes[0]
    assert "measure on new ones" in notes[0]
