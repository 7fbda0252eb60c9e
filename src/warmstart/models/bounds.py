"""How large a model may become: no larger than the weights that are there for it."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

from warmstart.messages import _
from warmstart.models import hub, sound

FACTOR, SPARE = 3, 1 << 26  # as many times the numbers in the file, and so many more: heads, masks, tables of positions
TENSORS = 2_000  # more than there are in the file


@contextlib.contextmanager
def bounded(name: str, settings: dict[str, Any]) -> Iterator[None]:
    """A model that is built inside may not be much larger than its weights: its configuration is a few lines of text,
    in which a digit more asks for a hundred times the memory. Raises UserError, while it is being built and before any
    of it has memory of its own, where it is."""
    from torch.nn.modules import module

    found = _weights(name, settings)
    if found is None:
        yield
        return
    most = FACTOR * sum(math.prod(shape) for shape in found.values()) + SPARE
    left = [most, FACTOR * len(found) + TENSORS]

    def count(owner: Any, key: str, tensor: Any) -> None:
        if tensor is None or tensor.device.type != "meta":
            return
        left[0] -= tensor.numel()
        left[1] -= 1
        if min(left) < 0:
            why = _("config.json describes a far larger model than {count:,} tensors of weights are there for").format(
                count=len(found)
            )
            raise sound.refused(name, why, "config.json")

    hooks = [
        module.register_module_parameter_registration_hook(count),
        module.register_module_buffer_registration_hook(count),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _weights(name: str, settings: dict[str, Any], of_base: bool = False) -> dict[str, tuple[int, ...]] | None:
    """The shapes of all weights of a checkpoint, of an adapter those of the model that it is put on; None where there
    are none, which is for those to complain about who load it."""
    variant = f".{settings['variant']}" if settings.get("variant") else ""
    single = hub.find(name, f"model{variant}.safetensors", settings)
    if single is not None:
        return sound.tensors(name, single)
    index = hub.find(name, f"model.safetensors.index{variant}.json", settings)
    if index is None:
        adapter = None if of_base else hub.find(name, "adapter_config.json", settings)
        base = sound.read(name, adapter).get("base_model_name_or_path") if adapter else None
        elsewhere = {key: value for key, value in settings.items() if key != "revision"}
        return _weights(str(base), elsewhere, of_base=True) if base else None
    found: dict[str, tuple[int, ...]] = {}
    for file in sound.shards(name, index):
        path = hub.find(name, file, settings)
        if path is not None:
            found |= sound.tensors(name, path)
    return found
