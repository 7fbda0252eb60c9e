"""Accuracy over seeds: `warmstart train` and `transformers.Trainer` at its defaults, on the packaged checkpoint.

    python -m benchmarks.accuracy --data FOLDER:mrpc [--rows N] [--who warmstart transformers] [--seeds 1 2 3 4 5]
    python -m benchmarks.accuracy --data FOLDER:mrpc --who each --seeds 1

Three epochs, batch 8, learning rate 5e-5; everything else as each has it by default. For a seed both begin with the
same head and take the same rows in the same order. Dropout differs, and moves a seed by a point or more: so there is
a third, the stock trainer whose dropout drops what ours does (`same_masks`), and only arithmetic differs then. `each`
is ours with one technique left out at a time, and in fp32.

FOLDER has GLUE's parquet files; `rows` takes so many training rows, drawn with a fixed seed. Each finished seed is
written to benchmarks/results/accuracy-CONFIG.json at once, and seeds that are there are not run again; without data it
only writes the tables anew. MRPC's test split, whose labels are public, is scored too: 408 validation rows leave much
to chance.
"""

import argparse
import fcntl
import functools
import json
import pathlib
import statistics
import tempfile
import time
from typing import Any

from benchmarks import machine
from warmstart.engine.techniques import FOLDED_CLIPPING, ROW_GRADIENTS
from warmstart.events import lines
from warmstart.models.ragged.encoder import DROPOUT_BITS, FIRST_TOKEN, PADDING_FREE, WORKING_WEIGHTS

RESULTS = pathlib.Path(__file__).parent / "results"
EPOCHS, BATCH, RATE = 3, 8, 5e-5
ALIKE = "transformers, our masks"
TEXTS = {"mrpc": ("sentence1", "sentence2"), "sst2": ("sentence",)}
SCORES = {"mrpc": ("accuracy", "f1"), "sst2": ("accuracy",)}
WITH_TEST = {"mrpc"}


def ours(folder: str, config: str, seed: int, out: str, **changed: Any) -> dict[str, float]:
    """What `warmstart train` finds, with some settings `changed`."""
    import numpy as np

    import warmstart
    from warmstart.heads.classes import Classes
    from warmstart.runs.saved import SavedRun

    settings = {"data": folder, "config": config, "epochs": EPOCHS, "batch_size": BATCH, "lr": RATE, "seed": seed}
    result = warmstart.train(
        warmstart.Recipe.of({**settings, **changed, "baselines": False, "out": f"{out}/run"}), listen=lines(print)
    )
    assert result.report is not None
    found = {name: result.report.scores["model"][name] for name in SCORES[config]}
    if config in WITH_TEST:
        test = warmstart.load(folder, config=config)["test"]
        predicted = np.argmax(SavedRun.open(f"{out}/run").logits(test), -1)
        scores = Classes(glue=config).measure(predicted, np.array(test["label"][:]))
        found |= {f"test_{name}": scores[name] for name in SCORES[config]}
    loss = next(entry["train_loss"] for entry in result.history if "train_loss" in entry)
    return {**found, "train_loss": loss}


def theirs(folder: str, config: str, seed: int, out: str, our_masks: bool = False) -> dict[str, float]:
    """What `transformers.Trainer` finds, at its defaults; with `our_masks` its dropout drops what ours would."""
    import numpy as np
    import transformers

    import warmstart
    from benchmarks.same_masks import follow
    from warmstart.heads.classes import Classes

    splits = warmstart.load(folder, config=config)
    checkpoint = warmstart.default_checkpoint()
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    rows = splits.map(lambda row: tokenizer(*(row[name] for name in TEXTS[config]), truncation=True), batched=True)
    transformers.set_seed(seed)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    if our_masks:
        follow(model, seed)
    trainer = transformers.Trainer(
        model,
        transformers.TrainingArguments(out, seed=seed, report_to="none", save_strategy="no", disable_tqdm=True),
        train_dataset=rows["train"],
        eval_dataset=rows["validation"],
        processing_class=tokenizer,
        compute_metrics=lambda found: Classes(glue=config).measure(np.argmax(found[0], -1), found[1]),
    )
    trained = trainer.train()
    scores = trainer.evaluate()
    found = {name: scores[f"eval_{name}"] for name in SCORES[config]}
    if config in WITH_TEST:
        scores = trainer.predict(rows["test"]).metrics
        found |= {f"test_{name}": scores[f"test_{name}"] for name in SCORES[config]}
    return {**found, "train_loss": trained.training_loss}


WHO = {"warmstart": ours, "transformers": theirs, ALIKE: functools.partial(theirs, our_masks=True)}
EACH = {
    "in fp32": {"precision": "fp32"},
    **{
        f"without {name}": {"without": (name,)}
        for name in (FIRST_TOKEN, WORKING_WEIGHTS, ROW_GRADIENTS, FOLDED_CLIPPING)
    },
    # These two draw other masks.
    **{f"without {name}": {"without": (name,)} for name in (DROPOUT_BITS, PADDING_FREE)},
}


