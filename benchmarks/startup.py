"""What passes between typing `warmstart train` and the first update, second by second.

    python -m benchmarks.startup --data FOLDER:mrpc [--rounds 3]

MRPC's training rows are written to a CSV file first; each round is a process of its own with empty caches. The seconds
are those at which the command says its lines. Writes benchmarks/results/startup.json and startup.md.
"""

import argparse
import csv
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks import machine

RESULTS = pathlib.Path(__file__).parent / "results"
# What a line that begins so says has just been finished.
STAGES = {
    "task:": "Python, imports, reading the table, working out the task, checking every row",
    "3,": "loading the tokenizer, tokenising",
    "precision": "loading the model, making the trainer",
    "update 1/": "the first update",
}


def once(table: pathlib.Path) -> dict[str, float]:
    """Seconds after the start at which each stage was over."""
    with tempfile.TemporaryDirectory() as place:
        environment = {**os.environ, "HF_HOME": place, "HF_HUB_OFFLINE": "1"}
        environment.pop("HF_DATASETS_CACHE", None)
        command = [sys.executable, "-m", "warmstart", "train", str(table), "--out", f"{place}/run", "--updates", "2"]
        began = time.monotonic()
        process = subprocess.Popen(
            [*command, "--no-baselines"], env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        found: dict[str, float] = {}
        assert process.stderr is not None
        for line in process.stderr:
            for start, stage in STAGES.items():
                if line.startswith(start):
                    found.setdefault(stage, time.monotonic() - began)
        if process.wait():
            raise SystemExit("the command failed")
    return found


def table(rounds: list[dict[str, float]], about: dict[str, object]) -> str:
    lines = [
        "# From the command to the first update: 3,668 rows of CSV",
        "",
        f"Median of {len(rounds)} runs with empty caches, {about['date']}. {machine.sentence(about)}",
        "",
        "| until | seconds | since the line above |",
        "|---|---|---|",
    ]
    before = 0.0
    for stage in STAGES.values():
        seconds = statistics.median(one[stage] for one in rounds)
        lines.append(f"| {stage} | {seconds:.1f} | {seconds - before:.1f} |")
        before = seconds
    return "\n".join([*lines, "", "Written by `python -m benchmarks.startup`.", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    import pyarrow.parquet as pq

    folder, _, config = asked.data.partition(":")
    rows = [row for path in pathlib.Path(folder, config).glob("train-*") for row in pq.read_table(path).to_pylist()]
    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "mrpc.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["sentence1", "sentence2", "label"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        rounds = [once(path) for _ in range(asked.rounds)]
    about = machine.describe()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "startup.json").write_text(json.dumps({"machine": about, "rounds": rounds}, indent=1) + "\n")
    (RESULTS / "startup.md").write_text(table(rounds, about), encoding="utf-8")
    print(table(rounds, about))


if __name__ == "__main__":
    main()
