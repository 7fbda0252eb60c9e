"""The fuzzer itself: it runs, tells success from refusal, and sees what is wrong."""

import pathlib
import random

import pytest

from tests.fuzz import __main__ as fuzz
from tests.fuzz import broken, kinds
from warmstart.errors import UserError
from warmstart.recipe import Recipe


@pytest.fixture
def said(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    return tmp_path / "said.txt"


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS if kind != "models"])
def test_a_few_cases_of_each_kind_end_well(kind: str, said: pathlib.Path) -> None:
    for number in range(6):
        assert fuzz.run(kind, number, 0, said) in (fuzz.DONE, fuzz.REFUSED), said.read_text()


def _raise(error: BaseException) -> None:
    raise error


CASES = {
    "success": (lambda: None, fuzz.DONE),
    "a refusal": (lambda: _raise(UserError("no", "here", "mend it")), fuzz.REFUSED),
    "a refusal that leads nowhere": (lambda: _raise(UserError("no")), fuzz.WRONG),
    "a traceback": (lambda: _raise(KeyError("x")), fuzz.WRONG),
    "too much memory": (lambda: bytearray(2 * fuzz.MEMORY), fuzz.WRONG),
    "no end": (lambda: [None for _ in iter(int, 1)], -9),
}


@pytest.mark.parametrize(("case", "expected"), CASES.values(), ids=CASES)
def test_what_is_wrong_is_seen(
    case: object, expected: int, said: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "SECONDS", 1.0)
    monkeypatch.setitem(kinds.KINDS, "tables", lambda draw, folder: case())  # type: ignore[operator]
    assert fuzz.run("tables", 0, 0, said) == expected


def test_a_case_is_a_function_of_its_number() -> None:
    drawn = {broken.settings(random.Random(f"0:recipes:{number}"), Recipe()) for number in (1, 1, 2, 3)}
    assert len(drawn) == 3
