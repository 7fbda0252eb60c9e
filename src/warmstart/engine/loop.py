"""The loop: a generator of one StepResult an update. It does no input or output; its caller does."""

from collections.abc import Generator

from warmstart.batches.dataloaders import Feed
from warmstart.engine.randomness import untouched
from warmstart.engine.step import Engine, StepResult, train_step


def updates(engine: Engine, feed: Feed, start: int, stop: int) -> Generator[StepResult, None, None]:
    """Run updates `start` to `stop - 1` (counted from 0 over all epochs), one each time the caller asks for the
    next.
    """
    for update, batches in feed.batches(start, stop, engine.processes.index, engine.processes.count):
        with untouched(engine.rows_are_drawn):  # what draws the rows goes on from where it was
            result = train_step(engine, update, batches)
        yield result
