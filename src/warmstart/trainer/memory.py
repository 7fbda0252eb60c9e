"""How much memory making a trainer, training, evaluating and predicting took, as `transformers` measures it."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from transformers.trainer_utils import TrainerMemoryTracker


class Memory:
    """Measures where `skip_memory_metrics` is False; else it does nothing. A thread looks at the process all the time
    then, which takes a core. Stages: `"init"`, `"train"`, `"eval"`, `"test"`; inside one of them no other is measured.
    """

    def __init__(self, skip: bool) -> None:
        self._tracker = _Tracker(skip)

    @contextlib.contextmanager
    def of(self, stage: str) -> Iterator[Callable[[dict[str, Any] | None], None]]:
        """Inside the block the stage is measured until `took(metrics)` is called, which adds what it took, in bytes; to
        the first metrics what making the trainer took, too."""

        def took(metrics: dict[str, Any] | None) -> None:
            self._tracker.stage = stage
            self._tracker.stop_and_update_metrics(metrics)

        self._tracker.stage = stage
        self._tracker.start()
        try:
            yield took
        finally:
            if getattr(self._tracker, "cur_stage", None) == stage:  # an error has ended it
                self._tracker.peak_monitoring, self._tracker.cur_stage = False, None


class _Tracker(TrainerMemoryTracker):  # type: ignore[misc]
    """The stock one finds its stage by the name of the function that calls it."""

    stage = "init"

    def derive_stage(self) -> str:
        return self.stage
