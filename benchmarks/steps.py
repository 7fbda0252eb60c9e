"""Rows a second on whatever device there is, training and evaluating: warmstart's Trainer against
`transformers.Trainer`.

    python -m benchmarks.steps [--model bert-base|minilm|tiny] [--batch-sizes 8 32] [--lengths mrpc 32 64 128]
    [--rounds 3]

Weights are random (only speed is measured) and so are the ids; lengths are those of MRPC's pairs (normal around 53,
between 20 and 110 tokens), or all around the number that is given. A: the stock trainer at its defaults. B: bf16,
grouped by length, the faster attention of eager and sdpa. They take turns in one process; each measures its updates
after the first ones, until the device has finished, and then the evaluation of as many rows. On a CUDA device lines
say whether updates are graphs and how many there came to be, and it ends if capturing fails. Writes
benchmarks/results/steps-DEVICE.json, .md and, with the extra `bench` installed, a figure, steps-DEVICE.svg.
"""

import argparse
import json
import pathlib
import statistics
import tempfile
import time
from typing import Any

import numpy as np
import torch
import transformers
from transformers.trainer_callback import TrainerCallback

import warmstart
from benchmarks import machine
from warmstart.batches.tokens import TokenTable
from warmstart.engine.techniques import Techniques
from warmstart.events import Events, lines

RESULTS = pathlib.Path(__file__).parent / "results"
MODELS = {
    "bert-base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072},
    "minilm": {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536},
    "tiny": {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128},
}
VOCABULARY = 30_522
SHOWN = {
    "A": "A: Trainer, its defaults",
    "B eager": "B: Trainer, tuned (eager)",
    "B sdpa": "B: Trainer, tuned (sdpa)",
    "warmstart bf16": "warmstart, bf16",
    "warmstart fp32": "warmstart, fp32",
}


def lengths_of(kind: str, rows: int) -> np.ndarray[Any, Any]:
    generator = np.random.default_rng(0)
    mean, spread = (53, 14) if kind == "mrpc" else (int(kind), int(kind) / 8)
    return np.clip(generator.normal(mean, spread, rows), mean * 0.4, mean * 2.1).astype(np.int64)


def rows_of(kind: str, rows: int) -> TokenTable:
    offsets = np.concatenate([[0], np.cumsum(lengths_of(kind, rows))])
    generator = np.random.default_rng(1)
    ids = generator.integers(1000, VOCABULARY, offsets[-1]).astype(np.int32)
    labels = generator.integers(0, 2, rows)
    return TokenTable(ids, offsets, np.zeros(len(ids), np.uint8), labels, 0, False, 512, kind)


class Clock(TrainerCallback):  # type: ignore[misc]
    """Seconds from the end of update `first` to the end of update `last`."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last, self.seconds = first, last, 0.0

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step in (self.first, self.last):
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            now = time.perf_counter()
            self.seconds = now - self.began if state.global_step == self.last else 0.0
            self.began = now


def make(
    who: str,
    shape: dict[str, int],
    table: TokenTable,
    out: str,
    settings: dict[str, Any],
    without: tuple[str, ...] = (),
) -> Any:
    """The trainer of a contender."""
    torch.manual_seed(0)
    attention = {"attn_implementation": "eager"} if who == "B eager" else {}
    config = transformers.BertConfig(vocab_size=VOCABULARY, num_labels=2, **shape, **attention)
    model = transformers.BertForSequenceClassification(config)
    settings = {**settings, "logging_steps": 50, "save_strategy": "no", "report_to": "none", "disable_tqdm": True}
    if who.startswith("warmstart"):
        arguments = warmstart.TrainingArguments(out, bf16=who.endswith("bf16"), without=without, **settings)
        trainer: Any = warmstart.Trainer(model, arguments, train_dataset=table, eval_dataset=table)
        trainer.events = Events(lines(lambda on: print(f"    {who}: {on}", flush=True)))
    else:
        starts = table.offsets
        ids = [table.ids[starts[i] : starts[i + 1]].tolist() for i in range(len(table))]
        examples = [{"input_ids": row, "labels": int(label)} for row, label in zip(ids, table.labels, strict=True)]
        tuned = {} if who == "A" else {"bf16": True, "train_sampling_strategy": "group_by_length"}
        arguments = transformers.TrainingArguments(out, use_cpu=not torch.cuda.is_available(), **settings, **tuned)
        trainer = transformers.Trainer(
            model, arguments, train_dataset=examples, eval_dataset=examples, data_collator=collate
        )
    trainer.pop_callback(transformers.PrinterCallback)
    return trainer


def _must_have_held(on: Techniques) -> None:
    """Numbers of updates that were done one operation after the other are not those of graphs."""
    if on.graphs is not None:
        if on.graphs.broken or not on.graphs.captured:
            raise SystemExit(f"updates were not captured as CUDA graphs: {on.graphs.broken or 'none came twice'}")
        print(f"    {on.graphs.captured} graphs", flush=True)


def measure(
    who: str,
    shape: dict[str, int],
    table: TokenTable,
    batch_size: int,
    updates: int,
    warm: int,
    without: tuple[str, ...] = (),
) -> dict[str, float]:
    """Rows a second, training and evaluating (with batches of the same size)."""
    clock = Clock(warm, warm + updates)
    settings = {
        "max_steps": warm + updates,
        "per_device_train_batch_size": batch_size,
        "per_device_eval_batch_size": batch_size,
    }
    with tempfile.TemporaryDirectory() as out:
        trainer = make(who, shape, table, out, settings, without)
        trainer.add_callback(clock)
        trainer.train()
        if who.startswith("warmstart"):
            _must_have_held(trainer.techniques)
        began = time.perf_counter()
        trainer.evaluate()
        seconds = time.perf_counter() - began
    return {"training": batch_size * updates / clock.seconds, "evaluating": len(table) / seconds}


def collate(examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Dynamic padding, as DataCollatorWithPadding does it, without a tokenizer."""
    ids = [torch.tensor(example["input_ids"]) for example in examples]
    padded = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
    mask = torch.arange(padded.shape[1]) < torch.tensor([len(row) for row in ids])[:, None]
    labels = torch.tensor([example["labels"] for example in examples])
    return {"input_ids": padded, "attention_mask": mask.long(), "labels": labels}


