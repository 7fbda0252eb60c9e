"""Which precision this machine multiplies matrices fastest in, and why."""

from typing import Any

import torch

from warmstart.messages import _, pgettext


def choose(wanted: str, device: torch.device) -> tuple[bool, str]:
    """(whether to use bf16, the reason in one phrase) for `"auto"`, `"bf16"` or `"fp32"` on `device`."""
    if wanted != "auto":
        return wanted == "bf16", pgettext("precision", "as asked")
    if has_bf16(device):
        return True, _("the processor multiplies bf16")
    return False, _("the processor has no bf16 multiplication")


def of(args: Any, *, training: bool) -> torch.dtype | None:
    """What matrix products run in, as `TrainingArguments` say; None: in the weights' own."""
    if args.bf16 or (args.bf16_full_eval and not training):
        return torch.bfloat16
    return torch.float16 if args.fp16 or (args.fp16_full_eval and not training) else None


def has_bf16(device: torch.device) -> bool:
    """Whether `device` multiplies bf16 matrices in hardware."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):
        return False
    able = torch.cpu.get_capabilities()
    return any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
