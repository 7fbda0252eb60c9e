"""Running a model over rows without training it: every row once, over all processes, results in the order of the
rows.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from warmstart.batches.dataloaders import Batch, Collate, is_stream
from warmstart.batches.plan import Rows
from warmstart.batches.ragged import ragged
from warmstart.batches.tokens import TokenTable
from warmstart.engine.losses import count_targets
from warmstart.engine.signals import Signals, Told

if TYPE_CHECKING:
    from warmstart.engine.distributed.processes import Processes

Arrays = Any  # an array [rows, ...], or a nested tuple of them, as the model's output is


@dataclasses.dataclass(frozen=True)
class Predictions:
    """`outputs`: float arrays `[rows, ...]` (one, or a tuple), padded with -100 where rows differ in length; `labels`
    alike, and `inputs`, the model's own; `loss`: mean over all targets; `losses`: float `[rows]`, of each row the mean
    loss of its batch; each None where there is none or nobody asked. `rows`: how many rows were seen. Where batches
    were not to be joined, arrays are lists of them."""

    outputs: Arrays | None
    labels: Arrays | None
    loss: float | None
    rows: int
    inputs: Arrays | None = None
    losses: Arrays | None = None


@dataclasses.dataclass(frozen=True)
class ModelRun:
    """How to run the model. `step(model, batch)` gives (mean loss or None, output tensors, labels or None); it may take
    the labels out of the batch. `inputs(batch)`: what of it to keep beside the outputs. `each(outputs, labels, loss,
    batch)` sees what a batch gave, as tensors; where that meets the other processes, `drained()` waits at the end for
    those that have more batches. `joined`: whether the arrays of the batches become one. `signals`: which end it
    between two batches. `weigh(batch)`: what its targets weigh, where some weigh more than others."""

    model: nn.Module
    processes: "Processes"
    step: Callable[[nn.Module, Batch], tuple[torch.Tensor | None, Any, Any]]
    label_names: Sequence[str]
    precision: torch.dtype | None = None
    transform: Callable[[Any, Any], Any] | None = None
    after_batch: Callable[[], None] | None = None
    keep_outputs: bool = True
    inputs: Callable[[Batch], Any] | None = None
    each: Callable[[Any, Any, torch.Tensor | None, Batch], None] | None = None
    drained: Callable[[], None] | None = None
    joined: bool = True
    signals: Signals = dataclasses.field(default_factory=Signals)
    weigh: Callable[[Batch], float] | None = None


def token_plan(
    table: TokenTable, batch_size: int, process: int, processes: int, *, by_length: bool = True
) -> list[Rows]:
    """Which of this process's rows meet in a batch. `by_length`: longest first, so that rows of like length meet and
    memory peaks at once; no batch has more tokens, with its padding, than `batch_size` rows of the longest length have.
    Else in their order, `batch_size` at a time.
    """
    if not by_length:
        mine = np.arange(len(table))[process::processes]
        return [mine[start : start + batch_size] for start in range(0, len(mine), batch_size)]
    lengths = table.lengths
    order = np.argsort(-lengths, kind="stable")[process::processes]
    widths = np.maximum(lengths[order], 1)
    budget = batch_size * int(widths[0]) if len(order) else 0
    batches, start = [], 0
    while start < len(order):
        stop = start + budget // int(widths[start])
        batches.append(order[start:stop])
        start = stop
    return batches


def token_batches(table: TokenTable, plan: list[Rows]) -> Iterator[tuple[Rows, Batch]]:
    """The batches of `plan` from a token table."""
    for rows in plan:
        yield rows, ragged(table, rows)


def dataset_batches(
    dataset: Any, collate: Collate, batch_size: int, process: int, processes: int, options: dict[str, Any]
) -> Iterator[tuple[Rows, Batch]]:
    """This process's rows of any torch data set, in order, through `DataLoader`."""
    from torch.utils.data import DataLoader

    if is_stream(dataset):
        start = 0
        for examples in DataLoader(dataset, batch_size=batch_size, collate_fn=list, **options):
            everyone = np.arange(start, start + len(examples))
            mine = [i for i in range(len(examples)) if everyone[i] % processes == process]
            start += len(examples)
            if mine:
                yield everyone[mine], collate([examples[i] for i in mine])
        return
    order = np.arange(len(dataset))[process::processes]
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    lists: Any = [rows.tolist() for rows in batches]
    loader = DataLoader(dataset, batch_sampler=lists, collate_fn=collate, **options)
    yield from zip(batches, loader, strict=True)


