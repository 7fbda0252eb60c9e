"""Which regular expressions of tokenizers are let through by their form, and that the others are tried."""

import json
import pathlib
import time

import pytest

from tests import tiny
from tests.models.malformed import replace, split
from warmstart.errors import UserError
from warmstart.models import expressions
from warmstart.models.load import load_tokenizer

# As the tokenizers of well-known models have them.
PUBLISHED = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\s+",
    *(r" {2,}", r"\s+", r"[0-9]", r"[^\w\s]+|\w+"),
]
SLOW = [
    *("(a+)+$", "(x+x+)+y", "(a|a)*b", "(a|ab)+c", r"(\w*)*\1", ".*.*.*z", "((a{1,900}){1,900}){1,900}", "(?:a+b?)*c"),
    *("(a*)*", "([ab]+)*c", "(?:(?:a+)+)+", "a{1,5000}", "(?=(a+)+$)x", "(a?){50}a{50}", "x" * 9999, "[a", "(a"),
    *("a)", ""),
]


@pytest.mark.parametrize("pattern", PUBLISHED)
def test_what_well_known_models_have_is_quick(pattern: str) -> None:
    assert expressions.is_quick(pattern)


@pytest.mark.parametrize("pattern", SLOW)
def test_what_may_explode_is_not_judged_by_its_form(pattern: str) -> None:
    assert not expressions.is_quick(pattern)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return pathlib.Path(tiny.checkpoint(tmp_path / "model"))


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    tried: list[str] = []
    stock = expressions._tried

    def note(path: str, changed: int, size: int) -> str:
        tried.append(path)
        return stock(path, changed, size)

    monkeypatch.setattr(expressions, "_tried", note)
    return tried


def test_plain_tokenizers_cost_no_process(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = counted(monkeypatch)
    for change in (lambda folder: None, split(PUBLISHED[0]), replace((" {2,}", " "))):
        change(folder)
        load_tokenizer(str(folder))
    assert tried == []


def test_an_odd_one_that_works_is_tried_and_let_through(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = counted(monkeypatch)
    split(r"(?:\w+-)*\w+")(folder)
    assert load_tokenizer(str(folder))("good film")["input_ids"]
    assert tried


def test_replacements_that_double_are_refused_at_once(folder: pathlib.Path) -> None:
    replace(*[(".", "aa")] * 40)(folder)
    start = time.perf_counter()
    with pytest.raises(UserError, match="many times longer"):
        load_tokenizer(str(folder))
    assert time.perf_counter() - start < 2


def test_a_process_that_takes_too_long_is_ended(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace(*[(".", "aa")] * 11, ("(a?a?)*?b", "c"))(folder)
    monkeypatch.setattr(expressions, "SECONDS", 1)
    start = time.perf_counter()
    with pytest.raises(UserError, match="does not"):
        load_tokenizer(str(folder))
    assert time.perf_counter() - start < 10


def test_the_settings_of_the_process_are_no_planted_module(
    folder: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs in the current folder, from which it imports nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tokenizers.py").write_text("import pathlib\npathlib.Path('ran').touch()\n")
    (tmp_path / "resource.py").write_text("import pathlib\npathlib.Path('ran').touch()\n")
    split(r"(?:\w+-)*\w+")(folder)
    load_tokenizer(str(folder))
    assert not (tmp_path / "ran").exists()
    assert json.loads((folder / "tokenizer.json").read_text())["pre_tokenizer"]["type"] == "Split"
