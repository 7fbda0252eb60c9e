"""What `transformers.Trainer` does around a training: the log level, label smoothing, special tokens, noise."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

from torch import nn

from warmstart.batches.dataloaders import length_of
from warmstart.messages import _


def set_log_level(args: Any) -> None:
    """`log_level`, and `log_level_replica` on the other processes, for `transformers` and for us."""
    import transformers

    level = args.get_process_log_level()
    transformers.utils.logging.set_verbosity(level)
    if "passive" not in (args.log_level, args.log_level_replica):
        logging.getLogger("warmstart").setLevel(level)


def log_beginning(trainer: Any, per_epoch: int) -> None:
    """What the stock trainer says at `log_level="info"` before the first update, which scripts and people look for."""
    from transformers.utils import logging

    args, state, rows = trainer.args, trainer.state, length_of(trainer.train_dataset)
    lines = {
        "Num examples": "unknown" if rows is None else f"{rows:,}",
        "Num Epochs": f"{state.num_train_epochs:,}",
        "Num update steps per epoch": f"{per_epoch:,}",
        "Instantaneous batch size per device": f"{args.per_device_train_batch_size:,}",
        "Total train batch size (w. parallel, distributed & accumulation)": trainer.get_total_train_batch_size(args),
        "Gradient Accumulation steps": args.gradient_accumulation_steps,
        "Total optimization steps": f"{state.max_steps:,}",
        "Number of trainable parameters": f"{trainer.get_num_trainable_parameters():,}",
    }
    logger = logging.get_logger("transformers.trainer")
    logger.info("***** Running training *****")
    for name, value in lines.items():
        logger.info(f"  {name} = {value}")


def label_smoother(args: Any, model: nn.Module, warn: Callable[[str], None]) -> Any:
    """What smooths labels, as the arguments ask; None where they do not, or where a row has several labels."""
    if not args.label_smoothing_factor:
        return None
    if getattr(getattr(model, "config", None), "problem_type", None) == "multi_label_classification":
        warn(_("label_smoothing_factor has no meaning where a row has several labels: nothing is smoothed"))
        return None
    from transformers.trainer_pt_utils import LabelSmoother

    return LabelSmoother(epsilon=args.label_smoothing_factor)


def align(model: nn.Module, processing_class: Any) -> None:
    """Let the model's configuration name the special tokens (padding, begin, end) of the tokenizer, which may have new
    ones."""
    from transformers import PreTrainedTokenizerBase, ProcessorMixin
    from transformers.trainer_utils import align_special_tokens

    known = isinstance(processing_class, PreTrainedTokenizerBase | ProcessorMixin)
    if known and getattr(model, "config", None) is not None:
        align_special_tokens(model, processing_class)


def watch_numbers(model: nn.Module, debug: Any) -> None:
    """Where `debug` asks for it, say in which part of the model a number first leaves its type's range: with an error,
    after the parts that were computed before."""
    from transformers.debug_utils import DebugOption, DebugUnderflowOverflow

    if DebugOption.UNDERFLOW_OVERFLOW in debug and not hasattr(model, "_watched_by_warmstart"):
        model._watched_by_warmstart = DebugUnderflowOverflow(model)


@contextlib.contextmanager
def noise(model: nn.Module, args: Any) -> Iterator[None]:
    """Inside the block, noise of the strength `neftune_noise_alpha` is added to the embeddings while the model trains
    (NEFTune, Jain et al. 2023, https://arxiv.org/abs/2310.05914)."""
    if args.neftune_noise_alpha is None:
        yield
        return
    from transformers.integrations.neftune import activate_neftune, deactivate_neftune

    handle = activate_neftune(model, args.neftune_noise_alpha)
    try:
        yield
    finally:
        deactivate_neftune(model, handle)
