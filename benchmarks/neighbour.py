"""What a busy neighbour costs: seconds of 20 updates while another program wants the same processors.

    python -m benchmarks.neighbour [--rounds 3]

Contenders take turns in processes of their own: warmstart as it sets GNU's OpenMP up (`warmstart.openmp`), the same
with OpenMP's own default, and `transformers.Trainer`; alone, and beside as many endless loops as there are processors.
The model is MiniLM's shape with random weights, the rows have MRPC's lengths, batch 8, fp32, two threads or more.
"""

import argparse
import os
import subprocess
import sys

from benchmarks import machine

UPDATES = 20
TURN = """
import sys
import warmstart  # before torch, which reads what this sets
from benchmarks import steps
table = steps.rows_of("mrpc", 8 * 24)
print("SECONDS", 8 * 20 / steps.measure(sys.argv[1], steps.MODELS["minilm"], table, 8, 20, 4)["training"])
"""
LOOP = "while True: pass"
CONTENDERS = {  # what is measured, and what is set before torch is loaded
    "warmstart": ("warmstart fp32", {}),
    "warmstart, OpenMP's default": ("warmstart fp32", {"GOMP_SPINCOUNT": "300000"}),
    "transformers.Trainer": ("A", {"GOMP_SPINCOUNT": "300000"}),
}


def turn(who: str, neighbours: int) -> float:
    name, settings = CONTENDERS[who]
    busy = [subprocess.Popen([sys.executable, "-c", LOOP]) for _unused in range(neighbours)]
    try:
        environment = {key: value for key, value in os.environ.items() if key != "GOMP_SPINCOUNT"} | settings
        done = subprocess.run([sys.executable, "-c", TURN, name], env=environment, capture_output=True, text=True)
    finally:
        for each in busy:
            each.kill()
            each.wait()
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return float(done.stdout.rsplit("SECONDS", 1)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    count = os.cpu_count() or 1
    found: dict[tuple[str, int], list[float]] = {}
    for _round in range(asked.rounds):
        for neighbours in (0, count):
            for who in CONTENDERS:
                found.setdefault((who, neighbours), []).append(turn(who, neighbours))
    print(machine.sentence(machine.describe()))
    for (who, neighbours), seconds in found.items():
        beside = f"beside {neighbours} endless loops" if neighbours else "alone"
        print(f"{who}, {beside}: {machine.middle(seconds)} s for {UPDATES} updates")


if __name__ == "__main__":
    main()
