"""A validation split from the training rows: seeded, stratified, and with equal texts on one side."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError
from warmstart.heads.strata import numbered
from warmstart.messages import _
from warmstart.table import columns, labels, origin

if TYPE_CHECKING:
    import datasets

    from warmstart.table.task import Task

FEWEST = 2  # rows on either side: no metric tells anything of one
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def split(
    dataset: "datasets.Dataset", task: "Task", *, fraction: float = 0.1, seed: int = 0
) -> "tuple[datasets.Dataset, datasets.Dataset]":
    """(train, validation), both in the original order, the latter about `fraction` of the rows.

    Each class gives its share to within one row and the copies of one text, and is on both sides if it has two rows of
    different texts. Numbers are shared by quantiles, rows of several labels by their combination, the rare ones
    together. Rows with equal texts stay together. The same rows, fraction and seed give the same split.

    Raises UserError for fewer than four rows, for texts too few to cut, for a fraction outside 0 to 1, and for cells
    that are no labels.
    """
    if not 0 < fraction < 1:
        raise UserError(
            _("the fraction for validation cannot be {fraction}").format(fraction=fraction),
            fix=_("give one between 0 and 1, such as 0.1"),
        )
    if len(dataset) < 2 * FEWEST:
        raise _too_few(_("{dataset} rows are too few to split").format(dataset=len(dataset)))
    fraction = max(fraction, FEWEST / len(dataset))
    keys, strata, labelled, classes = _read(dataset, task, fraction)
    groups = numbered(keys)
    taken = choose(groups, strata, fraction, seed)
    if not taken.any():
        raise _too_few(_("no class has two rows of different texts"))
    taken = mend(taken, *np.unique(np.stack([classes, groups[labelled]]), axis=1))
    return dataset.select(np.flatnonzero(~taken[groups])), dataset.select(np.flatnonzero(taken[groups]))


def by_plain_names(splits: "datasets.DatasetDict") -> "tuple[datasets.DatasetDict, str | None]":
    """MNLI's splits of the genres that are learnt from, `validation_matched` and `test_matched`, as `validation` and
    `test`, and what to say of it. Other splits stay as they are.
    """
    import datasets

    found = {f"{name}_matched": name for name in ("validation", "test") if name not in splits}
    names = {name: found.get(str(name), name) for name in splits}
    taken = [name for name, plain in names.items() if name != plain]
    if not taken:
        return splits, None
    listed = ", ".join(f"{name} -> {names[name]}" for name in taken)
    said = _("splits under their plain names: {listed}").format(listed=listed)
    return datasets.DatasetDict({names[name]: rows for name, rows in splits.items()}), said


def with_validation(
    splits: "datasets.DatasetDict", task: "Task", fraction: float = 0.1, seed: int = 0
) -> "tuple[datasets.DatasetDict, str | None]":
    """The splits with a "validation" set aside from "train" if there is none, and what to say of it, in lines.

    Raises UserError as `split` does, and where there is no "train".
    """
    import datasets

    if "validation" in splits:
        return splits, None
    if "train" not in splits:
        raise UserError(
            _("there is no split 'train' to set validation rows aside from"),
            _("splits {splits}").format(splits=", ".join(map(str, splits))),
            _("name one train"),
        )
    with origin.telling(splits["train"], "train"):
        train, validation = split(splits["train"], task, fraction=fraction, seed=seed)
    rest = {name: rows for name, rows in splits.items() if name != "train"}
    said = _(
        "no validation split: {validation:,} of {train:,} training rows are set aside for it (fraction "
        "{fraction}, seed {seed})"
    ).format(validation=len(validation), train=len(splits["train"]), fraction=fraction, seed=seed)
    if rare := _absent(validation, task) - _absent(train, task):
        said += "\n" + ": ".join(labels.unmeasured([name for name in task.classes if name in rare]))
    return datasets.DatasetDict({"train": train, "validation": validation, **rest}), said


def _absent(rows: "datasets.Dataset", task: "Task") -> set[str]:
    """The classes that have no rows here."""
    return set(task.head.absent(labels.encode(task, rows)))


def choose(groups: Ints, strata: Ints, fraction: float, seed: int) -> Bools:
    """Which groups of rows go to validation [groups]; none if no stratum has two groups.

    Args:
        groups: the group of each row [rows], numbered from 0 in the order of first appearance.
        strata: the stratum of each row [rows], from 0. A group belongs to the stratum of its first row.
        fraction: of the rows of each stratum.
        seed: of the order in which groups are tried.
    """
    _unused, first, sizes = np.unique(groups, return_index=True, return_counts=True)
    of_group = strata[first]
    rows = np.bincount(of_group, weights=sizes).astype(np.int64)
    wanted = shares(rows, np.bincount(of_group), fraction)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(of_group[order], kind="stable")]  # by stratum, at random within
    taken = np.zeros(len(sizes), bool)
    for share, members in zip(wanted.tolist(), np.split(order, np.cumsum(np.bincount(of_group))[:-1]), strict=True):
        left = share
        for group, size in zip(members.tolist(), sizes[members].tolist(), strict=True):
            if size <= left:
                taken[group] = True
                left -= size
        if left == share > 0:  # every text is there more often than rows are wanted: take the rarest
            taken[members[np.argmin(sizes[members])]] = True
    return taken


def shares(rows: Ints, groups: Ints, fraction: float) -> Ints:
    """The rows wanted from each stratum: `fraction` of them to within one, rounded by largest remainder.

    At least one and at most all but one, where a stratum has two groups; none where it has not, as it cannot be cut.
    """
    exact = rows * fraction
    wanted = np.floor(exact).astype(np.int64)
    more = round(float(exact.sum())) - int(wanted.sum())
    wanted[np.argsort(wanted - exact, kind="stable")[: max(more, 0)]] += 1
    return np.where(groups < 2, 0, np.clip(wanted, 1, np.maximum(rows - 1, 1)))


def mend(taken: Bools, classes: Ints, groups: Ints) -> Bools:
    """Move groups so that every class is on both sides where its groups allow it; training comes first.

    `classes` and `groups` are the pairs [pairs] of a class and a group that has rows of it. Only groups of several
    classes make this necessary: copies of a text with different labels, and rows with several labels.
    """
    taken = taken.copy()
    of_class = np.bincount(classes)  # groups of each class
    for to_validation in (False, True):
        there = np.bincount(classes[taken[groups] == to_validation], minlength=len(of_class))
        for one in np.flatnonzero((there == 0) & (of_class > 1)).tolist():
            members = groups[classes == one]
            if (taken[members] == to_validation).any():
                continue  # a group that was moved for another class has brought this one along
            in_train = np.bincount(classes[~taken[groups]], minlength=len(of_class))
            for group in members.tolist():
                if not to_validation or (in_train[classes[groups == group]] > 1).all():
                    taken[group] = to_validation
                    break
    return taken


def _read(dataset: "datasets.Dataset", task: "Task", fraction: float) -> tuple[Ints, Ints, Ints, Ints]:
    """The text key and the stratum of each row [rows]; the row and the class of each label [labels]."""
    texts = [name for name in (task.text, task.pair) if name is not None]
    if task.label is None:
        raise UserError(
            _("the task has no label column"),
            fix=_("name it with --label"),
        )
    head = task.head
    keys: list[Ints] = []
    codes: list[Ints] = []
    rows, classes = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    before = 0
    for table in columns.batches(dataset, [*texts, *task.label_columns]):
        keys.append(columns.text_keys(table, texts))
        encoded = labels.encode_labels(task, labels.cells_of(task, table), before)
        codes.append(head.codes(encoded))
        row, one = head.class_pairs(encoded)
        rows.append(before + row)
        classes.append(one)
        before += len(table)
    strata = head.strata(np.concatenate(codes), fraction)
    return np.concatenate(keys), strata, np.concatenate(rows), np.concatenate(classes)


def _too_few(problem: str) -> UserError:
    return UserError(
        problem,
        fix=_("add rows, or give validation rows with --validation"),
    )
