"""A whole small run that faults are tried on: it evaluates, keeps the best, rotates, and takes about a second."""

import hashlib
import json
import pathlib
import random
from typing import Any

from tests import tiny

SETTINGS: dict[str, Any] = {
    "epochs": 1,
    "lr": 1e-2,
    "log_every": 2,
    "save_every": 3,
    "evaluate_every": 3,
    "best": True,
    "keep": 2,
    "baselines": False,
    "cpu": True,
    "seed": 3,
}
TIMES = ("runtime", "per_second")


def write_inputs(place: pathlib.Path) -> None:
    """A table of reviews, some with a wrong label so that later is not always better, and a model, in `place`."""
    draw = random.Random(1)
    rows = tiny.reviews(60)
    noisy = [{**row, "label": draw.choice(["positive", "negative"])} if draw.random() < 0.4 else row for row in rows]
    tiny.write(place / "data.csv", noisy)
    tiny.checkpoint(place / "tiny")


def train(place: pathlib.Path, out: pathlib.Path) -> None:
    """Train, or go on if the run has been begun."""
    import warmstart

    settings = {**SETTINGS, "data": str(place / "data.csv"), "model": str(place / "tiny"), "out": str(out)}
    warmstart.train(warmstart.Recipe.of(settings), resume=(out / "recipe.toml").exists())


def result(out: pathlib.Path) -> dict[str, str]:
    """What a finished run leaves: SHA-256 of the weights, the optimizer's state and the log of each checkpoint, of the
    model, the scores and the predictions. How long things took is left out, and so is
    the page, which names its folder."""
    found = {}
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        name = path.relative_to(out).as_posix()
        if name.endswith(("manifest.json", "README.md", "recipe.toml", "report.html")):
            continue
        content = path.read_bytes()
        if path.name in ("log.jsonl", "trainer_state.json"):
            content = json.dumps(without_times([json.loads(line) for line in lines(path)])).encode()
        found[name] = hashlib.sha256(content).hexdigest()
    return found


def lines(path: pathlib.Path) -> list[str]:
    content = path.read_text(encoding="utf-8")
    return content.splitlines() if path.suffix == ".jsonl" else [content]


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_times(item) for name, item in value.items() if not name.endswith(TIMES)}
    return [without_times(item) for item in value] if isinstance(value, list) else value
