"""TrainingArguments: those of `transformers` and the names they once had; what is not honoured is refused."""

import dataclasses
import os
from typing import Any

import torch
import transformers
from transformers.debug_utils import DebugOption

from warmstart.engine.distributed.watchdog import join_again
from warmstart.engine.techniques import NAMES, check_names
from warmstart.errors import UserError, UserNotImplementedError, UserValueError, did_you_mean
from warmstart.messages import _
from warmstart.trainer.accepted import HONOURED, NOTHING_LEFT, setting

# The old names of the course, and what they are called today.
RENAMED = {
    "evaluation_strategy": "eval_strategy",
    "no_cuda": "use_cpu",
    "warmup_ratio": "warmup_steps",  # a number below 1 is a share of the run there
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
}
OWN = ("group_by_length", "logging_dir", "without", "on_nonfinite", "accept_changes")
SIZES = ("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps")


@dataclasses.dataclass(init=False, repr=False)
class TrainingArguments(transformers.TrainingArguments):  # type: ignore[misc]
    """The settings of a `Trainer`: those of `transformers.TrainingArguments`, and the names that the course uses
    (`evaluation_strategy`, `warmup_ratio`, `no_cuda`, `overwrite_output_dir`, `logging_dir`, `group_by_length`), and
    `without`: names of techniques that make training fast and are to be left out (`warmstart.engine.techniques`), and
    `on_nonfinite`: `"stop"` or `"skip"` at an update whose loss or gradient is not finite, and `accept_changes`: resume
    from a checkpoint also with other settings, rows or versions than it was made with.

    Raises UserError (a ValueError too, as the stock class does) for a name that does not exist (with the nearest that
    does), for a setting that this engine does not honour (by name) and for values that cannot work together. Some are
    taken and change nothing, since what they ask for holds already or has nothing to act on (`accepted.NOTHING_LEFT`).
    """

    # Fields, so that `dataclasses.replace` hands them on, and a subclass that is a dataclass has them.
    overwrite_output_dir: bool = False
    logging_dir: str | None = None
    without: list[str] = dataclasses.field(default_factory=list)
    on_nonfinite: str = "stop"
    accept_changes: bool = False

    def __init__(self, output_dir: str | None = None, *args: Any, **settings: Any) -> None:
        names = [field.name for field in dataclasses.fields(transformers.TrainingArguments) if field.init]
        positional = dict(zip(names[1:], args, strict=False))
        settings = _modern({"output_dir": output_dir, **positional, **settings})
        self.overwrite_output_dir = settings.pop("overwrite_output_dir", False)
        self.logging_dir = settings.pop("logging_dir", None)
        self.without = settings.pop("without", ())
        self.on_nonfinite = settings.pop("on_nonfinite", "stop")
        self.accept_changes = settings.pop("accept_changes", False)
        unknown = [name for name in settings if name not in names]
        if unknown:
            raise UserValueError(
                _("TrainingArguments has no setting {unknown!r}").format(unknown=unknown[0]),
                where="TrainingArguments",
                fix=did_you_mean(unknown[0], [*names, *RENAMED, *OWN]),
            )
        super().__init__(**settings)

    def __post_init__(self) -> None:
        """Look at what was asked for: by the code that a dataclass makes too, where a subclass is one."""
        self.overwrite_output_dir, self.accept_changes = bool(self.overwrite_output_dir), bool(self.accept_changes)
        self.without = list(check_names(self.without))
        _refuse_what_is_not_honoured(self)
        asked: Any = self
        join_again(bool(asked.use_cpu))  # before the stock class meets the other processes
        asked.use_cpu = asked.use_cpu or not torch.accelerator.is_available()
        _refuse_half_precision_on_a_cpu(self)
        try:
            super().__post_init__()
        except NotImplementedError as error:
            raise UserNotImplementedError(str(error), where="TrainingArguments") from error
        except (ValueError, TypeError) as error:
            raise UserValueError(str(error), where="TrainingArguments") from error
        _refuse_values(self)
        if self.logging_dir:
            os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(self.logging_dir))

    @property
    def left_out(self) -> list[str]:
        """Techniques to be left out: those of `without`, and all where the model is compiled, which changes what they
        would look into."""
        return list(NAMES) if self.torch_compile else self.without


