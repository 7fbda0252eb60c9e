"""Which methods of a `Trainer` a subclass may put its own in the place of, and what changes when it does."""

import itertools
from typing import Any

import transformers

from warmstart.errors import UserError
from warmstart.messages import _

# With one of these, the stock trainer's own way from a micro-batch to gradients is taken: they see padded batches.
STEP = {"training_step", "_prepare_inputs", "_prepare_input", "compute_loss_context_manager"}
STEP |= {"autocast_smart_context_manager"}
# With one of these, batches come from a loader as the stock trainer makes it: they have a say in what is in it.
COLUMNS = {"_remove_unused_columns", "_get_collator_with_removed_columns", "_set_signature_columns_if_needed"}
TRAIN_LOADER = {"get_train_dataloader", "_get_train_sampler", *COLUMNS}
EVAL_LOADER = {"get_eval_dataloader", "get_test_dataloader", "_get_eval_sampler", *COLUMNS}
EVAL_LOADER |= {"evaluation_loop", "num_examples"}

# The stock trainer has these, or once had; none of them is called here. What to use instead.
NEVER_CALLED = {
    "_inner_training_loop": "training_step, compute_loss, callbacks",
    "_run_epoch": "training_step, callbacks",
    "prediction_loop": "evaluation_loop",
    "get_batch_samples": "get_train_dataloader",
    "_get_num_items_in_batch": "compute_loss",
    "_get_dataloader": "get_train_dataloader, get_eval_dataloader",
    "set_initial_training_values": "max_steps, num_train_epochs",
    "_clip_grad_norm": "max_grad_norm, on_pre_optimizer_step",
    "_save_optimizer_and_scheduler": "_save_checkpoint",
    "_load_optimizer_and_scheduler": "_load_from_checkpoint",
    "_save_rng_state": "_save_checkpoint",
    "_load_rng_state": "_load_from_checkpoint",
    "_prepare_for_training": "create_optimizer, create_scheduler, _wrap_model",
    "_get_output_dir": "output_dir",
    "_get_learning_rate": "create_scheduler",
    "store_flos": "floating_point_ops",
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
            instead = NEVER_CALLED.get(name, "training_step, compute_loss, prediction_step, callbacks")
            raise UserError(
                _("{type}.{name} would never be called by this engine").format(type=owner.__name__, name=name),
                where=f"class {cls.__name__}",
                fix=_("use {instead}, or transformers.Trainer").format(instead=instead),
            )


def is_own(trainer: object, method: str, stock: type) -> bool:
    """Whether a subclass, or this very trainer, has put a method of its own in the place of one of `stock`'s."""
    return method in vars(trainer) or getattr(type(trainer), method) is not getattr(stock, method)


def own(trainer: Any, methods: set[str]) -> list[str]:
    """Those of `methods` that are the user's, by name."""
    return sorted(name for name in methods if trainer.is_own(name))
