"""Which precision this machine multiplies matrices fastest in, and why."""

import torch

from warmstart.messages import _, pgettext


def choose(wanted: str, device: torch.device) -> tuple[bool, str]:
    """(whether to use bf16, the reason in one phrase) for `"auto"`, `"bf16"` or `"fp32"` on `device`."""
    if wanted != "auto":
        return wanted == "bf16", pgettext("precision", "as asked")
    if has_bf16(device):
        return True, _("the processor multiplies bf16")
    return False, _("the processor has no bf16 multiplication")


def has_bf16(device: torch.device) -> bool:
    """Whether `device` multiplies bf16 matrices in hardware."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):
        return False
    able = torch.cpu.get_capabilities()
    return any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
