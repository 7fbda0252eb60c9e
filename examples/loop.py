"""The course's hand-written training loop: plain PyTorch, no Trainer.

python examples/loop.py --out my-model
python examples/evaluation.py --model my-model
"""

import argparse
from typing import Any

import torch
from torch.utils.data import DataLoader
from tqdm.auto import tqdm  # type: ignore[import-untyped]

from warmstart import (
    AdamW,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    UserError,
    get_scheduler,
    load,
    load_dataset,
)

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--rows", type=int, help="train on only the first so many rows")
options.add_argument("--epochs", type=int, default=3)
options.add_argument("--out", default="runs/loop-example", help="where the model goes")


def training_rows(rows: int | None) -> Any:
    """MRPC if the Hub or its cache has it, else the built-in pairs, whose columns have the same names."""
    try:
        found = load_dataset("glue", "mrpc")["train"]
    except UserError:
        print("MRPC is out of reach: using the built-in sample")
        found = load("sample")["train"]
    return found.select(range(min(rows or 10**9, len(found))))


def main(rows: int | None, epochs: int, out: str) -> None:
    torch.manual_seed(42)  # the new head, the order of rows and dropout: the same in every run
    checkpoint = "all-MiniLM-L6-v2"  # comes with the package: nothing is downloaded
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    raw_dataset = training_rows(rows)

    def tokenize_function(example: dict[str, Any]) -> Any:
        return tokenizer(example["sentence1"], example["sentence2"], truncation=True)

    # What a Trainer does by itself: keep only what the model takes, call the label `labels`, give tensors.
    others = [name for name in raw_dataset.column_names if name != "label"]
    tokenized_dataset = raw_dataset.map(tokenize_function, batched=True, remove_columns=others)
    tokenized_dataset = tokenized_dataset.rename_column("label", "labels")
    tokenized_dataset.set_format("torch")
    data_collator = DataCollatorWithPadding(tokenizer=tokenizer)
    train_dataloader: Any = DataLoader(tokenized_dataset, shuffle=True, batch_size=8, collate_fn=data_collator)

    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")
    model.to(device)
    optimizer = AdamW(model.parameters(), lr=5e-5)
    num_training_steps = epochs * len(train_dataloader)
    lr_scheduler = get_scheduler(
        "linear", optimizer=optimizer, num_warmup_steps=0, num_training_steps=num_training_steps
    )

    progress_bar = tqdm(total=num_training_steps)
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for batch in train_dataloader:
            batch = {k: v.to(device) for k, v in batch.items()}
            outputs = model(**batch)
            loss = outputs.loss
            loss.backward()

            optimizer.step()
            lr_scheduler.step()
            optimizer.zero_grad()
            progress_bar.update(1)
            total += loss.item() * len(batch["labels"])
        print(f"epoch {epoch + 1}: mean loss {total / len(tokenized_dataset):.4f}")
    progress_bar.close()

    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    print(f"{num_training_steps} updates; the model is in {out}")


if __name__ == "__main__":
    main(**vars(options.parse_args()))
