"""Threads of a machine that other programs use too: how long they wait for one another before they sleep."""

import os
from collections.abc import MutableMapping

SPINS = "1000"


def share_processors(environment: MutableMapping[str, str] = os.environ) -> None:
    """Have the threads of GNU's OpenMP, which torch has, look for each other `SPINS` times and then sleep.

    By default they look 300,000 times while there are no more of them than processors (libgomp's manual,
    GOMP_SPINCOUNT). But they know only of their own process: where another program wants the same processors, each end
    of a parallel loop waits for a thread that does not run (`benchmarks.neighbour`). The variable is read when torch is
    loaded, so it is set when this package is. Who has set it, or OMP_WAIT_POLICY, is not overruled.
    """
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", SPINS)
