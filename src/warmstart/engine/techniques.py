"""What makes a step fast: each technique has a name, is told in the log, and can be left out by that name.

None changes what is computed beyond rounding and the choice of random bits: `benchmarks/results/accuracy-mrpc.md` has
the training loss without each.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import torch
from torch import nn

from warmstart.engine.allocator import keep_freed_memory
from warmstart.engine.capturable import listens
from warmstart.engine.clipping import can_fold
from warmstart.engine.cuda_graphs import CUDA_GRAPHS, Graphs
from warmstart.engine.live_rows import LiveRows, live_rows
from warmstart.errors import UserError, did_you_mean
from warmstart.messages import _
from warmstart.models.embedding_grad import row_gradients
from warmstart.models.ragged.encoder import DROPOUT_BITS, FIRST_TOKEN, PADDING_FREE, WORKING_WEIGHTS, Unpadded, unpadded

ROW_GRADIENTS, LIVE_ROWS, FOLDED_CLIPPING = "row-gradients", "live-rows", "folded-clipping"
KEPT_MEMORY = "kept-memory"
NAMES = {
    PADDING_FREE: "tokens of a batch lie end to end; no padding is computed in the encoder",
    FIRST_TOKEN: "where the head reads the first token only, the last layer is computed for that token only",
    DROPOUT_BITS: "dropout from cheap random bits that depend on seed, update, process and row",
    WORKING_WEIGHTS: "weights are cast to bf16 once a micro-batch, and not in each call",
    ROW_GRADIENTS: "the word embedding's gradient is written and zeroed only in rows that the batch has",
    LIVE_ROWS: "the optimizer leaves out rows of the word embedding that no batch has had, which do not move",
    FOLDED_CLIPPING: "gradients are clipped inside the fused optimizer's own pass",
    KEPT_MEMORY: "memory that a step frees is kept for the next one",
    CUDA_GRAPHS: "on a CUDA device whole updates are captured as graphs and replayed",
}
MakeGraphs = Callable[[Unpadded, bool], tuple[Graphs | None, str]]


@dataclasses.dataclass(frozen=True)
class Techniques:
    """What is on during a run. `padded_because`: why the encoder computes padding, if it does; `eager_because`: why
    updates are not CUDA graphs, where there is a CUDA device and they are not; `kept_memory`: up to which size of a
    block, in bytes, the system's malloc agreed to keep freed memory (0: it did not), where it was asked."""

    on: tuple[str, ...] = ()
    padded_because: str = ""
    eager_because: str = ""
    encoder: Unpadded = dataclasses.field(default_factory=Unpadded)
    graphs: Graphs | None = None
    live_rows: LiveRows = dataclasses.field(default_factory=LiveRows)
    kept_memory: int | None = None

    def __str__(self) -> str:
        path = _("padding-free")
        if self.padded_because:
            path = _("padded, because {padded_because}").format(padded_because=self.padded_because)
        if self.eager_because:
            why = self.eager_because
            path += _("; no CUDA graphs, because {why}").format(why=why)
        if self.kept_memory == 0:
            path += _("; malloc does not keep freed memory when it is told to")
        rest = ", ".join(name for name in self.on if name != PADDING_FREE) or _("nothing else")
        return _("encoder {path}; also on: {rest}").format(path=path, rest=rest)

    def to_dict(self) -> dict[str, Any]:
        """For a log: names of what is on, why what could be is not, and what malloc granted, in bytes."""
        reasons = {"padded_because": self.padded_because, "eager_because": self.eager_because}
        memory = {} if self.kept_memory is None else {"kept_memory_up_to": self.kept_memory}
        return {"techniques": list(self.on), **{name: why for name, why in reasons.items() if why}, **memory}


def check_names(without: Iterable[str]) -> tuple[str, ...]:
    """Raises UserError for a technique that does not exist."""
    for name in without:
        if name not in NAMES:
            raise UserError(
                _("there is no technique {name!r}").format(name=name),
                where="without",
                fix=did_you_mean(name, list(NAMES)),
            )
    return tuple(without)


@contextlib.contextmanager
def techniques(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    callbacks: Iterable[Any],
    make_graphs: MakeGraphs,
    *,
    processes: int,
    without: Collection[str] = (),
) -> Iterator[Techniques]:
    """Everything that helps and is not in `without` is on inside the block, and off again after it.
    `make_graphs(encoder, folded)` gives the CUDA graphs, or why there are none; `folded`: whether clipping is."""
    device = next(model.parameters(), torch.zeros(())).device
    with contextlib.ExitStack() as stack:
        # Before the encoder's, which from then on looks for hooks in the modules that there are.
        by_rows = stack.enter_context(row_gradients(model)) if ROW_GRADIENTS not in without and processes == 1 else None
        encoder = stack.enter_context(unpadded(model, without))
        on = [*encoder.on, *([ROW_GRADIENTS] if by_rows is not None else [])]
        live = live_rows(optimizer, by_rows) if LIVE_ROWS not in without else None
        on += [LIVE_ROWS] if live is not None else []
        # That event is between clipping and the optimizer, which folded are one.
        if FOLDED_CLIPPING not in without and can_fold(optimizer) and not listens("on_pre_optimizer_step", callbacks):
            on.append(FOLDED_CLIPPING)
        kept = keep_freed_memory() if KEPT_MEMORY not in without and device.type == "cpu" else None
        on += [KEPT_MEMORY] if kept else []
        graphs, why_not = None, ""
        if device.type == "cuda":
            asked = _("as asked")
            graphs, why_not = (None, asked) if CUDA_GRAPHS in without else make_graphs(encoder, FOLDED_CLIPPING in on)
            on += [CUDA_GRAPHS] if graphs is not None else []
        yield Techniques(tuple(on), encoder.why_not, why_not, encoder, graphs, live or LiveRows(), kept)
