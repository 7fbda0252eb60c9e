"""Do our dropout masks disturb the gradient as much as torch's do? Its variance over masks, on one batch, side by side.

    python -m benchmarks.noise --data FOLDER:mrpc [--masks 60]

The weights stay (learning rate 0) and the rows are the same eight at each update, in fp32: the gradient then differs
by the masks alone. If ours were alike where they should not be (rows, tokens, layers), its variance would be larger.
Writes benchmarks/results/noise.md.
"""

import argparse
import pathlib
import statistics
import tempfile
from typing import Any

import torch
import transformers

import warmstart
from benchmarks import machine

SEED, ROWS = 3, 8
WITHOUT = {"ours": [], "torch": ["padding-free", "dropout-bits"]}


class Variance(transformers.TrainerCallback):  # type: ignore[misc]
    """Sums of the gradients that it sees, and of their squares, by parameter."""

    def __init__(self) -> None:
        self.count = 0
        self.sums: dict[str, torch.Tensor] = {}
        self.squares: dict[str, float] = {}

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        self.count += 1
        for name, parameter in model.named_parameters():
            gradient = parameter.grad.detach().double()
            self.sums[name] = gradient + self.sums[name] if name in self.sums else gradient
            self.squares[name] = self.squares.get(name, 0.0) + float(gradient.square().sum())

    def by_part(self) -> dict[str, float]:
        """The variance, summed over the numbers of each part of the model."""
        found: dict[str, float] = {}
        for name, total in self.sums.items():
            mean = float((total / self.count).square().sum())
            part = "embeddings" if "embeddings" in name else "head"
            part = f"layer {name.split('layer.')[1].split('.')[0]}" if "layer." in name else part
            variance = (self.squares[name] / self.count - mean) * self.count / (self.count - 1)
            found[part] = found.get(part, 0.0) + variance
        return found


def measure(who: str, rows: Any, tokenizer: Any, masks: int) -> tuple[dict[str, float], list[float]]:
    """The gradient's variance by part, and the losses, over so many masks."""
    transformers.set_seed(SEED)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        warmstart.default_checkpoint(), num_labels=2, dtype=torch.float32
    )
    with tempfile.TemporaryDirectory() as out:
        plain = {"report_to": "none", "save_strategy": "no", "disable_tqdm": True, "logging_steps": 1}
        arguments = warmstart.TrainingArguments(
            out, max_steps=masks, learning_rate=0.0, max_grad_norm=0.0, seed=SEED, without=WITHOUT[who], **plain
        )
        seen = Variance()
        trainer = warmstart.Trainer(model, arguments, train_dataset=rows, processing_class=tokenizer, callbacks=[seen])
        trainer.train()
    return seen.by_part(), [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="a folder that has GLUE's parquet files: FOLDER:mrpc")
    parser.add_argument("--masks", type=int, default=60)
    asked = parser.parse_args()
    folder, _, config = asked.data.partition(":")
    tokenizer = transformers.AutoTokenizer.from_pretrained(warmstart.default_checkpoint())
    some = warmstart.load(folder, config=config)["train"].select(range(ROWS))
    rows = some.map(lambda row: tokenizer(row["sentence1"], row["sentence2"], truncation=True), batched=True)
    found = {who: measure(who, rows, tokenizer, asked.masks) for who in WITHOUT}
    where = machine.sentence(machine.describe())
    lines = [
        "# The noise of dropout in the gradient: ours and torch's masks",
        "",
        f"The same {ROWS} rows of {config} and weights, {asked.masks} masks each, fp32. {where}",
        "",
        "| | ours | torch | ours / torch |",
        "|---|---|---|---|",
    ]
    for part, ours in sorted(found["ours"][0].items()):
        theirs = found["torch"][0][part]
        lines.append(f"| gradient's variance, {part} | {ours:.5f} | {theirs:.5f} | {ours / theirs:.3f} |")
    for name, of in (("mean", statistics.mean), ("standard deviation", statistics.stdev)):
        ours, theirs = (of(found[who][1]) for who in WITHOUT)
        lines.append(f"| loss, {name} | {ours:.4f} | {theirs:.4f} | {ours / theirs:.3f} |")
    text = "\n".join([*lines, "", "Written by `python -m benchmarks.noise`.", ""])
    (pathlib.Path(__file__).parent / "results" / "noise.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
