"""What weights of classes and even sampling do where one class is rare: SST-2 rows made 1:20, the packaged model.

Each way has the same rows of a seed: of the training and of the validation rows one in 21 is positive. Prints macro F1
on these validation rows. Updates have 32 rows: of 8, two in three would have no positive row, which no weight can help.

    python -m benchmarks.class_weights --data FOLDER-OF-SST2 [--rows 2100] [--seeds 0 1 2] [--batch-size 32]
"""

import argparse
import csv
import pathlib
import tempfile
from typing import Any

import numpy as np

import warmstart

WAYS: dict[str, dict[str, str]] = {
    "as they are": {},
    "--class-weights auto": {"class_weights": "auto"},
    "--sampling balanced": {"sampling": "balanced"},
    "--threshold-for macro_f1": {"threshold_for": "macro_f1"},
}
RARE, SHARE = 1, 21


def rows_of(table: pathlib.Path) -> dict[int, list[str]]:
    """The texts of each class of an SST-2 split."""
    from datasets import load_dataset

    found: dict[int, list[str]] = {0: [], 1: []}
    for row in load_dataset("parquet", data_files=str(table), split="train"):
        found[row["label"]].append(row["sentence"])
    return found


def made(texts: dict[int, list[str]], rows: int, generator: np.random.Generator, path: pathlib.Path) -> str:
    """A table of so many rows, one in `SHARE` of the rare class."""
    few = rows // SHARE
    drawn = [
        (text, label)
        for label, count in ((RARE, few), (1 - RARE, rows - few))
        for text in generator.choice(texts[label], count, replace=False).tolist()
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([("text", "label"), *(drawn[place] for place in generator.permutation(len(drawn)))])
    return str(path)


def score(folder: pathlib.Path, data: tuple[str, str], seed: int, asked: Any, way: dict[str, Any]) -> float:
    """Macro F1 of one run on the validation rows."""
    plain = {"data": data[0], "validation": data[1], "out": str(folder), "allow_leakage": True, "baselines": False}
    settings = {"epochs": asked.epochs, "batch_size": asked.batch_size, "seed": seed, "lr": 1e-4, "max_length": 64}
    settings |= {"evaluate_every": "never", "save_every": "never"}
    result = warmstart.train(warmstart.Recipe.of({**plain, **settings, **way}))
    assert result.report is not None
    return result.report.scores["model"]["macro_f1"]


def main() -> None:
    """Print a row for each seed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=2100)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--ways", nargs="+", default=list(WAYS))
    asked = parser.parse_args()
    texts = {split: rows_of(next(asked.data.glob(f"{split}*.parquet"))) for split in ("train", "validation")}
    print("| seed | " + " | ".join(asked.ways) + " |\n" + "|---" * (len(asked.ways) + 1) + "|")
    for seed in asked.seeds:
        generator = np.random.default_rng(seed)
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            most = len(texts["validation"][1 - RARE]) * SHARE // (SHARE - 1)
            data = (
                made(texts["train"], asked.rows, generator, folder / "train.csv"),
                made(texts["validation"], most, generator, folder / "validation.csv"),
            )
            found = [score(folder / way.strip("-"), data, seed, asked, WAYS[way]) for way in asked.ways]
        print(f"| {seed} | " + " | ".join(f"{each:.3f}" for each in found) + " |", flush=True)


if __name__ == "__main__":
    main()
