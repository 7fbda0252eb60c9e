"""The task that a table describes: its columns chosen by names and values, its kind by the cells of the label."""

import dataclasses
from typing import TYPE_CHECKING

from warmstart.errors import UserError, did_you_mean
from warmstart.heads import infer, registry
from warmstart.heads.cells import NUMBER, OddCells, Value
from warmstart.heads.decision import Decision, LabelColumn
from warmstart.heads.notation import PLAIN, Notation
from warmstart.messages import _
from warmstart.options import Question
from warmstart.table import agree, choose, columns, counts, names, origin, several
from warmstart.table.task import Task

if TYPE_CHECKING:
    import datasets


def task_of(splits: "datasets.DatasetDict", asked: Question) -> Task:
    """`infer_task`, as somebody has asked."""
    notation = Notation.asked(asked.labels, asked.label_separator, asked.label_empty, asked.decimal)
    return infer_task(splits, text=asked.text, pair=asked.pair, label=asked.label, kind=asked.kind, notation=notation)


def infer_task(
    splits: "datasets.DatasetDict",
    *,
    text: str | None = None,
    pair: str | None = None,
    label: str | None = None,
    kind: str | None = None,
    glue: str | None = None,
    notation: Notation = PLAIN,
) -> Task:
    """The task that the training rows (those of "train", else of the first split) describe.

    What is named is kept; the rest is chosen by column names and by values, and `reasons` says how. If `text` is named
    and `pair` is not, there is no second text. `label` may name several columns of zeros and ones, with commas between.
    `notation`: how the labels are written, as far as the user says so.

    Raises UserError for a column that is missing or named differently in another split, and where values or names do
    not make out what is meant.
    """
    _check_options(kind, glue)
    first = "train" if "train" in splits else next(iter(splits), None)
    if first is None or not len(splits[first]):
        raise UserError(
            _("there are no rows to learn from"),
            _("split {first!r}").format(first=first) if first else "",
            _("give a table with rows"),
        )
    train = splits[first]
    flags = several.names_of(label, train.column_names)
    if len(flags) == 1:
        label, flags = flags[0], ()
    for name, option in ((text, "--text"), (pair, "--pair"), *((name, "--label") for name in flags or (label,))):
        if name is not None:
            columns.need(train, first, name, option)
    with origin.telling(train, first):
        looked = columns.look(train)
        for column in looked:
            if column.name in (text, pair) and not column.is_string:
                raise _no_text(column.name, str(getattr(train.features[column.name], "dtype", "")))
        of_labels = several.joined(flags) if flags else label
        chosen = choose.choose([column for column in looked if column.name not in flags], text, pair, of_labels)
        for name in flags:
            if name in (chosen.text, chosen.pair):
                raise choose.used_twice(chosen.text, chosen.pair, name)
    agree.check_splits(splits, first, chosen, flags or (chosen.label,))
    with origin.telling(train, first):
        if flags:
            decided, notation = _of_columns(train, flags, chosen.label, kind, notation)
        else:
            column = next(column for column in looked if column.name == chosen.label)
            decided, notation = _decide(train, column, kind, notation)
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
        reasons=(*chosen.reasons, decided.reason, *notation.said()),
        notation=notation,
    )


def _of_columns(
    train: "datasets.Dataset", flags: tuple[str, ...], label: str, kind: str | None, notation: Notation
) -> tuple[Decision, Notation]:
    """What is decided of several columns of zeros and ones."""
    choice = infer if kind is None else registry.head_of(kind)
    decided = choice.of_columns(LabelColumn(label, "list", len(train), False, notation), flags)
    notation = dataclasses.replace(notation, columns=flags)
    several.check(train, flags, notation)
    return decided, notation


def _decide(
    train: "datasets.Dataset", column: columns.Column, kind: str | None, notation: Notation
) -> tuple[Decision, Notation]:
    """What is decided of one column, and how its cells are written."""
    feature = train.features[column.name]
    inner = getattr(feature, "feature", feature)
    is_list = column.holds == "list"
    choice = infer if kind is None else registry.head_of(kind)  # both have the same functions
    class_names = getattr(inner, "names", None)
    if class_names and (decided := choice.of_names(class_names, is_list)):
        return decided, notation
    known = LabelColumn(column.name, column.holds, len(train), names.is_score(column.name), notation)
    if is_list:
        return choice.of_lists(known, *columns.count_items(train, column.name)), notation
    if column.holds == "other" and not column.sampled:
        return choice.of_scalars(known, {}), notation  # nothing but nulls, so not even a type
    if column.holds in ("other", "date") and not column.is_string:
        raise UserError(
            _("column {name!r} is of no type that a label can have").format(name=column.name),
            _("type {feature}").format(feature=feature),
            _("name another with --label"),
        )
    found = columns.count(train, column.name, choice.most_values(len(train)))
    try:
        notation = choice.written(known, counts.Values(train, column.name) if found is None else found)
        known = dataclasses.replace(known, notation=notation)
        if not notation.in_cells:
            return choice.of_scalars(known, found), notation
    except OddCells as error:
        raise _located(train, column.name, error) from error
    items, lengths, odd = counts.count_parts(train, column.name, notation.items)
    if odd:
        raise _located(train, column.name, infer.no_lists(known, odd))
    return choice.of_lists(known, items, lengths), notation


def _located(train: "datasets.Dataset", name: str, error: OddCells) -> UserError:
    """The error with the rows that have its cells."""
    rows = columns.listed(columns.find(train, name, error.odd))
    return UserError(error.problem, _("{rows}, column {name!r}").format(rows=rows, name=name), error.fix)


def _no_text(name: str, declared: str) -> UserError:
    if "binary" in declared:
        return UserError(
            _("column {name!r} holds bytes that are not UTF-8 text").format(name=name),
            _("type {feature}").format(feature=declared),
            _("write it again as text, or name another column with --text and --pair"),
        )
    return UserError(
        _("column {name!r} holds no text").format(name=name),
        fix=_("name a column of text with --text and --pair"),
    )


def _check_header(label: str, values: tuple[Value, ...]) -> None:
    """A label column named like one of its cells, or by a number, is a row of a table without a header."""
    if label in values or NUMBER.fullmatch(label):
        raise UserError(
            _("the table seems to have no header"),
            _("its label column would be named {label!r}").format(label=label),
            _(
                "say --no-header, or put the column names in the first line; or if that is the name, say "
                "--label {label}"
            ).format(label=label),
        )


def _check_options(kind: str | None, glue: str | None) -> None:
    for value, known, option in ((kind, list(registry.kinds()), "--kind"), (glue, list(names.GLUE), "glue")):
        if value is not None and value not in known:
            raise UserError(
                _("{option} cannot be {value!r}").format(option=option, value=value), fix=did_you_mean(value, known)
            )


def _glue_of(train: "datasets.Dataset") -> str | None:
    """The GLUE task that the rows are of, as the library that loaded them noted."""
    info = train.info
    is_glue = str(info.dataset_name).split("/")[-1] == "glue"
    return info.config_name if is_glue and info.config_name in names.GLUE else None
