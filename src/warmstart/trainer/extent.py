"""Whether there are rows for what is asked, and how many updates a run has."""

import math
from typing import Any

from warmstart.errors import UserError, text
from warmstart.trainer.arguments import TrainingArguments


def need_rows(args: TrainingArguments, train: Any, evaluation: Any) -> None:
    """Raises UserError where a data set is missing. A trainer that only predicts needs none."""
    if train is None:
        raise UserError(
            text("there is nothing to train on", "没有训练数据"), "Trainer", fix="Trainer(train_dataset=...)"
        )
    if args.eval_strategy != "no" and evaluation is None:
        wanted = f"eval_strategy={args.eval_strategy.value!r}"
        raise UserError(
            text(f"{wanted}, and there is nothing to evaluate on", f"{wanted}, 但没有验证数据"),
            where="Trainer",
            fix="Trainer(eval_dataset=...)",
        )


def extent(args: TrainingArguments, updates_per_epoch: int | None) -> tuple[int, int]:
    """(updates of an epoch, updates of the run). Raises UserError where a stream without a length, whose epochs have no
    number of updates, does not allow what the arguments ask for."""
    if updates_per_epoch is None:
        if args.max_steps <= 0:
            raise UserError(
                text("a stream has no length: say how long to train", "数据流没有长度, 请指定训练步数"),
                where="TrainingArguments",
                fix="max_steps=...",
            )
        for name in ("eval_strategy", "save_strategy", "logging_strategy"):
            if getattr(args, name) == "epoch":
                steps = f"{name}='steps', {name.replace('strategy', 'steps')}=..."
                raise UserError(
                    text(
                        f"{name} is 'epoch', and a stream without a length has no epochs",
                        f"{name} 为 'epoch', 而没有长度的数据流不分轮次",
                    ),
                    where="TrainingArguments",
                    fix=text(f"{steps}, or give the data set a __len__", f"{steps}, 或为数据集定义 __len__"),
                )
        return args.max_steps, args.max_steps
    if args.max_steps > 0:
        return updates_per_epoch, args.max_steps
    return updates_per_epoch, math.ceil(args.num_train_epochs * updates_per_epoch)
