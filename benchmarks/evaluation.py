"""Speed of evaluating: `warmstart.Trainer.evaluate` against `transformers.Trainer.evaluate`, in turns in one process.

    python -m benchmarks.evaluation --data FOLDER:mrpc [--rounds 5] [--rows 1000]

The first `rows` of MRPC's training split, with labels, on the packaged checkpoint. Theirs at its defaults (fp32,
batches of 8 in the order of the rows). Ours as `warmstart train` evaluates (bf16 where the processor has it, 32 of the
longest rows or as many tokens in shorter ones), once on rows in random order and once on rows sorted by length; and in
fp32. Then the memory of `warmstart predict` on 10,000 and on 100,000 rows, each in a process of its own. Writes
benchmarks/results/evaluation.json and .md.
"""

import argparse
import csv
import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmarks import machine

RESULTS = pathlib.Path(__file__).parent / "results"
WORDS = "time year people way day man thing woman life child world school state family student group country".split()


def trainers(data: str, count: int) -> dict[str, Any]:
    """Each contender's `evaluate`, ready to be called."""
    import numpy as np
    import torch
    import transformers

    import warmstart
    from warmstart.batches.tokens import tokenize
    from warmstart.models.load import load_model, load_tokenizer
    from warmstart.runs.prepared import prepare

    folder, _, config = data.partition(":")
    prepared = prepare(warmstart.Recipe.of({"data": folder, "config": config}))
    tokenizer = load_tokenizer("all-MiniLM-L6-v2")
    rows = prepared.splits["train"].select(range(count))
    encoded = rows.map(lambda row: tokenizer(row["sentence1"], row["sentence2"], truncation=True), batched=True)
    torch.manual_seed(0)
    model = load_model("all-MiniLM-L6-v2", prepared.task, tokenizer)
    plain = {"report_to": "none", "disable_tqdm": True, "use_cpu": True}
    nowhere = tempfile.mkdtemp()
    orders = {"sorted": np.argsort([len(ids) for ids in encoded["input_ids"]]), "random": np.arange(count)}
    tables = {
        name: tokenize(rows.select(order), prepared.task, tokenizer, max_length=512) for name, order in orders.items()
    }
    found: dict[str, Any] = {}
    for name, bf16, table in [
        ("warmstart, random order", True, "random"),
        ("warmstart, sorted rows", True, "sorted"),
        ("warmstart, fp32", False, "random"),
    ]:
        arguments = warmstart.TrainingArguments(nowhere, per_device_eval_batch_size=32, bf16=bf16, **plain)
        trainer = warmstart.Trainer(model, arguments, eval_dataset=tables[table], processing_class=tokenizer)
        found[name] = trainer.evaluate
    # Last, since each TrainingArguments makes accelerate forget the process's state, which only theirs asks again.
    theirs = transformers.Trainer(
        model, transformers.TrainingArguments(nowhere, **plain), eval_dataset=encoded, processing_class=tokenizer
    )
    return {"A: Trainer.evaluate": theirs.evaluate, **found}


def memory(rows: int) -> dict[str, float]:
    """Peak MiB and seconds of `warmstart predict` on `rows` generated texts."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        generator = random.Random(0)
        with (place / "small.csv").open("w") as file:
            csv.writer(file).writerows([["text", "label"], *([f"{i} {WORDS[i % 9]}", "ab"[i % 2]] for i in range(60))])
        with (place / "rows.csv").open("w") as file:
            texts = ([f"{i} {' '.join(generator.choices(WORDS, k=generator.randint(2, 9)))}"] for i in range(rows))
            csv.writer(file).writerows([["text"], *texts])
        command = [sys.executable, "-m", "warmstart"]
        quiet = {"cwd": folder, "check": True, "capture_output": True}
        subprocess.run([*command, "train", "small.csv", "--updates", "1", "--no-baselines", "--out", "run"], **quiet)
        began = time.monotonic()
        subprocess.run([*command, "predict", "run", "rows.csv", "--out", "out.csv"], **quiet)
        seconds = time.monotonic() - began
        with (place / "out.csv").open() as file:
            numbers = [int(row["text"].split()[0]) for row in csv.DictReader(file)]
        assert numbers == list(range(rows)), "predictions are not in the order of the rows"
    return {"seconds": seconds, "peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}


def table(found: dict[str, Any]) -> str:
    rounds = found["rounds"]
    lines = [
        "# Speed of evaluating: MRPC, all-MiniLM-L6-v2",
        "",
        f"{found['rows']:,} rows, {len(rounds)} rounds, {found['machine']['date']}.",
        machine.sentence(found["machine"]),
        "Median [lowest, highest]; ratios are of one round.",
        "",
        "| | samples/s | times A |",
        "|---|---|---|",
    ]
    for name in rounds[0]:
        rates = [found["rows"] / one[name] for one in rounds]
        ratios = [one["A: Trainer.evaluate"] / one[name] for one in rounds]
        lines.append(f"| {name} | {machine.middle(rates)} | {machine.middle(ratios)} |")
    sorted_to_random = [one["warmstart, random order"] / one["warmstart, sorted rows"] for one in rounds]
    lines += ["", f"Sorted rows against random order: {machine.middle(sorted_to_random)} times as fast.", ""]
    for rows, cost in found["memory"].items():
        lines.append(f"`warmstart predict` on {int(rows):,} rows: peak {cost['peak_mib']:,.0f} MiB.")
    return "\n".join([*lines, "", "Written by `python -m benchmarks.evaluation`.", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a folder of a GLUE pair task: FOLDER:mrpc")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--memory", type=int, help="only measure predicting so many rows (called by itself)")
    asked = parser.parse_args()
    if asked.memory:
        print(json.dumps(memory(asked.memory)))
        return
    contenders = trainers(asked.data, asked.rows)
    rounds = []
    for number in range(asked.rounds + 1):
        times = {}
        for name in list(contenders)[number % 4 :] + list(contenders)[: number % 4]:
            began = time.monotonic()
            contenders[name]()
            times[name] = time.monotonic() - began
        rounds.append({name: times[name] for name in contenders})
    command = [sys.executable, "-m", "benchmarks.evaluation", "--memory"]
    peaks = {
        str(rows): json.loads(subprocess.run([*command, str(rows)], check=True, capture_output=True, text=True).stdout)
        for rows in (10_000, 100_000)
    }
    # The first round warms up.
    found = {"rows": asked.rows, "machine": machine.describe(), "rounds": rounds[1:], "memory": peaks}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "evaluation.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "evaluation.md").write_text(table(found), encoding="utf-8")
    print(table(found))


if __name__ == "__main__":
    main()
