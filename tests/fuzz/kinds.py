"""What is broken, by kind: a case draws one good thing, breaks it, and hands it to what reads such things."""

import functools
import json
import pathlib
import random
import shutil
import tempfile
from collections.abc import Callable
from typing import Any

from tests import tiny
from tests.damage import CHANGES
from tests.fuzz import broken
from tests.models import malformed

Case = Callable[[random.Random, pathlib.Path], None]
ROWS = [{**row, "pair": f"a film {number}", "score": number / 4} for number, row in enumerate(tiny.reviews(40))]


def tables(draw: random.Random, folder: pathlib.Path) -> None:
    """A table, looked at as `inspect` and `train` do."""
    from warmstart.table.checks import check
    from warmstart.table.infer import infer_task
    from warmstart.table.profile import profile
    from warmstart.table.sources import load
    from warmstart.table.splits import with_validation

    path = folder / draw.choice(["a.csv", "a.tsv", "a.jsonl", "a.json", "a.parquet", "a.arrow"])
    broken.write_table(draw, path, ROWS)
    if draw.random() < 0.7:
        broken.bytes_of(draw, path)
    options: dict[str, Any] = {}
    if draw.random() < 0.3:
        options["encoding"] = draw.choice(["utf-8", "utf-16", "gb18030", "cp1252", "utf-32"])
    if draw.random() < 0.2:
        options["delimiter"] = draw.choice([",", ";", "\\t", "|"])
    splits = load(str(path), cache_dir=str(folder / "cache"), **options)
    asked: dict[str, Any] = {"label": draw.choice(["label", "score"])} if draw.random() < 0.3 else {}
    if draw.random() < 0.2:
        asked["kind"] = draw.choice(["classes", "labels", "number"])
    task = infer_task(splits, **asked)
    profile(splits, task, fraction=0.1, seed=0)
    splits, _warnings = check(splits, task, on_empty=draw.choice(["error", "drop"]))
    with_validation(splits, task)


def recipes(draw: random.Random, folder: pathlib.Path) -> None:
    """A recipe.toml, read, and its settings checked against a task."""
    from warmstart.engine.distributed.processes import Processes
    from warmstart.recipe import Recipe
    from warmstart.runs.settings import refuse_settings, training_arguments
    from warmstart.table.task import Task

    path = folder / "recipe.toml"
    given = Recipe.of({"data": "a.csv", "model": "tiny", "updates": 5, "best_metric": "accuracy", "cpu": True})
    path.write_text(broken.settings(draw, given), encoding="utf-8")
    if draw.random() < 0.4:
        broken.bytes_of(draw, path)
    recipe = Recipe.read(path)
    task = Task("classes", "text", None, "label", ("bad", "good"), ("bad", "good"))
    refuse_settings(recipe, task)
    training_arguments(recipe.changed({"cpu": True}), task, folder / "run", Processes(use_cpu=True))
    assert Recipe.of(recipe.model_dump()) == recipe


def caches(draw: random.Random, folder: pathlib.Path) -> None:
    """Cached rows and tokens, damaged: what is read is refused, or is what was written."""
    from warmstart.batches.tokens import tokenize
    from warmstart.table.infer import infer_task
    from warmstart.table.sources import load

    shutil.copytree(_place() / "good", folder, dirs_exist_ok=True)
    _use_cache(folder / "cache")
    files = [path for path in sorted((folder / "cache").rglob("*")) if path.is_file()]
    path = draw.choice(files)
    if draw.random() < 0.3:
        CHANGES[draw.choice(sorted(CHANGES))](path)
    else:
        broken.bytes_of(draw, path)
    splits = load(str(folder / "a.csv"))
    assert splits["train"].to_list() == _rows()
    task = infer_task(splits)
    table = tokenize(splits["train"], task, tiny.tokenizer(), max_length=32)
    good = _tokens()
    assert [part.tolist() for part in (table.ids, table.offsets, table.labels)] == good


def models(draw: random.Random, folder: pathlib.Path) -> None:
    """A checkpoint's folder, loaded with its tokenizer, and run."""
    import torch

    from warmstart.models.load import load_model, load_tokenizer, longest_input
    from warmstart.table.task import Task

    shutil.copytree(_place() / "tiny", folder / "tiny")
    named = draw.random() < 0.3
    if named:
        malformed.ALL[draw.choice(sorted(malformed.ALL))](folder / "tiny")
    if not named or draw.random() < 0.5:
        broken.model(draw, folder / "tiny")
    task = Task("classes", "text", None, "label", ("bad", "good"), ("bad", "good"))
    tokenizer = load_tokenizer(str(folder / "tiny"))
    longest_input(tokenizer, str(folder / "tiny"))
    model = load_model(str(folder / "tiny"), task, tokenizer)
    with torch.inference_mode():
        model.eval()(**tokenizer(["a good film"], return_tensors="pt"))


KINDS: dict[str, Case] = {"tables": tables, "recipes": recipes, "caches": caches, "models": models}


def run(kind: str, draw: random.Random, folder: pathlib.Path) -> None:
    KINDS[kind](draw, folder)


def warm() -> None:
    """Import and make what every case needs, once, before processes are forked."""
    import torch

    import warmstart.runs.run  # noqa: F401 # for what it imports

    torch.set_num_threads(1)
    _tokens()


@functools.cache
def _place() -> pathlib.Path:
    """A good checkpoint, and a good table with its caches."""
    from warmstart.batches.tokens import tokenize
    from warmstart.table.infer import infer_task
    from warmstart.table.sources import load

    place = pathlib.Path(tempfile.mkdtemp(prefix="good"))
    tiny.checkpoint(place / "tiny")
    (place / "good").mkdir()
    tiny.write(place / "good" / "a.csv", tiny.reviews(40))
    _use_cache(place / "good" / "cache")
    splits = load(str(place / "good" / "a.csv"))
    tokenize(splits["train"], infer_task(splits), tiny.tokenizer(), max_length=32)
    return place


@functools.cache
def _rows() -> list[dict[str, Any]]:
    return json.loads(json.dumps(tiny.reviews(40)))  # type: ignore[no-any-return]


@functools.cache
def _tokens() -> list[Any]:
    from warmstart.batches.tokens import tokenize
    from warmstart.table.infer import infer_task
    from warmstart.table.sources import load

    splits = load(str(_place() / "good" / "a.csv"))
    table = tokenize(splits["train"], infer_task(splits), tiny.tokenizer(), max_length=32)
    return [part.tolist() for part in (table.ids, table.offsets, table.labels)]


def _use_cache(folder: pathlib.Path) -> None:
    import datasets

    datasets.config.HF_DATASETS_CACHE = folder
