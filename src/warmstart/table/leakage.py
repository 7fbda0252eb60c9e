"""Rows that are in two splits: what is learnt from them is measured on them, and flatters the model."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from warmstart.messages import _, ngettext
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
    fix = _("take them out of one of the two; with --allow-leakage they stay, and the scores say less about new texts")
    for (name, one), (_unused, other) in itertools.combinations(scans.items(), 2):
        if one.keys is None or other.keys is None:
            continue
        rows = np.flatnonzero(other.filled & np.isin(other.keys, one.keys[one.filled]))
        if len(rows):
            there = np.flatnonzero(one.filled & np.isin(one.keys, other.keys[rows]))
            problem = ngettext(
                "{rows:,} row is in the split {name!r} too (there: {there})",
                "{rows:,} rows are in the split {name!r} too (there: {there})",
                len(rows),
            ).format(rows=len(rows), name=name, there=listed(there))
            yield Finding(other.place, tuple(rows.tolist()), columns, problem, fix)
