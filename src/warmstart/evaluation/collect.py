"""Rows for a metric: out of whatever holds them, and from all processes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import UserError
from warmstart.messages import _

Array = NDArray[Any]
Batch = tuple[Array, Array]  # predictions and references, of one shape
Batches = list[Batch]


def read_rows(values: Any, name: str, of_numbers: bool, dimensions: int) -> Array:
    """`values` as int64 (classes) or float64 (numbers), of shape [rows], or [rows, values] if `dimensions` is 2.

    Takes arrays, tensors of any dtype on any device, columns, single values and lists of any of these. A column
    [rows, 1] counts as [rows]. Raises UserError, calling the values `name`, for what is neither, above all for logits
    where classes are expected.
    """
    try:
        array = np.asarray(_on_host(values))
    except ValueError:
        array = np.empty(0, dtype=object)  # rows of different lengths
    if array.dtype.kind not in "biuf":
        raise UserError(
            _("{name} are not numbers in rows of one length").format(name=name),
            fix=_("give class numbers or floats"),
        )
    floats = array.dtype.kind == "f"
    array = np.atleast_1d(array)
    if not of_numbers and floats and array.ndim > dimensions:
        raise UserError(
            _("{name} {shape} are floats, like a model's logits, but this metric compares classes").format(
                name=name, shape=list(array.shape)
            ),
            fix=_("take the class with the largest: np.argmax(logits, axis=-1)"),
        )
    if dimensions == 1 and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != dimensions:
        wanted = "[rows]" if dimensions == 1 else "[rows, values]"
        raise UserError(
            _("{name} have the shape {shape}; this metric takes {wanted}").format(
                name=name, shape=list(array.shape), wanted=wanted
            ),
            fix=_('several labels per row need the configuration "multilabel" (several numbers: "multilist")'),
        )
    wrong = ~np.isfinite(array) | (False if of_numbers else array != np.floor(array))
    if wrong.any():
        raise UserError(
            (
                _("{count} of {name} are not finite numbers: {first}")
                if of_numbers
                else _("{count} of {name} are not classes: {first}")
            ).format(count=wrong.sum(), name=name, first=array[wrong][0]),
            fix=_("is the model's output NaN, or a probability?"),
        )
    return array.astype(np.float64 if of_numbers else np.int64)


def _on_host(values: Any) -> Any:
    """The same with every tensor as a numpy array; torch is not imported for the sake of those who pass none."""
    if isinstance(values, list | tuple):
        return [_on_host(value) for value in values]
    if not hasattr(values, "detach"):
        return values
    values = values.detach().cpu()
    return (values.double() if values.is_floating_point() else values).numpy()  # numpy has no bfloat16


def gather(mine: Batches | UserError, process_id: int, num_process: int) -> list[Batches | UserError]:
    """What every process passed as `mine`, in the order of `process_id`.

    A process that has an error passes that, so that all can raise it: raised before the gathering, it would leave the
    others waiting. Raises UserError if the processes of `torch.distributed` are not `num_process`.
    """
    from torch import distributed

    running = distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 0
    if running != num_process:
        raise UserError(
            _("num_process = {num_process}, but torch.distributed joins {running} processes").format(
                num_process=num_process, running=running
            ),
            fix=_("start with torchrun and create the Accelerator before compute(), or leave out num_process"),
        )
    everyone: list[Any] = [None] * num_process
    distributed.all_gather_object(everyone, (process_id, mine))
    numbers = [number for number, _unused in everyone]
    if sorted(numbers) != list(range(num_process)):
        raise UserError(
            _("the process_id of the processes are {numbers}").format(numbers=numbers),
            fix=_("give each process its own: its rank"),
        )
    return [theirs for _unused, theirs in sorted(everyone, key=lambda pair: pair[0])]
