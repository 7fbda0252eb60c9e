"""Folders are the floors: each imports only what lies below it, and nothing in a circle. Importing is free."""

import ast
import pathlib
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "src" / "warmstart"

# From the ground up. "" is the ground: the files beside the folders. What shares a line does not import each other.
FLOORS = (
    {""},
    {"storage"},
    {"heads"},
    {"table"},
    {"batches"},
    {"models"},
    {"evaluation"},
    {"engine"},
    {"checkpoints"},
    {"trainer", "reporting"},
    {"runs"},
    {"cli"},
)
DOORS = {"__main__", "evaluate"}  # of the package, of the command, and of a module of the course: above all floors


def modules() -> dict[str, pathlib.Path]:
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = path
    return found


def folder(module: str) -> str:
    """The folder at the top that a module is in; empty for the ground."""
    first, dot, _ = module.partition(".")
    return first if dot or (SOURCE / first).is_dir() else ""


def floor(module: str) -> int:
    return next(number for number, folders in enumerate(FLOORS) if folder(module) in folders)


def imported(path: pathlib.Path) -> set[str]:
    """Modules of `warmstart` that a file imports, inside functions and for type checking too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    known = modules()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("warmstart"):
            module = (node.module or "")[len("warmstart.") :]
            for alias in node.names:
                whole = f"{module}.{alias.name}" if module else alias.name
                names.add(whole if whole in known else module)
    return {name for name in names if name}


def edges() -> list[tuple[str, str]]:
    """(module, what it imports), inside functions too; the package's own doors apart."""
    return [(one, other) for one, path in modules().items() if one not in DOORS for other in imported(path)]


def test_every_folder_is_a_floor() -> None:
    found = {path.name for path in SOURCE.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert found | {""} == {name for folders in FLOORS for name in folders}


def test_a_folder_imports_only_what_lies_below_it() -> None:
    wrong = [
        f"{one} imports {other}"
        for one, other in edges()
        if folder(one) != folder(other) and floor(other) >= floor(one)
    ]
    assert not wrong


def test_nothing_is_imported_in_a_circle() -> None:
    below: dict[str, set[str]] = {}
    for one, other in edges():
        below.setdefault(one, set()).add(other)
    done: set[str] = set()

    def walk(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " imports ".join((*way[way.index(module) :], module))
        if module not in done:
            for other in sorted(below.get(module, ())):
                walk(other, (*way, module))
            done.add(module)

    for module in sorted(below):
        walk(module, ())


@pytest.mark.parametrize("name", ["heads", "table"])
def test_what_looks_at_tables_needs_no_torch(name: str) -> None:
    """In a fresh interpreter: every module of the floor, and a table read, understood, checked and split."""
    mine = [f"warmstart.{module}" for module in modules() if folder(module) == name]
    code = f"""
import importlib, pathlib, sys, tempfile
for name in {mine}:
    importlib.import_module(name)
import warmstart
from warmstart.table.checks import check
from warmstart.table.infer import infer_task
from warmstart.table.splits import with_validation
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "reviews.csv")
    path.write_text("text,label\\n" + "".join(f"review number {{i}},{{i % 2}}\\n" for i in range(40)))
    splits = warmstart.load(path, cache_dir=folder)
    task = infer_task(splits)
    splits, _ = check(splits, task)
    with_validation(splits, task)
print([name for name in ("torch", "transformers") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_room_is_no_longer_than_it_should_be() -> None:
    tests = pathlib.Path(__file__).parent
    files = [(path, 300) for path in SOURCE.rglob("*.py")] + [(path, 400) for path in tests.rglob("*.py")]
    assert not [path for path, most in files if len(path.read_text(encoding="utf-8").splitlines()) > most]


def test_no_attribute_is_hidden_from_the_type_checker() -> None:
    hidden = "type: ignore[" + "attr-defined]"
    assert not [path for path in SOURCE.rglob("*.py") if hidden in path.read_text(encoding="utf-8")]


def test_one_folder_imports_accelerate() -> None:
    found = [
        module
        for module, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "accelerate" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "accelerate")
    ]
    assert set(found) == {"engine.distributed.processes", "engine.distributed.launch"}


def test_no_pickle_is_written_or_read() -> None:
    for path in modules().values():
        source = path.read_text(encoding="utf-8")
        assert "torch.save(" not in source, path
        assert "torch.load(" not in source, path
        assert "import pickle" not in source, path


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("torch", "transformers", "datasets", "sklearn")
    code = f"import sys, warmstart; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_names_are_sorted_and_there() -> None:
    import warmstart

    assert warmstart.__all__ == sorted(warmstart.__all__)
    assert all(getattr(warmstart, name) is not None for name in warmstart.__all__)