def table_of(found: dict[str, Any]) -> str:
    lines = [
        f"# {found['model']}: rows a second",
        "",
        f"Median [lowest, highest] of {found['rounds']} rounds in turns, {found['machine']['date']}.",
        f"{machine.sentence(found['machine'])} Random weights and ids.",
        "",
        "| | lengths | batch | A | B | warmstart bf16 | times A | times B | warmstart fp32, times A |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found["cases"]:
        rates = one["rates"]
        best = [max(pair) for pair in zip(rates["B eager"], rates["B sdpa"], strict=True)]
        ours = rates["warmstart bf16"]
        cells = [
            machine.middle(rates["A"]),
            machine.middle(best),
            machine.middle(ours),
            machine.middle([a / b for a, b in zip(ours, rates["A"], strict=True)]),
            machine.middle([a / b for a, b in zip(ours, best, strict=True)]),
            machine.middle([a / b for a, b in zip(rates["warmstart fp32"], rates["A"], strict=True)]),
        ]
        lines.append(f"| {one['what']} | {one['lengths']} | {one['batch_size']} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", "Written by `python -m benchmarks.steps`.", ""])


def draw(found: dict[str, Any], path: pathlib.Path) -> None:
    """Rows a second against length, one line for each contender, a panel for each batch size and kind of work."""
    try:
        import altair
    except ImportError:
        print("no figure: pip install '.[bench]'")
        return
    points = [
        {
            "length": int(np.mean(lengths_of(one["lengths"], 1000))),
            "rows a second": statistics.median(rates),
            "who": SHOWN[who],
            "panel": f"{one['what']}, batch {one['batch_size']}",
        }
        for one in found["cases"]
        for who, rates in one["rates"].items()
    ]
    made_on = found["machine"]
    axis = {"scale": altair.Scale(type="log", nice=False, padding=12), "axis": altair.Axis(grid=True)}
    panels = list(dict.fromkeys(point["panel"] for point in points))
    chart = (
        altair.Chart(altair.Data(values=points))
        .mark_line(point=True)
        .encode(
            x=altair.X("length:Q", title="tokens in a row", **axis),
            y=altair.Y("rows a second:Q", **axis),
            color=altair.Color("who:N", title=None, sort=list(SHOWN.values()), legend=altair.Legend(labelLimit=300)),
        )
        .properties(width=260, height=200)
        .facet(
            altair.Facet("panel:N", title=None, sort=panels),
            columns=2,
            title=f"{found['model']}, {made_on['accelerator'] or made_on['processor']}, {made_on['date']}",
        )
    )
    chart.save(str(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="bert-base" if torch.cuda.is_available() else "minilm")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[8, 32])
    parser.add_argument("--lengths", nargs="+", default=["mrpc"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=200 if torch.cuda.is_available() else 12)
    parser.add_argument("--warm", type=int, default=100 if torch.cuda.is_available() else 4)
    asked = parser.parse_args()
    who = list(SHOWN)
    cases = []
    for kind in asked.lengths:
        for size in asked.batch_sizes:
            table = rows_of(kind, size * (asked.updates + asked.warm))
            rates: dict[str, dict[str, list[float]]] = {
                what: {name: [] for name in who} for what in ("training", "evaluating")
            }
            for number in range(asked.rounds):
                for name in who[number % len(who) :] + who[: number % len(who)]:
                    found = measure(name, MODELS[asked.model], table, size, asked.updates, asked.warm)
                    for what, rate in found.items():
                        rates[what][name].append(rate)
                    print(kind, size, name, {what: round(rate, 1) for what, rate in found.items()}, flush=True)
            cases += [{"what": what, "lengths": kind, "batch_size": size, "rates": rates[what]} for what in rates]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    found = {
        "model": asked.model,
        "rounds": asked.rounds,
        "machine": machine.describe(),
        "cases": sorted(cases, key=lambda one: one["what"] != "training"),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"steps-{device}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / f"steps-{device}.md").write_text(table_of(found), encoding="utf-8")
    draw(found, RESULTS / f"steps-{device}.svg")
    print(table_of(found))


if __name__ == "__main__":
    main()
