"""Stop the real command at random moments, again and again, and see that it ends with the bytes of an undisturbed run.

    python -m tests.faults.kills [--runs 50] [--kills 3] [--seed 0]

Each run of `warmstart train` is stopped `kills` times, after a random part of the time that is left, and goes on with
`warmstart resume`; so it dies (SIGKILL), or is told to stop (SIGTERM, SIGHUP), while starting, training, evaluating,
saving and rotating. Now and then a second command wants the run's folder meanwhile, and a file of the caches is damaged
before the run goes on. Prints a line of JSON.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

from tests import tiny
from tests.damage import CHANGES
from tests.faults import small

STOPS = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: 75, signal.SIGHUP: 75}  # and the status with which it ends
SECOND, DAMAGED = 0.2, 0.4  # shares of the stops before which a second command is tried, after which a cache is damaged
TRAIN = "--model tiny --epochs 4 --lr 1e-2 --save-every 3 --evaluate-every 3 --best --keep 2 --log-every 1 --seed 5"


def command(place: pathlib.Path, out: pathlib.Path) -> list[str]:
    """The command that begins the run, or goes on with it."""
    if (out / "recipe.toml").exists():
        return [sys.executable, "-m", "warmstart", "resume", out.name]
    options = [*TRAIN.split(), "--no-baselines", "--cpu", "--out", out.name]
    return [sys.executable, "-m", "warmstart", "train", "data.csv", *options]


def start(place: pathlib.Path, out: pathlib.Path, words: str = "said.txt") -> subprocess.Popen[bytes]:
    environment = {**os.environ, "HF_HOME": str(place / "home"), "OMP_NUM_THREADS": "1", "WARMSTART_LANG": "en"}
    with (place / words).open("w") as said:
        return subprocess.Popen(command(place, out), cwd=place, env=environment, stdout=said, stderr=said)


def begun(out: pathlib.Path) -> bool:
    return (out / "log.jsonl").exists()


def one(place: pathlib.Path, out: pathlib.Path, kills: int, draw: random.Random, last: float) -> tuple[str, list[str]]:
    """Stop a run `kills` times while it trains and saves, which takes about `last` seconds, and let it end. Returns
    what went wrong, if anything did, and where each stop hit."""
    where: list[str] = []
    while len(where) < kills:
        process = start(place, out)
        written = (out / "log.jsonl").stat().st_mtime_ns if begun(out) else 0
        while process.poll() is None and not (begun(out) and (out / "log.jsonl").stat().st_mtime_ns != written):
            time.sleep(0.01)  # until it trains
        if draw.random() < SECOND and (why := second(place, out, process)):
            process.kill()
            process.wait()
            return why, where
        time.sleep(draw.uniform(0, last / kills))
        number = draw.choice([*STOPS])
        process.send_signal(number)
        status = process.wait()
        if status == -number and (out / "model" / "README.md").exists():
            status = 0  # all was written: Python was being left
        if status not in (STOPS[number], 0):
            return f"{number!r}: ended with {status}: {(place / 'said.txt').read_text()[-2000:]}", where
        if status == 0:  # too late: it had ended
            shutil.rmtree(out)
            where.clear()
        else:
            where.append(where_is(out))
            if draw.random() < DAMAGED:
                damage(place / "home", draw)
    process = start(place, out)
    if process.wait() != 0:
        return f"did not go on: {(place / 'said.txt').read_text()[-2000:]}", where
    return "", where


def second(place: pathlib.Path, out: pathlib.Path, first: subprocess.Popen[bytes]) -> str:
    """Start a second command in the folder of a run: what is wrong with how it ends, if `first` is still at work."""
    status = start(place, out, "second.txt").wait()
    said = (place / "second.txt").read_text()
    refused = status == 2 and "another process is working" in said
    return "" if refused or first.poll() is not None else f"a second command ended with {status}: {said[-2000:]}"


def damage(caches: pathlib.Path, draw: random.Random) -> None:
    """Change a file of the caches in some way."""
    files = sorted(path for path in caches.rglob("warmstart*/**/*") if path.is_file())
    CHANGES[draw.choice(sorted(CHANGES))](draw.choice(files))


def where_is(out: pathlib.Path) -> str:
    """What the run was doing when it was killed, as far as the disk tells."""
    if list(out.glob("checkpoint-*.unfinished")):
        return "saving or rotating"
    lines = (out / "log.jsonl").read_text().splitlines() if begun(out) else []
    if (out / "model").exists():
        return "finishing"
    return "evaluating or training" if lines else "starting"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    draw, began = random.Random(asked.seed), time.monotonic()
    wrong: dict[str, Any] = {}
    places: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        tiny.checkpoint(place / "tiny")
        tiny.write(place / "data.csv", tiny.reviews(200))
        whole = place / "whole"
        process = start(place, whole)
        while process.poll() is None and not begun(whole):
            time.sleep(0.01)
        training = time.monotonic()
        assert process.wait() == 0, (place / "said.txt").read_text()
        last = time.monotonic() - training
        expected = small.result(whole)
        for number in range(asked.runs):
            out = place / f"run-{number}"
            why, where = one(place, out, asked.kills, draw, last)
            for each in where:
                places[each] = places.get(each, 0) + 1
            if not why and small.result(out) != expected:
                found = small.result(out)
                why = f"other results: {sorted(k for k in {*found, *expected} if found.get(k) != expected.get(k))}"
            if why:
                wrong[f"run {number}"] = why
            shutil.rmtree(out, ignore_errors=True)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"runs": asked.runs, "wrong": wrong, "stopped while": places, "seconds": seconds}))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
