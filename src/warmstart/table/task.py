"""The task: which columns are the text, the second text and the label, and what is to be predicted."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from warmstart.errors import UserError, did_you_mean, examples
from warmstart.errors import text as words
from warmstart.heads import infer
from warmstart.table import agree, choose, columns, names, origin
from warmstart.table.labels import encode_labels, has_labels

if TYPE_CHECKING:
    import datasets

__all__ = ["Task", "describe", "encode_labels", "has_labels", "infer_task"]

_PROBLEM_TYPES = {
    "classes": "single_label_classification",
    "labels": "multi_label_classification",
    "number": "regression",
}


@dataclass(frozen=True)
class Task:
    """What is learnt from which columns. Class ids are places in `classes`.

    `values` holds the cell that stands for each class id, aligned with `classes`. It is empty for a number, and for
    lists that are vectors of zeros and ones, where the place in the vector is the class id.
    """

    kind: Literal["classes", "labels", "number"]  # one class a row; several labels a row; a number
    text: str
    pair: str | None
    label: str | None
    classes: tuple[str, ...] = ()
    values: tuple[str | int | float | bool, ...] = ()
    glue: str | None = None  # the GLUE task, where the source was one
    reasons: tuple[str, ...] = ()  # one phrase for each choice made, to be printed

    @property
    def problem_type(self) -> str:
        """The name that `transformers` has for the kind."""
        return _PROBLEM_TYPES[self.kind]

    @property
    def num_labels(self) -> int:
        """The outputs of the model's head: one for each class, one for a number."""
        return 1 if self.kind == "number" else len(self.classes)

    @property
    def id2label(self) -> dict[int, str]:
        """The name of each output; of a number, the label column's."""
        return dict(enumerate(self.classes if self.kind != "number" else (self.label or "score",)))

    @property
    def label2id(self) -> dict[str, int]:
        """The output of each name."""
        return {name: number for number, name in self.id2label.items()}

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can say it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Task":
        """The task that `to_dict` saved. Raises UserError if a field is missing or unknown."""
        known = {field.name for field in dataclasses.fields(cls)}
        if not {"kind", "text", "pair", "label"} <= saved.keys() <= known or saved["kind"] not in _PROBLEM_TYPES:
            raise UserError(
                words("this is not a saved task", "这不是已保存的任务"),
                words(f"fields {examples(saved)}", f"字段 {examples(saved)}"),
                words("use the file as it was written", "请使用未经改动的原文件"),
            )
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in saved.items()
        }
        return cls(**fields)


def infer_task(
    splits: "datasets.DatasetDict",
    *,
    text: str | None = None,
    pair: str | None = None,
    label: str | None = None,
    kind: Literal["classes", "labels", "number"] | None = None,
    glue: str | None = None,
) -> Task:
    """The task that the training rows (those of "train", else of the first split) describe.

    What is named is kept; the rest is chosen by column names and by values, and `reasons` says how. If `text` is named
    and `pair` is not, there is no second text. Raises UserError for a column that is missing or named differently in
    another split, and where values or names do not make out what is meant.
    """
    _check_options(kind, glue)
    first = "train" if "train" in splits else next(iter(splits), None)
    if first is None or not len(splits[first]):
        raise UserError(
            words("there are no rows to learn from", "没有可用于训练的数据"),
            words(f"split {first!r}", f"数据划分 {first!r}") if first else "",
            words("give a table with rows", "请给出有数据行的表格"),
        )
    train = splits[first]
    for name, option in ((text, "--text"), (pair, "--pair"), (label, "--label")):
        if name is not None:
            columns.need(train, first, name, option)
    with origin.telling(train, first):
        looked = columns.look(train)
        for column in looked:
            if column.name in (text, pair) and not column.is_string:
                raise UserError(
                    words(f"column {column.name!r} holds no text", f"{column.name!r} 列不是文本"),
                    fix=words("name a column of text with --text and --pair", "请用 --text 和 --pair 指定文本列"),
                )
        chosen = choose.choose(looked, text, pair, label)
    agree.check_splits(splits, first, chosen)
    with origin.telling(train, first):
        decided = _decide(train, next(column for column in looked if column.name == chosen.label), kind)
        if label is None:
            _check_header(chosen.label, decided.values)
    return Task(
        kind=decided.kind,
        text=chosen.text,
        pair=chosen.pair,
        label=chosen.label,
        classes=decided.classes,
        values=decided.values,
        glue=glue or _glue_of(train),
        reasons=(*chosen.reasons, decided.reason),
    )


