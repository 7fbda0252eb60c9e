"""A run: recipe in, run folder out. `train` is the one composer: read it from top to bottom."""

import dataclasses
import functools
import json
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from warmstart import card
from warmstart.data.checks import check
from warmstart.data.sources import load
from warmstart.data.splits import with_validation
from warmstart.data.task import Task, describe, infer_task
from warmstart.data.tokens import TokenTable, tokenize
from warmstart.errors import UserError, did_you_mean, text
from warmstart.evaluation.metrics import best_metric, decide, measure, metric_names
from warmstart.evaluation.report import Report, judge
from warmstart.models.load import load_model, load_tokenizer, longest_input
from warmstart.recipe import Recipe
from warmstart.training import checkpoint, storage
from warmstart.training.accelerator import Processes
from warmstart.training.arguments import TrainingArguments
from warmstart.training.journal import Journal
from warmstart.training.precision import choose
from warmstart.training.trainer import Trainer

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Result:
    """A finished run. `logits`: float32 `[rows, outputs]` of the validation rows, in their order."""

    folder: pathlib.Path
    task: Task
    report: Report | None
    logits: np.ndarray[Any, Any] | None
    splits: "DatasetDict"
    history: list[dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What a recipe's data has become: checked rows with their validation split, and the task."""

    splits: "DatasetDict"
    task: Task
    notes: tuple[str, ...]


def silent(line: str) -> None:
    """The `say` that says nothing."""


def prepare(recipe: Recipe) -> Prepared:
    """Load the recipe's table, work out the task, check every row, and hold out validation rows if there are none.

    Raises UserError for whatever is wrong with the table; nothing has been written then.
    """
    if not recipe.data:
        raise UserError(
            text("no data was given", "未指定数据"),
            where="DATA",
            fix=text("warmstart train my.csv, or warmstart demo", "warmstart train my.csv, 或 warmstart demo"),
        )
    splits = load(
        recipe.data,
        config=recipe.config,
        validation=recipe.validation,
        encoding=recipe.encoding,
        delimiter=recipe.delimiter,
    )
    task = infer_task(splits, text=recipe.text, pair=recipe.pair, label=recipe.label, kind=recipe.kind)
    if task.label is None:
        raise UserError(
            text("the table has no label column to learn from", "表中没有可供学习的标签列"),
            where=recipe.data,
            fix=text("name it with --label", "请用 --label 指定"),
        )
    splits, warnings = check(splits, task, on_empty=recipe.on_empty)
    splits, held_out = with_validation(splits, task, fraction=recipe.validation_fraction, seed=recipe.seed)
    return Prepared(splits, task, (*warnings, *([held_out] if held_out else [])))


def train(recipe: Recipe, *, resume: bool = False, say: Say = silent) -> Result:
    """Do what `recipe` says, and leave a run folder: recipe, log, checkpoints, model, predictions, report.

    With `resume` the run in `recipe.out` goes on from its newest good checkpoint. `say` is given short lines for the
    user. Raises UserError for what the user can mend.
    """
    processes = Processes(use_cpu=recipe.cpu)
    say = say if processes.is_main else silent
    if not resume:
        _refuse_existing(recipe)
    with processes.main_first():
        prepared = prepare(recipe)
    task = prepared.task
    _refuse_settings(recipe, task)
    say(describe(task))
    for note in prepared.notes:
        say(note)
    tokenizer = load_tokenizer(recipe.model)
    length = min(recipe.max_length or 2**31, longest_input(tokenizer, recipe.model))
    _refuse_length(length, tokenizer, task)
    with processes.main_first():
        tables = token_tables(prepared.splits, task, tokenizer, length, recipe.processes)
    say(_shape(tables))

    folder = processes.gathered(_folder(recipe) if processes.is_main else None)[0]
    recipe = recipe.changed({"out": str(folder)})
    arguments = training_arguments(recipe, task, folder, processes, say)
    torch.manual_seed(recipe.seed)
    model = load_model(recipe.model, task, tokenizer)
    trainer = Trainer(
        model,
        arguments,
        train_dataset=tables["train"],
        eval_dataset=tables["validation"],
        processing_class=tokenizer,
        compute_metrics=functools.partial(_measure, task),
        callbacks=[Journal(folder / "log.jsonl"), *_early_stopping(recipe)],
    )
    if processes.is_main:
        storage.write_text(folder / "recipe.toml", recipe.toml())
        storage.write_text(folder / "task.json", json.dumps(task.to_dict(), indent=2, ensure_ascii=False) + "\n")
    trainer.train(resume_from_checkpoint=bool(resume and checkpoint.last(folder)))
    tokenizer.model_max_length = length
    trainer.save_model(str(folder / "model"))

    # What is reported is computed in fp32, as every tool that loads the model will compute it.
    arguments.bf16 = False
    labelled = tables["validation"].labels is not None
    logits = trainer.predict(tables["validation"]).predictions if labelled else None
    report = None
    if processes.is_main and logits is not None:
        say(text("computing baselines and intervals", "正在计算基线与置信区间"))
        report = judge(task, logits, prepared.splits, with_baselines=recipe.baselines)
        _finish(folder, recipe, task, report, logits, prepared.splits["validation"], trainer)
    processes.barrier()
    return Result(folder, task, report, logits, prepared.splits, trainer.state.log_history)


def token_tables(
    splits: "DatasetDict", task: Task, tokenizer: Any, length: int, processes: int | None
) -> dict[str, TokenTable]:
    """The token table of the training and the validation split."""
    return {
        name: tokenize(splits[name], task, tokenizer, max_length=length, processes=processes)
        for name in ("train", "validation")
    }


def training_arguments(
    recipe: Recipe, task: Task, folder: pathlib.Path, processes: Processes, say: Say = silent
) -> TrainingArguments:
    """What the recipe means to a `Trainer`. An update has `batch_size` rows however many processes share them."""
    share = -(-recipe.batch_size // processes.count)
    if recipe.batch_size % processes.count:
        raise UserError(
            text(
                f"{recipe.batch_size} rows an update cannot be shared equally by {processes.count} processes",
                f"每次更新 {recipe.batch_size} 行无法由 {processes.count} 个进程平分",
            ),
            where="--batch-size",
            fix=text(f"use {share * processes.count}", f"请用 {share * processes.count}"),
        )
    micro = min(recipe.micro_batch_size or share, share)
    while share % micro:
        micro -= 1  # a divisor of the share, so that accumulation gives exactly `batch_size` rows
    bf16, why = choose(recipe.precision, processes.device)
    say(text(f"precision {'bf16' if bf16 else 'fp32'}: {why}", f"精度 {'bf16' if bf16 else 'fp32'}: {why}"))
    metric, greater = best_metric(task.kind, task.glue)
    metric = recipe.best_metric or metric
    greater = greater if recipe.best_metric is None else metric not in ("loss", "rmse")
    keep_best = recipe.best or recipe.patience is not None
    evaluate_every = recipe.evaluate_every
    save_every = recipe.evaluate_every if keep_best else recipe.save_every
    return TrainingArguments(
        str(folder),
        num_train_epochs=recipe.epochs,
        max_steps=recipe.updates or -1,
        learning_rate=recipe.lr,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=share // micro,
        per_device_eval_batch_size=32,
        seed=recipe.seed,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=recipe.warmup,
        optim=recipe.optimizer,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.clip,
        label_smoothing_factor=recipe.label_smoothing,
        bf16=bf16,
        train_sampling_strategy="group_by_length" if recipe.order == "length" else "random",
        **_cadence("eval", evaluate_every),
        **_cadence("save", save_every),
        save_total_limit=recipe.keep,
        load_best_model_at_end=keep_best,
        metric_for_best_model=metric if keep_best else None,
        greater_is_better=greater if keep_best else None,
        logging_steps=recipe.log_every,
        logging_first_step=True,
        report_to=list(recipe.report_to) or "none",
        use_cpu=recipe.cpu,
        disable_tqdm=False,
    )


def _measure(task: Task, found: Any) -> dict[str, float]:
    """The task's metrics of what an evaluation gave."""
    logits, labels = found
    return measure(task.kind, decide(task.kind, logits), labels, glue=task.glue, classes=len(task.classes) or None)


def _cadence(what: str, every: str | int) -> dict[str, Any]:
    if isinstance(every, int):
        return {f"{what}_strategy": "steps", f"{what}_steps": every}
    return {f"{what}_strategy": {"epoch": "epoch", "never": "no"}[every]}


def _early_stopping(recipe: Recipe) -> list[Any]:
    if recipe.patience is None:
        return []
    from transformers import EarlyStoppingCallback

    return [EarlyStoppingCallback(recipe.patience)]


def _shape(tables: dict[str, TokenTable]) -> str:
    rows = {name: len(table) for name, table in tables.items()}
    lengths = tables["train"].lengths
    cut = max(table.truncated for table in tables.values())
    line = text(
        f"{rows['train']:,} training rows, {rows['validation']:,} validation rows; "
        f"tokens a row: median {np.median(lengths):.0f}, longest {lengths.max()}",
        f"训练 {rows['train']:,} 行, 验证 {rows['validation']:,} 行; "
        f"每行 token 数: 中位数 {np.median(lengths):.0f}, 最长 {lengths.max()}",
    )
    if cut > 0:
        line += text(f"; up to {cut:.1%} of rows were cut at the longest", f"; 至多 {cut:.1%} 的行被截断")
    return line


def _folder(recipe: Recipe) -> pathlib.Path:
    """The run's folder: as asked, or the next free runs/<name of the data>-<number>."""
    if recipe.out:
        return pathlib.Path(recipe.out)
    stem = pathlib.Path(recipe.data).name.split(".")[0] or "run"
    parent = pathlib.Path("runs")
    return next(parent / f"{stem}-{n}" for n in range(1, 10**6) if not (parent / f"{stem}-{n}").exists())


def _refuse_existing(recipe: Recipe) -> None:
    """Raises UserError where a run is already: nothing is ever overwritten."""
    if recipe.out and (pathlib.Path(recipe.out) / "recipe.toml").exists():
        raise UserError(
            text(f"{recipe.out} holds a run already", f"{recipe.out} 中已有一次运行"),
            where="--out",
            fix=text(
                f"warmstart resume {recipe.out}, or another --out", f"warmstart resume {recipe.out}, 或换一个 --out"
            ),
        )


def _refuse_settings(recipe: Recipe, task: Task) -> None:
    """Raises UserError for names that are not known and for settings that contradict each other or the task."""
    from transformers.trainer_utils import SchedulerType
    from transformers.training_args import OptimizerNames

    for option, value, known in (
        ("--schedule", recipe.schedule, [each.value for each in SchedulerType]),
        ("--optimizer", recipe.optimizer, [each.value for each in OptimizerNames]),
        ("--best-metric", recipe.best_metric, [*metric_names(task.kind, task.glue), "loss"]),
    ):
        if value is not None and value not in known:
            raise UserError(
                text(f"{option} cannot be {value!r}", f"{option} 不能是 {value!r}"), option, did_you_mean(value, known)
            )
    if recipe.label_smoothing and task.kind != "classes":
        raise UserError(
            text("labels can be smoothed only where each row has one class", "只有每行一个类别时才能平滑标签"),
            where="--label-smoothing",
            fix=text("leave it out", "请去掉它"),
        )
    if recipe.evaluate_every == "never" and (recipe.best or recipe.patience is not None):
        raise UserError(
            text("the best checkpoint cannot be found without evaluating", "不评估就无法得知最好的检查点"),
            where="--evaluate-every never",
            fix="--evaluate-every epoch",
        )


def _refuse_length(length: int, tokenizer: Any, task: Task) -> None:
    """Raises UserError if inputs of `length` tokens have no room for text."""
    texts = 1 if task.pair is None else 2
    least = int(tokenizer.num_special_tokens_to_add(pair=texts == 2)) + texts
    if length < least:
        raise UserError(
            text(f"{length} tokens have no room for text", f"{length} 个 token 放不下文本"),
            where="--max-length",
            fix=text(f"give at least {least}", f"至少为 {least}"),
        )


def _finish(
    folder: pathlib.Path,
    recipe: Recipe,
    task: Task,
    report: Report,
    logits: np.ndarray[Any, Any],
    rows: "Dataset",
    trainer: Trainer,
) -> None:
    """Write what was found: predictions, numbers, and the model card with them."""
    from warmstart.evaluation.tables import beside, prediction_rows, write_rows

    storage.write_text(folder / "metrics.json", json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n")
    write_rows(folder / "predictions.csv", beside(rows, prediction_rows(task, logits)))
    updates = trainer.state.global_step
    storage.write_text(folder / "model" / "README.md", card.write(recipe, task, report, updates))
