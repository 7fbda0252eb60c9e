"""Outside the folder `heads` nobody asks for the kind of a task, so that a new kind is one new file."""

import ast
import pathlib
from collections.abc import Iterator

import pytest

from warmstart.heads.registry import kinds

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent / "src" / "warmstart"
ELSEWHERE = sorted(path for path in SOURCE.rglob("*.py") if path.parent.name != "heads")
NAMES = {"classes", "labels", "number"}


def asked(tree: ast.AST) -> Iterator[str]:
    """Every place that compares a kind, looks something up by it, or lists the names of two kinds."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                sides = [node.left, *node.comparators]
                is_none = isinstance(node.ops[0], ast.Is | ast.IsNot)
                if not is_none and (any(map(_is_kind, sides)) or {"classes", "number"} & _names(sides)):
                    yield ast.unparse(node)
            case ast.Match(subject=subject) if _is_kind(subject):
                yield f"match {ast.unparse(subject)}"
            case ast.Subscript(slice=key) if _is_kind(key):
                yield ast.unparse(node)
            case ast.Call(func=ast.Attribute(attr="get"), args=[key, *_]) if _is_kind(key):
                yield ast.unparse(node)
            case ast.Dict(keys=listed) | ast.Tuple(elts=listed) | ast.List(elts=listed) | ast.Set(elts=listed):
                if len(_names(listed)) > 1:
                    yield ast.unparse(node)


def _is_kind(node: ast.AST) -> bool:
    of_numpy = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "dtype"
    return not of_numpy and (getattr(node, "id", None) == "kind" or getattr(node, "attr", None) == "kind")


def _names(nodes: list[ast.expr] | list[ast.expr | None]) -> set[str]:
    return {node.value for node in nodes if isinstance(node, ast.Constant) and node.value in NAMES}


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nobody_asks_for_the_kind(path: pathlib.Path) -> None:
    assert list(asked(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "line",
    [
        'task.kind == "number"',
        'kind != "labels"',
        'kind in ("classes", "number")',
        "task.kind in KINDS",
        '"number" == what',
        '{"classes": 1, "labels": 2}',
        'Literal["classes", "labels", "number"]',
        "_NAMES[task.kind]",
        "_NAMES.get(kind)",
        'match task.kind:\n    case "number": pass',
    ],
)
def test_asking_is_noticed(line: str) -> None:
    assert list(asked(ast.parse(line)))


@pytest.mark.parametrize("line", ["kind is None", 'array.dtype.kind == "f"', 'inputs["labels"]', "head_of(task.kind)"])
def test_other_words_may_be_used(line: str) -> None:
    assert not list(asked(ast.parse(line)))


def test_the_names_are_those_of_the_kinds() -> None:
    assert set(kinds()) == NAMES
