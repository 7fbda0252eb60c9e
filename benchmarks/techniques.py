"""What each technique is worth: updates with all of them, with none, and with all but one, in turns.

    python -m benchmarks.techniques [--batch-size 8] [--rounds 5]

The shape of the packaged checkpoint (on a CUDA device BERT-base's) with random weights, ids of MRPC's lengths, bf16
where the processor has it. Writes benchmarks/results/techniques-DEVICE.json and .md.
"""

import argparse
import json
import statistics
from typing import Any

import torch

from benchmarks import machine
from benchmarks.steps import MODELS, RESULTS, measure, rows_of
from warmstart.engine.precision import has_bf16
from warmstart.engine.techniques import NAMES

MODEL, UPDATES, WARM = ("minilm", 20, 6) if not torch.cuda.is_available() else ("bert-base", 200, 100)


def table(found: dict[str, Any]) -> str:
    times, every = found["milliseconds"], found["milliseconds"]["all"]
    lines = [
        "# What each technique is worth",
        "",
        f"Milliseconds an update of {found['batch_size']} rows, {found['model']}; median [lowest, highest] of",
        f"{len(every)} rounds, {found['machine']['date']}. {machine.sentence(found['machine'])}",
        "",
        "| | ms an update | times as long as with all |",
        "|---|---|---|",
    ]
    for name, values in times.items():
        ratios = machine.middle([value / whole for value, whole in zip(values, every, strict=True)])
        lines.append(f"| {name} | {machine.middle(values)} | {ratios} |")
    lines += ["", *(f"- `{name}`: {meaning}" for name, meaning in NAMES.items())]
    return "\n".join([*lines, "", "Written by `python -m benchmarks.techniques`.", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    who = "warmstart bf16" if has_bf16(device) else "warmstart fp32"
    rows = rows_of("mrpc", asked.batch_size * (UPDATES + WARM))
    # What is kept in memory stays so for the process: left out on its own it cannot be measured here.
    names = [name for name in NAMES if name != "kept-memory" and (name != "cuda-graphs" or device.type == "cuda")]
    choices = {"none": tuple(NAMES), "all": (), **{f"without {name}": (name,) for name in names}}
    milliseconds: dict[str, list[float]] = {name: [] for name in choices}
    for number in range(asked.rounds):
        order = list(choices)[number % len(choices) :] + list(choices)[: number % len(choices)]
        for name in order:
            found = measure(who, MODELS[MODEL], rows, asked.batch_size, UPDATES, WARM, choices[name])
            rate = found["training"]
            milliseconds[name].append(1000 * asked.batch_size / rate)
        print(
            number + 1, {name: round(statistics.median(values), 1) for name, values in milliseconds.items()}, flush=True
        )
    found = {
        "model": MODEL,
        "batch_size": asked.batch_size,
        "machine": machine.describe(),
        "milliseconds": milliseconds,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"techniques-{device.type}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / f"techniques-{device.type}.md").write_text(table(found), encoding="utf-8")
    print(table(found))


if __name__ == "__main__":
    main()
