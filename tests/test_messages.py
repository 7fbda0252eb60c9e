"""Every sentence is there in both languages, and each call may have its own.

What fails here after a message was added or changed: `make messages`, then translate what it lists in `warmstart.po`.
"""

import ast
import io
import os
import pathlib
import re
import string
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from pydantic_core import PydanticKnownError

from tests import messages as catalogue
from warmstart import Recipe, limits
from warmstart.cli import main
from warmstart.errors import UserError
from warmstart.messages import _, in_language, language, ngettext

CHINESE = re.compile("[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]")
FUNCTIONS = {"_", "N_", "ngettext", "pgettext"}
# What holds Chinese that is data, not messages: what people call columns, and splits. Constants, and one function.
DATA = {
    "names.py": {"LABELS", "TEXTS", "PAIRS", "IDS", "SCORES", "ABOUT_CHINESE", "_NUMBERED"},
    "folders.py": {"_SPLITS"},
    "alike.py": {"NO_VALUE", "SAME_SIGN"},
    "spreadsheet.py": {"BEGIN"},
    "lists.py": {"SIGNS", "NEVER_IN_NAMES"},
    "quantities.py": {"MULTIPLES", "_UNIT"},
    "chinese.py": {"LABELS", "TOPICS", "DEGREES", "DENIED", "OPENINGS", "FRAMES", "AND", "CANNOT_BE_DENIED"},
    "unspaced.py": {"UNSPACED"},
    "groups.py": {"NAMED_IN_CHINESE"},
}
# Sentences whose Chinese says it with other numbers: "and 3 more" of 13 is "13 in all".
OTHER_NUMBERS = {" and {rest} more"}


def texts(given: str | tuple[str, ...] | list[str]) -> list[str]:
    """A plural's forms, or the one text of what has no plural."""
    return [given] if isinstance(given, str) else list(given)


def ids(messages: Catalog) -> dict[tuple[str, ...], Message]:
    """The messages by their context and English, without the catalogue's head."""
    return {(str(each.context or ""), *texts(each.id)): each for each in messages if each.id}


def fields(text: str) -> set[str]:
    """The names of the placeholders; none in a sentence that is not filled in, and has braces of its own."""
    try:
        return {name for _text, name, _spec, _kind in string.Formatter().parse(text) if name and name.isidentifier()}
    except ValueError:
        return set()


def test_every_sentence_is_translated_and_no_other() -> None:
    said, translated = ids(catalogue.said()), ids(catalogue.translated())
    assert len(said) > 500
    assert not said.keys() - translated.keys(), "make messages, and translate"
    assert not translated.keys() - said.keys(), "no longer said: make messages"
    assert not [each.id for each in translated.values() if not all(texts(each.string))], "not translated"
    assert not [each.id for each in translated.values() if each.fuzzy], "the English has changed: is the Chinese right?"
    assert not catalogue.translated().obsolete


def test_the_compiled_catalogue_is_the_one_that_is_written() -> None:
    there, wanted = (
        {key: each.string for key, each in ids(read_mo(io.BytesIO(compiled))).items()}
        for compiled in (catalogue.MO.read_bytes(), catalogue.compiled(catalogue.translated()))
    )
    assert there == wanted, "make messages"


