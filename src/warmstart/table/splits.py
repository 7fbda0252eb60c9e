"""A validation split from the training rows: seeded, stratified, and with equal texts on one side."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError
from warmstart.heads.strata import numbered
from warmstart.messages import _
from warmstart.table import columns, labels, origin
from warmstart.table.together import numbers, together

if TYPE_CHECKING:
    import datasets

    from warmstart.table.task import Task

USUAL, MOST = 0.1, 20_000  # the share held out where nobody says, and its most rows: 85 % of so many is known to 0.5 %
FEWEST = 2  # rows on either side: no metric tells anything of one
ROOM = 0.2  # of the rows asked for: so many more are taken where then every class has one
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def split(
    dataset: "datasets.Dataset", task: "Task", *, fraction: float = USUAL, seed: int = 0, group: str | None = None
) -> "tuple[datasets.Dataset, datasets.Dataset]":
    """(train, validation), both in the original order, the latter `fraction` of the rows, or two rows if that is more.

    Each class gives its share to within one row and the copies of one text. Classes whose share is less than a row come
    first where rows are left over; all of them have one if that makes validation no more than a fifth (`ROOM`) larger
    than asked for, and otherwise some have none. Numbers are shared by quantiles, rows of several labels by their
    combination, the rare ones together. Rows with equal texts stay together, so that texts with very many copies may
    make the share larger; so do those with one value in the column `group`, where it is named. The same rows, fraction
    and seed give the same split.

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
    groups = numbered(keys if group is None else together(keys, numbers(dataset, group)))
    taken = choose(groups, strata, fraction, seed)
    if not taken.any():
        raise _too_few(_("no class has two rows of different texts"))
    asked = round(fraction * len(dataset))
    taken = cover(
        taken,
        *np.unique(np.stack([classes, groups[labelled]]), axis=1),
        sizes=np.bincount(groups),
        most=max(int(asked * (1 + ROOM)), asked + 1),
    )
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
    splits: "datasets.DatasetDict",
    task: "Task",
    fraction: float | None = None,
    seed: int = 0,
    group: str | None = None,
) -> "tuple[datasets.DatasetDict, str | None]":
    """The splits with a "validation" set aside from "train" if there is none, and what to say of it, in lines. Where no
    `fraction` is asked for it is `USUAL`, or less: evaluating more than `MOST` rows takes long and tells little more.

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
    if fraction is None:
        fraction = min(USUAL, MOST / max(len(splits["train"]), 1))
    with origin.telling(splits["train"], "train"):
        train, validation = split(splits["train"], task, fraction=fraction, seed=seed, group=group)
    rest = {name: rows for name, rows in splits.items() if name != "train"}
    said = _(
        "no validation split: {validation:,} of {train:,} training rows are set aside for it ({how}, seed {seed})"
    ).format(
        validation=len(validation),
        train=len(splits["train"]),
        how=_share(validation, splits["train"], fraction),
        seed=seed,
    )
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
        seed: of the order in which groups, and strata with less than a row to give, are tried.
    """
    _unused, first, sizes = np.unique(groups, return_index=True, return_counts=True)
    of_group = strata[first]
    rows, counts = np.bincount(of_group, weights=sizes).astype(np.int64), np.bincount(of_group)
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(sizes))
    order = order[np.argsort(of_group[order], kind="stable")]  # by stratum, at random within
    wanted = shares(rows, counts, fraction, generator.permutation(len(rows)))
    members = np.split(order, np.cumsum(counts)[:-1])
    taken = np.zeros(len(sizes), bool)
    for share, some in zip(wanted.tolist(), members, strict=True):
        for group, size in zip(some.tolist(), sizes[some].tolist(), strict=True):
            if not share:
                break
            if size <= share:
                taken[group] = True
                share -= size
    if not taken.any():  # every text is there more often than rows are wanted: take the rarest of each stratum
        for share, some in zip(wanted.tolist(), members, strict=True):
            if share:
                taken[some[np.argmin(sizes[some])]] = True
    return taken


def shares(rows: Ints, groups: Ints, fraction: float, order: Ints) -> Ints:
    """The rows wanted from each stratum [strata]: `fraction` of them to within one, together `fraction` of all.

    At most all but one, and none where a stratum has one group, as that cannot be cut. What rounding down leaves goes
    first to strata that would give none, the larger ones first and else in `order`, then by largest remainder.
    """
    exact = rows * fraction
    wanted = np.floor(exact).astype(np.int64)
    left = max(round(float(exact.sum())) - int(wanted.sum()), 0)
    none = order[((wanted == 0) & (groups > 1))[order]]
    none = none[np.argsort(-exact[none], kind="stable")][:left]
    wanted[none] = 1
    wanted[np.argsort(wanted - exact, kind="stable")[: left - len(none)]] += 1
    return np.where(groups < 2, 0, np.minimum(wanted, np.maximum(rows - 1, 1)))


def cover(taken: Bools, classes: Ints, groups: Ints, *, sizes: Ints, most: int) -> Bools:
    """Move groups so that every class is in training, and then in validation too, where its groups allow it and
    validation has `most` rows at most: all the classes that it lacks, or none of them.

    `classes` and `groups` are the pairs [pairs] of a class and a group that has rows of it, by class; `sizes`: the rows
    of each group. Classes are lost where a text has copies of different labels, a row several, and a class few rows.
    """
    count = int(classes.max(initial=-1)) + 1
    learnt, measured = (np.bincount(classes[taken[groups] == side], minlength=count) for side in (False, True))
    if learnt.all() and measured.all():
        return taken
    taken = taken.copy()
    of_class, of_group = _by(classes, groups), _by(groups, classes)
    held_out, rows = int(taken.sum()), int(sizes[taken].sum())
    for one in np.flatnonzero(learnt == 0).tolist():
        some = of_class(one)
        if learnt[one] or not len(some) or held_out == 1:
            continue  # another group that went back has brought this one along
        back = some[np.argmin(sizes[some])]
        if len(some) == 1 and rows - sizes[back] < FEWEST:
            continue
        taken[back] = False
        held_out, rows = held_out - 1, rows - int(sizes[back])
        learnt[of_group(back)] += 1
        measured[of_group(back)] -= 1
    fuller = taken.copy()
    for one in np.flatnonzero(measured == 0).tolist():
        if measured[one]:
            continue
        some = of_class(one)
        for group in some[np.argsort(sizes[some], kind="stable")].tolist():
            if (learnt[of_group(group)] > 1).all():
                fuller[group] = True
                learnt[of_group(group)] -= 1
                measured[of_group(group)] += 1
                rows += int(sizes[group])
                break
        if rows > most:
            return taken
    return fuller


def _by(keys: Ints, values: Ints) -> Callable[[int], Ints]:
    """The values of a key, from 0."""
    ordered = values[np.argsort(keys, kind="stable")]
    ends = np.cumsum(np.bincount(keys))
    return lambda key: ordered[ends[key - 1] if key else 0 : ends[key]]


def _share(part: "datasets.Dataset", whole: "datasets.Dataset", fraction: float) -> str:
    """How much of the rows was set aside, in words: what was asked for, or what became of it."""
    asked = _("fraction {fraction}").format(fraction=fraction)
    if abs(len(part) - fraction * len(whole)) < 1:
        return asked
    return _("{share:.1%} instead of {fraction:.1%}").format(share=len(part) / len(whole), fraction=fraction)


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
