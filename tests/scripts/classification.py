"""A script for a table of one's own: arguments parsed into dataclasses, CSV files, several text columns joined, a label
list of its own, metrics of a function of its own, results and state saved under their stock names.
"""

import logging
import os
import random
import sys
from dataclasses import dataclass, field

import numpy as np
import transformers
from datasets import ClassLabel, Value, load_dataset
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    EvalPrediction,
    HfArgumentParser,
    Trainer,
    TrainingArguments,
    default_data_collator,
    set_seed,
)
from transformers.trainer_utils import get_last_checkpoint

logger = logging.getLogger(__name__)


@dataclass
class DataTrainingArguments:
    train_file: str | None = field(default=None, metadata={"help": "A CSV or JSON file."})
    validation_file: str | None = field(default=None)
    test_file: str | None = field(default=None)
    text_column_names: str | None = field(default=None)
    text_column_delimiter: str = field(default=" ")
    label_column_name: str | None = field(default=None)
    do_regression: bool = field(default=False)
    shuffle_train_dataset: bool = field(default=False)
    shuffle_seed: int = field(default=42)
    max_seq_length: int = field(default=128)
    pad_to_max_length: bool = field(default=True)
    max_train_samples: int | None = field(default=None)
    overwrite_cache: bool = field(default=False)


@dataclass
class ModelArguments:
    model_name_or_path: str = field(metadata={"help": "A checkpoint."})
    ignore_mismatched_sizes: bool = field(default=False)


def main(words: list[str] | None = None) -> Trainer:
    parser = HfArgumentParser((ModelArguments, DataTrainingArguments, TrainingArguments))
    model_args, data_args, training_args = parser.parse_args_into_dataclasses(words)
    logging.basicConfig(handlers=[logging.StreamHandler(sys.stdout)])
    logger.setLevel(training_args.get_process_log_level())
    transformers.utils.logging.set_verbosity(training_args.get_process_log_level())
    logger.warning(
        "rank %s, device %s, n_gpu %s, distributed %s, 16 bits %s",
        training_args.local_rank,
        training_args.device,
        training_args.n_gpu,
        training_args.parallel_mode.value == "distributed",
        training_args.fp16,
    )
    last_checkpoint = None
    if os.path.isdir(training_args.output_dir) and training_args.do_train:
        last_checkpoint = get_last_checkpoint(training_args.output_dir)
    set_seed(training_args.seed)

    files = {"train": data_args.train_file, "validation": data_args.validation_file, "test": data_args.test_file}
    raw = load_dataset("csv", data_files={name: file for name, file in files.items() if file is not None})
    if data_args.label_column_name is not None and data_args.label_column_name != "label":
        for split in raw:
            raw[split] = raw[split].rename_column(data_args.label_column_name, "label")
    is_regression = data_args.do_regression
    if is_regression:
        for split in raw:
            raw[split] = raw[split].cast_column("label", Value("float32"))
        labels = []
    else:
        labels = sorted({str(label) for split in raw for label in raw[split]["label"]})
        for split in raw:
            raw[split] = raw[split].cast_column("label", ClassLabel(names=labels))

    config = AutoConfig.from_pretrained(
        model_args.model_name_or_path, num_labels=1 if is_regression else len(labels), finetuning_task="text"
    )
    config.problem_type = "regression" if is_regression else "single_label_classification"
    tokenizer = AutoTokenizer.from_pretrained(model_args.model_name_or_path, use_fast=True)
    model = AutoModelForSequenceClassification.from_pretrained(
        model_args.model_name_or_path, config=config, ignore_mismatched_sizes=model_args.ignore_mismatched_sizes
    )
    label_to_id = {name: number for number, name in enumerate(labels)}
    if not is_regression:
        model.config.label2id = label_to_id
        model.config.id2label = {number: name for name, number in label_to_id.items()}
    padding = "max_length" if data_args.pad_to_max_length else False
    max_seq_length = min(data_args.max_seq_length, tokenizer.model_max_length)

    def preprocess(examples):
        if data_args.text_column_names is not None:
            names = data_args.text_column_names.split(",")
            examples["sentence"] = examples[names[0]]
            for name in names[1:]:
                for row, text in enumerate(examples[name]):
                    examples["sentence"][row] += data_args.text_column_delimiter + text
        return tokenizer(examples["sentence"], padding=padding, max_length=max_seq_length, truncation=True)

    with training_args.main_process_first(desc="dataset map pre-processing"):
        raw = raw.map(
            preprocess, batched=True, load_from_cache_file=not data_args.overwrite_cache, desc="Running tokenizer"
        )
    train_dataset = raw["train"]
    if data_args.shuffle_train_dataset:
        train_dataset = train_dataset.shuffle(seed=data_args.shuffle_seed)
    if data_args.max_train_samples is not None:
        train_dataset = train_dataset.select(range(min(len(train_dataset), data_args.max_train_samples)))
    for index in random.sample(range(len(train_dataset)), 2):
        logger.info("sample %s: %s", index, train_dataset[index])

    def compute_metrics(p: EvalPrediction):
        predictions = p.predictions[0] if isinstance(p.predictions, tuple) else p.predictions
        if is_regression:
            return {"mse": float(((np.squeeze(predictions) - p.label_ids) ** 2).mean())}
        return {"accuracy": float((np.argmax(predictions, axis=1) == p.label_ids).mean())}

    if data_args.pad_to_max_length:
        data_collator = default_data_collator
    elif training_args.fp16:
        data_collator = DataCollatorWithPadding(tokenizer, pad_to_multiple_of=8)
    else:
        data_collator = None

    trainer = Trainer(
        model=model,
        args=training_args,
        train_dataset=train_dataset if training_args.do_train else None,
        eval_dataset=raw["validation"] if training_args.do_eval else None,
        compute_metrics=compute_metrics,
        processing_class=tokenizer,
        data_collator=data_collator,
    )

    if training_args.do_train:
        checkpoint = None
        if training_args.resume_from_checkpoint is not None:
            checkpoint = training_args.resume_from_checkpoint
        elif last_checkpoint is not None:
            checkpoint = last_checkpoint
        train_result = trainer.train(resume_from_checkpoint=checkpoint)
        metrics = train_result.metrics
        metrics["train_samples"] = len(train_dataset)
        trainer.save_model()
        trainer.log_metrics("train", metrics)
        trainer.save_metrics("train", metrics)
        trainer.save_state()
    if training_args.do_eval:
        metrics = trainer.evaluate(eval_dataset=raw["validation"])
        metrics["eval_samples"] = len(raw["validation"])
        trainer.log_metrics("eval", metrics)
        trainer.save_metrics("eval", metrics)
    if training_args.do_predict:
        predict_dataset = raw["test"].remove_columns("label") if "label" in raw["test"].features else raw["test"]
        predictions = trainer.predict(predict_dataset, metric_key_prefix="predict").predictions
        predictions = np.squeeze(predictions) if is_regression else np.argmax(predictions, axis=1)
        if trainer.is_world_process_zero():
            with open(os.path.join(training_args.output_dir, "predict_results.txt"), "w") as writer:
                writer.write("index\tprediction\n")
                for index, item in enumerate(predictions):
                    writer.write(f"{index}\t{item:3.3f}\n" if is_regression else f"{index}\t{labels[item]}\n")
    kwargs = {"finetuned_from": model_args.model_name_or_path, "tasks": "text-classification"}
    if training_args.push_to_hub:
        trainer.push_to_hub(**kwargs)
    else:
        trainer.create_model_card(**kwargs)
    return trainer


if __name__ == "__main__":
    main()
