"""TrainingArguments: those of `transformers` and the names they once had; what is not honoured is refused."""

import dataclasses
import os
from typing import Any

import torch
import transformers

from warmstart.engine.distributed.watchdog import join_again
from warmstart.engine.techniques import check_names
from warmstart.errors import UserError, did_you_mean
from warmstart.messages import _

# The old names of the course, and what they are called today.
RENAMED = {
    "evaluation_strategy": "eval_strategy",
    "no_cuda": "use_cpu",
    "warmup_ratio": "warmup_steps",  # a number below 1 is a share of the run there
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
}
HONOURED = frozenset(
    """output_dir per_device_train_batch_size num_train_epochs max_steps learning_rate lr_scheduler_type
    lr_scheduler_kwargs warmup_steps optim optim_args weight_decay adam_beta1 adam_beta2 adam_epsilon
    gradient_accumulation_steps max_grad_norm label_smoothing_factor bf16 tf32
    gradient_checkpointing gradient_checkpointing_kwargs activation_checkpointing activation_checkpointing_kwargs
    logging_strategy logging_steps logging_first_step
    log_on_each_node log_level log_level_replica disable_tqdm report_to run_name project trackio_space_id
    include_num_input_tokens_seen eval_strategy eval_steps eval_delay per_device_eval_batch_size prediction_loss_only
    eval_on_start save_only_model save_strategy save_steps save_total_limit load_best_model_at_end
    metric_for_best_model greater_is_better restore_callback_states_from_checkpoint full_determinism seed data_seed
    use_cpu dataloader_drop_last dataloader_num_workers dataloader_pin_memory
    dataloader_persistent_workers dataloader_prefetch_factor dataloader_multiprocessing_context remove_unused_columns
    label_names train_sampling_strategy length_column_name skip_memory_metrics ddp_timeout ddp_find_unused_parameters
    ddp_broadcast_buffers ddp_bucket_cap_mb ddp_static_graph do_train do_eval do_predict resume_from_checkpoint
    local_rank use_cache hub_token""".split()
)
OWN = ("group_by_length", "logging_dir", "without", "on_nonfinite", "accept_changes")
SIZES = ("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps")


@dataclasses.dataclass(init=False, repr=False)
class TrainingArguments(transformers.TrainingArguments):  # type: ignore[misc]
    """The settings of a `Trainer`: those of `transformers.TrainingArguments`, and the names that the course uses
    (`evaluation_strategy`, `warmup_ratio`, `no_cuda`, `overwrite_output_dir`, `logging_dir`, `group_by_length`), and
    `without`: names of techniques that make training fast and are to be left out (`warmstart.engine.techniques`), and
    `on_nonfinite`: `"stop"` or `"skip"` at an update whose loss or gradient is not finite, and `accept_changes`: resume
    from a checkpoint also with other settings, rows or versions than it was made with.

    Raises UserError for a name that does not exist (with the nearest that does), for a setting that this engine does
    not honour (by name) and for values that cannot work together. Two kinds are taken and change nothing, as they have
    nothing to act on: what tunes DistributedDataParallel (`ddp_*`), and `overwrite_output_dir`, since none is.
    """

    # Fields, so that `dataclasses.replace` hands them on.
    overwrite_output_dir: bool = False
    logging_dir: str | None = None
    without: list[str] = dataclasses.field(default_factory=list)
    on_nonfinite: str = "stop"
    accept_changes: bool = False

    def __init__(self, output_dir: str | None = None, *args: Any, **settings: Any) -> None:
        names = [field.name for field in dataclasses.fields(transformers.TrainingArguments) if field.init]
        positional = dict(zip(names[1:], args, strict=False))
        settings = _modern({"output_dir": output_dir, **positional, **settings})
        self.overwrite_output_dir = bool(settings.pop("overwrite_output_dir", False))
        self.logging_dir = settings.pop("logging_dir", None)
        self.without = list(check_names(settings.pop("without", ())))
        self.on_nonfinite = settings.pop("on_nonfinite", "stop")
        self.accept_changes = bool(settings.pop("accept_changes", False))
        unknown = [name for name in settings if name not in names]
        if unknown:
            raise UserError(
                _("TrainingArguments has no setting {unknown!r}").format(unknown=unknown[0]),
                where="TrainingArguments",
                fix=did_you_mean(unknown[0], [*names, *RENAMED, *OWN]),
            )
        _refuse_what_is_not_honoured(settings)
        join_again(bool(settings.get("use_cpu")))  # before the stock class meets the other processes
        try:
            super().__init__(**{**settings, **({} if torch.accelerator.is_available() else {"use_cpu": True})})
        except (ValueError, TypeError) as error:
            raise UserError(str(error), where="TrainingArguments") from error
        _refuse_values(self)
        if self.logging_dir:
            os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(self.logging_dir))


