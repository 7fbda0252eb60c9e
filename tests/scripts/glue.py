"""A script for pairs of sentences in the layout of GLUE: a label list in the features, the model's own label ids looked
up, several validation sets, the Trainer told by keyword what it needs, dynamic padding.
"""

import os
from dataclasses import dataclass, field

import numpy as np
from datasets import ClassLabel, load_dataset
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    HfArgumentParser,
    PretrainedConfig,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

task_to_keys = {"mrpc": ("sentence1", "sentence2"), "sst2": ("sentence", None)}


@dataclass
class Arguments:
    model_name_or_path: str
    task_name: str
    train_file: str
    validation_file: str
    validation_file_2: str
    patience: int = field(default=2)


class Told(TrainerCallback):
    def __init__(self):
        self.events = []

    def on_epoch_end(self, args, state, control, **kwargs):
        self.events.append(("epoch", state.global_step))

    def on_evaluate(self, args, state, control, metrics=None, **kwargs):
        self.events.append(("evaluate", state.global_step))

    def on_save(self, args, state, control, **kwargs):
        self.events.append(("save", state.global_step))


def main(words=None):
    arguments, training_args = HfArgumentParser((Arguments, TrainingArguments)).parse_args_into_dataclasses(words)
    set_seed(training_args.seed)
    raw = load_dataset(
        "csv",
        data_files={
            "train": arguments.train_file,
            "validation_matched": arguments.validation_file,
            "validation_mismatched": arguments.validation_file_2,
        },
    )
    label_list = sorted(raw["train"].unique("label"))
    raw = raw.cast_column("label", ClassLabel(names=label_list))
    label_list = raw["train"].features["label"].names

    config = AutoConfig.from_pretrained(
        arguments.model_name_or_path, num_labels=len(label_list), finetuning_task=arguments.task_name
    )
    tokenizer = AutoTokenizer.from_pretrained(arguments.model_name_or_path)
    model = AutoModelForSequenceClassification.from_pretrained(arguments.model_name_or_path, config=config)
    if model.config.label2id != PretrainedConfig(num_labels=len(label_list)).label2id:
        label_to_id = {i: int(model.config.label2id[name]) for i, name in enumerate(label_list)}
    else:
        label_to_id = None
        model.config.label2id = {name: i for i, name in enumerate(label_list)}
        model.config.id2label = dict(enumerate(label_list))

    one, other = task_to_keys[arguments.task_name]

    def preprocess(examples):
        texts = (examples[one],) if other is None else (examples[one], examples[other])
        result = tokenizer(*texts, padding=False, max_length=tokenizer.model_max_length, truncation=True)
        if label_to_id is not None:
            result["label"] = [label_to_id[label] for label in examples["label"]]
        return result

    with training_args.main_process_first():
        raw = raw.map(preprocess, batched=True)

    def compute_metrics(p):
        predictions = np.argmax(p.predictions, axis=1)
        right = predictions == p.label_ids
        both = ((predictions == 1) & (p.label_ids == 1)).sum()
        f1 = 2 * both / max((predictions == 1).sum() + (p.label_ids == 1).sum(), 1)
        return {"accuracy": right.astype(np.float32).mean().item(), "f1": f1, "combined_score": (right.mean() + f1) / 2}

    told = Told()
    trainer = Trainer(
        model=model,
        args=training_args,
        train_dataset=raw["train"],
        eval_dataset=raw["validation_matched"],
        compute_metrics=compute_metrics,
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer, pad_to_multiple_of=8),
        callbacks=[told, EarlyStoppingCallback(arguments.patience)],
    )
    trainer.train()
    trainer.told = told.events
    splits = (raw["validation_matched"], raw["validation_mismatched"])
    for task, dataset in zip(("mnli", "mnli-mm"), splits, strict=True):
        metrics = trainer.evaluate(eval_dataset=dataset)
        if task == "mnli-mm":
            metrics = {k + "_mm": v for k, v in metrics.items()}
        trainer.log_metrics("eval", metrics)
        trainer.save_metrics("eval", metrics, combined=True)
    predictions = trainer.predict(raw["validation_matched"].remove_columns("label"), metric_key_prefix="predict")
    trainer.predicted = predictions.predictions
    trainer.save_model(os.path.join(training_args.output_dir, "best"))
    return trainer


if __name__ == "__main__":
    main()
