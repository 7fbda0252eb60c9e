"""Threads on a shared machine: what is set before torch is loaded, and how many compute in a container."""

import os
import pathlib
import subprocess
import sys

import pytest
import torch

from warmstart.engine import threads
from warmstart.openmp import SPINS, share_processors


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"GOMP_SPINCOUNT": SPINS}),
        ({"GOMP_SPINCOUNT": "7"}, {"GOMP_SPINCOUNT": "7"}),
        ({"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "active"}),
    ],
)
def test_what_the_user_has_set_wins(given: dict[str, str], expected: dict[str, str]) -> None:
    share_processors(given)
    assert given == expected


@pytest.mark.parametrize("first", ["import warmstart", "from warmstart.cli import main", "import warmstart.paths"])
def test_it_is_set_before_torch_is_loaded(first: str) -> None:
    """libgomp itself says what it was given, when it is loaded."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GOMP", "OMP"))}
    done = subprocess.run(
        [sys.executable, "-c", f"{first}; import torch; torch.ones(9).sum()"],
        env={**environment, "OMP_DISPLAY_ENV": "verbose"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"GOMP_SPINCOUNT = '{SPINS}'" in done.stderr


def files(root: pathlib.Path, contents: dict[str, str]) -> pathlib.Path:
    for name, text in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


V1 = "12:memory:/x\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n"
QUOTAS = {
    "no limit": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
    "two processors": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2.0),
    "half of one": ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "50000 100000\n"}, 0.5),
    "the group above": (
        {
            "proc/self/cgroup": "0::/a/b\n",
            "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
            "sys/fs/cgroup/a/cpu.max": "150000 100000",
        },
        1.5,
    ),
    "version 1": (
        {
            "proc/self/cgroup": V1,
            "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "300000",
            "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000",
        },
        3.0,
    ),
    "version 1, as a container sees it": (
        {
            "proc/self/cgroup": V1,
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "100000",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
        },
        1.0,
    ),
    "version 1 without one": (
        {
            "proc/self/cgroup": V1,
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
        },
        None,
    ),
    "no groups": ({}, None),
    "nonsense": ({"proc/self/cgroup": "0::/\nwhat\n", "sys/fs/cgroup/cpu.max": "a few\n"}, None),
}


@pytest.mark.parametrize(("contents", "expected"), QUOTAS.values(), ids=QUOTAS)
def test_the_quota_of_a_container(contents: dict[str, str], expected: float | None, tmp_path: pathlib.Path) -> None:
    assert threads.quota(files(tmp_path, contents)) == expected


@pytest.mark.parametrize(
    ("allowed", "have", "chosen", "expected"),
    [
        (2.0, 8, False, 2),
        (1.2, 8, False, 2),
        (0.5, 8, False, 1),
        (None, 8, False, 8),
        (2.0, 8, True, 8),
        (4.0, 1, False, 1),
    ],
)
def test_no_more_threads_than_the_quota_unless_somebody_has_chosen(
    allowed: float | None, have: int, chosen: bool, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.get_num_threads()
    for name in threads.CHOSEN:
        monkeypatch.delenv(name, raising=False)
    if chosen:
        monkeypatch.setenv("OMP_NUM_THREADS", str(have))
    monkeypatch.setattr(threads, "quota", lambda: allowed)
    monkeypatch.setattr(threads, "affinity", lambda: 8)
    try:
        torch.set_num_threads(have)
        assert threads.choose_threads() == torch.get_num_threads() == expected
        assert str(expected) in threads.told(expected)
    finally:
        torch.set_num_threads(before)
