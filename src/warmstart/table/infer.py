"""The task that a table describes: its columns chosen by names and values, its kind by the cells of the label."""

from typing import TYPE_CHECKING

from warmstart.errors import UserError, did_you_mean
from warmstart.errors import text as words
from warmstart.heads import infer, registry
from warmstart.heads.cells import NUMBER, Value
from warmstart.heads.decision import Decision, LabelColumn
from warmstart.table import agree, choose, columns, names, origin
from warmstart.table.task import Task

if TYPE_CHECKING:
    import datasets


def infer_task(
    splits: "datasets.DatasetDict",
    *,
    text: str | None = None,
    pair: str | None = None,
    label: str | None = None,
    kind: str | None = None,
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


def _decide(train: "datasets.Dataset", column: columns.Column, kind: str | None) -> Decision:
    feature = train.features[column.name]
    inner = getattr(feature, "feature", feature)
    is_list = column.holds == "list"
    choice = infer if kind is None else registry.head_of(kind)  # both have the same four functions
    class_names = getattr(inner, "names", None)
    if class_names and (decided := choice.of_names(class_names, is_list)):
        return decided
    known = LabelColumn(column.name, column.holds, len(train), names.is_score(column.name))
    if is_list:
        return choice.of_lists(known, *columns.count_items(train, column.name))
    if column.holds == "other" and not column.sampled:
        return choice.of_scalars(known, {})  # nothing but nulls, so not even a type
    if column.holds in ("other", "date") and not column.is_string:
        raise UserError(
            words(
                f"column {column.name!r} is of no type that a label can have", f"{column.name!r} 列的类型不能作为标签"
            ),
            words(f"type {feature}", f"类型 {feature}"),
            words("name another with --label", "请用 --label 指定其他列"),
        )
    counts = columns.count(train, column.name, choice.most_values(len(train)))
    try:
        return choice.of_scalars(known, counts)
    except infer.Mixture as error:
        rows = columns.listed(columns.find(train, column.name, error.odd))
        where = words(f"{rows}, column {column.name!r}", f"{rows}, {column.name!r} 列")
        raise UserError(error.problem, where, error.fix) from error


def _check_header(label: str, values: tuple[Value, ...]) -> None:
    """A label column named like one of its cells, or by a number, is a row of a table without a header."""
    if label in values or NUMBER.fullmatch(label):
        raise UserError(
            words("the table seems to have no header", "表格似乎没有表头"),
            words(f"its label column would be named {label!r}", f"标签列的名字会是 {label!r}"),
            words(
                f"put the column names in the first line; or if that is the name, say --label {label}",
                f"请在第一行写出列名; 若列名确实如此, 请加 --label {label}",
            ),
        )


def _check_options(kind: str | None, glue: str | None) -> None:
    for value, known, option in ((kind, list(registry.kinds()), "--kind"), (glue, list(names.GLUE), "glue")):
        if value is not None and value not in known:
            raise UserError(
                words(f"{option} cannot be {value!r}", f"{option} 不能是 {value!r}"), fix=did_you_mean(value, known)
            )


def _glue_of(train: "datasets.Dataset") -> str | None:
    """The GLUE task that the rows are of, as the library that loaded them noted."""
    info = train.info
    is_glue = str(info.dataset_name).split("/")[-1] == "glue"
    return info.config_name if is_glue and info.config_name in names.GLUE else None
