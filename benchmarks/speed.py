"""Speed of whole trainings: `warmstart train` against `transformers.Trainer`, plain (A) and tuned (B), end to end.

    python -m benchmarks.speed --data FOLDER:mrpc [--rounds 3] [--epochs 1]

Each training is a process of its own with empty caches: imports, reading, tokenising, training, evaluating and saving
are all in its time; `warmstart train` also computes its baselines and intervals. The three take turns in every round,
so that what else the machine does falls on all. Ratios are of one round; written are medians and the spread, to
benchmarks/results/speed.json and speed.md.
"""

import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmarks import machine

RESULTS = pathlib.Path(__file__).parent / "results"
PROBE = 40  # updates that decide which attention the tuned peer gets


def run(command: list[str]) -> tuple[float, str]:
    """(seconds of the whole process, what it printed), with caches of its own."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "HF_HOME": cache, "HF_HUB_OFFLINE": "1"}
        environment.pop("HF_DATASETS_CACHE", None)
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-m", *command], env=environment, capture_output=True, text=True)
        seconds = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return seconds, done.stdout


def peer(data: str, *options: str) -> dict[str, Any]:
    seconds, printed = run(["benchmarks.peer", data, *options])
    found: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    return {"seconds": seconds, "training_seconds": found["train_runtime"], **_scores(found, "eval_")}


def ours(data: str, epochs: str, seed: str, batch_size: str) -> dict[str, Any]:
    folder, _, config = data.partition(":")
    with tempfile.TemporaryDirectory() as out:
        options = ["--config", config, "--epochs", epochs, "--seed", seed, "--batch-size", batch_size]
        seconds, printed = run(["warmstart", "train", folder, *options, "--out", f"{out}/run", "--json"])
        lines = [json.loads(line) for line in (pathlib.Path(out) / "run" / "log.jsonl").read_text().splitlines()]
    training = next(line["train_runtime"] for line in lines if "train_runtime" in line)
    return {"seconds": seconds, "training_seconds": training, **_scores(json.loads(printed)["scores"]["model"], "")}


def _scores(found: dict[str, Any], prefix: str) -> dict[str, float]:
    return {name: found[f"{prefix}{name}"] for name in ("accuracy", "f1") if f"{prefix}{name}" in found}


def table(found: dict[str, Any]) -> str:
    """Markdown: samples a second of each, and ratios round by round."""
    rounds, rows = found["rounds"], found["rows"] * found["epochs"]
    lines = [
        f"# Speed of whole trainings: {found['data']}, all-MiniLM-L6-v2, batch {found['batch_size']}",
        "",
        f"{found['epochs']:g} epochs of {found['rows']:,} rows, {len(rounds)} rounds, {found['machine']['date']}. "
        f"{machine.sentence(found['machine'])}",
        "Median [lowest, highest]. Whole: the process from start to end. Training: from the first update to the last, "
        "with evaluations and checkpoints.",
        "",
        "| | whole, samples/s | times A | times B | training, samples/s | times A | times B |",
        "|---|---|---|---|---|---|---|",
    ]
    names = {
        "a": "A: Trainer, its defaults",
        "b": f"B: Trainer, tuned ({found['attention']})",
        "ours": "warmstart train",
    }
    for who, name in names.items():
        cells = []
        for clock in ("seconds", "training_seconds"):
            cells.append(machine.middle([rows / one[who][clock] for one in rounds]))
            cells += [machine.middle([one[other][clock] / one[who][clock] for one in rounds]) for other in ("a", "b")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", "Written by `python -m benchmarks.speed`; every number is in speed.json.", ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="a folder of a GLUE pair task with parquet files: FOLDER:mrpc")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--batch-size", type=int, default=8)
    asked = parser.parse_args()

    import pyarrow.parquet as pq

    folder, _, config = asked.data.partition(":")
    rows = sum(pq.read_metadata(path).num_rows for path in pathlib.Path(folder, config).glob("train-*.parquet"))
    size = ["--batch-size", str(asked.batch_size)]
    probes = {
        name: peer(asked.data, "--tuned", name, "--updates", str(PROBE), *size)["training_seconds"]
        for name in ("eager", "sdpa")
    }
    attention = min(probes, key=lambda name: probes[name])
    print("attention of the tuned peer:", attention, probes, flush=True)
    rounds: list[dict[str, Any]] = []
    starts = {
        "ours": lambda seed: ours(asked.data, f"{asked.epochs:g}", seed, str(asked.batch_size)),
        "a": lambda seed: peer(asked.data, "--epochs", f"{asked.epochs:g}", "--seed", seed, *size),
        "b": lambda seed: peer(
            asked.data, "--tuned", attention, "--epochs", f"{asked.epochs:g}", "--seed", seed, *size
        ),
    }
    orders = list(itertools.permutations(starts))
    for number in range(asked.rounds):
        rounds.append({who: starts[who](str(number + 1)) for who in orders[number % len(orders)]})
        print(json.dumps(rounds[-1]), flush=True)
        found = {
            "data": config,
            "rows": rows,
            "epochs": asked.epochs,
            "batch_size": asked.batch_size,
            "attention": attention,
            "probes": probes,
            "machine": machine.describe(),
            "rounds": rounds,
        }
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "speed.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        (RESULTS / "speed.md").write_text(table(found), encoding="utf-8")
    print(table(found))


if __name__ == "__main__":
    main()
