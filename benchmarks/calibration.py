"""Calibration inside the model: what a run's temperature is worth, and that nothing else changes.

    python -m benchmarks.calibration --data FOLDER:mrpc FOLDER:sst2 ZH [--model NAME] [--rows N] [--epochs 3]
        [--runs FOLDER]

Each table is trained on with the packaged checkpoint (`--model`: another), by default on all of its training rows, into
the folder `--runs` (a run that is there is not trained again; benchmarks.error_budget reads the same runs). Then the
same run is ended again without calibration, and compared:

- expected calibration error before and after on the validation rows, cross-fitted as the run reports it, with the
  interval of the difference; and on the test split where that has labels (MRPC's and the Chinese reviews' have), which
  no temperature has seen;
- rows whose prediction changes, of all of these;
- the largest difference between the probabilities of the stock `pipeline` and those that the run wrote.

FOLDER has GLUE's parquet files; ZH is a folder with train.csv, validation.csv and test.csv. Writes
benchmarks/results/calibration.json and .md; ends with status 1 where something of this does not hold.
"""

import argparse
import csv
import json
import pathlib
import shutil
import sys
import tempfile
from typing import Any

from benchmarks import machine

RESULTS = pathlib.Path(__file__).parent / "results"
CLOSE = 1e-6


def trained(data: str, runs: pathlib.Path, more: dict[str, Any]) -> pathlib.Path:
    """The folder of the run on a table, trained if it is not there."""
    import warmstart
    from warmstart.events import lines

    folder, _, config = data.partition(":")
    out = runs / (config or pathlib.Path(folder).name)
    if not (out / "metrics.json").exists():
        settings = {"data": folder, "config": config or None, "out": str(out), **more}
        warmstart.train(warmstart.Recipe.of(settings), listen=lines(print))
    return out


def without(run: pathlib.Path, place: pathlib.Path) -> pathlib.Path:
    """The same run, ended without calibration."""
    import warmstart

    shutil.copytree(run, place)
    asked = warmstart.Recipe.read(run / "recipe.toml").changed({"out": str(place), "calibrate": False})
    warmstart.runs.run.train(asked, resume=True)
    return place


def measure(run: pathlib.Path) -> dict[str, Any]:
    """What the temperature of a run is worth, and what it changes."""
    from warmstart.evaluation.calibration import _measured
    from warmstart.runs.prepared import prepare
    from warmstart.runs.saved import SavedRun
    from warmstart.table.labels import encode, has_labels
    from warmstart.table.sources import load

    facts = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["calibration"]
    with tempfile.TemporaryDirectory() as place:
        plain = SavedRun.open(without(run, pathlib.Path(place) / run.name))
        saved = SavedRun.open(run)
        splits = {"validation": prepare(saved.recipe).splits["validation"]}
        test = load(saved.recipe.data, **saved.recipe.reading()).get("test")
        if test is not None and has_labels(saved.task, test):
            splits["test"] = test
        found: dict[str, Any] = {name: facts[name] for name in ("temperature", "rows_measured", "ece", "why")}
        found["changed"] = 0
        for name, rows in splits.items():
            before, after = (each.logits(rows) for each in (plain, saved))
            found["changed"] += int((~saved.task.head.right(*map(saved.task.head.decide, (before, after)))).sum())
            if name == "test":
                measured = _measured(saved.task.head, before, after, encode(saved.task, rows), facts["temperature"])
                found["test"] = {"rows": len(rows), "ece": measured.to_dict()["ece"]}
    return {**found, "pipeline differs by": of_pipeline(run, saved.task)}


def of_pipeline(run: pathlib.Path, task: Any) -> float:
    """The largest difference of its probabilities to those in predictions.csv."""
    from transformers import pipeline

    with (run / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    classify = pipeline("text-classification", model=str(run / "model"), top_k=None, device="cpu")
    texts = [{"text": row[task.text], "text_pair": row[task.pair]} if task.pair else row[task.text] for row in rows]
    most = 0.0
    for row, text in zip(rows, texts, strict=True):
        found = classify(text if task.pair else [text], truncation=True)
        for each in found if task.pair else found[0]:
            most = max(most, abs(each["score"] - float(row[f"p({each['label']})"])))
    return most


def holds(found: dict[str, Any]) -> bool:
    """Not worse, by the interval of the difference; no prediction changed; the pipeline's probabilities are these."""
    errors = [found["ece"], *([found["test"]["ece"]] if "test" in found else [])]
    return (
        all(each["change"][1] <= 0 for each in errors)
        and not found["changed"]
        and (found["pipeline differs by"] <= CLOSE)
    )


def report(results: dict[str, Any]) -> str:
    def shown(ece: dict[str, Any], name: str) -> str:
        return "{:.3f} [{:.3f}, {:.3f}]".format(*ece[name])

    lines = [
        "# Calibration inside the model",
        "",
        machine.sentence(results["machine"]),
        "",
        "| table | rows | temperature | error before | after | difference | answers changed | pipeline differs by |",
        "|---|---:|---:|---|---|---|---:|---:|",
    ]
    for name, found in results["found"].items():
        for rows, ece in [
            (f"{found['rows_measured']} validation", found["ece"]),
            *([(f"{found['test']['rows']} test", found["test"]["ece"])] if "test" in found else []),
        ]:
            cells = [
                name,
                rows,
                f"{found['temperature']:g}",
                *(shown(ece, each) for each in ("before", "after", "change")),
            ]
            lines.append(f"| {' | '.join(cells)} | {found['changed']} | {found['pipeline differs by']:.1e} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--model")
    parser.add_argument("--rows", type=int, help="batches of eight, as many as these rows fill, instead of --epochs")
    parser.add_argument("--epochs", type=float, default=3.0)
    parser.add_argument("--runs", default="runs/benchmarks")
    asked = parser.parse_args()
    more = {"baselines": False, "epochs": asked.epochs, **({"model": asked.model} if asked.model else {})}
    more |= {"updates": max(asked.rows // 8, 1)} if asked.rows else {}
    runs = [trained(data, pathlib.Path(asked.runs), more) for data in asked.data]
    results = {"machine": machine.describe(), "found": {run.name: measure(run) for run in runs}}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "calibration.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "calibration.md").write_text(report(results), encoding="utf-8")
    print(report(results))
    sys.exit(not all(map(holds, results["found"].values())))


if __name__ == "__main__":
    main()
