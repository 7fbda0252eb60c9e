"""Optimizers and schedules: which parameters decay, the AdamW of the course, and everything `transformers` names."""

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn

from warmstart.errors import UserError
from warmstart.messages import _

if TYPE_CHECKING:
    from transformers import TrainingArguments

# Biases and normalisation weights do not decay, as in transformers.Trainer.
NOT_DECAYED = [r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)"]


class AdamW(torch.optim.Optimizer):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101), with the meaning
    and the defaults of the `transformers.AdamW` that the course uses: `lr` 1e-3, `eps` 1e-6, `weight_decay` 0.

    With first and second moments m and v of the gradients (`betas`), at update t:

        p <- p - lr * c * m / (sqrt(v) + eps),  c = sqrt(1 - beta2^t) / (1 - beta1^t), or 1
        p <- p - lr * weight_decay * p          (after the step, unlike torch)

    Two things differ from `torch.optim.AdamW` besides: `eps` is added to the root of the uncorrected second moment
    (Kingma & Ba 2015, section 2, the "efficient" form), and `correct_bias=False` leaves out both corrections, as the
    BERT paper did. Raises ValueError for a rate, a beta or an epsilon out of range, RuntimeError for sparse
    gradients.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        correct_bias: bool = True,
        no_deprecation_warning: bool = True,  # the old name; there is nothing to warn about
    ) -> None:
        del no_deprecation_warning
        if lr < 0 or eps < 0 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"need lr >= 0, eps >= 0 and betas in [0, 1): lr={lr}, eps={eps}, betas={betas}")
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "correct_bias": correct_bias}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update of every parameter that has a gradient. Returns what `closure` returns, if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._update(p, p.grad, group)
        return loss

    def _update(self, p: torch.Tensor, gradient: torch.Tensor, group: dict[str, Any]) -> None:
        if gradient.is_sparse:
            raise RuntimeError("AdamW does not take sparse gradients; use torch.optim.SparseAdam")
        state = self.state[p]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(p)
            state["exp_avg_sq"] = torch.zeros_like(p)
        beta1, beta2 = group["betas"]
        state["step"] += 1
        first = state["exp_avg"].lerp_(gradient, 1 - beta1)
        second = state["exp_avg_sq"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        rate = group["lr"]
        if group["correct_bias"]:
            steps = int(state["step"])
            rate *= math.sqrt(1 - beta2**steps) / (1 - beta1**steps)
        p.addcdiv_(first, second.sqrt().add_(group["eps"]), value=-rate)
        if group["weight_decay"]:
            p.mul_(1 - group["lr"] * group["weight_decay"])


def decayed_names(model: nn.Module) -> list[str]:
    """Names of the parameters that weight decay acts on."""
    from transformers.trainer_pt_utils import get_parameter_names

    return list(get_parameter_names(model, [nn.LayerNorm], NOT_DECAYED))


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """The trainable parameters in two groups: those that decay, and biases and normalisation weights, which do not."""
    decayed = set(decayed_names(model))
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    return [
        {"params": [p for name, p in named if name in decayed], "weight_decay": weight_decay},
        {"params": [p for name, p in named if name not in decayed], "weight_decay": 0.0},
    ]


def make_optimizer(model: nn.Module, args: "TrainingArguments") -> torch.optim.Optimizer:
    """The optimizer that `args.optim` names, with the meaning it has in `transformers`. Raises UserError if it cannot
    be made: a package is missing, or an option.
    """
    groups = parameter_groups(model, args.weight_decay)
    if args.optim in ("adamw_torch", "adamw_torch_fused") and not args.optim_args:
        betas = (args.adam_beta1, args.adam_beta2)
        fused = True if args.optim == "adamw_torch_fused" else None  # False would forbid the multi-tensor step too
        return torch.optim.AdamW(groups, lr=args.learning_rate, betas=betas, eps=args.adam_epsilon, fused=fused)
    from transformers import Trainer

    try:
        make, options = Trainer.get_optimizer_cls_and_kwargs(args, model)
        return build(make, options, model, args.weight_decay)
    except (ImportError, TypeError, ValueError) as error:
        fix = _(
            "install what it needs, name another, such as 'adamw_torch_fused', or give its options as "
            "TrainingArguments(optim_args=...)"
        )
        raise _cannot_make("--optimizer (optim)", args.optim, error, fix) from error


def build(make: Any, options: dict[str, Any], model: nn.Module, weight_decay: float) -> torch.optim.Optimizer:
    """An optimizer of this class, or of a factory, which is given the model. Some classes' options name themselves what
    is to be trained (those with `optim_target_modules`)."""
    from transformers.trainer_optimizer import is_optimizer_factory

    optimizer: torch.optim.Optimizer
    if is_optimizer_factory(make):
        optimizer = make()(model, **options)
        return optimizer
    rest = dict(options)
    named = [rest.pop(name) for name in ("params", "model", "optimizer_dict") if name in rest]
    optimizer = make(named[-1] if named else parameter_groups(model, weight_decay), **rest)
    return optimizer


def make_scheduler(optimizer: torch.optim.Optimizer, args: "TrainingArguments", total_updates: int) -> Any:
    """The learning-rate schedule that `args.lr_scheduler_type` names, over `total_updates` updates. Raises UserError
    if it lacks an option.
    """
    from transformers import get_scheduler

    try:
        return get_scheduler(
            args.lr_scheduler_type,
            optimizer=optimizer,
            num_warmup_steps=args.get_warmup_steps(total_updates),
            num_training_steps=total_updates,
            scheduler_specific_kwargs=args.lr_scheduler_kwargs,
        )
    except (TypeError, ValueError) as error:
        fix = _("name another, such as 'cosine', or give its options as TrainingArguments(lr_scheduler_kwargs=...)")
        raise _cannot_make("--schedule (lr_scheduler_type)", args.lr_scheduler_type, error, fix) from error


def switch(optimizer: torch.optim.Optimizer | None, mode: Literal["train", "eval"]) -> None:
    """Tell an optimizer that asks for it (schedule-free) what comes: while it trains, the model holds other weights
    than those that it is meant to be used with."""
    change = getattr(optimizer, mode, None)
    if callable(change):
        change()


def needs_metric(scheduler: Any) -> bool:
    """Whether the schedule moves on evaluation results and not on updates."""
    return isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau) or type(scheduler).__name__ == "GreedyLR"


def _cannot_make(where: str, value: Any, error: Exception, fix: str) -> UserError:
    name = str(getattr(value, "value", value))
    return UserError(_("{name!r} cannot be made: {error}").format(name=name, error=error), where, fix)
