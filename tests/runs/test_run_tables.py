"""Which tables a run may be of, and what of its recipe reaches the engine."""

import pathlib
from typing import Any

import numpy as np
import pytest
import transformers

from tests import tiny
from tests.runs.recipes import Make, config
from warmstart import Recipe
from warmstart.cli.resume import known_run
from warmstart.engine.distributed.processes import Processes
from warmstart.errors import UserError
from warmstart.events import lines
from warmstart.runs.prepared import prepare
from warmstart.runs.prove import prove
from warmstart.runs.run import train, training_arguments
from warmstart.runs.saved import SavedRun
from warmstart.table.task import Task

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
