"""The course's Trainer: fine-tune on MRPC with a score after each epoch.

python examples/trainer.py
"""

import argparse
from typing import Any

import numpy as np

from warmstart import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    UserError,
    load,
    load_dataset,
    load_metric,
)

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--rows", type=int, help="use only the first so many rows of each split")
options.add_argument("--epochs", type=float, default=3.0)
options.add_argument("--out", default="runs/trainer-example", help="where checkpoints and the model go")


def pairs(rows: int | None) -> Any:
    """MRPC if the Hub or its cache has it, else the built-in pairs, whose columns have the same names."""
    try:
        found = load_dataset("glue", "mrpc")
    except UserError:
        print("MRPC is out of reach: using the built-in sample")
        found = load("sample")
    return {name: found[name].select(range(min(rows or 10**9, len(found[name])))) for name in ("train", "validation")}


def compute_metrics(eval_preds: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]) -> dict[str, float]:
    metric = load_metric("glue", "mrpc")
    logits, labels = eval_preds
    predictions = np.argmax(logits, axis=-1)
    return metric.compute(predictions=predictions, references=labels)


def main(rows: int | None, epochs: float, out: str) -> None:
    checkpoint = "all-MiniLM-L6-v2"  # comes with the package: nothing is downloaded
    raw_datasets = pairs(rows)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)

    def tokenize_function(example: dict[str, Any]) -> Any:
        # Both texts of a pair go in together. No padding here: each batch is padded to its own longest row.
        return tokenizer(example["sentence1"], example["sentence2"], truncation=True)

    tokenized_datasets = {name: split.map(tokenize_function, batched=True) for name, split in raw_datasets.items()}
    trainer = Trainer(
        AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2),
        TrainingArguments(out, evaluation_strategy="epoch", num_train_epochs=epochs, report_to="none"),
        train_dataset=tokenized_datasets["train"],
        eval_dataset=tokenized_datasets["validation"],
        data_collator=DataCollatorWithPadding(tokenizer=tokenizer),
        tokenizer=tokenizer,
        compute_metrics=compute_metrics,
    )
    trainer.train()

    predictions = trainer.predict(tokenized_datasets["validation"])
    print(predictions.predictions.shape, predictions.label_ids.shape)
    print(compute_metrics((predictions.predictions, predictions.label_ids)))
    trainer.save_model(f"{out}/model")
    print(f"the model is in {out}/model")


if __name__ == "__main__":
    main(**vars(options.parse_args()))
