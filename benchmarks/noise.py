"""How much the choice of dropout masks alone moves the training loss: ours and `transformers.Trainer`, side by side.

    python -m benchmarks.noise --data FOLDER:mrpc [--updates 459] [--masks 1 2 3 4 5 6] [--who warmstart transformers]

All runs begin with the same head and take the same rows in the same order (those of seed 3); only the seed of dropout
differs. The schedule is that of three epochs, of which the first `updates` updates are run. Prints the mean loss of
each run, then mean and standard deviation for both, and writes them to benchmarks/results/noise.json and noise.md.
"""

import argparse
import json
import pathlib
import statistics
import tempfile
from typing import Any

from benchmarks import machine

RESULTS = pathlib.Path(__file__).parent / "results"
SEED, BATCH, RATE, EPOCHS = 3, 8, 5e-5, 3


def losses(who: str, folder: str, mask: int, updates: int) -> float:
    """The mean loss of the first `updates` updates with the dropout masks of seed `mask`."""
    import torch
    import transformers

    import warmstart

    splits = warmstart.load(folder, config="mrpc")
    checkpoint = warmstart.default_checkpoint()
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    rows = splits["train"].map(lambda r: tokenizer(r["sentence1"], r["sentence2"], truncation=True), batched=True)
    transformers.set_seed(SEED)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        checkpoint, num_labels=2, dtype=torch.float32
    )
    library: Any = warmstart if who == "warmstart" else transformers

    class Stop(transformers.TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            control.should_training_stop = state.global_step >= updates

    with tempfile.TemporaryDirectory() as out:
        arguments = library.TrainingArguments(
            out,
            seed=mask,
            data_seed=SEED,
            num_train_epochs=EPOCHS,
            per_device_train_batch_size=BATCH,
            learning_rate=RATE,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
        )
        trainer = library.Trainer(model, arguments, train_dataset=rows, processing_class=tokenizer, callbacks=[Stop()])
        return float(trainer.train().training_loss)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a folder that has GLUE's parquet files: FOLDER:mrpc")
    parser.add_argument("--updates", type=int, default=459)
    parser.add_argument("--masks", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6])
    parser.add_argument(
        "--who", choices=("warmstart", "transformers"), nargs="+", default=["warmstart", "transformers"]
    )
    asked = parser.parse_args()
    path = RESULTS / "noise.json"
    for mask in asked.masks if asked.data else []:
        for who in asked.who:
            found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
            key = f"{asked.updates} updates"
            if str(mask) in found.get(key, {}).get(who, {}):
                continue
            loss = losses(who, asked.data.partition(":")[0], mask, asked.updates)
            found = json.loads(path.read_text()) if path.is_file() else {}  # the other may have written meanwhile
            found.setdefault(key, {}).setdefault(who, {})[str(mask)] = loss
            path.write_text(json.dumps({**found, "machine": machine.describe()}, indent=1, sort_keys=True) + "\n")
            print(who, mask, loss, flush=True)
    found = json.loads(path.read_text())
    lines = [
        "# The noise of dropout masks: MRPC, all-MiniLM-L6-v2",
        "",
        f"Same head, same rows in the same order (seed {SEED}), fp32, batch {BATCH}; only dropout's seed differs.",
        "",
        "| | who | runs | mean loss | standard deviation | each |",
        "|---|---|---|---|---|---|",
    ]
    for key, both in found.items():
        for who, runs in both.items() if key != "machine" else ():
            values = list(runs.values())
            spread = statistics.stdev(values) if len(values) > 1 else float("nan")
            each = ", ".join(f"{value:.4f}" for value in values)
            lines.append(f"| {key} | {who} | {len(values)} | {statistics.mean(values):.4f} | {spread:.4f} | {each} |")
    text = "\n".join([*lines, "", "Written by `python -m benchmarks.noise`.", ""])
    (RESULTS / "noise.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