def predict(how: ModelRun, batches: Iterator[tuple[Rows, Batch]]) -> Predictions:
    """Run the model over this process's batches, and give every process everybody's results in the order of the
    rows. Raises Told, on every process, if one of them was told to stop.
    """
    was_training = how.model.training
    how.model.eval()
    rows: list[Rows] = []
    kept: dict[str, list[Any]] = {"outputs": [], "labels": [], "inputs": [], "losses": []}
    loss_sum, targets = 0.0, 0.0
    try:
        with torch.inference_mode():
            for numbers, batch in batches:
                batch = how.processes.to_device(batch)
                count = how.weigh(batch) if how.weigh else count_targets(batch, how.label_names)
                inputs = how.inputs(batch) if how.inputs else None
                with how.processes.autocast(how.precision):
                    loss, out, wanted = how.step(how.model, batch)
                if loss is not None and count:  # the mean over no targets is NaN
                    loss_sum += float(loss) * count
                    targets += count
                rows.append(numbers)
                kept["losses"].append(None if loss is None else np.full(len(numbers), float(loss)))
                if out is not None and how.transform:
                    out = how.transform(out, wanted)
                if how.keep_outputs:
                    for name, value in (("outputs", out), ("labels", wanted), ("inputs", inputs)):
                        kept[name].append(_arrays(value))
                if how.each is not None:
                    how.each(out, wanted, loss, batch)
                if how.after_batch is not None:
                    how.after_batch()
                if how.signals.told:
                    break
    finally:
        how.model.train(was_training)
    if how.drained is not None:
        how.drained()
    told = how.signals.told
    parts = how.processes.gathered((rows, {} if told else kept, loss_sum, targets, told))
    if any(part[4] for part in parts):
        raise Told
    total = sum(part[3] for part in parts)
    every_row = [numbers for part in parts for numbers in part[0]]
    arrays = {name: _put_together([b for part in parts for b in part[1][name]], every_row, how.joined) for name in kept}
    loss_of_all = sum(part[2] for part in parts) / total if total else None
    return Predictions(loss=loss_of_all, rows=sum(map(len, every_row)), **arrays)


def _put_together(batches: list[Any], rows: list[Rows], joined: bool) -> Any:
    """What the batches gave, in the order of the rows: as one, or batch by batch."""
    if not joined:
        order = sorted(range(len(batches)), key=lambda i: int(rows[i][0]) if len(rows[i]) else 0)
        return [batches[i] for i in order] if batches and batches[0] is not None else None
    all_rows = np.concatenate([np.zeros(0, np.int64), *rows])
    return _in_order(batches, np.argsort(all_rows, kind="stable"))


def _arrays(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        value = value.detach().float() if value.dtype in (torch.bfloat16, torch.float16) else value.detach()
        return value.cpu().numpy()
    if isinstance(value, dict):
        return {name: _arrays(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_arrays(item) for item in value)
    return value


def _in_order(batches: list[Any], order: npt.NDArray[np.int64]) -> Any:
    """Join arrays batch by batch and put their rows in order."""
    if not batches or batches[0] is None:
        return None
    first = batches[0]
    if isinstance(first, dict):
        return {name: _in_order([batch[name] for batch in batches], order) for name in first}
    if isinstance(first, tuple):
        return tuple(_in_order([batch[i] for batch in batches], order) for i in range(len(first)))
    if np.ndim(first) == 0:
        return np.asarray(batches)
    return _joined(batches)[order]


def _joined(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Arrays `[rows, length, ...]` end to end along the rows; shorter ones are padded with -100 along the lengths."""
    if arrays[0].ndim < 2 or len({array.shape[1] for array in arrays}) == 1:
        return np.concatenate(arrays)
    width = max(array.shape[1] for array in arrays)
    rest = [(0, 0)] * (arrays[0].ndim - 2)
    return np.concatenate([np.pad(a, [(0, 0), (0, width - a.shape[1]), *rest], constant_values=-100) for a in arrays])
