"""Peak memory against the number of rows: `warmstart train` for a few updates on 100,000 and on 1,000,000 generated
rows.

    python -m benchmarks.memory [--rows 100000 1000000]

Each size is tokenised by one process and trained on by another, which finds the tokens; the peak is the largest
resident set of each, as the kernel counts it. Writes benchmarks/results/memory.json.
"""

import argparse
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmarks import machine

RESULTS = pathlib.Path(__file__).parent / "results" / "memory.json"
UPDATES = 5
WORDS = "time year people way day man thing woman life child world school state family student group country".split()


def write_table(path: pathlib.Path, rows: int) -> None:
    """Rows of 8 to 40 words with one of three labels."""
    generator = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        file.write("text,label\n")
        for number in range(rows):
            words = generator.choices(WORDS, k=generator.randint(8, 40))
            file.write(f"{number} {' '.join(words)},{('low', 'middle', 'high')[number % 3]}\n")


def train(table: str, out: str) -> dict[str, float]:
    """A few updates; what it cost, in MiB and seconds."""
    import warmstart

    began = time.monotonic()
    recipe = {
        "data": table,
        "updates": UPDATES,
        "validation_fraction": 0.001,
        "evaluate_every": "never",
        "save_every": "never",
        "baselines": False,
        "out": out,
    }
    warmstart.train(warmstart.Recipe.of(recipe))
    return {"MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "seconds": time.monotonic() - began}


def measured(rows: int) -> dict[str, Any]:
    """Peaks of the process that tokenises and of the one that finds the tokens."""
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "table.csv"
        write_table(table, rows)
        env = {**os.environ, "HF_HOME": f"{folder}/home"}
        found = {"rows": rows, "table MiB": round(table.stat().st_size / 2**20, 1)}
        for name in ("tokenising and training", "training"):
            command = [sys.executable, "-m", "benchmarks.memory", "--train", str(table), f"{folder}/{name.split()[0]}"]
            done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
            found[name] = {key: round(value, 1) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs=2, default=[100_000, 1_000_000])
    parser.add_argument("--train", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.train:
        print(json.dumps(train(*asked.train)))
        return
    small, large = (measured(rows) for rows in asked.rows)
    ratios = {
        name: round(large[name]["MiB"] / small[name]["MiB"], 2) for name in ("tokenising and training", "training")
    }
    found = {"small": small, "large": large, "ratio of peaks": ratios, "machine": machine.describe()}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
