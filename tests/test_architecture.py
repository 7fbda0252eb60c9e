"""The order of the stages: a module imports only what comes before it, one file imports accelerate, importing is
free.
"""

import ast
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "src" / "warmstart"

# Rows become a report in this order. Names are modules or packages of `warmstart`; a package stands for all it holds
# that is not named itself. What shares a line may import what shares it.
STAGES = [
    {"errors", "limits", "paths", "storage"},
    {"heads", "table.task", "table.sources", "table"},
    {"table.checks"},
    {"table.splits"},
    {"batches"},
    {"models.default", "models"},
    {"recipe"},
    {"engine.signals", "engine.distributed.watchdog"},
    {"engine.distributed", "engine.randomness", "engine.precision", "engine.allocator"},
    {"engine.clipping", "engine.capturable", "engine.cuda_graphs", "engine.nonfinite", "engine.oom"},
    {"engine.techniques"},
    {"engine.losses", "engine.optimizer", "trainer.arguments", "trainer.extent", "trainer.inputs"},
    {"engine.step"},
    {"engine", "checkpoints"},
    {"trainer.progress", "runs.journal"},
    {"evaluation"},
    {"evaluation.report", "reporting.predictions"},
    {"trainer.surface"},
    {"trainer.making"},
    {"trainer.evaluating"},
    {"trainer.keeping"},
    {"trainer"},
    {"reporting", "runs.settings", "runs.forecast"},
    {"runs"},
    {"cli", "__main__"},
]


def modules() -> dict[str, pathlib.Path]:
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = path
    return found


def stage(module: str) -> int:
    """The line of STAGES that names the module, or the nearest package it is in."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        for number, names in enumerate(STAGES):
            if name in names:
                return number
    raise AssertionError(f"{module} has no stage: give it one")


def imported(path: pathlib.Path) -> set[str]:
    """Modules of `warmstart` that a file imports, inside functions too, but not for type checking only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    known = modules()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("warmstart"):
            module = (node.module or "")[len("warmstart.") :]
            for alias in node.names:
                whole = f"{module}.{alias.name}" if module else alias.name
                names.add(whole if whole in known else module)
    return {name for name in names if name}


def test_every_module_imports_only_stages_before_it() -> None:
    wrong = [
        f"{module} imports {other}"
        for module, path in modules().items()
        for other in imported(path)
        if stage(other) > stage(module)
    ]
    assert not wrong


def test_the_order_names_modules_that_exist() -> None:
    known = modules()
    assert not [name for names in STAGES for name in names if name not in known]


def test_one_file_imports_accelerate() -> None:
    found = [
        module
        for module, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "accelerate" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "accelerate")
    ]
    assert set(found) == {"engine.distributed.processes"}


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
