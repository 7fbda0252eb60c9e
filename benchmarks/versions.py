"""Whether a change made training slower: rows a second of two versions of the code, in turns.

    git worktree add ../before COMMIT
    python -m benchmarks.versions --before ../before [--after .] [--rounds 6]

Each turn is a process that runs warmstart's half of `benchmarks.steps` as its own tree has it: the same model, rows and
updates, training and evaluating, bf16 and fp32. Who begins changes from round to round. Shown: the median, lowest and
highest of the rounds' ratios, after : before.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

from benchmarks import machine

TURN = """
import json, sys
from benchmarks import steps
found, size, updates = {}, int(sys.argv[2]), int(sys.argv[3])
for who in ("warmstart bf16", "warmstart fp32"):
    table = steps.rows_of("mrpc", size * (updates + 6))
    for what, rate in steps.measure(who, steps.MODELS[sys.argv[1]], table, size, updates, 6).items():
        found[f"{who}, {what}"] = rate
print("FOUND", json.dumps(found))
"""


def turn(tree: pathlib.Path, model: str, size: int, updates: int) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}"}
    command = [sys.executable, "-c", TURN, model, str(size), str(updates)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tree)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: dict[str, float] = json.loads(done.stdout.rsplit("FOUND", 1)[1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=pathlib.Path, required=True)
    parser.add_argument("--after", type=pathlib.Path, default=pathlib.Path())
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[8, 32])
    parser.add_argument("--updates", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=6)
    asked = parser.parse_args()
    trees = {"before": asked.before.resolve(), "after": asked.after.resolve()}
    for size in asked.batch_sizes:
        ratios: dict[str, list[float]] = {}
        for number in range(asked.rounds):
            order = list(trees) if number % 2 else list(reversed(trees))
            rates = {name: turn(trees[name], asked.model, size, asked.updates) for name in order}
            for what, rate in rates["after"].items():
                ratios.setdefault(what, []).append(rate / rates["before"][what])
        for what, each in ratios.items():
            print(f"batch {size}, {what}: {machine.middle(each)} times before", flush=True)


if __name__ == "__main__":
    main()
