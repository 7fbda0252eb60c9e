"""The options that people know from the course's scripts and from TrainingArguments: taken, or answered with ours."""

import re
from typing import Any

import pytest
from transformers import TrainingArguments

from warmstart.cli import app, stock_names
from warmstart.cli.stock_names import INSTEAD, SAME, SWITCHES, translated
from warmstart.messages import in_language
from warmstart.recipe import Recipe

VALUES: dict[str, Any] = {  # one that each of our options takes
    "batch_size": 4, "best_metric": "accuracy", "clip": 2.0, "config": "mrpc", "epochs": 2.0, "evaluate_every": 50,
    "keep": 1, "label": "y", "label_smoothing": 0.1, "log_every": 5, "lr": 1e-4, "max_length": 64, "model": "m",
    "optimizer": "sgd", "out": "o", "patience": 2, "processes": 2, "save_every": 50, "schedule": "cosine", "text": "t",
    "updates": 7, "validation": "v.csv", "warmup": 0.5,
}  # fmt: skip


def parsed(*words: str) -> Any:
    _, bound, _ = app.build().parse_args(translated(["train", *words]), exit_on_error=False, print_error=False)
    return bound.arguments


@pytest.mark.parametrize("stock", [name for name, ours in SAME.items() if ours not in (*SWITCHES, "--data")])
@pytest.mark.parametrize("typed", [str, lambda name: "--" + name[2:].replace("-", "_")])
@pytest.mark.parametrize("joined", [True, False])
def test_an_option_that_means_the_same_is_taken(stock: str, typed: Any, joined: bool) -> None:
    name = SAME[stock][2:].replace("-", "_")
    value = VALUES[name]
    words = [f"{typed(stock)}={value}"] if joined else [typed(stock), str(value)]
    found = parsed("t.csv", *words)
    assert getattr(found["settings"], name) == value
    assert found["data"] == "t.csv"


@pytest.mark.parametrize("stock", [name for name, ours in SAME.items() if ours in SWITCHES])
def test_a_switch_may_have_a_value_as_in_the_scripts(stock: str) -> None:
    name = SAME[stock][2:]
    assert getattr(parsed("t.csv", stock)["settings"], name) is True
    assert getattr(parsed("t.csv", stock, "True")["settings"], name) is True
    assert getattr(parsed("t.csv", f"{stock}=False", "--lr", "1")["settings"], name) is False
    assert getattr(parsed(stock, "--lr", "1", "t.csv")["settings"], name) is True


@pytest.mark.parametrize("stock", [name for name, ours in SAME.items() if ours == "--data"])
def test_the_table_may_be_an_option(stock: str) -> None:
    assert parsed(stock, "t.csv", "--lr", "1")["data"] == "t.csv"
    assert parsed(f"{stock}=t.csv")["data"] == "t.csv"


def refusal(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    with in_language("en"), pytest.raises(SystemExit) as ended:
        app.main(list(words))
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("command", ["train", "plan"])
@pytest.mark.parametrize("option", INSTEAD)
def test_the_others_are_answered_with_ours(option: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(command, "t.csv", option.replace("-", "_").replace("__", "--", 1), "8", capsys=capsys)
    assert said.splitlines()[0] == f"error: there is no option {option.replace('-', '_').replace('__', '--', 1)}"
    assert INSTEAD[option] in said


def test_each_option_and_command_that_an_answer_names_exists() -> None:
    options = {f"--{name.replace('_', '-')}" for name in Recipe.model_fields}
    for answer in INSTEAD.values():
        assert set(re.findall(r"--[a-z-]+", answer)) <= options, answer
        assert set(re.findall(r"warmstart ([a-z]+)", answer)) <= set(app.build()), answer


def test_no_setting_of_training_arguments_is_answered_with_another_of_ours_that_is_spelt_like_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ours = {f"--{name.replace('_', '-')}" for name in Recipe.model_fields}
    for field in TrainingArguments.__dataclass_fields__:
        option = f"--{field.replace('_', '-')}"
        if option not in ours | SAME.keys():
            assert stock_names.instead(option), option
    said = refusal("train", "t.csv", "--adam_beta1", "0.8", capsys=capsys)
    assert "did you mean" not in said
    assert "TrainingArguments" in said


def test_a_typing_error_is_still_told_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean --batch-size?" in refusal("train", "t.csv", "--bach-size", "8", capsys=capsys)


def test_other_commands_are_left_alone() -> None:
    words = ["predict", "run", "--learning-rate is a setting"]
    assert translated(words) == words
    assert translated([]) == []
