"""Whether two versions of the code train to the same bytes: SHA-256 of what three recipes and the course's code leave.

    python -m benchmarks.bytes --out before.json           # with the old code (PYTHONPATH says which)
    python -m benchmarks.bytes --against before.json       # with the new one: status 1, and what differs

Runs use two threads (or --threads) and processes of their own; only the command and public names are used, so that any
version will do. Times and rates are left out of the logs, and so is the first line, which says in words what was on:
it is shown and not compared. The code is that of PYTHONPATH, or else the installed one: its folder is shown first.
Precision goes by the processor, so compare on one machine.
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
from typing import Any

ROWS = 320
WORDS = (
    "good bad slow kind broken cheap late fine soft loud warm dull neat odd sharp bright plain rough calm sour".split()
)
RECIPES = {
    "classes": ("classes.csv", ["--batch-size", "16", "--micro-batch-size", "4"]),
    "labels": ("labels.jsonl", ["--batch-size", "8", "--order", "length"]),
    "number": ("number.csv", ["--batch-size", "8", "--warmup", "0.1", "--weight-decay", "0.01"]),
}
COMMON = ["--updates", "60", "--evaluate-every", "25", "--save-every", "25", "--keep", "9", "--log-every", "5"]
COURSE = """
import json, sys, numpy as np, torch
import warmstart
from warmstart import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, Trainer
from warmstart import TrainingArguments
rows = warmstart.load("sample")["train"].select(range(400))
checkpoint = "all-MiniLM-L6-v2"
tokenizer = AutoTokenizer.from_pretrained(checkpoint)
names = [name for name in rows.column_names if name.startswith("sentence")]
rows = rows.map(lambda row: tokenizer(*(row[name] for name in names), truncation=True), batched=True)
torch.manual_seed(7)  # of the new head
arguments = TrainingArguments(sys.argv[1], bf16=sys.argv[2] == "bf16", max_steps=60, evaluation_strategy="epoch",
                              save_strategy="steps", save_steps=25, logging_steps=5, report_to="none", seed=7)
trainer = Trainer(
    AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2),
    arguments,
    train_dataset=rows.select(range(320)),
    eval_dataset=rows.select(range(320, 400)),
    data_collator=DataCollatorWithPadding(tokenizer=tokenizer),
    tokenizer=tokenizer,
    compute_metrics=lambda found: {"accuracy": float((np.argmax(found[0], -1) == found[1]).mean())},
)
trainer.train()
trainer.save_model(sys.argv[1] + "/model")
found = trainer.predict(rows.select(range(320, 400)))
# Python prints each float32 in full: the text differs if and only if a number does.
open(sys.argv[1] + "/predictions.csv", "w").write("\\n".join(map(str, found.predictions.tolist())))
with open(sys.argv[1] + "/log.jsonl", "w") as log:
    for entry in [{"techniques": []}, *trainer.state.log_history]:
        log.write(json.dumps(entry) + "\\n")
"""


def write_tables(place: pathlib.Path) -> None:
    """Rows of two to forty words whose label follows from some of them."""
    draw = random.Random(1)
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(2, 40))) for _ in range(ROWS)]
    scores = [sum(text.split().count(word) for word in WORDS[:3]) for text in texts]
    classes = [("no", "some", "much")[min(score, 4) // 2] for score in scores]
    lists = [[word for word in WORDS[:4] if word in text.split()] for text in texts]
    (place / "classes.csv").write_text(
        "text,label\n" + "".join(f"{a},{b}\n" for a, b in zip(texts, classes, strict=True))
    )
    (place / "number.csv").write_text(
        "text,score\n" + "".join(f"{a},{b / 3:.3f}\n" for a, b in zip(texts, scores, strict=True))
    )
    (place / "labels.jsonl").write_text(
        "".join(json.dumps({"text": a, "labels": b}) + "\n" for a, b in zip(texts, lists, strict=True))
    )


def run(place: pathlib.Path, threads: int) -> dict[str, dict[str, str]]:
    """What each run leaves: SHA-256 by file."""
    environment = {**os.environ, "HF_HOME": str(place / "home"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(threads)}
    environment.pop("HF_DATASETS_CACHE", None)
    write_tables(place)
    where = process([sys.executable, "-c", "import warmstart; print(*warmstart.__path__)"], environment)
    print("code:", where.strip(), flush=True)
    found = {}
    for name, (table, options) in RECIPES.items():
        command = [sys.executable, "-m", "warmstart", "train", str(place / table), "--out", str(place / name)]
        process([*command, *COMMON, *options], environment)
        found[name] = hashes(place / name)
        show(place / name, found[name])
    for precision in ("fp32", "bf16"):
        out = place / f"course-{precision}"
        process([sys.executable, "-c", COURSE, str(out), precision], environment)
        found[out.name] = hashes(out)
        show(out, found[out.name])
    return found


def process(command: list[str], environment: dict[str, str]) -> str:
    """Its standard output. Ends with what it said last if it fails: its log goes with the temporary folder."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"status {done.returncode}: {' '.join(command)[:200]}\n{done.stderr[-2000:]}")
    return done.stdout


def show(folder: pathlib.Path, files: dict[str, str]) -> None:
    """A run's table as soon as it is over."""
    print(folder.name, *(f"  {sha[:16]}  {file}" for file, sha in files.items()), sep="\n")
    with (folder / "log.jsonl").open() as log:
        print("  not compared:", next(log).strip(), flush=True)


def hashes(folder: pathlib.Path) -> dict[str, str]:
    """SHA-256 of weights, optimizer, predictions and numbers, and of what the log says."""
    names = ("model.safetensors", "optimizer.safetensors", "predictions.csv", "metrics.json")
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.name in names
    }
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()[1:]]
    plain = [{k: v for k, v in entry.items() if not k.endswith(("_runtime", "_per_second"))} for entry in entries]
    return {**found, "log": hashlib.sha256(json.dumps(plain).encode()).hexdigest()}


def differences(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """The files, by run, that are not the same."""
    both = {(run, file) for side in (was, now) for run, files in side.items() for file in files}
    return [f"{run}: {file}" for run, file in sorted(both) if was.get(run, {}).get(file) != now.get(run, {}).get(file)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--against", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=2, help="with 1, sums are not shared among threads")
    asked = parser.parse_args()
    before = json.loads(asked.against.read_text()) if asked.against else None  # a wrong name is told before the runs
    with tempfile.TemporaryDirectory() as place:
        found = run(pathlib.Path(place), asked.threads)
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1) + "\n")
    if before is not None:
        differ = differences(before, found)
        print(f"{len(differ)} differ", *differ, sep="\n  ")
        sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
