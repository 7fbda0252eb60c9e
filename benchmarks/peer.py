"""What others would run: one fine-tuning of a GLUE pair task with `transformers.Trainer`, from the first import on.

    python -m benchmarks.peer FOLDER:mrpc [--tuned eager|sdpa] [--epochs 1] [--updates N] [--seed 1]

Plain: its defaults (fp32, random batches, dynamic padding). Tuned: as far as its own options go: bf16, batches grouped
by length, the fused optimizer (its default), the attention that is named, two loading workers. Both evaluate and save
each epoch, as chapter 3 of the course does. Prints one JSON object.
"""

import argparse
import json
import tempfile

from warmstart.models.default import default_checkpoint  # a path; nothing else of the package is used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--tuned", choices=("eager", "sdpa"))
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--updates", type=int, default=-1)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()

    import numpy as np
    import sklearn.metrics
    import transformers
    from datasets import load_dataset

    folder, _, config = asked.data.partition(":")
    files = {split: f"{folder}/{config}/{split}-*.parquet" for split in ("train", "validation")}
    splits = load_dataset("parquet", data_files=files)
    checkpoint = default_checkpoint()
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    rows = splits.map(lambda row: tokenizer(row["sentence1"], row["sentence2"], truncation=True), batched=True)
    transformers.set_seed(asked.seed)
    attention = {"attn_implementation": asked.tuned} if asked.tuned else {}
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        checkpoint, num_labels=2, dtype="float32", **attention
    )
    tuned = (
        {"bf16": True, "train_sampling_strategy": "group_by_length", "dataloader_num_workers": 2} if asked.tuned else {}
    )

    def scores(found: tuple[np.ndarray, np.ndarray]) -> dict[str, float]:
        predicted = found[0].argmax(-1)
        return {
            "accuracy": float((predicted == found[1]).mean()),
            "f1": float(sklearn.metrics.f1_score(found[1], predicted)),
        }

    each = "no" if asked.updates > 0 else "epoch"
    with tempfile.TemporaryDirectory() as out:
        trainer = transformers.Trainer(
            model,
            transformers.TrainingArguments(
                out,
                num_train_epochs=asked.epochs,
                max_steps=asked.updates,
                per_device_train_batch_size=asked.batch_size,
                seed=asked.seed,
                eval_strategy=each,
                save_strategy=each,
                report_to="none",
                disable_tqdm=True,
                use_cpu=True,
                **tuned,
            ),
            train_dataset=rows["train"],
            eval_dataset=rows["validation"],
            processing_class=tokenizer,
            compute_metrics=scores,
        )
        trained = trainer.train()
        found = {} if asked.updates > 0 else trainer.evaluate()
        trainer.save_model(f"{out}/model")
    print()
    print(json.dumps({**trained.metrics, **found}))


if __name__ == "__main__":
    main()
