"""Which precision this machine multiplies matrices fastest in, and why."""

from collections.abc import Callable
from typing import Any

import torch

from warmstart.errors import first_line
from warmstart.messages import _, pgettext

MIXED = ("dtype", "scalar type", "bfloat16", "to have the same type")  # what torch says of two types that do not meet


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


class FallBack:
    """Some models' own code puts tensors of two types together (BigBird's attention) and cannot run in bf16: from then
    on they are computed in fp32. `warn` is told so, as soon as that has helped."""

    def __init__(self, warn: Callable[[str], None] = print) -> None:
        self.on = False
        self._line = ""  # to be told
        self._warn = warn

    def takes(self, error: BaseException, precision: torch.dtype | None) -> bool:
        """Whether what failed in `precision` is to be computed again in fp32."""
        if self._line:  # it did not help
            self.on, self._line = False, ""
            return False
        if self.on or precision is None or not any(words in str(error).lower() for words in MIXED):
            return False
        self._line = _(
            "the code of this model cannot run in {precision}, so it runs in fp32 from here on: {error}"
        ).format(precision=str(precision).removeprefix("torch."), error=first_line(error))
        self.on = True
        return True

    def tell(self) -> None:
        """The model has run."""
        if self._line:
            self._warn(self._line)
            self._line = ""
