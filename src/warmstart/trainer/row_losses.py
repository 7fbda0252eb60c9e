"""The loss of each training row in each epoch, from outputs that the updates compute anyway (Swayamdipta et al. 2020,
"Dataset Cartography"). Dropout is in them, as it is there.
"""

import base64
import math
import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from warmstart import storage
from warmstart.batches.plan import Update
from warmstart.engine.distributed.processes import Processes
from warmstart.heads.losses import losses

FILE = "row_losses.json"  # in a run's folder
MOST = 5_000_000  # losses that are kept: of so many rows times epochs, whole epochs from the first on
WAITING = 256  # updates whose outputs are read together: reading one waits for the device

Losses = npt.NDArray[np.float32]


class RowLosses:
    """Who is shown every micro-batch's outputs. They are kept as they are and read later, so that an update computes
    what it would compute otherwise. `labels`: of the training rows, as a loss takes them."""

    def __init__(self, problem_type: str, labels: npt.NDArray[Any], most: int = MOST) -> None:
        self._problem_type, self._labels, self._most = problem_type, labels, most
        self._seen: list[torch.Tensor] = []  # of the update under way
        self._waiting: list[tuple[int, npt.NDArray[np.int64], list[torch.Tensor]]] = []
        self._read: list[tuple[int, npt.NDArray[np.int64], Losses]] = []  # by this process, and known to no other
        self._epochs: dict[int, Losses] = {}

    def saw(self, outputs: Any) -> None:
        """What the model gave for some rows of an update."""
        logits = getattr(outputs, "logits", None)
        if isinstance(logits, torch.Tensor):
            self._seen.append(logits.detach())

    def count(self, update: Update) -> None:
        """An update is done. What was seen last is of its rows: before it may be attempts that did not fit into the
        memory. Where it is not of all of them (CUDA graphs show nothing), there is nothing to keep."""
        seen, self._seen = self._seen, []
        rows = np.concatenate([np.empty(0, np.int64), *update.micro_batches])
        first, left = len(seen), len(rows)
        while left > 0 and first > 0:
            first -= 1
            left -= len(seen[first])
        if left or not len(rows) or (update.epoch + 1) * len(self._labels) > self._most:
            return
        self._waiting.append((update.epoch, rows, seen[first:]))
        if len(self._waiting) >= WAITING:
            self._look()

    def gather(self, processes: Processes) -> None:
        """Bring together what the processes have read; each has to call this."""
        self._look()
        for part in processes.gathered(self._read):
            for epoch, rows, found in part:
                self._epoch(epoch)[rows] = found
        self._read = []

    def to_dict(self) -> dict[str, Any]:
        """All that is known, as JSON can say it: the losses of all rows of each epoch, little-endian float32 in base
        64; NaN for a row that no update has had."""
        told = {str(epoch): self._epochs[epoch].astype("<f4").tobytes() for epoch in sorted(self._epochs)}
        return {
            "rows": len(self._labels),
            "epochs": {epoch: base64.b64encode(found).decode() for epoch, found in told.items()},
        }

    def restore(self, saved: dict[str, Any] | None) -> None:
        """Go on from what `to_dict` gave; older checkpoints have nothing."""
        self._seen, self._waiting, self._read = [], [], []
        self._epochs = _decoded(saved) if saved is not None and saved["rows"] == len(self._labels) else {}

    def lacks(self, epochs: float) -> bool:
        """Whether a run of so many epochs has more losses than are kept."""
        return math.ceil(epochs) * len(self._labels) > self._most

    def write(self, folder: pathlib.Path) -> None:
        """Into the folder of a run, if there are any."""
        if self._epochs:
            storage.replace_json(folder / FILE, self.to_dict())

    def _epoch(self, number: int) -> Losses:
        return self._epochs.setdefault(number, np.full(len(self._labels), np.nan, np.float32))

    def _look(self) -> None:
        """Read the outputs that wait: from an accelerator in one go."""
        if not self._waiting:
            return
        logits = torch.cat([each for _epoch, _rows, seen in self._waiting for each in seen]).float().cpu().numpy()
        all_rows = np.concatenate([rows for _epoch, rows, _seen in self._waiting])
        found = losses(self._problem_type, logits, self._labels[all_rows]).astype(np.float32)
        start = 0
        for epoch, rows, _seen in self._waiting:
            self._read.append((epoch, rows, found[start : start + len(rows)]))
            start += len(rows)
        self._waiting = []


def read(folder: pathlib.Path) -> Losses | None:
    """The losses that a run has left, float32 `[epochs, rows]`, NaN where a row was not seen; None if it left none."""
    if not (folder / FILE).is_file():
        return None
    found = _decoded(storage.read_json(folder / FILE))
    return np.stack([found[epoch] for epoch in sorted(found)]) if found else None


def _decoded(saved: dict[str, Any]) -> dict[int, Losses]:
    return {
        int(epoch): np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)
        for epoch, text in saved["epochs"].items()
    }
