"""Processes watch each other: one that dies, freezes or hangs ends all of them, by name, and leaves none waiting.

Each process tells a store, once a second, that it lives, how many meetings (collective operations) its main thread has
come to, and whether it is in the middle of an update, where the others cannot be kept waiting for long.
"""

import atexit
import contextlib
import functools
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import torch

from warmstart.errors import UserError, first_line
from warmstart.messages import _

EVERY = 1.0  # seconds between two signs of life
SILENT = 15.0  # seconds without one: the process is frozen, or its machine is gone
STUCK = 25.0  # seconds that the others wait for one that is in the middle of an update
GONE = 3.0  # the same, once a meeting has failed
LEFT = "left"


class Watchdog:
    """This process among `count`. `store` is a `torch.distributed` store of its own (thread safe)."""

    def __init__(self, store: Any, index: int, count: int) -> None:
        self._store, self._index, self._count = store, index, count
        self._meetings, self._working = 0, False
        self._seen: dict[int, tuple[str, float]] = {}  # the last sign of each process, and since when it is the same
        self._met: dict[int, tuple[int, float]] = {}  # its meetings, and since when there are no more
        self._patience = float(os.environ.get("WARMSTART_PATIENCE", "1"))  # a factor: slow machines need more
        self._ended = threading.Event()
        self._tell(0)
        self._thread = threading.Thread(target=self._watch, daemon=True, name="watch")
        self._thread.start()

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """In the middle of an update."""
        self._working = True
        try:
            yield
        finally:
            self._working = False

    @contextlib.contextmanager
    def meeting(self) -> Iterator[None]:
        """A collective operation. Raises UserError, naming the process that is not there, if it fails."""
        self._meetings += 1
        try:
            yield
        except RuntimeError as error:
            raise self._who_is_gone(error) from error

    def leave(self) -> None:
        """This process is about to end, as it should."""
        self._ended.set()
        with contextlib.suppress(RuntimeError):
            self._store.set(str(self._index), LEFT)

    def _tell(self, beat: int) -> None:
        self._store.set(str(self._index), f"{beat} {self._meetings} {int(self._working)}")

    def _watch(self) -> None:
        beat = 0
        while not self._ended.wait(EVERY):
            beat += 1
            try:
                self._tell(beat)
                self._look()
            except RuntimeError:
                return  # the store is gone, and with it whoever kept it: meetings will fail by themselves
            problem = self._problem()
            if problem is not None and not self._ended.is_set():
                print(_("error: ") + str(problem), file=sys.stderr, flush=True)
                os._exit(1)  # the main thread waits in a call that does not come back

    def _look(self) -> None:
        """Read everybody's last sign."""
        now = time.monotonic()
        keys = [str(each) for each in range(self._count)]
        if not self._store.check(keys):
            return  # some have not begun to tell
        for each, raw in enumerate(self._store.multi_get(keys)):
            sign = raw.decode()
            if self._seen.get(each, ("", 0.0))[0] != sign:
                self._seen[each] = (sign, now)
            met = int(sign.split()[1]) if sign != LEFT else -1
            if self._met.get(each, (-2, 0.0))[0] != met:
                self._met[each] = (met, now)

    def _problem(self) -> UserError | None:
        """Who is frozen or stuck, if anybody is."""
        now = time.monotonic()
        there = {each: sign for each, (sign, _unused) in self._seen.items() if sign != LEFT}
        for each in there:
            if each != self._index and now - self._seen[each][1] > SILENT * self._patience:
                return self._lost(each, _("gives no sign of life"))
        most = max((self._met[each][0] for each in there), default=0)
        ahead = [self._met[each][1] for each in there if self._met[each][0] == most]
        for each, sign in there.items():
            met, since = self._met[each]
            waiting = now - max(since, min(ahead))
            if met < most and sign.endswith("1") and waiting > STUCK * self._patience:
                return self._lost(each, _("hangs in the middle of an update"))
        return None

    def _who_is_gone(self, error: RuntimeError) -> UserError:
        """Name who no longer gives signs of life, after a meeting has failed."""
        until = time.monotonic() + 2 * GONE * self._patience
        while time.monotonic() < until:
            time.sleep(EVERY / 4)
            for each, (sign, since) in self._seen.copy().items():
                if each != self._index and (sign == LEFT or time.monotonic() - since > GONE * self._patience):
                    return self._lost(each, _("has ended"))
        return self._lost(None, first_line(error))

    def _lost(self, process: int | None, what: str) -> UserError:
        who = _("a process") if process is None else _("process {process}").format(process=process)
        return UserError(
            _("{who} of {count} {what}").format(who=who, count=self._count, what=what),
            where=_("noticed by process {index}").format(index=self._index),
            fix=_(
                "see what it said last; then resume: nothing that was saved is lost (torchrun "
                "--max-restarts does so by itself; WARMSTART_PATIENCE=4 waits four times as long)"
            ),
        )


def join_again(use_cpu: bool = False) -> None:
    """Processes that torchrun has started again on one machine find the addresses of those that have died in the store
    that it shares among attempts, and do not meet (https://github.com/pytorch/pytorch/issues/135712). With keys of
    their own they do."""
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    shared = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True" and os.environ.get("GROUP_WORLD_SIZE") == "1"
    if attempt == "0" or not shared or torch.distributed.is_initialized():
        return
    rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    address = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
    stores: Any = torch.distributed
    mine = stores.PrefixStore(f"warmstart-attempt-{attempt}", stores.TCPStore(*address, count, is_master=False))
    device = None if use_cpu else torch.accelerator.current_accelerator()
    backend = "gloo" if device is None else torch.distributed.get_default_backend_for_device(device)
    torch.distributed.init_process_group(backend, store=mine, rank=rank, world_size=count)


@functools.cache
def watch_of(index: int, count: int) -> Watchdog | None:
    """One watch for as long as this process lives, if there are others."""
    if count == 1:
        return None
    default: Any = torch.distributed.distributed_c10d._get_default_store()
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    stores: Any = torch.distributed
    store = stores.PrefixStore(f"warmstart-watch-{attempt}", default.clone())
    watch = Watchdog(store, index, count)
    atexit.register(watch.leave)
    return watch
