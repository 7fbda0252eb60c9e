"""Whoever reads Chinese is helped and corrected in Chinese, by every command and for every option."""

import inspect
import json
import os
import re
import subprocess
import sys

import pytest

from tests.cli.helpers import command
from warmstart import Recipe, UserError
from warmstart.cli.app import build
from warmstart.messages import in_language

CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")  # three words in a row
HANDED_OVER = ("config", "launch")


def docstrings() -> dict[str, tuple[str, str]]:
    """(English, Chinese) of every command."""
    told = {}
    for language in ("en", "zh"):
        with in_language(language):
            app = build()
        names = [name for name in app if not name.startswith("-")]
        told[language] = {name: inspect.getdoc(app[name].default_command) or "" for name in names}
    return {name: (english, told["zh"][name]) for name, english in told["en"].items()}


def test_both_docstrings_tell_of_the_same_parameters_and_examples() -> None:
    both = docstrings()
    assert len(both) == 12
    for name, (english, chinese) in both.items():
        parameters = [
            re.findall(r"^(?: {4})?(\w+)$", each.partition("-----\n")[2], re.M) for each in (english, chinese)
        ]
        assert parameters[0] == parameters[1], name
        examples = [len(re.findall(r"^ +warmstart ", each, re.M)) for each in (english, chinese)]
        assert examples[0] == examples[1], name
        assert CHINESE.search(chinese.splitlines()[0]), name


def test_both_languages_say_the_same_of_names_in_code() -> None:
    """Such as which split is taken, in which order."""

    def named(docstring: str) -> dict[str, list[str]]:
        parts = re.split(r"(?m)^(\w+)$", docstring.partition("-----\n")[2])
        return {name: re.findall("`([^`]+)`", told) for name, told in zip(parts[1::2], parts[2::2], strict=True)}

    for name, (english, chinese) in docstrings().items():
        assert named(english) == named(chinese), name
    assert named(docstrings()["evaluate"][1])["data"] == ["test", "validation", "train"]


def parameters(docstring: str) -> list[str]:
    return re.findall(r"^ *(\w+)$", docstring.partition("-----\n")[2], re.M)


def test_help_is_in_chinese() -> None:
    script = """
import contextlib, io, json
from warmstart.cli import main
shown = {}
for words in json.loads(input()):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
        main([*words, "--help"])
    shown[" ".join(words)] = out.getvalue()
print(json.dumps(shown))
"""
    own = [[], *([name] for name in docstrings() if name not in HANDED_OVER)]
    environment = {**os.environ, "WARMSTART_LANG": "zh", "COLUMNS": "500", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(own), env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert len(shown) == len(own)
    for name, help_ in shown.items():
        described = [line for line in help_.splitlines() if not line.strip().startswith(("warmstart", "Usage:"))]
        english = [line for line in described if ENGLISH.search(line)]
        assert not english, (name, english)
        options = [line for line in described if re.search(r" --[a-z]", line)]
        assert options, name
        assert not [line for line in options if not CHINESE.search(line)], name


WRONG = {
    "an unknown command": ("trian", "a.csv"),
    "an unknown option": ("train", "a.csv", "--epohcs", "2"),
    "nothing like it": ("train", "a.csv", "--zzz", "2"),
    "a word too many": ("train", "a.csv", "b.csv"),
    "a word too few": ("predict", "run"),
    "no value": ("train", "a.csv", "--lr"),
    "twice": ("train", "a.csv", "--lr", "1", "--lr", "2"),
    "out of range": ("train", "a.csv", "--lr", "-1"),
    "no number": ("train", "a.csv", "--lr", "fast"),
    "no whole number": ("demo", "--seed", "x"),
    "no choice": ("evaluate", "run", "a.csv", "--on-empty", "x"),
    "no choice of a recipe": ("train", "a.csv", "--order", "x"),
    "no switch": ("train", "a.csv", "--baselines=maybe"),
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG.keys())
def test_a_command_line_is_corrected_in_chinese(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    done = command(capsys, *words)
    assert done.status == 2
    lines = done.err.splitlines()
    assert [line.split(":")[0].strip() for line in lines] == ["错误", "位置", "解决办法"]
    assert CHINESE.search(lines[0].partition(":")[2])
    assert not [line for line in (lines[0], lines[2]) if ENGLISH.search(line)]


@pytest.mark.parametrize("wrong", ["x", -1, 2.5, 1e400, [1]], ids=str)
def test_every_setting_of_a_recipe_is_corrected_in_chinese(wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    problems = [problem for name in Recipe.model_fields if (problem := refusal(name, wrong))]
    assert len(problems) > 10
    assert not [problem for problem in problems if ENGLISH.search(problem) or not CHINESE.search(problem)]


def refusal(name: str, value: object) -> str:
    """What is said against a setting; nothing if it is taken."""
    try:
        Recipe.of({name: value})
    except UserError as error:
        return error.problem
    return ""
