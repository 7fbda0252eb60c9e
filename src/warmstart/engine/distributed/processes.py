"""Which process this is among its peers, and what processes tell each other."""

import atexit
import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import accelerate
import torch

from warmstart.batches.ragged import RaggedBatch
from warmstart.engine.distributed.watchdog import join_again, watch_of
from warmstart.engine.threads import choose_threads
from warmstart.errors import UserError

BUCKET = 2**23  # numbers in one gradient message: 32 MiB of fp32


class Accelerator(accelerate.Accelerator):  # type: ignore[misc]
    """`accelerate.Accelerator`, which under torchrun on a machine without an accelerator device really joins the other
    processes (the stock class then trains the same thing in each process, alone)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if len(args) < 5 and cpu_only():
            kwargs.setdefault("cpu", True)
        super().__init__(*args, **kwargs)
        atexit.register(leave)


class TrainersAccelerator(Accelerator):
    """The one that a `Trainer` shows to code of the user's. The trainer itself weighs losses, sums gradients and sets
    the precision, so all that `backward` does is to go backward. `loss_scaler`: scales a loss in fp16."""

    loss_scaler: torch.amp.GradScaler | None = None

    def backward(self, loss: torch.Tensor, **options: Any) -> None:
        """Add the gradients of `loss`. What is inside autocast in the forward pass is not to be so in this one."""
        with torch.autocast(self.device.type, enabled=False):
            scaled: Any = loss if self.loss_scaler is None else self.loss_scaler.scale(loss)
            scaled.backward(**options)


def trainers_accelerator(loading: dict[str, Any], *, use_cpu: bool) -> TrainersAccelerator:
    """`loading`: the options of `accelerate.DataLoaderConfiguration`."""
    config = accelerate.DataLoaderConfiguration(**loading)
    return TrainersAccelerator(cpu=use_cpu or cpu_only(), dataloader_config=config)


def leave() -> None:
    """Leave the process group, if there is one. A process that ends within it may be aborted by gloo's own threads."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def cpu_only() -> bool:
    return not torch.accelerator.is_available()


class Processes:
    """This process among its peers: device, index and count, and the sums that the engine needs.

    Started by torchrun, `warmstart launch` or Accelerate it joins the others; otherwise it is alone.
    """

    def __init__(self, use_cpu: bool = False) -> None:
        cpu = use_cpu or cpu_only()
        wanted = int(os.environ.get("WORLD_SIZE", "1"))
        join_again(use_cpu)
        state = accelerate.PartialState(cpu=cpu)
        choose_threads()
        self.device: torch.device = state.device
        self.index: int = state.process_index
        self.local_index: int = state.local_process_index
        self.count: int = state.num_processes
        self._watch = watch_of(self.index, self.count)
        self.restarted = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0  # torchrun --max-restarts
        atexit.register(leave)
        if wanted != self.count:
            raise RuntimeError(f"{wanted} processes were started but this one found {self.count}")

    @property
    def is_main(self) -> bool:
        return self.index == 0

    @property
    def is_local_main(self) -> bool:
        return self.local_index == 0

    def working(self) -> contextlib.AbstractContextManager[None]:
        """Inside the block, the middle of an update, the others cannot be kept waiting for long."""
        return self._watch.working() if self._watch else contextlib.nullcontext()

    def _meeting(self) -> contextlib.AbstractContextManager[None]:
        return self._watch.meeting() if self._watch else contextlib.nullcontext()

    def barrier(self) -> None:
        if self.count > 1:
            with self._meeting():
                torch.distributed.barrier()

    @contextlib.contextmanager
    def main_first(self) -> Iterator[None]:
        """The main process runs the block first, the others when it has finished: they find its cache."""
        if not self.is_main:
            self.barrier()
        try:
            yield
        finally:
            if self.is_main:
                self.barrier()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """A UserError that any process raises inside the block is raised on all of them at its end: none is left
        waiting for the others."""
        error: UserError | None = None
        try:
            yield
        except UserError as raised:
            error = raised
        first = next((each for each in self.gathered(error) if each is not None), None)
        if first is not None:
            raise first

    def to_device(self, batch: Any) -> Any:
        """The batch with its tensors on this process's device, of the class that the collator gave it."""
        return _move(batch, self.device)

    def autocast(self, precision: torch.dtype | None) -> contextlib.AbstractContextManager[Any]:
        """Matrix products in `precision` inside the block (None: in the weights' own)."""
        if precision is None:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=precision)

    def totals(self, *numbers: float) -> tuple[float, ...]:
        """The sums of everybody's `numbers`, one by one, in double precision."""
        if self.count == 1:
            return numbers
        tensor = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        with self._meeting():
            torch.distributed.all_reduce(tensor)
        return tuple(tensor.tolist())

    def summed(self, tensor: torch.Tensor) -> torch.Tensor:
        """The sum of everybody's `tensor`, in place."""
        if self.count > 1:
            with self._meeting():
                torch.distributed.all_reduce(tensor)
        return tensor

    def gathered(self, value: Any) -> list[Any]:
        """Everybody's `value`, in process order."""
        if self.count == 1:
            return [value]
        values: list[Any] = [None] * self.count
        with self._meeting():
            torch.distributed.all_gather_object(values, value)
        return values

    def sum_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Add up everybody's gradients. A parameter that no process used keeps none; one that only some used (a process
        may have no rows in a short update) counts as zero on the others."""
        if self.count > 1:
            with self._meeting():
                self._sum_gradients(list(parameters))

    def _sum_gradients(self, parameters: list[torch.nn.Parameter]) -> None:
        used = torch.tensor([p.grad is not None for p in parameters], dtype=torch.int32, device=self.device)
        torch.distributed.all_reduce(used)
        live = [p for p, count in zip(parameters, used.tolist(), strict=True) if count]
        for p in live:
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        for bucket in _buckets(live):
            flat = torch.cat([p.grad.reshape(-1) for p in bucket if p.grad is not None])
            torch.distributed.all_reduce(flat)
            start = 0
            for p in bucket:
                assert p.grad is not None
                p.grad.copy_(flat[start : start + p.numel()].view_as(p))
                start += p.numel()

    def same_weights(self, model: torch.nn.Module) -> None:
        """Give every process the main process's parameters and buffers."""
        if self.count > 1:
            with self._meeting():
                self._same_weights(model)

    @staticmethod
    def _same_weights(model: torch.nn.Module) -> None:
        for tensor in model.state_dict().values():
            torch.distributed.broadcast(tensor, 0)


def _move(value: Any, device: torch.device) -> Any:
    if isinstance(value, RaggedBatch):
        return value.to(device)
    if isinstance(value, torch.Tensor):
        return value.to(device, non_blocking=True)
    if isinstance(value, Mapping):
        return type(value)({name: _move(item, device) for name, item in value.items()})  # type: ignore[call-arg]
    if isinstance(value, list | tuple):
        return type(value)(_move(item, device) for item in value)
    return value


def _buckets(parameters: list[torch.nn.Parameter]) -> Iterator[list[torch.nn.Parameter]]:
    """Parameters of one type, in order, in lists of at least BUCKET numbers (the last may have fewer)."""
    bucket: list[torch.nn.Parameter] = []
    size = 0
    for p in parameters:
        if bucket and (size >= BUCKET or p.dtype != bucket[0].dtype):
            yield bucket
            bucket, size = [], 0
        bucket.append(p)
        size += p.numel()
    if bucket:
        yield bucket
