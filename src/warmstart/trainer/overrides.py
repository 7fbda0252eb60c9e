"""Which methods of a `Trainer` a subclass may put its own in the place of."""

import itertools

import transformers

from warmstart.errors import UserError
from warmstart.messages import _

NEVER_CALLED = {
    "training_step": "compute_loss",
    "evaluation_loop": "prediction_step",
    "get_train_dataloader": "train_dataset, data_collator",
    "get_eval_dataloader": "eval_dataset, data_collator",
    "get_test_dataloader": "data_collator",
    "get_batch_samples": "train_dataset, data_collator",
    "floating_point_ops": "compute_loss",
    "_inner_training_loop": "callbacks",
    "_maybe_log_save_evaluate": "callbacks",
    "_get_train_sampler": "train_sampling_strategy",
    "_save_checkpoint": "callbacks",
    "get_decay_parameter_names": "create_optimizer",
    "get_optimizer_cls_and_kwargs": "create_optimizer",
}


def refuse_what_is_never_called(cls: type) -> None:
    """Raises UserError for a subclass with a method of `transformers.Trainer` that this engine never calls: it would be
    ignored. Looked at are the user's classes, down to the first of ours."""
    if cls.__module__.startswith("warmstart."):
        return
    before = list(itertools.takewhile(lambda base: not base.__module__.startswith("warmstart."), cls.__mro__))
    engine = cls.__mro__[len(before)]
    for owner, name in [(base, name) for base in before for name in vars(base)]:
        is_absent = hasattr(transformers.Trainer, name) and not hasattr(engine, name)
        if name in NEVER_CALLED or is_absent:
            instead = NEVER_CALLED.get(name, "compute_loss, prediction_step, callbacks")
            raise UserError(
                _("{type}.{name} would never be called by this engine").format(type=owner.__name__, name=name),
                where=f"class {cls.__name__}",
                fix=_("use {instead}, or transformers.Trainer").format(instead=instead),
            )


def is_own(trainer: object, method: str, stock: type) -> bool:
    """Whether a subclass, or this very trainer, has put a method of its own in the place of one of `stock`'s."""
    return method in vars(trainer) or getattr(type(trainer), method) is not getattr(stock, method)
