"""The course's Accelerate loop: the same file runs in one process or in several, on CPUs or GPUs.

python examples/accelerate_loop.py
warmstart launch --num_processes 2 examples/accelerate_loop.py
torchrun --nproc-per-node 2 examples/accelerate_loop.py
"""

import argparse
from typing import Any

import torch
from torch.utils.data import DataLoader
from tqdm.auto import tqdm  # type: ignore[import-untyped]

from warmstart import (
    Accelerator,
    AdamW,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    UserError,
    get_scheduler,
    load,
    load_dataset,
    load_metric,
)

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--rows", type=int, help="use only the first so many rows of each split")
options.add_argument("--epochs", type=int, default=3)
options.add_argument("--out", default="runs/accelerate-example", help="where the model goes")


def pairs(accelerator: Any, rows: int | None) -> Any:
    """MRPC if the Hub or its cache has it, else the built-in pairs, whose columns have the same names."""
    try:
        found = load_dataset("glue", "mrpc")
    except UserError:
        accelerator.print("MRPC is out of reach: using the built-in sample")  # printed by the main process only
        found = load("sample")
    return {name: found[name].select(range(min(rows or 10**9, len(found[name])))) for name in ("train", "validation")}


def loaders(accelerator: Any, tokenizer: Any, rows: int | None) -> tuple[Any, Any]:
    """Batches of 8 training and 8 validation rows."""

    def tokenize_function(example: dict[str, Any]) -> Any:
        return tokenizer(example["sentence1"], example["sentence2"], truncation=True)

    tokenized = {}
    with accelerator.main_process_first():  # the others then find the cache that the first one has filled
        for name, split in pairs(accelerator, rows).items():
            others = [column for column in split.column_names if column != "label"]
            tokenized[name] = split.map(tokenize_function, batched=True, remove_columns=others)
            tokenized[name] = tokenized[name].rename_column("label", "labels").with_format("torch")
    collate = DataCollatorWithPadding(tokenizer=tokenizer)
    return (
        DataLoader(tokenized["train"], shuffle=True, batch_size=8, collate_fn=collate),
        DataLoader(tokenized["validation"], batch_size=8, collate_fn=collate),
    )


def main(rows: int | None, epochs: int, out: str) -> None:
    accelerator = Accelerator()
    accelerator.print(f"processes: {accelerator.num_processes}")
    torch.manual_seed(42)
    checkpoint = "all-MiniLM-L6-v2"  # comes with the package: nothing is downloaded
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    optimizer = AdamW(model.parameters(), lr=3e-5)

    # From here on each process has its share of every epoch: an update has 8 rows per process.
    train_dl, eval_dl = loaders(accelerator, tokenizer, rows)
    train_dl, eval_dl, model, optimizer = accelerator.prepare(train_dl, eval_dl, model, optimizer)
    num_training_steps = epochs * len(train_dl)  # after `prepare`, which divides the batches
    lr_scheduler = get_scheduler(
        "linear", optimizer=optimizer, num_warmup_steps=0, num_training_steps=num_training_steps
    )
    metric = load_metric("glue", "mrpc")
    progress_bar = tqdm(total=num_training_steps, disable=not accelerator.is_local_main_process)
    for epoch in range(epochs):
        model.train()
        for batch in train_dl:
            outputs = model(**batch)
            loss = outputs.loss
            accelerator.backward(loss)

            optimizer.step()
            lr_scheduler.step()
            optimizer.zero_grad()
            progress_bar.update(1)

        model.eval()
        for batch in eval_dl:
            with torch.no_grad():
                predictions = model(**batch).logits.argmax(dim=-1)
            # To give every process equally many rows, some are repeated. `gather_for_metrics` takes the repeated ones
            # out again, where `gather` would count them twice.
            predictions, references = accelerator.gather_for_metrics((predictions, batch["labels"]))
            metric.add_batch(predictions=predictions, references=references)
        accelerator.print(f"epoch {epoch + 1}: {metric}")  # says how many rows it holds
        accelerator.print(metric.compute())
    progress_bar.close()

    if accelerator.is_main_process:
        accelerator.unwrap_model(model).save_pretrained(out)
        tokenizer.save_pretrained(out)
    accelerator.print(f"{num_training_steps} updates; the model is in {out}")
    accelerator.end_training()  # leaves the group of processes in good order


if __name__ == "__main__":
    main(**vars(options.parse_args()))
