"""Your own table: from a CSV file to a model that every tool of the transformers ecosystem loads.

python examples/own_csv.py                      # makes topics.csv, sentences and their topics, and takes that
python examples/own_csv.py --csv reviews.csv    # takes yours
"""

import argparse
import csv
import pathlib

from warmstart import Recipe, load, train
from warmstart.events import lines

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--csv", type=pathlib.Path, help="a column of texts (or two), a column of labels")
options.add_argument("--rows", type=int, default=600, help="rows of the table that is made if there is no --csv")
options.add_argument("--epochs", type=float, default=3.0)
options.add_argument("--out", type=pathlib.Path, help="the run's folder; by default runs/<name of the table>-<number>")


def made_up(path: pathlib.Path, rows: int) -> pathlib.Path:
    """Write a table of so many sentences, each with one of three topics, from the built-in data."""
    found = load("sample")["train"]
    chosen = [(row["sentence1"], row["topic"]) for row in found if row["topic"] in ("cooking", "sport", "weather")]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "topic"), *chosen[:rows]])
    return path


def main(path: pathlib.Path | None, rows: int, epochs: float, out: pathlib.Path | None) -> None:
    path = path or made_up(pathlib.Path("topics.csv"), rows)

    # Load: every cell is text as it stands in the file ("007" stays "007", "NA" stays "NA").
    table = load(path)["train"]
    print(f"{len(table)} rows of {table.column_names}; the first: {table[0]}")

    # Train: which column is the text and which the label is worked out; `text`, `pair` and `label` say otherwise.
    settings = {"data": str(path), "epochs": epochs, "out": None if out is None else str(out)}
    result = train(Recipe.of(settings), listen=lines(print))
    if result.report is not None:
        for who, scores in result.report.scores.items():
            print(who, {name: round(scores[name], 3) for name in result.report.headline})

    # Use: the model's folder needs nothing of warmstart any more.
    from transformers import pipeline

    classify = pipeline("text-classification", model=str(result.folder / "model"))
    task = result.task
    for row in result.splits["validation"].select(range(3)):
        asked = {"text": row[task.text], "text_pair": row[task.pair]} if task.pair else row[task.text]
        print(classify(asked), "<-", asked)


if __name__ == "__main__":
    given = options.parse_args()
    main(given.csv, given.rows, given.epochs, given.out)
