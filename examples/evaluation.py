"""The course's evaluation loop: predictions are added to a metric batch by batch, and scored together at the end.

python examples/loop.py --out my-model
python examples/evaluation.py --model my-model
"""

import argparse
from typing import Any

import torch
from torch.utils.data import DataLoader

from warmstart import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    UserError,
    load,
    load_dataset,
    load_metric,
)

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--rows", type=int, help="evaluate on only the first so many rows")
options.add_argument(
    "--model",
    default="all-MiniLM-L6-v2",
    help="a model saved by loop.py, trainer.py or accelerate_loop.py; by default the packaged checkpoint with a head "
    "that has learnt nothing yet, which shows what there is to gain",
)


def validation_rows(rows: int | None) -> Any:
    """MRPC if the Hub or its cache has it, else the built-in pairs, whose columns have the same names."""
    try:
        found = load_dataset("glue", "mrpc")["validation"]
    except UserError:
        print("MRPC is out of reach: using the built-in sample")
        found = load("sample")["validation"]
    return found.select(range(min(rows or 10**9, len(found))))


def main(rows: int | None, model: str) -> None:
    torch.manual_seed(42)  # a new head is the same in every run
    tokenizer = AutoTokenizer.from_pretrained(model)
    raw_dataset = validation_rows(rows)

    def tokenize_function(example: dict[str, Any]) -> Any:
        return tokenizer(example["sentence1"], example["sentence2"], truncation=True)

    others = [name for name in raw_dataset.column_names if name != "label"]
    tokenized_dataset = raw_dataset.map(tokenize_function, batched=True, remove_columns=others)
    tokenized_dataset = tokenized_dataset.rename_column("label", "labels")
    tokenized_dataset.set_format("torch")
    data_collator = DataCollatorWithPadding(tokenizer=tokenizer)
    eval_dataloader: Any = DataLoader(tokenized_dataset, batch_size=8, collate_fn=data_collator)

    device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")
    network = AutoModelForSequenceClassification.from_pretrained(model, num_labels=2).to(device)
    metric = load_metric("glue", "mrpc")
    network.eval()  # no dropout
    for batch in eval_dataloader:
        batch = {k: v.to(device) for k, v in batch.items()}
        with torch.no_grad():
            outputs = network(**batch)

        logits = outputs.logits
        predictions = torch.argmax(logits, dim=-1)
        # The last batch may be shorter: a mean of the batches' scores would be wrong, so the metric keeps the rows.
        metric.add_batch(predictions=predictions, references=batch["labels"])

    print(metric)  # says how many rows it holds
    print(metric.compute())


if __name__ == "__main__":
    main(**vars(options.parse_args()))