def _modern(settings: dict[str, Any]) -> dict[str, Any]:
    """Today's names for the old ones. Raises UserError when both are given."""
    for old, new in RENAMED.items():
        if old in settings:
            value = settings.pop(old)
            if new in settings and not (new == "warmup_steps" and not settings[new]):
                raise UserValueError(
                    _("{old!r} is the old name of {new!r}: give one of them").format(old=old, new=new),
                    where="TrainingArguments",
                    fix=_("remove {old!r}").format(old=old),
                )
            if not (old == "warmup_ratio" and not value):
                settings[new] = value
    if settings.pop("group_by_length", False):
        settings["train_sampling_strategy"] = "group_by_length"
    return settings


def settle_accumulation(args: TrainingArguments) -> None:
    """Take the number of micro-batches from `accelerator_config`, if it is given there. Raises UserError where it is
    given twice."""
    steps = (args.accelerator_config.gradient_accumulation_kwargs or {}).get("num_steps")
    if steps is None:
        return
    if args.gradient_accumulation_steps > 1:
        raise UserValueError(
            _("The `AcceleratorConfig`'s `num_steps` is set but `gradient_accumulation_steps` is greater than 1"),
            where="TrainingArguments",
            fix=_("give one of them"),
        )
    args.gradient_accumulation_steps = steps


def _refuse_what_is_not_honoured(args: TrainingArguments) -> None:
    """Before the stock class sees it: that one already sets environment variables for some of these."""
    for field in dataclasses.fields(transformers.TrainingArguments):
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        value = getattr(args, field.name, default)
        known = field.name in HONOURED or field.name in NOTHING_LEFT
        if not known and not (value is None or value == default or (not value and not default)):
            raise _refusal(field.name, value)


def _refuse_half_precision_on_a_cpu(args: TrainingArguments) -> None:
    device = "cpu" if args.use_cpu else torch.accelerator.current_accelerator(check_available=True)
    device_type = getattr(device, "type", device)
    if args.fp16 and device_type != "cuda":
        raise UserValueError(
            _(
                "fp16={value!r} is not honoured here: training in fp16 needs a CUDA device, and this one is {kind!r}"
            ).format(value=args.fp16, kind=device_type),
            where="TrainingArguments",
            fix=_("use bf16=True, which needs no loss scaling, or leave it out and train in fp32"),
        )


def _refuse_values(args: TrainingArguments) -> None:
    if args.train_sampling_strategy not in ("random", "sequential", "group_by_length"):
        raise _refusal("train_sampling_strategy", args.train_sampling_strategy)
    if DebugOption.TPU_METRICS_DEBUG in args.debug:
        raise _refusal("debug", "tpu_metrics_debug")
    if args.on_nonfinite not in ("stop", "skip"):
        raise UserValueError(
            _("on_nonfinite is {on_nonfinite!r}").format(on_nonfinite=args.on_nonfinite),
            where="TrainingArguments",
            fix=_("use 'stop' or 'skip'"),
        )
    if args.world_size > 1 and not args.average_tokens_across_devices:
        raise _refusal("average_tokens_across_devices", False)
    if args.world_size > 1 and args.accelerator_config.split_batches:
        raise _refusal("accelerator_config", "split_batches=True")
    for name in SIZES:
        if getattr(args, name) < 1:
            raise UserValueError(
                _("{name} is {value}").format(name=name, value=getattr(args, name)),
                where="TrainingArguments",
                fix=_("it must be at least 1"),
            )


def _refusal(name: str, value: object) -> UserError:
    fixes = {
        "average_tokens_across_devices": _("leave it out: every target weighs the same here"),
        "accelerator_config": _("leave it out: per_device_train_batch_size says how many rows a process has"),
        "train_sampling_strategy": _("use 'random', 'sequential' or 'group_by_length'"),
    }
    return UserValueError(
        _("{name}={value!r} is not honoured by this engine").format(name=name, value=value),
        where="TrainingArguments",
        fix=fixes.get(name) or setting(name).why,
    )
