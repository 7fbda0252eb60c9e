"""What the READMEs and the help texts tell the reader to type exists: commands, options, code, files, tests."""

import ast
import inspect
import pathlib
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

import warmstart
from warmstart.cli import app as application
from warmstart.errors import UserError
from warmstart.messages import in_language

ROOT = pathlib.Path(__file__).parent.parent
ENGLISH, CHINESE = "README.md", "README.zh-CN.md"
GUIDES = ("docs/guide.md", "docs/guide.zh-CN.md")
READMES = (ENGLISH, CHINESE, *GUIDES, "examples/README.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(warmstart [^`\n]+)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")  # to a file here, not to an address
OWN = re.compile(r"^## 中文数据\n.*?(?=^## )", re.MULTILINE | re.DOTALL)  # what the Chinese page has more: its own data
IMPORT = re.compile(r"^(from|import) ")

# Settings that the READMEs say are refused, with a value that asks for them.
REFUSED: dict[str, Any] = {
    "fsdp": True,
    "deepspeed": {"zero_optimization": {"stage": 2}},
    "use_liger_kernel": True,
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def fenced(document: str, language: str) -> list[str]:
    return [match[2] for match in FENCE.finditer(document) if match[1] == language]


def shell_lines(document: str) -> list[str]:
    """The commands of the shell blocks, in order, without comments; in `console` blocks those after `$`."""
    lines = [line for block in fenced(document, "bash") for line in block.splitlines()]
    lines += [line[2:] for block in fenced(document, "console") for line in block.splitlines() if line[:2] == "$ "]
    return [shlex.join(shlex.split(line, comments=True)) for line in lines if shlex.split(line, comments=True)]


def inline(document: str) -> list[str]:
    """The commands inside sentences."""
    return [shlex.join(shlex.split(command)) for command in INLINE.findall(FENCE.sub("", document))]


def command_names() -> list[str]:
    return [name for name in application.build() if not name.startswith("-")]


def help_texts() -> dict[str, str]:
    """What `--help` says, in either language, and for each command."""
    texts = {}
    for language in ("en", "zh"):
        with in_language(language):
            app = application.build()
            texts[language] = app.help
            for name in command_names():
                texts[f"{name} ({language})"] = inspect.getdoc(app[name].default_command) or ""
    return texts


def helped() -> Iterator[tuple[str, str]]:
    """(where, command) of each command that a help text shows, whether on a line of its own or in a sentence."""
    for name, told in help_texts().items():
        for line in told.splitlines():
            if line.startswith("    warmstart "):
                yield name, shlex.join(shlex.split(line, comments=True))
        yield from ((name, command) for command in inline(told))


def shown() -> list[tuple[str, str]]:
    """(where, command) of everything that the reader is told to type, each once."""
    found = [(name, line) for name in READMES for line in (*shell_lines(read(name)), *inline(read(name)))]
    return list(dict.fromkeys([*found, *helped()]))


def check(command: str) -> None:
    """Raises an error unless `command` could be run: the programs and files are there, the options exist."""
    program, *arguments = shlex.split(command)
    if program == "warmstart":
        check_warmstart(arguments)
    elif program == "python" and arguments[0] != "-m":
        assert (ROOT / arguments[0]).is_file()
        check_example(arguments)
    elif program == "make":
        assert re.search(rf"^{arguments[0]}:", read("Makefile"), re.MULTILINE)
    elif program == "export":
        assert all("=" in argument for argument in arguments)
    else:
        what = command.removeprefix("pip install --constraint constraints.txt --editable ")
        assert what in (".", "'.[multilingual]'")
        assert (ROOT / "constraints.txt").is_file()


def check_warmstart(arguments: list[str]) -> None:
    """Parse as the command does, without executing; what `launch` is to start is parsed in turn."""
    name = arguments[0]
    assert name in command_names()
    if len(arguments) == 1:
        return  # the command is only named
    application.build().parse_args(arguments, exit_on_error=False, print_error=False)
    if name == "launch":
        from accelerate.commands.launch import launch_command_parser

        launched = launch_command_parser().parse_args(arguments[1:])
        if launched.module:
            assert launched.training_script == "warmstart"
            check_warmstart(launched.training_script_args)
        elif "/" in launched.training_script:
            check_example([launched.training_script, *launched.training_script_args])


def check_example(arguments: list[str]) -> None:
    """The file is there, and each option is one that it declares."""
    script, *rest = arguments
    declared = re.findall(r'add_argument\(\s*"(--[\w-]+)"', read(script))
    assert {argument for argument in rest if argument.startswith("--")} <= set(declared)


@pytest.mark.parametrize(("where", "command"), shown())
def test_a_command_that_is_shown_exists(where: str, command: str) -> None:
    check(command)


@pytest.mark.parametrize(
    "command",
    [
        "warmstart trian",
        "warmstart trian my.csv --help",
        "warmstart train my.csv --epoch 2",
        "warmstart predict runs/my-1",
        "warmstart launch --num_processes 2 -m warmstart train my.csv --precision int4",
        "warmstart launch --num_processes 2 examples/loop.py --row 3",
        "python examples/gone.py",
        "make tests",
        "pip install warm-start",
    ],
)
def test_the_check_finds_a_command_that_does_not_exist(command: str) -> None:
    with pytest.raises(Exception):  # noqa: B017  each of the parsers has its own
        check(command)


@pytest.mark.parametrize("names", [(ENGLISH, GUIDES[0]), (CHINESE, GUIDES[1])], ids=["en", "zh"])
def test_every_command_is_documented(names: tuple[str, ...]) -> None:
    document = "\n\n".join(map(read, names))
    used = {shlex.split(line)[1] for line in (*shell_lines(document), *inline(document)) if line[:9] == "warmstart"}
    assert used >= set(command_names())
    assert {"inspect", "train", "evaluate", "predict", "resume", "demo", "config", "launch"} <= used


@pytest.mark.parametrize(("one", "other"), [(ENGLISH, CHINESE), GUIDES])
def test_both_languages_show_the_same(one: str, other: str) -> None:
    english, chinese = read(one), OWN.sub("", read(other))
    assert shell_lines(english) == shell_lines(chinese)
    assert sorted(set(inline(english))) == sorted(set(inline(chinese)))
    links = [{link.replace(".zh-CN", "") for link in LINK.findall(text)} for text in (english, chinese)]
    assert links[0] == links[1]
    outline = [
        [line.split()[0] for line in FENCE.sub("", text).splitlines() if line[:1] == "#"] for text in (english, chinese)
    ]
    assert outline[0] == outline[1]
    code = [[ast.dump(ast.parse(block)) for block in fenced(text, "python")] for text in (english, chinese)]
    assert code[0] == code[1]


def test_the_readme_is_short() -> None:
    assert all(len(read(name).splitlines()) < 120 for name in (ENGLISH, CHINESE))


def test_the_map_is_two_pages() -> None:
    assert len(read("ARCHITECTURE.md").split()) < 1500


PROMISE = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_guarantee_names_a_test_that_is_there() -> None:
    lines = [line for line in read("docs/guarantees.md").splitlines() if line.startswith("- ")]
    points = re.split(r"(?m)^- ", read("docs/guarantees.md"))[1:]
    assert len(lines) == len(points) > 30
    for point in points:
        named = PROMISE.findall(point)
        assert named, point
        for file, test in named:
            assert (ROOT / file).is_file(), file
            assert not test or f"def {test}(" in read(file), f"{file}::{test}"


@pytest.mark.parametrize(("name", "language"), [(ENGLISH, "en"), (CHINESE, "zh")])
def test_the_output_that_is_shown_is_still_what_is_said(
    name: str, language: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from warmstart.table.infer import infer_task
    from warmstart.table.task import describe

    table = tmp_path / "reviews.csv"
    rows = "review,sentiment\na warm and funny film,positive\nlong and dull,negative\n"
    if language == "zh":
        rows = "评论,情感\n房间很干净，前台也热情,好评\n等了四十分钟才上菜，味道也一般,差评\n"
    table.write_text(rows, encoding="utf-8")
    monkeypatch.setenv("WARMSTART_LANG", language)
    said = describe(infer_task(warmstart.load(table, cache_dir=str(tmp_path)))).splitlines()
    [block] = fenced(read(name), "console")
    assert block.splitlines()[1 : len(said) + 1] == said


@pytest.mark.parametrize("name", READMES)
def test_python_code_compiles_and_its_names_exist(name: str) -> None:
    for block in fenced(read(name), "python"):
        tree = ast.parse(block)
        compile(tree, name, "exec")
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "warmstart":
                assert {alias.name for alias in node.names} <= set(warmstart.__all__)


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_the_course_code_is_the_course_with_other_import_lines(name: str, shared: pathlib.Path) -> None:
    chapter = {line.strip() for line in (shared / "chapter3.txt").read_text(encoding="utf-8").splitlines()}
    [block] = [block for block in fenced(read(name), "python") if "Trainer(" in block]
    changed = [line for line in block.splitlines() if line.strip() and line.strip() not in chapter]
    assert changed
    assert all(IMPORT.match(line) for line in changed)


@pytest.mark.parametrize("name", READMES)
def test_files_that_are_linked_exist(name: str) -> None:
    folder = (ROOT / name).parent
    links = LINK.findall(read(name))
    assert links
    for link in links:
        assert (folder / link).exists() or link == "benchmarks/results/"  # written by `make bench`


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_the_test_command_is_what_ci_runs(name: str) -> None:
    assert "`make test`" in read(name)
    assert "make test" in read(".ci/run").splitlines()


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_settings_that_are_said_to_be_refused_are(name: str, tmp_path: pathlib.Path) -> None:
    [point] = [point for point in re.split(r"^- |\n\n", read(name), flags=re.MULTILINE) if "`fsdp`" in point]
    named = [word for word in re.findall(r"`(\w+)`", point) if word != "TrainingArguments"]
    assert set(named) == set(REFUSED)
    for setting, value in REFUSED.items():
        with pytest.raises(UserError, match=setting):
            warmstart.TrainingArguments(str(tmp_path), **{setting: value})
