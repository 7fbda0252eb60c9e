"""AdamW's step of a large embedding in those rows alone that have ever had a gradient.

In the other rows both moments and the gradient are zero, and without weight decay such a row stays as it is: the bits
are those of a step over the whole table. A step over 250,000 pieces takes as long as a small batch does in the layers,
and texts of one language read one piece in thirty.
"""

from typing import Any

import torch

from warmstart.models.embedding_grad import KeptGradient, kept_gradient

LARGE = 2**26  # numbers: a smaller table is stepped over in a few milliseconds
OTHERWISE = ("amsgrad", "maximize", "capturable", "differentiable")  # ways of AdamW that are left to it


def step(optimizer: torch.optim.Optimizer) -> None:
    """One step of a fused optimizer, whose `grad_scale` and `found_inf` are set."""
    by_rows = [
        (group, weight, weight.grad, kept, rows)
        for group in optimizer.param_groups
        for weight in group["params"]
        if (kept := kept_gradient(weight.grad)) is not None
        and (rows := _rows(optimizer, group, weight, kept)) is not None
    ]
    for _, weight, _, _, _ in by_rows:
        weight.grad = None  # the optimizer passes over it
    try:
        optimizer.step()
    finally:
        for _, weight, gradient, _, _ in by_rows:
            weight.grad = gradient
    for group, weight, gradient, kept, rows in by_rows:
        _step(optimizer, group, weight, gradient, rows)
        state = optimizer.state[weight]
        kept.stepped = (state["exp_avg"], int(state["step"]), rows)


def _rows(optimizer: Any, group: dict[str, Any], weight: torch.Tensor, kept: KeptGradient) -> torch.Tensor | None:
    """The rows that have had a gradient up to now, int64 `[rows]`; None where the whole table is to be stepped over."""
    state = optimizer.state.get(weight)
    written = kept.rows()
    if type(optimizer) is not torch.optim.AdamW or not state or written is None or weight.numel() < LARGE:
        return None
    if group["weight_decay"] or any(group[name] for name in OTHERWISE):
        return None
    first, second = state["exp_avg"], state["exp_avg_sq"]
    before, updates, known = kept.stepped or (None, 0, None)
    if before is not first or updates != int(state["step"]):  # loaded, or stepped over by somebody else
        known = (first.any(dim=1) | second.any(dim=1)).nonzero().flatten()
    assert known is not None
    return torch.unique(torch.cat([known, written]))  # type: ignore[no-any-return]


def _step(
    optimizer: Any, group: dict[str, Any], weight: torch.Tensor, gradient: torch.Tensor, rows: torch.Tensor
) -> None:
    state = optimizer.state[weight]
    whole = (weight.data, gradient, state["exp_avg"], state["exp_avg_sq"])
    parts = [table.index_select(0, rows) for table in whole]
    state["step"] += 1
    beta1, beta2 = group["betas"]
    torch._fused_adamw_(
        [parts[0]],
        [parts[1]],
        [parts[2]],
        [parts[3]],
        [],
        [state["step"]],
        lr=float(group["lr"]),
        beta1=beta1,
        beta2=beta2,
        weight_decay=0.0,
        eps=group["eps"],
        amsgrad=False,
        maximize=False,
        grad_scale=optimizer.grad_scale,
        found_inf=optimizer.found_inf,
    )
    state["step"] -= optimizer.found_inf
    for table, part in zip(whole, parts, strict=True):
        table.index_copy_(0, rows, part)
