"""What windows are worth where the sentence that decides comes late: accuracy, cut, head and tail, and in windows.

    python -m benchmarks.long_texts --data ../shared/data/glue/sst2 [--rows 400] [--before 600] [--seeds 1]

Each text is `before` tokens or more of sentences about nothing, then a sentence of SST-2, whose label is the text's,
then a few more. The model is the packaged one, which reads 512 tokens. Each way trains a run of its own on the same
rows.
"""

import argparse
import csv
import pathlib
import random
import tempfile

from benchmarks import machine
from warmstart import Recipe
from warmstart.models.default import NAME
from warmstart.models.load import load_tokenizer
from warmstart.runs.run import train
from warmstart.table.sources import load

WAYS = ("cut", "head-tail", "windows")
AFTER = 40  # tokens, about, that come after the sentence
WHO = "the clerk,a neighbour,our driver,the baker,a student,the second team,an engineer".split(",")
DID = "walked to,measured,painted,wrote a letter about,looked for,carried a ladder to,counted the windows of".split(",")
WHAT = "the old station,a green door,the north bridge,the library,a small garden,the main road,the water tower".split(
    ","
)
WHEN = "on monday,before noon,in the evening,after the rain,twice a week,last march,at half past four".split(",")


def filler(draw: random.Random, tokenizer: object, tokens: int) -> str:
    """At least so many tokens of sentences that tell no opinion."""
    found: list[str] = []
    count = 0
    while count < tokens:
        sentence = " ".join(map(draw.choice, (WHO, DID, WHAT, WHEN))) + " ."
        count += len(tokenizer(sentence, add_special_tokens=False)["input_ids"])  # type: ignore[operator]
        found.append(sentence)
    return " ".join(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--before", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=1)
    asked = parser.parse_args()
    draw, tokenizer = random.Random(0), load_tokenizer(NAME)
    source = load(asked.data)["train"].shuffle(seed=0)
    names = source.features["label"].names if hasattr(source.features["label"], "names") else None
    made: dict[str, int] = {}
    place = pathlib.Path(tempfile.mkdtemp())
    with (place / "late.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["text", "label"])
        for row in source:
            label = names[row["label"]] if names else str(row["label"])
            if made.get(label, 0) >= asked.rows // 2 or len(row["sentence"].split()) < 5:
                continue
            made[label] = made.get(label, 0) + 1
            before, after = filler(draw, tokenizer, asked.before), filler(draw, tokenizer, AFTER)
            out.writerow([f"{before} {row['sentence']} {after}", label])
            if sum(made.values()) >= asked.rows:
                break
    print(machine.sentence(machine.describe()), f"rows: {made}", flush=True)
    for seed in range(asked.seeds):
        for way in WAYS:
            settings = {"data": str(place / "late.csv"), "out": str(place / f"{way}-{seed}"), "epochs": 3, "lr": 1e-4}
            more = {"long": way, "validation_fraction": 0.3, "seed": seed, "baselines": False}
            report = train(Recipe.of({**settings, **more})).report
            assert report is not None
            low, high = report.intervals["model"]["accuracy"]
            score = report.scores["model"]["accuracy"]
            print(f"seed {seed}, {way}: accuracy {score:.3f} [{low:.3f}, {high:.3f}] on {report.rows} rows", flush=True)


if __name__ == "__main__":
    main()
