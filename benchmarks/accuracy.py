"""Accuracy over seeds: `warmstart train` and `transformers.Trainer` at its defaults, on full MRPC with the packaged
checkpoint.

    python -m benchmarks.accuracy --data FOLDER-OR-HUB-ID [--who warmstart|transformers] [--seeds 1 2 3 4 5]

Three epochs, batch 8, learning rate 5e-5; everything else as each has it by default. Each finished seed is written to
benchmarks/results/accuracy-mrpc.json at once, and seeds that are there are not run again; without arguments it only
writes the table benchmarks/results/accuracy-mrpc.md anew.
"""

import argparse
import fcntl
import json
import pathlib
import statistics
import tempfile
import time
from typing import Any

from benchmarks import machine

RESULTS = pathlib.Path(__file__).parent / "results"
STORE = RESULTS / "accuracy-mrpc.json"
TABLE = RESULTS / "accuracy-mrpc.md"
EPOCHS, BATCH, RATE = 3, 8, 5e-5
NUMBERS = ("accuracy", "f1", "train_loss", "seconds")
# transformers.Trainer, measured in the same way on the machine the project was planned on.
PLANNED = {"accuracy": (79.7, 81.4, 80.4, 81.6, 80.4), "f1": (85.8, 87.2, 86.4, 86.9, 86.6)}


def ours(data: str, seed: int, folder: str) -> dict[str, float]:
    """What `warmstart train` finds."""
    import warmstart

    name, _, config = data.partition(":")
    recipe = warmstart.Recipe.of(
        {
            "data": name,
            "config": config or None,
            "epochs": EPOCHS,
            "batch_size": BATCH,
            "lr": RATE,
            "seed": seed,
            "baselines": False,
            "out": f"{folder}/run",
        }
    )
    result = warmstart.train(recipe, say=print)
    assert result.report is not None
    loss = next(entry["train_loss"] for entry in result.history if "train_loss" in entry)
    scores = result.report.scores["model"]
    return {"accuracy": scores["accuracy"], "f1": scores["f1"], "train_loss": loss}


def theirs(data: str, seed: int, folder: str) -> dict[str, float]:
    """What `transformers.Trainer` finds, at its defaults."""
    import numpy as np
    import transformers

    import warmstart
    from warmstart.evaluation.metrics import measure

    name, _, config = data.partition(":")
    splits = warmstart.load(name, config=config or None)
    checkpoint = warmstart.default_checkpoint()
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    rows = splits.map(lambda row: tokenizer(row["sentence1"], row["sentence2"], truncation=True), batched=True)
    transformers.set_seed(seed)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    trainer = transformers.Trainer(
        model,
        transformers.TrainingArguments(folder, seed=seed, report_to="none", save_strategy="no", logging_steps=100),
        train_dataset=rows["train"],
        eval_dataset=rows["validation"],
        processing_class=tokenizer,
        compute_metrics=lambda found: measure("classes", np.argmax(found[0], -1), found[1], glue="mrpc"),
    )
    trained = trainer.train()
    scores = trainer.evaluate()
    return {"accuracy": scores["eval_accuracy"], "f1": scores["eval_f1"], "train_loss": trained.training_loss}


def stored() -> dict[str, Any]:
    return json.loads(STORE.read_text(encoding="utf-8")) if STORE.is_file() else {}


def store(who: str, seed: int, found: dict[str, Any]) -> None:
    """Add one result; several of these commands may run side by side."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        everything = stored()
        everything.setdefault(who, {})[str(seed)] = found
        STORE.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (RESULTS / ".lock").unlink(missing_ok=True)


def table() -> str:
    """Every seed of both, their means, and the means of the plan."""
    lines = [
        "# Accuracy over seeds: MRPC, all-MiniLM-L6-v2",
        "",
        f"{EPOCHS} epochs, batch {BATCH}, learning rate {RATE:g}. Accuracy and F1 in percent on 408 validation rows.",
        "Written by `python -m benchmarks.accuracy`; every number is in accuracy-mrpc.json with its machine.",
        "",
        "| who | seed | accuracy | F1 | mean training loss | seconds | threads |",
        "|---|---|---|---|---|---|---|",
    ]
    for who, seeds in sorted(stored().items()):
        for seed, found in sorted(seeds.items(), key=lambda item: int(item[0])):
            scores = f"{100 * found['accuracy']:.1f} | {100 * found['f1']:.1f} | {found['train_loss']:.3f}"
            cost = f"{found['seconds']:.0f} | {found['machine']['threads']}"
            lines.append(f"| {who} | {seed} | {scores} | {cost} |")
        means = {name: statistics.mean(found[name] for found in seeds.values()) for name in NUMBERS}
        lines.append(
            f"| **{who}** | mean of {len(seeds)} | **{100 * means['accuracy']:.2f}** | **{100 * means['f1']:.2f}** "
            f"| **{means['train_loss']:.3f}** | | |"
        )
    planned = {name: statistics.mean(values) for name, values in PLANNED.items()}
    lines.append(f"| transformers.Trainer (plan) | mean of 5 | {planned['accuracy']:.2f} | {planned['f1']:.2f} | | | |")
    lines += ["", "Seconds are of whole runs on a machine that did other work too: they are no measure of speed.", ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a Hub id such as glue/mrpc, or FOLDER:mrpc for a folder with configurations")
    parser.add_argument("--who", choices=("warmstart", "transformers"), default="warmstart")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3, 4, 5])
    asked = parser.parse_args()
    for seed in asked.seeds if asked.data else []:
        if str(seed) in stored().get(asked.who, {}):
            continue
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            found: dict[str, Any] = (ours if asked.who == "warmstart" else theirs)(asked.data, seed, folder)
            found["seconds"] = round(time.monotonic() - began, 1)
        store(asked.who, seed, {**found, "machine": machine.describe()})
        print(asked.who, seed, found, flush=True)
    TABLE.write_text(table(), encoding="utf-8")
    print(table())


if __name__ == "__main__":
    main()