def test_both_languages_have_the_same_placeholders() -> None:
    wrong = [
        (each.id, each.string)
        for each in catalogue.translated()
        if each.id
        and not OTHER_NUMBERS & set(texts(each.id))
        and len({frozenset(fields(text)) for text in [*texts(each.id), *texts(each.string)]}) > 1
    ]
    assert not wrong


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(catalogue.SOURCE.rglob("*.py")):
        yield path.relative_to(catalogue.SOURCE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.AST) -> list[ast.Call]:
    """Calls that translate something."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS
    ]


def unreadable(tree: ast.AST) -> list[str]:
    """Calls whose sentence `make messages` cannot read: f-strings, sums, filled in too early, inside of an f-string."""
    within = {id(call) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for call in calls(node)}
    return [
        ast.unparse(call)
        for call in calls(tree)
        if id(call) in within or any(isinstance(each, ast.JoinedStr | ast.BinOp) or filled(each) for each in call.args)
    ]


def filled(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"


def test_every_sentence_in_the_code_can_be_extracted() -> None:
    assert not {name: found for name, tree in sources() if (found := unreadable(tree))}
    for wrong in ('_(f"no {name}")', '_("no" + name)', '_("no {}".format(name))', "f\"{_('no')} {name}\""):
        assert unreadable(ast.parse(wrong)), wrong
    assert not unreadable(ast.parse('_("no {name}").format(name=f"{first}{last}")'))


def misfilled(tree: ast.AST, translations: dict[str, list[str]]) -> list[str]:
    """Sentences that are given other values than their placeholders, of both languages, ask for."""
    wrong, seen = [], set()
    for node in ast.walk(tree):
        if filled(node) and isinstance(node, ast.Call):
            given = {each.arg for each in node.keywords}
            for call in calls(node.func):
                seen.add(id(call))
                english = sentences(call)
                asked = {name for text in english for name in fields(text)}
                asked |= {name for one in english for text in translations.get(one, []) for name in fields(text)}
                if english and None not in given and asked != given:
                    wrong.append(ast.unparse(node))
    unfilled = [each for each in calls(tree) if id(each) not in seen and ast.unparse(each.func) != "N_"]
    return wrong + [ast.unparse(each) for each in unfilled if any(map(fields, sentences(each)))]


def sentences(call: ast.Call) -> list[str]:
    """The texts in a call; of `pgettext` without the context."""
    arguments = call.args[1:] if ast.unparse(call.func) == "pgettext" else call.args
    return [each.value for each in arguments if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def test_every_placeholder_is_filled_in() -> None:
    translations = {one: texts(each.string) for each in catalogue.translated() for one in texts(each.id) if each.id}
    assert not {name: found for name, tree in sources() if (found := misfilled(tree, translations))}
    for wrong in ('_("no {name}")', '_("no {name}").format(nam=1)', '_("no").format(name=1)', '_("a").format(b=1)'):
        assert misfilled(ast.parse(wrong), {"a": ["{b} {c}"]}), wrong


def literals(tree: ast.Module, data: Collection[str] = ()) -> Iterator[str]:
    """Texts in the code, without docstrings, the patterns of regular expressions, and what is in `data`."""
    apart = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(node.body[0] if node.body else None, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile":
            apart |= {id(each) for each in ast.walk(node)}
    for node in tree.body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])  # an annotated name has one
        named = [target.id for target in targets if isinstance(target, ast.Name)]
        if {getattr(node, "name", ""), *named} & {*data}:
            apart |= {id(each) for each in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            yield node.value


def test_chinese_is_in_the_catalogue_alone() -> None:
    found = [
        (name, text)
        for name, tree in sources()
        for text in literals(tree, DATA.get(pathlib.PurePath(name).name, ()))
        if CHINESE.search(text)
    ]
    assert not found
    assert list(literals(ast.parse('def f():\n    "文档"\n    return re.compile("字"), f"说 {x}"'))) == ["说 "]
    assert list(literals(ast.parse('A = "列"\nB = "话"'), {"A"})) == ["话"]


def test_the_complaints_of_pydantic_are_worded_as_pydantic_words_them() -> None:
    about = {"gt": 1, "ge": 1, "lt": 1, "le": 1, "expected": "'a' or 'b'"}
    for name, english in limits.SENTENCES.items():
        context = {key: value for key, value in about.items() if f"{{{key}}}" in english} or None
        assert PydanticKnownError(name, context).message_template == english  # type: ignore[arg-type]


def refusal() -> str:
    with pytest.raises(UserError) as caught:
        Recipe.of({"epochz": 1})
    return caught.value.problem


ENGLISH, ZH = "there is no setting 'epochz'", "没有名为 'epochz' 的设置"


def test_one_call_has_its_own_language(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal() == ENGLISH
    with in_language("zh-CN"):
        assert refusal() == ZH
        with in_language("en"):
            assert refusal() == ENGLISH
        assert refusal() == ZH
    assert refusal() == ENGLISH
    monkeypatch.setenv("WARMSTART_LANG", "zh")
    assert refusal() == ZH
    with in_language("en"):
        assert refusal() == ENGLISH
    with pytest.raises(ZeroDivisionError), in_language("en"):
        1 / 0  # noqa: B018
    assert language() == "zh"


def test_two_threads_have_two_languages_at_once() -> None:
    both, heard = threading.Barrier(2), {}

    def ask(wanted: str) -> None:
        with in_language(wanted):
            both.wait(10)  # both have chosen
            heard[wanted] = refusal()
            both.wait(10)  # neither has left

    threads = [threading.Thread(target=ask, args=(wanted,)) for wanted in ("en", "zh")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {"en": ENGLISH, "zh": ZH}


@pytest.mark.parametrize("name", ["{name}", "{0}", "}{", "%s %(a)s", "a\nb", "\\", "'\"", "列"])
def test_values_are_shown_as_they_are(name: str) -> None:
    for wanted, around in (("en", "there is no setting {}"), ("zh", "没有名为 {} 的设置")):
        with in_language(wanted), pytest.raises(UserError) as caught:
            Recipe.of({name: 1})
        assert caught.value.problem == around.replace("{}", repr(name))


def test_plurals_and_texts_without_a_translation() -> None:
    for count, english in ((0, "rows"), (1, "row"), (2, "rows")):
        assert ngettext("{rows:,} row", "{rows:,} rows", count).format(rows=count) == f"{count} {english}"
        with in_language("zh"):
            assert ngettext("{rows:,} row", "{rows:,} rows", count).format(rows=count) == f"{count} 行"
    with in_language("zh"):
        assert _("") == ""
        assert _("nobody says this") == "nobody says this"


def test_help_is_in_the_language_of_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    for wanted, epochs, command in (
        ("en", "Passes over the rows.", "Fine-tune a model on DATA"),
        ("zh", "训练轮数。", "在 DATA 上微调模型"),
        ("en", "Passes over the rows.", "Fine-tune a model on DATA"),
    ):
        with in_language(wanted):
            main(["train", "--help"])
        shown = capsys.readouterr().out
        assert epochs in shown
        assert command in shown


def test_only_a_message_in_chinese_reads_the_catalogue() -> None:
    script = """
import sys
opened = []
sys.addaudithook(lambda event, about: opened.append(about) if event == "open" and str(about[0])[-3:] == ".mo" else None)
from warmstart.errors import did_you_mean
from warmstart.messages import in_language
did_you_mean("lr", ["lr"])
english = len(opened)
with in_language("zh"):
    for _ in range(3):
        did_you_mean("lr", ["lr"])
print(english, len(opened))
"""
    environment = {**os.environ, "WARMSTART_LANG": "en"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "1"]
