"""What is wrong with the rows, found before any model is loaded: split, rows, column, problem and fix.

To add a check, write a function from the scans and the task to findings, and name it in `ERRORS` or `WARNINGS`.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from warmstart.data.findings import Finding, refuse
from warmstart.data.scan import Scan, scan
from warmstart.data.tasks import labels
from warmstart.data.tasks.columns import number_of
from warmstart.errors import UserError, text

if TYPE_CHECKING:
    import datasets

    from warmstart.data.task import Task

LEARNT_FROM = ("train", "validation")  # the splits whose every row needs a label when a model is trained
Scans = dict[str, Scan]


def check(
    splits: "datasets.DatasetDict",
    task: "Task",
    *,
    on_empty: Literal["error", "drop"] = "error",
    for_training: bool = True,
) -> "tuple[datasets.DatasetDict, tuple[str, ...]]":
    """The splits, less the rows without text where `on_empty` is "drop", and warnings in the user's language.

    Rows are counted from 1, a header apart, and as they are before any are dropped. Labels are looked at only
    `for_training`. Raises UserError with everything that is wrong, ten rows of each.
    """
    import datasets

    if on_empty not in ("error", "drop"):
        raise UserError(
            text(f"on_empty cannot be {on_empty!r}", f"on_empty 不能是 {on_empty!r}"),
            fix=text("say error or drop", "请用 error 或 drop"),
        )
    scans: Scans = {
        str(split): scan(rows, task, with_labels=for_training, drop=on_empty == "drop")
        for split, rows in splits.items()
    }
    refuse([finding for one in ERRORS for finding in one(scans, task)])
    warnings = [str(finding) for one in WARNINGS for finding in one(scans, task)]
    for split, found in scans.items():
        if not found.kept.all():
            many = number_of(int((~found.kept).sum()))
            warnings.append(text(f"{split}: {many} without text dropped", f"{split}: 已去掉无文本的 {many}"))
            splits = datasets.DatasetDict({**splits, split: splits[split].select(np.flatnonzero(found.kept))})
    return splits, tuple(warnings)


def _no_rows(scans: Scans, task: "Task") -> Iterator[Finding]:
    fix = text("give rows with text, or leave the split out", "请给出含文本的数据, 或去掉该划分")
    for split, found in scans.items():
        if not found.kept.any():
            yield Finding(split, (), None, text("the split has no rows with text", "该划分没有含文本的数据"), fix)


def _empty_text(scans: Scans, task: "Task") -> Iterator[Finding]:
    fix = text("fill it in, or say --on-empty drop", "请补全文本, 或用 --on-empty drop 去掉这些行")
    for split, found in scans.items():
        for column, rows in found.empty.items():
            left = rows[found.kept[rows]]  # none where they are dropped
            if len(left):
                many = number_of(len(left))
                yield Finding(split, tuple(left.tolist()), column, text(f"no text in {many}", f"{many}没有文本"), fix)


def _broken_text(scans: Scans, task: "Task") -> Iterator[Finding]:
    fix = text("write these rows again from their source", "请从源数据重新生成这些行")
    for split, found in scans.items():
        for column, rows in found.broken.items():
            if len(rows):
                problem = text(
                    f"half a character (a lone surrogate) or other bytes that are not UTF-8 in {number_of(len(rows))}",
                    f"{number_of(len(rows))}含有半个字符 (孤立代理项) 或其他非 UTF-8 字节",
                )
                yield Finding(split, tuple(rows.tolist()), column, problem, fix)


def _bad_labels(scans: Scans, task: "Task", learnt_from: bool = True) -> Iterator[Finding]:
    for split, found in scans.items():
        if found.labels is None or (split in LEARNT_FROM) is not learnt_from:
            continue
        for fault, cells in found.labels.shown.items():
            rows = np.flatnonzero(found.labels.faults == fault)
            if len(rows):
                problem, _, fix = labels.phrases(task, fault, rows, cells)
                yield Finding(split, tuple(rows.tolist()), task.label, problem, fix)


def _one_value(scans: Scans, task: "Task") -> Iterator[Finding]:
    """A single class or number. Not said beside bad labels, which may be the other class misspelt."""
    train = scans.get("train")
    if train is None or train.labels is None or train.labels.faults.any() or len(train.kept) < 2:
        return
    codes = train.labels.codes[train.kept]
    if task.kind == "labels" or not len(codes) or (codes != codes[0]).any():
        return
    fix = text("there is nothing to learn: add rows of another", "没有可学习的内容: 请加入不同标签的数据")
    if task.kind == "number":
        problem = text("every row has the same number", "所有行的数值都相同")
    else:
        only = task.classes[int(codes[0])]
        problem = text(f"every row is of one class: {only}", f"所有行都属于同一类别: {only}")
    yield Finding("train", (), task.label, problem, fix)


def _only_in_validation(scans: Scans, task: "Task") -> Iterator[Finding]:
    fix = text("add training rows of it, or take these out", "请在训练集中加入该类别, 或从验证集中去掉")
    for name in _lacking(scans, task, "train", "validation"):
        problem = text(
            f"the class {name!r} has validation rows and no training rows", f"类别 {name!r} 只出现在验证集中"
        )
        yield Finding("validation", (), task.label, problem, fix)


def _missing_from_validation(scans: Scans, task: "Task") -> Iterator[Finding]:
    fix = text("its own metrics cannot be measured", "无法衡量该类别的指标")
    for name in _lacking(scans, task, "validation", "train"):
        problem = text(f"the class {name!r} has no validation rows", f"类别 {name!r} 没有验证数据")
        yield Finding("validation", (), task.label, problem, fix)


def _same_text_two_labels(scans: Scans, task: "Task") -> Iterator[Finding]:
    train = scans.get("train")
    if train is None or train.labels is None or task.kind == "number":
        return
    rows = np.flatnonzero(train.kept & (train.labels.faults == labels.OK))
    keys, codes = train.labels.keys[rows], train.labels.codes[rows]
    order = np.lexsort((codes, keys))
    keys_in_order, codes_in_order = keys[order], codes[order]
    differ = (keys_in_order[1:] == keys_in_order[:-1]) & (codes_in_order[1:] != codes_in_order[:-1])
    if differ.any():
        rows = rows[np.isin(keys, keys_in_order[1:][differ])]
        many = number_of(len(rows))
        problem = text(f"the same text as in a row of another label in {many}", f"{many}与标签不同的另一行文本相同")
        yield Finding(
            "train", tuple(rows.tolist()), task.label, problem, text("see which is right", "请核对哪个标签正确")
        )


def _bad_test_labels(scans: Scans, task: "Task") -> Iterator[Finding]:
    """A test split need have no labels at all; but where it has some it should have all."""
    labelled = {
        split: found
        for split, found in scans.items()
        if found.labels is not None and (found.labels.faults != labels.MISSING).any()
    }
    yield from _bad_labels(labelled, task, learnt_from=False)


def _lacking(scans: Scans, task: "Task", here: str, there: str) -> list[str]:
    """The classes with rows in the split `there` and none in `here`, where both have labels."""
    one, other = (scans[split].labels if split in scans else None for split in (here, there))
    if one is None or other is None:
        return []
    return [name for name, a, b in zip(task.classes, one.counts, other.counts, strict=True) if b and not a]


Check = Callable[[Scans, "Task"], Iterator[Finding]]
ERRORS: tuple[Check, ...] = (_no_rows, _broken_text, _empty_text, _bad_labels, _one_value, _only_in_validation)
WARNINGS: tuple[Check, ...] = (_missing_from_validation, _same_text_two_labels, _bad_test_labels)
