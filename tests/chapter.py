"""The course's chapter 3, run as a reader would: its Python blocks in order, in one namespace.

    python -m tests.chapter CHAPTER.txt FOLDER

Nothing is changed but import lines (to `warmstart`), the checkpoint's name (to the packaged one) and, before a block
that trains, the number of training rows. Prints, as JSON, what the blocks' last expressions and prints gave.
"""

import ast
import contextlib
import io
import json
import os
import pathlib
import re
import sys
from typing import Any

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r"^(\s*from )(transformers|datasets|accelerate)( import )", re.MULTILINE)
BEFORE_A_RESULT = ("运行结果：", "我们将得到：", "可以得到:", "只有模型能够接受的列:")
SHELL = ("accelerate config", "accelerate launch")
TRAINING_ROWS = 16


def blocks(chapter: str) -> list[str]:
    """Every fenced block, in order."""
    return [match[2] for match in FENCE.finditer(chapter)]


def code_blocks(chapter: str) -> list[str]:
    """The blocks that a reader runs: neither printed results, nor the diff, nor shell commands."""
    found = []
    for match in FENCE.finditer(chapter):
        said_before = chapter[: match.start()].rstrip().splitlines()[-1]
        result = said_before.endswith(BEFORE_A_RESULT)
        if not result and not match[2].startswith(("+ ", *SHELL)):
            found.append(match[2])
    return found


def shell_commands(chapter: str) -> list[str]:
    """The shell commands of the chapter."""
    return [block.strip() for block in blocks(chapter) if block.startswith(SHELL)]


def adapted(block: str) -> str:
    """The block with its imports from warmstart and the packaged checkpoint."""
    return IMPORT.sub(r"\1warmstart\3", block).replace('"bert-base-uncased"', '"all-MiniLM-L6-v2"')


def run(block: str, namespace: dict[str, Any]) -> tuple[Any, str]:
    """Run a block as a notebook cell: (the value of its last expression, what it printed)."""
    tree = ast.parse(block)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    value = None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<chapter>", "exec"), namespace)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<chapter>", "eval"), namespace)
    return value, printed.getvalue().strip()


def fewer_rows(block: str, namespace: dict[str, Any]) -> None:
    """Before a block that trains: a small training set of the same kind."""
    if "trainer.train()" in block:
        trainer = namespace["trainer"]
        trainer.train_dataset = trainer.train_dataset.select(range(TRAINING_ROWS))
    elif "for epoch in range" in block:
        loader = namespace["train_dataloader"]
        if len(loader.dataset) > TRAINING_ROWS:
            rows = loader.dataset.select(range(TRAINING_ROWS))
            namespace["train_dataloader"] = type(loader)(
                rows, shuffle=True, batch_size=loader.batch_size, collate_fn=loader.collate_fn
            )


def as_function(block: str) -> str:
    """The Accelerate block inside `training_function`, as the text tells the reader to do."""
    indented = "\n".join("    " + line for line in adapted(block).splitlines())
    return f"def training_function():\n{indented}\n    return model, lr_scheduler.last_epoch\n"


def main(chapter: str) -> list[dict[str, Any]]:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    found = []
    code = code_blocks(chapter)
    for block in code:
        fewer_rows(block, namespace)
        if "notebook_launcher(" in block:
            exec(as_function(code[-2]), namespace)
        value, printed = run(adapted(block), namespace)
        found.append({"code": block, "value": plain(value), "printed": printed})
    found.append({"code": "afterwards", "value": afterwards(namespace), "printed": ""})
    return found


def afterwards(namespace: dict[str, Any]) -> dict[str, Any]:
    """What can be seen when all blocks have run."""
    import datasets

    stock = datasets.load_dataset("glue", "mrpc")
    return {
        "stock rows": {name: len(rows) for name, rows in stock.items()},
        "logged": [sorted(entry) for entry in namespace["trainer"].state.log_history],
        "columns": {name: sorted(rows.column_names) for name, rows in namespace["raw_datasets"].items()},
    }


def plain(value: Any) -> Any:
    """What JSON can hold of a value."""
    if isinstance(value, dict) or (hasattr(value, "data") and hasattr(value, "keys")):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "num_rows") and hasattr(value, "column_names"):
        return {"rows": value.num_rows, "columns": value.column_names}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: plain(getattr(value, name)) for name in value._fields}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


if __name__ == "__main__":
    text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
    os.chdir(sys.argv[2])
    print(json.dumps(main(text), ensure_ascii=False))
