"""Copies and near copies of texts: across splits, inside the training rows, and with different labels."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from warmstart.errors import number_of
from warmstart.messages import _
from warmstart.table.columns import listed
from warmstart.table.findings import Finding, Severity
from warmstart.table.near import Pairs, near, silent
from warmstart.table.rows import NO_LABEL, Rows

if TYPE_CHECKING:
    from warmstart.table.task import Task

MOST_SHOWN = 1_000  # pairs that are listed
LABELS = 4  # kinds of label that are told apart where copies are many
SAME_WORDS = 0.999  # similarity of texts that differ in case, punctuation or spaces only
FEWEST, SHARE = 3, 0.01  # contradictions, and their share of the rows: SST-2 has 0.3 %


@dataclass(frozen=True)
class Copies:
    """The pairs of rows with nearly the same text, by number in `rows`; and which of these have the very same text."""

    rows: Rows
    pairs: Pairs
    exact: npt.NDArray[np.bool_]  # [pairs]

    def to_dict(self) -> dict[str, Any]:
        """Counts, and the most alike pairs as split, row from 1, split, row from 1, similarity."""
        order = np.argsort(-self.pairs.similarity, kind="stable")[:MOST_SHOWN]
        one, other = self.pairs.first[order], self.pairs.second[order]
        names = np.array(self.rows.splits, object)
        shown = zip(
            *(names[self.rows.split[one]], (self.rows.within(one) + 1).tolist()),
            *(names[self.rows.split[other]], (self.rows.within(other) + 1).tolist()),
            np.round(self.pairs.similarity[order], 3).tolist(),
            strict=True,
        )
        return {"pairs": len(self.exact), "exact": int(self.exact.sum()), "most_alike": [list(pair) for pair in shown]}


def copies(rows: Rows, tell: Callable[[float], None] = silent) -> Copies:
    """The near-duplicates among all rows of all splits; rows without a word have none."""
    kinds = rows.split * (LABELS + 1) + np.where(rows.codes == NO_LABEL, LABELS, rows.codes % LABELS)
    filled = np.sum([side.counts for side in rows.sides], axis=0) > 0
    some = np.flatnonzero(filled)
    sides = rows.sides if filled.all() else [side.where(filled) for side in rows.sides]
    found = near(sides, kinds[some], tell)
    pairs = Pairs(some[found.first], some[found.second], found.similarity)
    return Copies(rows, pairs, rows.keys[pairs.first] == rows.keys[pairs.second])


def findings(found: Copies, task: "Task") -> Iterator[Finding]:
    """What the copies mean for training on these rows."""
    yield from _across(found, task)
    yield from _contradicting(found, task)
    yield from _inside(found, task)


def _across(found: Copies, task: "Task") -> Iterator[Finding]:
    """Near copies of training rows among rows that measure. Rows with the very same text are said by `leakage`."""
    rows, one, other = found.rows, found.pairs.first, found.pairs.second
    for number, (name, place) in enumerate(zip(rows.splits, rows.places, strict=True)):
        there = rows.split[one] < number
        here = rows.split[other] == number
        same = np.unique(other[here & there & found.exact])
        pairs = here & there & ~np.isin(other, same)
        held_out = rows.within(np.unique(other[pairs]))
        size = int(rows.starts[number + 1] - rows.starts[number])
        if not len(held_out):
            continue
        earlier = np.unique(one[pairs])
        where = "; ".join(
            f"{rows.splits[split]}: {listed(rows.within(earlier[rows.split[earlier] == split]))}"
            for split in np.unique(rows.split[earlier]).tolist()
        )
        problem = _(
            "nearly the text of a row of an earlier split in {many} of {size:,} of {name!r} (there: {where})"
        ).format(many=number_of(len(held_out)), size=size, name=name, where=where)
        # So many rows can move a score further than chance does.
        severity: Severity = "warning" if len(held_out) > np.sqrt(size) else "note"
        fix = _("what is learnt from one is measured on the other: take them out of one of the two splits")
        yield Finding(place, tuple(held_out.tolist()), _texts(task), problem, fix, severity)


def _contradicting(found: Copies, task: "Task") -> Iterator[Finding]:
    """Nearly the same text with another class. Where the text is the very same, `checks` says so."""
    rows, one, other = found.rows, found.pairs.first, found.pairs.second
    if not task.classes or not task.head.one_label_a_text:
        return
    labelled = (rows.codes[one] != NO_LABEL) & (rows.codes[other] != NO_LABEL)
    differ = labelled & (rows.codes[one] != rows.codes[other]) & ~found.exact & (rows.split[one] == rows.split[other])
    close = found.pairs.similarity >= SAME_WORDS
    for number, place in enumerate(rows.places):
        size = int(rows.starts[number + 1] - rows.starts[number])
        for same_words in (True, False):
            pairs = differ & (close == same_words) & (rows.split[one] == number)
            if not pairs.any():
                continue
            both = rows.within(np.unique(np.concatenate([one[pairs], other[pairs]])))
            many = number_of(len(both))
            if same_words:
                problem = _(
                    "the same words as in a row of another label in {many}, but for case, punctuation or spaces"
                ).format(many=many)
            else:
                problem = _("nearly the text of a row of another label in {many}").format(many=many)
            often = same_words and pairs.sum() >= max(FEWEST, SHARE * size)
            fix = _("see which is right")
            severity: Severity = "warning" if often else "note"
            yield Finding(place, tuple(both.tolist()), task.label_columns, problem, fix, severity)


def _inside(found: Copies, task: "Task") -> Iterator[Finding]:
    """Copies inside the training rows, which count several times and, unless they are equal, may be held out alone."""
    rows = found.rows
    if "train" not in rows.splits:
        return
    number = rows.splits.index("train")
    pairs = (rows.split[found.pairs.first] == number) & (rows.split[found.pairs.second] == number)
    groups = grouped(found, pairs)
    if not groups:
        return
    members = np.sort(np.concatenate(groups))
    problem = _("{many} have nearly the text of another row: {groups:,} groups, the largest of {largest:,}").format(
        many=number_of(len(members)), groups=len(groups), largest=len(groups[0])
    )
    fix = _("if a template or an author is behind them, name the column that tells which with --group")
    place = rows.places[number]
    yield Finding(place, tuple(rows.within(members).tolist()), _texts(task), problem, fix, "note", "--group")


def grouped(found: Copies, pairs: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.int64]]:
    """The rows that some of the pairs connect, the largest groups first."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    one, other, count = found.pairs.first[pairs], found.pairs.second[pairs], len(found.rows.split)
    links = sparse.coo_array((np.ones(len(one), np.int8), (one, other)), shape=(count, count))
    _unused, component = connected_components(links, directed=False)
    members = np.unique(np.concatenate([one, other]))
    order = members[np.argsort(component[members], kind="stable")]
    ends = np.flatnonzero(np.diff(component[order])) + 1
    return sorted(np.split(order, ends), key=len, reverse=True) if len(order) else []


def _texts(task: "Task") -> tuple[str, ...]:
    return tuple(name for name in (task.text, task.pair) if name is not None)
