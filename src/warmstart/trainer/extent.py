"""Whether there are rows for what is asked, and how many updates a run has."""

import math

from warmstart.errors import UserError
from warmstart.messages import _
from warmstart.trainer.arguments import TrainingArguments
from warmstart.trainer.whole import Whole


def need_rows(trainer: Whole) -> None:
    """Raises UserError where a data set is missing, and no loader of the user's takes its place. A trainer that only
    predicts needs none."""
    args = trainer.args
    if trainer.train_dataset is None and not trainer.is_own("get_train_dataloader"):
        raise UserError(_("there is nothing to train on"), "Trainer", fix="Trainer(train_dataset=...)")
    has_own = trainer.is_own("get_eval_dataloader") or trainer.is_own("evaluate")
    if args.eval_strategy != "no" and trainer.eval_dataset is None and not has_own:
        wanted = f"eval_strategy={args.eval_strategy.value!r}"
        raise UserError(
            _("{wanted}, and there is nothing to evaluate on").format(wanted=wanted),
            where="Trainer",
            fix="Trainer(eval_dataset=...)",
        )


def extent(args: TrainingArguments, updates_per_epoch: int | None) -> tuple[int, int]:
    """(updates of an epoch, updates of the run). Raises UserError where a stream without a length, whose epochs have no
    number of updates, does not allow what the arguments ask for."""
    if updates_per_epoch is None:
        if args.max_steps <= 0:
            raise UserError(
                _("a stream has no length: say how long to train"),
                where="TrainingArguments",
                fix="max_steps=...",
            )
        for name in ("eval_strategy", "save_strategy", "logging_strategy"):
            if getattr(args, name) == "epoch":
                steps = f"{name}='steps', {name.replace('strategy', 'steps')}=..."
                raise UserError(
                    _("{name} is 'epoch', and a stream without a length has no epochs").format(name=name),
                    where="TrainingArguments",
                    fix=_("{steps}, or give the data set a __len__").format(steps=steps),
                )
        return args.max_steps, args.max_steps
    if args.max_steps > 0:
        return updates_per_epoch, args.max_steps
    return updates_per_epoch, math.ceil(args.num_train_epochs * updates_per_epoch)
