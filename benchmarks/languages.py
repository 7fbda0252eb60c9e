"""Chinese reviews: what `warmstart train` reaches without options, with each packaged checkpoint, beside TF-IDF.

    python -m benchmarks.languages --data FOLDER [--seeds 1 2 3] [--rows N] [--epochs E]

FOLDER has train.csv and test.csv as ../shared/bin/make-zh-reviews writes them (4,000 and 2,000 rows). For each seed
three rows: the checkpoint that the texts choose, the English one, and TF-IDF with a linear model on the same rows. The
accuracy on test.csv has a 95 % bootstrap interval, and so has the difference from TF-IDF on the same rows. Each
finished seed is written to benchmarks/results/languages.json at once, and is not run again; `--rows` and `--epochs` are
for trying the benchmark, and write nothing. In full: about 25 minutes a seed on two quiet cores.
"""

import argparse
import csv
import json
import pathlib
import tempfile
import time
from typing import Any

import numpy as np

from benchmarks import machine
from warmstart.events import lines

RESULTS = pathlib.Path(__file__).parent / "results"
CHOSEN, ENGLISH, TFIDF = "chosen by the texts", "all-MiniLM-L6-v2", "TF-IDF + logistic regression"
RESAMPLES = 2_000


def trained(data: pathlib.Path, test: pathlib.Path, seed: int, out: str, **settings: Any) -> tuple[str, Any]:
    """The checkpoint that was taken, and which test rows its model gets right: bool `[rows]`."""
    import warmstart
    from warmstart.runs.saved import SavedRun

    asked = {"data": str(data), "seed": seed, "out": out, "baselines": False, "keep": 1, **settings}
    warmstart.train(warmstart.Recipe.of(asked), listen=lines(print))
    run = SavedRun.open(out)
    rows = warmstart.load(str(test))["train"]
    predicted = np.argmax(run.logits(rows), -1)
    return warmstart.Recipe.read(pathlib.Path(out) / "recipe.toml").model, predicted == labels(run.task.classes, rows)


def counted(data: pathlib.Path, test: pathlib.Path) -> Any:
    """The same of TF-IDF, which learns from all rows of the training file."""
    from sklearn.linear_model import LogisticRegression

    import warmstart
    from warmstart.evaluation.tfidf import tfidf

    train, held = (warmstart.load(str(path))["train"] for path in (data, test))
    classes = tuple(sorted(set(train["情感"])))
    known, new = tfidf([train["评论"][:]], [held["评论"][:]])
    return LogisticRegression(max_iter=1000).fit(known, labels(classes, train)).predict(new) == labels(classes, held)


def labels(classes: tuple[str, ...], rows: Any) -> Any:
    return np.array([classes.index(name) for name in rows["情感"]])


def interval(values: Any) -> tuple[float, float, float]:
    """The mean of one number a row, and the ends of its 95 % bootstrap interval."""
    draw = np.random.default_rng(0)
    means = [values[draw.integers(0, len(values), len(values))].mean() for _unused in range(RESAMPLES)]
    return float(values.mean()), *map(float, np.quantile(means, [0.025, 0.975]))


def one_seed(folder: pathlib.Path, seed: int, rows: int | None, settings: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        data = fewer(folder / "train.csv", pathlib.Path(place), rows)
        test = fewer(folder / "test.csv", pathlib.Path(place), rows)
        found: dict[str, Any] = {}
        right = {TFIDF: counted(data, test)}
        for who, model in ((CHOSEN, {}), (ENGLISH, {"model": ENGLISH})):
            began = time.monotonic()
            taken, right[who] = trained(data, test, seed, f"{place}/{len(right)}", **model, **settings)
            found[who] = {"model": taken, "seconds": round(time.monotonic() - began)}
        for who, each in right.items():
            found.setdefault(who, {})["accuracy"] = interval(each.astype(float))
            found[who]["above TF-IDF"] = interval(each.astype(float) - right[TFIDF])
        return found


def fewer(path: pathlib.Path, place: pathlib.Path, rows: int | None) -> pathlib.Path:
    """The file, or a copy of its first rows."""
    if rows is None:
        return path
    with path.open(encoding="utf-8", newline="") as file:
        kept = [row for _number, row in zip(range(rows + 1), csv.reader(file), strict=False)]
    with (place / path.name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(kept)
    return place / path.name


def table(results: dict[str, Any]) -> str:
    head = [
        "# Chinese reviews",
        "",
        "Accuracy in percent on the rows of test.csv, with 95 % intervals.",
        "",
    ]
    head += ["| seed | who | accuracy | above TF-IDF | seconds |", "|---|---|---|---|---|"]
    for seed, found in sorted(results.items(), key=lambda item: int(item[0])):
        for who, said in found.items():
            if isinstance(said, dict) and "accuracy" in said:
                name = who if said.get("model", who) == who else f"{who}: {said['model']}"
                scores = f"{shown(*said['accuracy'])} | {shown(*said['above TF-IDF'])}"
                head.append(f"| {seed} | {name} | {scores} | {said.get('seconds', '')} |")
    return "\n".join([*head, "", "Written by `python -m benchmarks.languages`.", ""])


def shown(mean: float, low: float, high: float) -> str:
    return f"{100 * mean:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="a folder with train.csv and test.csv")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--rows", type=int, help="take so many rows of either file")
    parser.add_argument("--epochs", type=float)
    asked = parser.parse_args()
    settings = {} if asked.epochs is None else {"epochs": asked.epochs}
    path = RESULTS / "languages.json"
    results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if asked.rows or settings:
        print(table({str(seed): one_seed(asked.data, seed, asked.rows, settings) for seed in asked.seeds}))
        return
    for seed in asked.seeds:
        if str(seed) not in results:
            results[str(seed)] = {**one_seed(asked.data, seed, None, {}), "machine": machine.describe()}
            path.write_text(json.dumps(results, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    (RESULTS / "languages.md").write_text(table(results), encoding="utf-8")
    print(table(results))


if __name__ == "__main__":
    main()
