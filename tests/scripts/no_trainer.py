"""The same loop by hand: Accelerate, gradient accumulation, checkpoints of the accelerator's own, gathered metrics."""

import argparse
import json
import math
import os
import random

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from datasets import load_dataset
from torch.utils.data import DataLoader
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    SchedulerType,
    get_scheduler,
)


def parse_args(words=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--train_file")
    parser.add_argument("--validation_file")
    parser.add_argument("--model_name_or_path", required=True)
    parser.add_argument("--per_device_train_batch_size", type=int, default=8)
    parser.add_argument("--learning_rate", type=float, default=5e-5)
    parser.add_argument("--weight_decay", type=float, default=0.0)
    parser.add_argument("--num_train_epochs", type=int, default=3)
    parser.add_argument("--gradient_accumulation_steps", type=int, default=1)
    parser.add_argument("--lr_scheduler_type", type=SchedulerType, default="linear", choices=list(SchedulerType))
    parser.add_argument("--num_warmup_steps", type=int, default=0)
    parser.add_argument("--output_dir")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--checkpointing_steps", type=str)
    return parser.parse_args(words)


def main(words=None):
    args = parse_args(words)
    accelerator = Accelerator(gradient_accumulation_steps=args.gradient_accumulation_steps, cpu=True)
    if args.seed is not None:
        set_seed(args.seed)
    accelerator.wait_for_everyone()
    raw = load_dataset("csv", data_files={"train": args.train_file, "validation": args.validation_file})
    labels = sorted(raw["train"].unique("label"))
    config = AutoConfig.from_pretrained(args.model_name_or_path, num_labels=len(labels))
    tokenizer = AutoTokenizer.from_pretrained(args.model_name_or_path)
    model = AutoModelForSequenceClassification.from_pretrained(args.model_name_or_path, config=config)

    def preprocess(examples):
        result = tokenizer(examples["sentence1"], examples["sentence2"], truncation=True)
        result["labels"] = [labels.index(label) for label in examples["label"]]
        return result

    with accelerator.main_process_first():
        processed = raw.map(preprocess, batched=True, remove_columns=raw["train"].column_names)
    random.sample(range(len(processed["train"])), 3)
    collate = DataCollatorWithPadding(tokenizer)
    train_dataloader = DataLoader(
        processed["train"], shuffle=True, collate_fn=collate, batch_size=args.per_device_train_batch_size
    )
    eval_dataloader = DataLoader(processed["validation"], collate_fn=collate, batch_size=8)
    no_decay = ["bias", "LayerNorm.weight"]
    groups = [
        {
            "params": [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)],
            "weight_decay": args.weight_decay,
        },
        {"params": [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=args.learning_rate)
    per_epoch = math.ceil(len(train_dataloader) / args.gradient_accumulation_steps)
    total = args.num_train_epochs * per_epoch
    lr_scheduler = get_scheduler(
        name=args.lr_scheduler_type,
        optimizer=optimizer,
        num_warmup_steps=args.num_warmup_steps,
        num_training_steps=total,
    )
    model, optimizer, train_dataloader, eval_dataloader, lr_scheduler = accelerator.prepare(
        model, optimizer, train_dataloader, eval_dataloader, lr_scheduler
    )
    losses = []
    completed = 0
    for epoch in range(args.num_train_epochs):
        model.train()
        for batch in train_dataloader:
            with accelerator.accumulate(model):
                loss = model(**batch).loss
                losses.append(loss.detach().float().item())
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                lr_scheduler.step()
                optimizer.zero_grad()
            if accelerator.sync_gradients:
                completed += 1
        model.eval()
        right = seen = 0
        for batch in eval_dataloader:
            with torch.no_grad():
                outputs = model(**batch)
            predictions, references = accelerator.gather_for_metrics((outputs.logits.argmax(dim=-1), batch["labels"]))
            right += (predictions == references).sum().item()
            seen += len(references)
        if args.checkpointing_steps == "epoch":
            accelerator.save_state(os.path.join(args.output_dir, f"epoch_{epoch}"))
    accelerator.wait_for_everyone()
    accelerator.unwrap_model(model).save_pretrained(
        args.output_dir, is_main_process=accelerator.is_main_process, save_function=accelerator.save
    )
    if accelerator.is_main_process:
        tokenizer.save_pretrained(args.output_dir)
        with open(os.path.join(args.output_dir, "all_results.json"), "w") as file:
            json.dump({"eval_accuracy": right / seen}, file)
    return {"losses": losses, "accuracy": right / seen, "updates": completed}


if __name__ == "__main__":
    main()
