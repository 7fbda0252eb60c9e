"""What a `Trainer` cannot be made with."""

from typing import Any

from warmstart.errors import UserValueError
from warmstart.messages import _
from warmstart.trainer.arguments import TrainingArguments
from warmstart.trainer.metrics import refuse_metrics_that_do_not_end


def refuse_what_cannot_work(
    args: Any, model: Any, model_init: Any, optimizers: tuple[Any, Any], of_class: Any, compute_metrics: Any
) -> None:
    """Raises UserError for arguments of `Trainer` that cannot work together."""
    if not isinstance(args, TrainingArguments):
        raise UserValueError(
            _("args is a {module}.{type}").format(module=type(args).__module__, type=type(args).__name__),
            where="Trainer",
            fix=_("use warmstart.TrainingArguments"),
        )
    if model_init is not None and any(each is not None for each in optimizers):
        raise UserValueError(
            _("optimizers hold the weights of one model, and model_init makes a new one for each run"),
            where="Trainer",
            fix=_("pass optimizer_cls_and_kwargs, or a model"),
        )
    if of_class is not None and optimizers[0] is not None:
        raise UserValueError(
            _("there are two optimizers: that of optimizers, and that of optimizer_cls_and_kwargs"),
            where="Trainer",
            fix=_("leave one of them out"),
        )
    best = args.save_strategy == "best" or args.load_best_model_at_end
    if best and args.metric_for_best_model is None:
        raise UserValueError(
            _("`args.metric_for_best_model` must be provided where the best checkpoint is to be saved or loaded"),
            where="TrainingArguments",
            fix="metric_for_best_model='loss'",
        )
    if args.batch_eval_metrics:
        refuse_metrics_that_do_not_end(compute_metrics)
    if (model is None) == (model_init is None):
        raise UserValueError(
            _("Trainer needs a model or a model_init, and not both"),
            where="Trainer",
            fix="Trainer(model=..., args=...)",
        )
