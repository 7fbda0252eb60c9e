"""Scripts as people write them run on warmstart with other imports alone, and give the stock losses at dropout 0."""

import json
import pathlib
import re
import sys
import types
from typing import Any

import pytest
from transformers import BertConfig, BertModel

import warmstart
from tests import tiny

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
NAMES = set(warmstart.__all__)


def imports_changed(text: str) -> str:
    """The script with each name that warmstart has taken from it."""

    def change(found: "re.Match[str]") -> str:
        names = [name.strip() for name in re.sub(r"[()\n]", " ", found[2]).split(",") if name.strip()]
        ours = [name for name in names if name in NAMES]
        rest = [name for name in names if name not in NAMES]
        lines = [
            f"from {where} import {', '.join(some)}" for where, some in (("warmstart", ours), (found[1], rest)) if some
        ]
        return "\n".join(lines) + "\n"

    return re.sub(r"^from (transformers|datasets|accelerate) import (\([^)]*\)|[^\n(]*)\n", change, text, flags=re.M)


def run(name: str, words: list[str], *, ours: bool) -> Any:
    text = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
    changed = imports_changed(text)
    assert "from warmstart import" in changed
    scope: dict[str, Any] = {"__name__": f"script_{name}"}
    exec(compile(changed if ours else text, f"{name}.py", "exec"), scope)
    module = types.ModuleType(f"script_{name}")  # dataclasses look their module up
    module.__dict__.update(scope)
    sys.modules[module.__name__] = module
    return scope["main"](words)


@pytest.fixture
def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A checkpoint without dropout, and tables of pairs."""
    monkeypatch.chdir(tmp_path)
    tiny.checkpoint(tmp_path / "tiny")
    config = BertConfig.from_pretrained(tmp_path / "tiny", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    BertModel.from_pretrained(tmp_path / "tiny", config=config).save_pretrained(tmp_path / "tiny")
    for number, (file, rows) in enumerate({"train": 52, "dev": 20, "dev2": 12}.items()):
        pairs = [
            {
                "sentence1": row["text"],
                "sentence2": "a film was good",
                "label": row["label"],
                "score": len(row["text"]) / 10,
            }
            for row in tiny.reviews(rows, seed=number)
        ]
        tiny.write(tmp_path / f"{file}.csv", pairs)
    return tmp_path


def words_of(out: str, **settings: Any) -> list[str]:
    given = {"output_dir": out, "model_name_or_path": "tiny", "seed": 3, "learning_rate": 1e-3, **settings}
    return [f"--{name}={value}" for name, value in given.items()]


def logged(trainer: Any) -> list[dict[str, float]]:
    timings = ("runtime", "per_second", "flos")
    history = trainer.state.log_history
    return [{name: value for name, value in entry.items() if not name.endswith(timings)} for entry in history]


COMMON = {
    "train_file": "train.csv", "validation_file": "dev.csv", "num_train_epochs": 2, "logging_steps": 1,
    "per_device_train_batch_size": 8, "report_to": "none", "eval_strategy": "epoch", "use_cpu": True,
}  # fmt: skip
CLASSIFYING = {
    "joined columns": {"text_column_names": "sentence1,sentence2", "label_column_name": "label"},
    "dynamic padding": {"text_column_names": "sentence1", "pad_to_max_length": False},
    "a number": {
        "text_column_names": "sentence1",
        "label_column_name": "score",
        "do_regression": True,
    },
    "fewer rows": {"text_column_names": "sentence1", "shuffle_train_dataset": True, "max_train_samples": 30},
}


@pytest.mark.parametrize("settings", CLASSIFYING.values(), ids=CLASSIFYING)
def test_a_script_for_a_table_of_ones_own(settings: dict[str, Any], place: pathlib.Path) -> None:
    if settings.get("do_regression"):  # the script calls its column of labels so
        for file in place.glob("*.csv"):
            file.write_text(file.read_text().replace(",label,", ",sentiment,", 1))
    does = {"do_train": True, "do_eval": True, "do_predict": True, "test_file": "dev2.csv", "save_strategy": "no"}
    found = {}
    for out in ("stock", "ours"):
        trainer = run("classification", words_of(out, **COMMON, **does, **settings), ours=out == "ours")
        found[out] = logged(trainer)
        assert json.loads(pathlib.Path(out, "trainer_state.json").read_text())["log_history"]
    assert isinstance(trainer, warmstart.Trainer)
    same(found["ours"], found["stock"])
    for name in ("predict_results.txt", "all_results.json", "train_results.json", "eval_results.json", "README.md"):
        assert pathlib.Path("ours", name).is_file(), name
    assert pathlib.Path("ours/predict_results.txt").read_text() == pathlib.Path("stock/predict_results.txt").read_text()
    numbers = {out: json.loads(pathlib.Path(out, "all_results.json").read_text()) for out in found}
    assert numbers["ours"].keys() == numbers["stock"].keys()


def test_a_script_for_pairs_with_early_stopping_and_the_best_model(place: pathlib.Path) -> None:
    settings = {"task_name": "mrpc", "validation_file_2": "dev2.csv", "save_strategy": "epoch", "save_total_limit": 1}
    best = {"load_best_model_at_end": True, "metric_for_best_model": "combined_score", "num_train_epochs": 4}
    found = {}
    for out in ("stock", "ours"):
        found[out] = run("glue", words_of(out, **{**COMMON, **settings, **best}), ours=out == "ours")
    ours, stock = found["ours"], found["stock"]
    same(logged(ours), logged(stock))
    assert ours.told == stock.told
    assert ours.state.best_global_step == stock.state.best_global_step
    assert ours.predicted == pytest.approx(stock.predicted, abs=1e-5)
    assert {path.name for path in pathlib.Path("ours/best").iterdir()} >= {"config.json", "model.safetensors"}


def test_the_loop_by_hand(place: pathlib.Path) -> None:
    settings = {
        "train_file": "train.csv", "validation_file": "dev.csv", "num_train_epochs": 2,
        "gradient_accumulation_steps": 2, "checkpointing_steps": "epoch", "weight_decay": 0.01, "num_warmup_steps": 2,
    }  # fmt: skip
    found = {out: run("no_trainer", words_of(out, **settings), ours=out == "ours") for out in ("stock", "ours")}
    assert found["ours"]["losses"] == pytest.approx(found["stock"]["losses"], abs=1e-5)
    assert found["ours"]["accuracy"] == found["stock"]["accuracy"]
    assert pathlib.Path("ours/model.safetensors").is_file()


def same(ours: list[dict[str, float]], stock: list[dict[str, float]]) -> None:
    """The same entries, in order, to 1e-5; gradient norms, which are larger, to a part in 10,000."""
    assert [entry.keys() for entry in ours] == [entry.keys() for entry in stock]
    for mine, theirs in zip(ours, stock, strict=True):
        for name, value in theirs.items():
            assert mine[name] == pytest.approx(value, abs=1e-5, rel=1e-4 if name == "grad_norm" else 0), (name, theirs)