def describe(task: Task) -> str:
    """What was chosen, in short lines, and how to choose otherwise."""
    what = {
        "classes": words(f"one of {len(task.classes)} classes a row", f"每行属于 {len(task.classes)} 个类别之一"),
        "labels": words(f"any of {len(task.classes)} labels a row", f"每行可有 {len(task.classes)} 个标签中的任意几个"),
        "number": words("a number a row", "每行一个数值"),
    }[task.kind]
    lines = [words(f"task: {what}", f"任务: {what}")]
    lines += [f"  {reason}" for reason in task.reasons]
    if task.glue:
        lines.append(words(f"  GLUE task: {task.glue}", f"  GLUE 任务: {task.glue}"))
    lines.append(
        words(
            "  to choose otherwise: --text, --pair, --label COLUMN; --kind classes|labels|number",
            "  若要另行选择: --text, --pair, --label 列名; --kind classes|labels|number",
        )
    )
    return "\n".join(lines)


def _decide(train: "datasets.Dataset", column: columns.Column, kind: infer.TaskKind | None) -> infer.Decision:
    feature = train.features[column.name]
    inner = getattr(feature, "feature", feature)
    fits = "labels" if column.kind == "list" else "classes"
    if getattr(inner, "names", None) and kind in (None, fits):
        return infer.of_names(inner.names, is_list=column.kind == "list")
    if column.kind == "list":
        return infer.of_lists(column.name, *columns.count_items(train, column.name), kind)
    if column.kind == "other" and not column.sampled:
        return infer.of_scalars(column.name, column.kind, {}, 0, kind)  # nothing but nulls, so not even a type
    if column.kind in ("other", "date") and not column.is_string:
        raise UserError(
            words(
                f"column {column.name!r} is of no type that a label can have", f"{column.name!r} 列的类型不能作为标签"
            ),
            words(f"type {feature}", f"类型 {feature}"),
            words("name another with --label", "请用 --label 指定其他列"),
        )
    counts = columns.count(train, column.name, infer.limit(len(train), kind))
    try:
        return infer.of_scalars(column.name, column.kind, counts, len(train), kind)
    except infer.Mixture as error:
        rows = columns.listed(columns.find(train, column.name, error.odd))
        where = words(f"{rows}, column {column.name!r}", f"{rows}, {column.name!r} 列")
        raise UserError(error.problem, where, error.fix) from error


def _check_header(label: str, values: tuple[infer.Value, ...]) -> None:
    """A label column named like one of its cells, or by a number, is a row of a table without a header."""
    if label in values or columns.NUMBER.fullmatch(label):
        raise UserError(
            words("the table seems to have no header", "表格似乎没有表头"),
            words(f"its label column would be named {label!r}", f"标签列的名字会是 {label!r}"),
            words(
                f"put the column names in the first line; or if that is the name, say --label {label}",
                f"请在第一行写出列名; 若列名确实如此, 请加 --label {label}",
            ),
        )


def _check_options(kind: str | None, glue: str | None) -> None:
    for value, known, option in ((kind, list(_PROBLEM_TYPES), "--kind"), (glue, list(names.GLUE), "glue")):
        if value is not None and value not in known:
            raise UserError(
                words(f"{option} cannot be {value!r}", f"{option} 不能是 {value!r}"), fix=did_you_mean(value, known)
            )


def _glue_of(train: "datasets.Dataset") -> str | None:
    """The GLUE task that the rows are of, as the library that loaded them noted."""
    info = train.info
    is_glue = str(info.dataset_name).split("/")[-1] == "glue"
    return info.config_name if is_glue and info.config_name in names.GLUE else None
