"""What `warmstart inspect` costs on 10, 30 and 100 thousand rows: seconds, seconds of processor, peak memory, growth.

    python -m benchmarks.inspect [--shared ../shared] [--rows 10000,30000,100000]

Rows are SST-2's sentences, two to four of them joined at random, so that all are different; where SST-2 is not there
they are made of random words. Each size runs in a process of its own, as a user runs it, on two cores.
"""

import argparse
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from tests import tiny

LIMIT_SECONDS, LIMIT_MIB = 40, 1024
KINDS = ("different", "templates")


def sentences(shared: pathlib.Path) -> list[tuple[str, str]]:
    """Texts with a label each."""
    path = shared / "data" / "glue" / "sst2" / "train-00000-of-00001.parquet"
    if path.is_file():
        import pyarrow.parquet as parquet

        return [(row["sentence"].strip(), "ab"[row["label"]]) for row in parquet.read_table(path).to_pylist()]
    draw = random.Random(0)
    words = [f"word{number}" for number in range(20_000)]
    return [(" ".join(draw.choices(words, k=9)), draw.choice("ab")) for _unused in range(60_000)]


def table(kind: str, rows: int, known: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Rows of a kind."""
    draw = random.Random(rows)
    if kind == "templates":
        return [
            {"text": f"dear customer {n} your order number {7 * n} has left by {draw.choice(['post', 'air'])} today",
             "label": draw.choice("ab")}
            for n in range(rows)
        ]  # fmt: skip
    made: dict[str, str] = {}
    while len(made) < rows:
        some = draw.choices(known, k=draw.randint(2, 4))
        made[" ".join(text for text, _label in some)] = some[0][1]
    return [{"text": text, "label": label} for text, label in made.items()]


def measured(path: pathlib.Path) -> tuple[float, float, float]:
    """Seconds by the clock, seconds of processor, MiB at most."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "warmstart", "inspect", str(path), "--json"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
    )
    _unused, status, used = os.wait4(child.pid, 0)
    assert status == 0
    seconds = time.perf_counter() - began
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=pathlib.Path, default=pathlib.Path("../shared"))
    parser.add_argument("--rows", default="10000,30000,100000")
    parser.add_argument("--kinds", default=",".join(KINDS))
    asked = parser.parse_args()
    known = sentences(asked.shared)
    results = []
    for kind in asked.kinds.split(","):
        last = None
        for rows in map(int, asked.rows.split(",")):
            with tempfile.TemporaryDirectory() as folder:
                path = tiny.write(pathlib.Path(folder, "table.csv"), table(kind, rows, known))
                seconds, processor, mib = measured(path)
            found = {"kind": kind, "rows": rows, "seconds": seconds, "processor_seconds": processor, "peak_mib": mib}
            if last:
                bound = rows * math.log(rows) / (last["rows"] * math.log(last["rows"]))
                found |= {"growth": processor / last["processor_seconds"], "n_log_n": bound}
            results.append(found)
            last = found
            print(
                json.dumps({name: round(v, 2) if isinstance(v, float) else v for name, v in found.items()}), flush=True
            )
    assert all(each["peak_mib"] < LIMIT_MIB for each in results)
    assert all(each["processor_seconds"] < 2 * LIMIT_SECONDS for each in results)


if __name__ == "__main__":
    main()