def _modern(settings: dict[str, Any]) -> dict[str, Any]:
    """Today's names for the old ones. Raises UserError when both are given."""
    for old, new in RENAMED.items():
        if old in settings:
            value = settings.pop(old)
            if new in settings and not (new == "warmup_steps" and not settings[new]):
                raise UserError(
                    _("{old!r} is the old name of {new!r}: give one of them").format(old=old, new=new),
                    where="TrainingArguments",
                    fix=_("remove {old!r}").format(old=old),
                )
            if not (old == "warmup_ratio" and not value):
                settings[new] = value
    if settings.pop("group_by_length", False):
        settings["train_sampling_strategy"] = "group_by_length"
    return settings


def _refuse_what_is_not_honoured(asked: dict[str, Any]) -> None:
    """Before the stock class sees it: that one already sets environment variables for some of these."""
    fields = {field.name: field for field in dataclasses.fields(transformers.TrainingArguments)}
    for name, value in asked.items():
        made = fields[name].default_factory
        default = fields[name].default if made is dataclasses.MISSING else made()
        if name not in HONOURED and not _says_nothing(value, default):
            raise _refusal(name, value)


def _says_nothing(value: Any, default: Any) -> bool:
    """Whether a setting is at its default, or at what the stock class makes of that, as `dataclasses.replace` gives it
    back (False of None, an empty list of an empty text)."""
    from transformers.trainer_pt_utils import AcceleratorConfig

    return value is None or value == default or (not value and not default) or value == AcceleratorConfig()


def _refuse_values(args: TrainingArguments) -> None:
    if args.train_sampling_strategy not in ("random", "sequential", "group_by_length"):
        raise _refusal("train_sampling_strategy", args.train_sampling_strategy)
    if args.on_nonfinite not in ("stop", "skip"):
        raise UserError(
            _("on_nonfinite is {on_nonfinite!r}").format(on_nonfinite=args.on_nonfinite),
            where="TrainingArguments",
            fix=_("use 'stop' or 'skip'"),
        )
    if not args.skip_memory_metrics:
        raise _refusal("skip_memory_metrics", False)
    for name in SIZES:
        if getattr(args, name) < 1:
            raise UserError(
                _("{name} is {value}").format(name=name, value=getattr(args, name)),
                where="TrainingArguments",
                fix=_("it must be at least 1"),
            )


def _refusal(name: str, value: object) -> UserError:
    fixes = {
        "logging_nan_inf_filter": _("on_nonfinite says what to do then"),
        "average_tokens_across_devices": _("leave it out: every target weighs the same here"),
        "fp16": _("use bf16=True, which needs no loss scaling"),
        "auto_find_batch_size": _("set per_device_train_batch_size"),
        "ignore_data_skip": _("leave it out: resuming walks through nothing here"),
    }
    leave_out = _("leave it out, or use transformers.Trainer for it")
    return UserError(
        _("{name}={value!r} is not honoured by this engine").format(name=name, value=value),
        where="TrainingArguments",
        fix=fixes.get(name, leave_out),
    )
