"""What a recipe means to a `Trainer`, and which recipes cannot be meant."""

import pathlib
from typing import Any

import torch

from warmstart.engine.distributed.processes import Processes
from warmstart.engine.precision import choose
from warmstart.engine.techniques import NAMES
from warmstart.errors import UserError, did_you_mean
from warmstart.messages import _
from warmstart.recipe import Recipe
from warmstart.runs import uneven
from warmstart.runs.thresholds import thresholds_for
from warmstart.table.task import Task
from warmstart.trainer.arguments import TrainingArguments


def training_arguments(
    recipe: Recipe, task: Task, folder: pathlib.Path, processes: Processes
) -> tuple[TrainingArguments, str]:
    """What the recipe means to a `Trainer`, and in a few words which precision and batch shape that is and why. An
    update has `batch_size` rows however many processes share them.
    """
    share = -(-recipe.batch_size // processes.count)
    if recipe.batch_size % processes.count:
        raise UserError(
            _("{batch_size} rows an update cannot be shared equally by {count} processes").format(
                batch_size=recipe.batch_size, count=processes.count
            ),
            where="--batch-size",
            fix=_("use {rows}").format(rows=share * processes.count),
        )
    micro = min(recipe.micro_batch_size or share, share)
    while share % micro:
        micro -= 1  # a divisor of the share, so that accumulation gives exactly `batch_size` rows
    bf16, why = choose(recipe.precision, processes.device)
    precision = "bf16" if bf16 else "fp32"
    shape = _("precision {precision}: {why}; {batch_size} rows an update, {micro} at a time").format(
        precision=precision, why=why, batch_size=recipe.batch_size, micro=micro
    )
    metric = recipe.best_metric or task.head.best_metric()[0]
    greater = task.head.greater_is_better(metric)
    keep_best = recipe.best or recipe.patience is not None
    evaluate_every = recipe.evaluate_every
    save_every = recipe.evaluate_every if keep_best else recipe.save_every
    arguments = TrainingArguments(
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
        without=recipe.without,
        on_nonfinite=recipe.on_nonfinite,
        disable_tqdm=False,
    )
    return arguments, shape


def _cadence(what: str, every: str | int) -> dict[str, Any]:
    if isinstance(every, int):
        return {f"{what}_strategy": "steps", f"{what}_steps": every}
    return {f"{what}_strategy": {"epoch": "epoch", "never": "no"}[every]}


def early_stopping(recipe: Recipe) -> list[Any]:
    if recipe.patience is None:
        return []
    from transformers import EarlyStoppingCallback

    return [EarlyStoppingCallback(recipe.patience)]


def refuse_settings(recipe: Recipe, task: Task) -> None:
    """Raises UserError for names that are not known and for settings that contradict each other or the task."""
    from transformers.trainer_utils import SchedulerType
    from transformers.training_args import OptimizerNames

    uneven.refuse(recipe, task)
    schedules = [each.value for each in SchedulerType]
    lack = _what_it_lacks(recipe.schedule) if recipe.schedule in schedules else ""
    if lack:
        raise UserError(
            _("{schedule!r} needs options that a recipe has not").format(schedule=recipe.schedule),
            where=f"--schedule: {lack}",
            fix=did_you_mean(recipe.schedule, _that_need_nothing(schedules)),
        )
    if recipe.schedule not in schedules:
        schedules = _that_need_nothing(schedules)
    for option, value, known in (
        ("--schedule", recipe.schedule, schedules),
        ("--optimizer", recipe.optimizer, [each.value for each in OptimizerNames]),
        *(("--without", name, list(NAMES)) for name in recipe.without),
        ("--threshold-for", recipe.threshold_for, ["auto", *thresholds_for(task)]),
        ("--best-metric", recipe.best_metric, [*task.head.metric_names(), "loss"]),
    ):
        if value is not None and value not in known:
            raise UserError(
                _("{option} cannot be {value!r}").format(option=option, value=value), option, did_you_mean(value, known)
            )
    if recipe.label_smoothing and not task.head.smooths:
        raise UserError(
            _("labels can be smoothed only where each row has one class"),
            where="--label-smoothing",
            fix=_("leave it out"),
        )
    if recipe.evaluate_every == "never" and (recipe.best or recipe.patience is not None):
        raise UserError(
            _("the best checkpoint cannot be found without evaluating"),
            where="--evaluate-every never",
            fix="--evaluate-every epoch",
        )


def _that_need_nothing(schedules: list[str]) -> list[str]:
    return [name for name in schedules if not _what_it_lacks(name)]


def _what_it_lacks(schedule: str) -> str:
    """Why a schedule cannot be made from its name alone; empty if it can."""
    from transformers import get_scheduler

    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    try:
        get_scheduler(schedule, optimizer, num_warmup_steps=0, num_training_steps=1)
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


def overruled(recipe: Recipe, length: int) -> list[str]:
    """What to say of settings that were asked for and do not count, as another setting or the model decides. `length`:
    the longest input in tokens that there will be."""
    lines = []
    if recipe.max_length is not None and recipe.max_length > length:
        lines.append(
            _("--max-length {asked:,} does not count: the model takes {length:,} tokens").format(
                asked=recipe.max_length, length=length
            )
        )
    keeps_best = recipe.best or recipe.patience is not None
    if keeps_best and "save_every" in recipe.model_fields_set and recipe.save_every != recipe.evaluate_every:
        lines.append(
            _(
                "--save-every {asked} does not count: to find the best, a checkpoint is saved at each evaluation "
                "(--evaluate-every {every})"
            ).format(asked=recipe.save_every, every=recipe.evaluate_every)
        )
    if recipe.updates is not None and "epochs" in recipe.model_fields_set:
        lines.append(
            _("--epochs {epochs:g} does not count: --updates {updates:,} says when to end").format(
                epochs=recipe.epochs, updates=recipe.updates
            )
        )
    return lines


def refuse_length(length: int, tokenizer: Any, task: Task) -> None:
    """Raises UserError if inputs of `length` tokens have no room for text."""
    texts = 1 if task.pair is None else 2
    least = int(tokenizer.num_special_tokens_to_add(pair=texts == 2)) + texts
    if length < least:
        raise UserError(
            _("{length} tokens have no room for text").format(length=length),
            where="--max-length",
            fix=_("give at least {least}").format(least=least),
        )
