"""Losses and gradients that are not finite: found before they reach a weight, told with the update and its rows."""

import torch

from warmstart.batches.plan import Update
from warmstart.errors import UserError, examples
from warmstart.messages import _


def is_finite(*numbers: torch.Tensor) -> bool:
    """Whether all of these single numbers are finite. Waits for the device."""
    device = numbers[0].device
    together = torch.stack([number.detach().to(device, torch.float32).reshape(()) for number in numbers])
    return bool(together.isfinite().all())


def refusal(update: Update, loss: torch.Tensor, norm: torch.Tensor) -> UserError:
    """What the user is told when the run stops at such an update. Nothing of it is in the weights."""
    shown, length = f"{float(loss):g}", f"{float(norm):g}"
    rows = examples(int(row) + 1 for row in update.rows)
    return UserError(
        _("the loss or the gradient is not finite: loss {shown}, gradient norm {length}").format(
            shown=shown, length=length
        ),
        where=_("update {index}, training rows {rows}").format(index=update.index + 1, rows=rows),
        fix=_(
            "look at these rows, lower the learning rate, or skip such updates with --on-nonfinite skip; "
            "the weights and checkpoints hold nothing of this update"
        ),
    )