def fewer_rows(folder: str, config: str, rows: int, place: str) -> str:
    """A copy of the data whose training split has `rows` rows."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    (pathlib.Path(place) / config).mkdir()
    for split in ("train", "validation"):
        table = pa.concat_tables(
            pq.read_table(path) for path in sorted(pathlib.Path(folder, config).glob(f"{split}-*"))
        )
        if split == "train":
            table = table.take(np.sort(np.random.default_rng(0).choice(len(table), rows, replace=False)))
        pq.write_table(table, pathlib.Path(place) / config / f"{split}-00000-of-00001.parquet")
    return place


def stored(config: str) -> dict[str, Any]:
    path = RESULTS / f"accuracy-{config}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def store(config: str, who: str, seed: int, found: dict[str, Any]) -> None:
    """Add one result; several of these commands may run side by side."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        everything = stored(config)
        everything.setdefault(who, {})[str(seed)] = found
        text = json.dumps(everything, indent=1, sort_keys=True) + "\n"
        (RESULTS / f"accuracy-{config}.json").write_text(text, encoding="utf-8")
    (RESULTS / ".lock").unlink(missing_ok=True)


def table(config: str) -> str:
    """Every seed of both, their means, and the paired difference with its interval."""
    everything = stored(config)
    results = [found for seeds in everything.values() for found in seeds.values()]
    names = [*SCORES[config], *(f"test_{name}" for name in SCORES[config]), "train_loss"]
    names = [name for name in names if all(name in found for found in results)]
    any_one = results[0]
    lines = [
        f"# Accuracy over seeds: {config}, all-MiniLM-L6-v2",
        "",
        f"{EPOCHS} epochs, batch {BATCH}, learning rate {RATE:g}, {any_one['rows']:,} training rows. Scores in percent",
        "on the validation rows; the loss is the mean over all updates.",
        "",
        f"| who | seed | {' | '.join(names)} |",
        f"|---|---|{'---|' * len(names)}",
    ]
    for who, seeds in ((who, everything[who]) for who in WHO if who in everything):
        lines += [
            f"| {who} | {seed} | {' | '.join(_shown(name, seeds[seed][name]) for name in names)} |"
            for seed in sorted(seeds, key=int)
        ]
        means = [_shown(name, statistics.mean(found[name] for found in seeds.values()), 1) for name in names]
        lines.append(f"| **{who}** | mean of {len(seeds)} | {' | '.join(f'**{mean}**' for mean in means)} |")
    for other in ("transformers", ALIKE):
        both = sorted(set(everything.get("warmstart", {})) & set(everything.get(other, {})), key=int)
        if len(both) > 1:
            cells = [_difference(name, everything["warmstart"], everything[other], both) for name in names]
            lines.append(f"| warmstart - {other} | {len(both)} pairs, 95 % | {' | '.join(cells)} |")
    each = [who for who in EACH if who in everything]
    if each:
        lines += ["", "Ours with one thing changed, and by how much that differs from ours on the same seeds:", ""]
        lines += [f"| what | seeds | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    for who in each:
        cells = [_difference(name, everything[who], everything["warmstart"], list(everything[who])) for name in names]
        lines.append(f"| {who} | {', '.join(everything[who])} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", "Written by `python -m benchmarks.accuracy`; every number is in the JSON file.", ""])


def _difference(name: str, some: dict[str, Any], others: dict[str, Any], seeds: list[str]) -> str:
    pairs = [some[seed][name] - others[seed][name] for seed in seeds]
    scale, digits = (1, 4) if name == "train_loss" else (100, 2)
    mean = f"{scale * statistics.mean(pairs):+.{digits}f}"
    return mean if len(pairs) < 2 else f"{mean} ± {scale * interval(pairs):.{digits}f}"


def interval(differences: list[float]) -> float:
    """Half the 95 % interval of the mean of paired differences (Student's t)."""
    import scipy.stats

    spread = statistics.stdev(differences) / len(differences) ** 0.5
    return float(scipy.stats.t.ppf(0.975, len(differences) - 1)) * spread


def _shown(name: str, value: float, more: int = 0) -> str:
    return f"{value:.{3 + more}f}" if name == "train_loss" else f"{100 * value:.{1 + more}f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a folder that has GLUE's parquet files: FOLDER:mrpc or FOLDER:sst2")
    parser.add_argument("--rows", type=int, help="take so many training rows")
    parser.add_argument("--who", choices=[*WHO, "each", *EACH], nargs="+", default=list(WHO))
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3, 4, 5])
    asked = parser.parse_args()
    folder, _, config = (asked.data or "").partition(":")
    contenders = [name for who in asked.who for name in (EACH if who == "each" else [who])]
    for seed, who in ((seed, who) for seed in asked.seeds for who in contenders if asked.data):
        if str(seed) in stored(config).get(who, {}):
            continue
        with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as out:
            data = fewer_rows(folder, config, asked.rows, place) if asked.rows else folder
            began = time.monotonic()
            run = WHO[who] if who in WHO else functools.partial(ours, **EACH[who])
            found: dict[str, Any] = dict(run(data, config, seed, out))
            found["seconds"] = round(time.monotonic() - began, 1)
            found["rows"] = asked.rows or _rows(folder, config)
        store(config, who, seed, {**found, "machine": machine.describe()})
        print(who, seed, found, flush=True)
    for known in SCORES:
        if stored(known):
            (RESULTS / f"accuracy-{known}.md").write_text(table(known), encoding="utf-8")
            print(table(known))


def _rows(folder: str, config: str) -> int:
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in pathlib.Path(folder, config).glob("train-*"))


if __name__ == "__main__":
    main()
