"""How many threads compute: as many as the process may use processors, which in a container is not what the machine
has."""

import math
import os
import pathlib
from collections.abc import Iterator

import torch

from warmstart.messages import _, ngettext

CHOSEN = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")  # by the user, or by who started the process


def choose_threads() -> int:
    """The threads of this process, lowered to the `processors` that it may use where nobody has chosen otherwise: more
    would be put to sleep in turns, and wait for each other."""
    if not any(name in os.environ for name in CHOSEN) and processors() < torch.get_num_threads():
        torch.set_num_threads(processors())
    return torch.get_num_threads()


def processors() -> int:
    """How many this process may use, by affinity and quota; a part of one counts as one."""
    allowed = quota()
    return affinity() if allowed is None else min(affinity(), max(math.ceil(allowed), 1))


def told(threads: int) -> str:
    """What was chosen, as a phrase for `plan`."""
    line = ngettext("{threads} thread", "{threads} threads", threads).format(threads=threads)
    for name in CHOSEN:
        if name in os.environ:
            return line + _(" ({name} is set)").format(name=name)
    allowed = quota()
    share = "" if allowed is None else _(", a quota of {allowed:g}").format(allowed=allowed)
    line += _(" (processors: {count} of the machine, {allowed} for this process{share})").format(
        count=os.cpu_count(), allowed=affinity(), share=share
    )
    spins = os.environ.get("GOMP_SPINCOUNT")
    return line + ("" if spins is None else _("; they sleep after {spins} looks for each other").format(spins=spins))


def affinity() -> int:
    """The processors on which the system lets this process run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def quota(root: pathlib.Path = pathlib.Path("/")) -> float | None:
    """How many processors' time the control groups of this process grant it, as containers limit it; None: no limit.

    The kernel's admin-guide/cgroup-v2, `cpu.max`, and scheduler/sched-bwc, `cpu.cfs_quota_us`, of version 1: time in a
    period, microseconds. `root`: where the file systems `proc` and `sys` are.
    """
    return min(_grants(root), default=None)


def _grants(root: pathlib.Path) -> Iterator[float]:
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, _unused, path = line.partition(":")
        controllers, _unused, path = path.partition(":")
        version_2 = number == "0" and not controllers
        if not version_2 and "cpu" not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / controllers
        for folder in (top / path.lstrip("/"), *(top / path.lstrip("/")).parents):
            if not folder.is_relative_to(top):
                break
            names = ("cpu.max",) if version_2 else ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            words = " ".join(_read(folder / name) for name in names).split()
            if len(words) == 2 and words[0].isdecimal() and words[1].isdecimal() and int(words[1]):
                yield int(words[0]) / int(words[1])


def _read(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
