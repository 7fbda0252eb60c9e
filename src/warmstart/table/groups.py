"""Rows that belong together though their texts differ: of one author, one thread, one template.

Where rows of a group are on both sides of a split, what is learnt of the group is measured, not what is learnt of the
task. `--group COLUMN` keeps a group on one side; here is what speaks for a column, and whether given splits keep to it.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from warmstart.errors import number_of
from warmstart.messages import _
from warmstart.table import columns, origin
from warmstart.table.columns import listed
from warmstart.table.copies import Copies
from warmstart.table.findings import Finding
from warmstart.table.rows import NO_LABEL
from warmstart.table.shingles import Ints
from warmstart.table.together import numbers

if TYPE_CHECKING:
    import datasets

    from warmstart.table.task import Task

NAMED = re.compile(
    r"(?:^|[_\W]|(?<=[a-z])(?=[A-Z]))(user|author|writer|speaker|customer|patient|reviewer|annotator|account|thread|"
    r"conversation|dialogue?|session|topic|document|doc|article|product|item|group|template|cluster|source|domain|site)",
    re.IGNORECASE,
)
NAMED_IN_CHINESE = re.compile("用户|作者|会话|对话|主题|文章|商品|产品|来源|模板|患者|客户|编号")
FEWEST = 10  # values of a column of groups
REPEATED = 0.5  # share of the rows whose value is another row's too
AGREE = 0.3  # how much likelier than chance two rows of a group have one label: 0 is chance, 1 always
COPIES, MOST_COPIES = 0.5, 20  # share of near copies in one group, and so many times what chance would give
MOST_COLUMNS = 50  # that are looked at


@dataclass(frozen=True)
class Suspect:
    """A column that may say which rows belong together. `agree`: as `AGREE`; `copies`: the share of the training rows'
    near copies that are in one group, None without copies; `named`: whether its name says so."""

    column: str
    groups: int
    agree: float
    copies: float | None
    named: bool


def suspects(splits: "datasets.DatasetDict", task: "Task", found: Copies) -> list[Suspect]:
    """The columns of the training rows that look like groups: values repeat, and rows of one value are more alike than
    others in label or text, or the name says what they are."""
    if "train" not in splits:
        return []
    rows, start = splits["train"], int(found.rows.starts[found.rows.splits.index("train")])
    codes = found.rows.codes[start : start + len(rows)]
    pairs = (found.pairs.first >= start) & (found.pairs.second < start + len(rows))
    one, other = found.pairs.first[pairs] - start, found.pairs.second[pairs] - start
    read = (task.text, task.pair, *task.label_columns)
    names = [name for name in rows.column_names if name not in read and columns.is_scalar(rows, name)]
    suspected = []
    for name in names[:MOST_COLUMNS]:
        of = numbers(rows, name)
        sizes = np.bincount(of[of >= 0])
        repeated = sizes[sizes > 1].sum()
        if len(sizes) < FEWEST or repeated < REPEATED * len(rows) or sizes.max() > REPEATED * len(rows):
            continue
        agree = _agreement(of, codes)
        together = float(np.mean(of[one] == of[other])) if len(one) else None
        chance = float(np.sum((sizes / len(rows)) ** 2))
        named = bool(NAMED.search(name) or NAMED_IN_CHINESE.search(name))
        alike = together is not None and together >= COPIES and together >= MOST_COPIES * chance and len(one) >= FEWEST
        if named or alike or agree >= AGREE:
            suspected.append(Suspect(name, len(sizes), agree, together, named))
    return suspected


def _agreement(of: Ints, codes: Ints) -> float:
    """How much likelier than chance two rows of one group have the same label: 0 is chance, 1 always."""
    good = (codes != NO_LABEL) & (of >= 0)
    if not good.any():
        return 0.0
    _unused, codes = np.unique(codes[good], return_inverse=True)
    of = of[good]
    sizes, cells = np.bincount(of), np.unique(of * (codes.max() + 1) + codes, return_counts=True)[1]
    pairs = float(np.sum(sizes * (sizes - 1.0)))
    chance = float(np.sum((np.bincount(codes) / len(codes)) ** 2))
    if not pairs or chance == 1:
        return 0.0
    return (float(np.sum(cells * (cells - 1.0))) / pairs - chance) / (1 - chance)


def findings(suspected: list[Suspect], place: str) -> Iterator[Finding]:
    """A note on each suspect."""
    for one in suspected:
        reasons = [_("its name says so")] if one.named else []
        if one.agree >= AGREE:
            reasons.append(_("rows of one value mostly share their label"))
        if one.copies is not None and one.copies >= COPIES:
            reasons.append(_("near copies mostly share its value"))
        problem = _("the column {name!r} may say which rows belong together: {groups:,} values ({reasons})").format(
            name=one.column, groups=one.groups, reasons="; ".join(reasons)
        )
        fix = _("--group {name!r} keeps the rows of a value on one side of the split").format(name=one.column)
        yield Finding(place, (), (one.column,), problem, fix, "note", "--group")


def across(splits: "datasets.DatasetDict", group: str | None) -> Iterator[Finding]:
    """The rows of a split whose group has rows in an earlier split too. Raises UserError where a split that is learnt
    from lacks the column."""
    if group is None:
        return
    known: dict[object, int] = {}
    for split in ("train", "validation"):
        if split in splits:
            columns.need(splits[split], split, group, "--group")
    of = {split: numbers(rows, group, known) for split, rows in splits.items() if group in rows.column_names}
    fix = _("put each group into one split; with --allow-leakage they stay, and the scores say less about new groups")
    for (name, one), (split, other) in itertools.combinations(of.items(), 2):
        rows = np.flatnonzero((other >= 0) & np.isin(other, one))
        if len(rows):
            there = listed(np.flatnonzero((one >= 0) & np.isin(one, other)))
            problem = _("{many} of groups that are in the split {name!r} too (there: {there})").format(
                many=number_of(len(rows)), name=str(name), there=there
            )
            place = origin.place(splits[split], str(split))
            yield Finding(place, tuple(rows.tolist()), (group,), problem, fix, "error", "--allow-leakage")
