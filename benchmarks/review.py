"""How many of the rows that `warmstart review` puts first have a planted error: precision at 25, 50 and 100.

    python -m benchmarks.review                                    # SST-2, 2,000 rows; a few minutes
    python -m benchmarks.review --rows 8000 --seeds 3
    python -m benchmarks.review --table reviews.csv --rows 4000 --model multilingual
    python -m benchmarks.review --planted english                  # with all faults of tests/planted.py
    python -m benchmarks.review --planted chinese --model multilingual

Of the rows, drawn by the seed, five in a hundred get another label. A run is trained on them and reviewed by the
command's own way; only planted errors count as found, although the data have others of their own.
"""

import argparse
import csv
import json
import pathlib
import random
import tempfile

import pyarrow.parquet as pq

from warmstart import Recipe, train
from warmstart.runs.review import review

SST2 = pathlib.Path("../shared/data/glue/sst2/train-00000-of-00001.parquet")
SHARE = 0.05
AT = (25, 50, 100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", help="a CSV of a text and a label; by default SST-2")
    parser.add_argument("--planted", choices=("english", "chinese"), help="the tables of tests/planted.py")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--max-length", type=int)
    parser.add_argument("--model")
    asked = parser.parse_args()
    for seed in range(asked.seeds):
        with tempfile.TemporaryDirectory() as place:
            found = measure(pathlib.Path(place), asked, seed)
        print(json.dumps({"table": asked.table or "SST-2", "rows": asked.rows, "seed": seed, **found}), flush=True)


def measure(place: pathlib.Path, asked: argparse.Namespace, seed: int) -> dict[str, float]:
    """Plant, train, review. What `precision at N` is of: the first rows of the review."""
    data, wrong = _with_faults(place, asked.planted, seed) if asked.planted else _flipped(place, asked, seed)
    settings = {"epochs": asked.epochs, "max_length": asked.max_length, "seed": seed, "baselines": False}
    if asked.model:
        settings["model"] = asked.model
    done = train(Recipe.of({"data": str(data), "allow_leakage": True, "out": str(place / "run"), **settings}))
    assert done.report is not None
    listed = review(done.folder).rows
    hits = [row["id"].rpartition("-")[0] in wrong for row in listed]
    precision = {f"precision at {at}": round(sum(hits[:at]) / at, 3) for at in AT if at <= len(hits)}
    score = next(iter(done.report.scores["model"].values()))
    return {"planted": len(wrong), "listed": len(hits), "found": sum(hits), **precision, "accuracy": round(score, 3)}


def _flipped(place: pathlib.Path, asked: argparse.Namespace, seed: int) -> tuple[pathlib.Path, set[str]]:
    """A table of rows, five in a hundred with another label, and the beginnings of the names of these."""
    draw = random.Random(seed)
    rows = read(asked.table)
    rows = draw.sample(rows, min(asked.rows, len(rows)))
    labels = sorted({label for _text, label in rows})
    wrong = {*draw.sample(range(len(rows)), round(SHARE * len(rows)))}
    with (place / "data.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        for row, (text, label) in enumerate(rows):
            others = [each for each in labels if each != label]
            writer.writerow((text, draw.choice(others) if row in wrong else label))
    return place / "data.csv", {f"train-{row + 1}" for row in wrong}


def _with_faults(place: pathlib.Path, language: str, seed: int) -> tuple[pathlib.Path, set[str]]:
    """A folder of rows with every kind of fault, and the beginnings of the names of those with the other label."""
    from tests import planted

    shared = pathlib.Path("../shared")
    source = planted.english(shared) if language == "english" else planted.chinese(shared, place / "made")
    made = planted.plant(source, seed)
    return planted.write(place / "data", made.splits), {f"train-{row + 1}" for row in made.flipped}


def read(table: str | None) -> list[tuple[str, str]]:
    """(text, label) of each different text."""
    if table is None:
        found = {row["sentence"].strip(): str(row["label"]) for row in pq.read_table(SST2).to_pylist()}
    else:
        with open(table, encoding="utf-8", newline="") as file:
            found = {row[0].strip(): row[1] for row in [*csv.reader(file)][1:] if row[0].strip()}
    return [*found.items()]


if __name__ == "__main__":
    main()
