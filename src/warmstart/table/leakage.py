"""Rows that are in two splits: what is learnt from them is measured on them, and flatters the model."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from warmstart.errors import text
from warmstart.table.columns import listed
from warmstart.table.findings import Finding
from warmstart.table.scan import Scans

if TYPE_CHECKING:
    from warmstart.table.task import Task


def leakage(scans: Scans, task: "Task") -> Iterator[Finding]:
    """The rows of a split whose texts are in an earlier split too, whatever their labels are there.

    A row is the same if its text, and its second text if there is one, are the same: a label that differs makes it no
    fairer a test.
    """
    columns = tuple(name for name in (task.text, task.pair) if name is not None)
    fix = text(
        "take them out of one of the two; with --allow-leakage they stay, and the scores say less about new texts",
        "请从其中一个划分中去掉这些行; 用 --allow-leakage 可保留它们, 但分数就不太能反映在新文本上的表现",
    )
    for (name, one), (_, other) in itertools.combinations(scans.items(), 2):
        if one.keys is None or other.keys is None:
            continue
        rows = np.flatnonzero(other.filled & np.isin(other.keys, one.keys[one.filled]))
        if len(rows):
            there = np.flatnonzero(one.filled & np.isin(one.keys, other.keys[rows]))
            many = f"{len(rows):,} row{'s are' if len(rows) > 1 else ' is'}"
            problem = text(
                f"{many} in the split {name!r} too (there: {listed(there)})",
                f"有 {len(rows):,} 行也出现在数据划分 {name!r} 中 (在该划分中: {listed(there)})",
            )
            yield Finding(other.place, tuple(rows.tolist()), columns, problem, fix)
