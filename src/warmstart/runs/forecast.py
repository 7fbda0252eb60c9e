"""What a run will cost, from its first updates: speed, time to finish, memory, and the padding that is not computed."""

import dataclasses
import resource
import sys
import time
from typing import Any

import numpy as np
import torch
from transformers.trainer_callback import TrainerCallback

from warmstart.batches.plan import BatchPlan
from warmstart.batches.tokens import TokenTable
from warmstart.events import Listener, Note
from warmstart.messages import _

FIRST, LAST = 4, 16  # updates: the first ones warm caches up, the others are measured
EVALUATING = 3.0  # a forward pass alone is so many times faster than with its backward pass


@dataclasses.dataclass(frozen=True)
class Cost:
    """`padding`: share of the padded batches that is padding; `tokens_per_second`: real tokens; `seconds`: from the
    first update to the last, evaluations included; `memory`: highest so far, in bytes, of the accelerator if there is
    one, else of this process."""

    padding: float
    tokens_per_second: float
    rows_per_second: float
    updates: int
    seconds: float
    memory: int

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.seconds), 60)
        hours, minutes = divmod(minutes, 60)
        time_ = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
        share, rate, gib = f"{self.padding:.0%}", f"{self.tokens_per_second:,.0f}", f"{self.memory / 2**30:.1f} GiB"
        return _(
            "{share} of the padded batches is padding; {rate} tokens/s, {rows_per_second:.0f} rows/s; "
            "{updates:,} updates in about {time}; peak memory so far {gib}"
        ).format(
            share=share, rate=rate, rows_per_second=self.rows_per_second, updates=self.updates, time=time_, gib=gib
        )


class Forecast(TrainerCallback):  # type: ignore[misc]
    """Measures updates 5 to 16 of a run and tells what it will cost; with `only_measure` the run then ends."""

    def __init__(self, train: TokenTable, validation: TokenTable, evaluate_every: str | int, listen: Listener) -> None:
        self.only_measure = False
        self.cost: Cost | None = None
        self._tables = train, validation
        self._every = evaluate_every
        self._listen = listen
        self._first = self._began = self._tokens = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._first, self._began, self._tokens = state.global_step, time.monotonic(), state.num_input_tokens_seen

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        done = state.global_step - self._first
        if self.cost is not None:
            return
        if done == FIRST < state.max_steps - self._first:
            self._began, self._tokens = time.monotonic(), state.num_input_tokens_seen
        if done == LAST or state.global_step == state.max_steps:
            measured = done - FIRST if done > FIRST else done
            self.cost = self._reckon(args, state, measured)
            if state.is_world_process_zero:
                self._listen(Note(str(self.cost)))
            control.should_training_stop = control.should_training_stop or self.only_measure

    def _reckon(self, args: Any, state: Any, measured: int) -> Cost:
        train, validation = self._tables
        seconds = max(time.monotonic() - self._began, 1e-9)
        rate = max(state.num_input_tokens_seen - self._tokens, 1) / seconds
        size = args.train_batch_size * args.gradient_accumulation_steps * args.world_size
        per_epoch = -(-len(train) // size)
        tokens = int(train.offsets[-1]) * state.max_steps / per_epoch
        every = {"epoch": per_epoch, "never": state.max_steps + 1}.get(str(self._every)) or int(self._every)
        checked = int(validation.offsets[-1]) * (state.max_steps // every)
        return Cost(
            padding=padding(train.lengths, size, args.seed),
            tokens_per_second=rate,
            rows_per_second=measured * size / seconds,
            updates=state.max_steps,
            seconds=(tokens + checked / EVALUATING) / rate,
            memory=peak_memory(),
        )


def padding(lengths: np.ndarray[Any, np.dtype[np.int64]], batch_size: int, seed: int) -> float:
    """The share of padding in batches of `batch_size` rows in random order, each padded to its longest row."""
    order = BatchPlan(len(lengths), batch_size, batch_size, seed).order_of(0)
    starts = np.arange(0, len(order), batch_size)
    widths = np.maximum.reduceat(lengths[order], starts)
    return float(1 - lengths.sum() / (widths * np.diff([*starts, len(order)])).sum())


def peak_memory() -> int:
    """Bytes: the most that the accelerator's tensors, or this process on a CPU, have taken."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
