"""What is decided of a label column, and the phrases of it that more than one kind of task has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from warmstart.errors import UserError, examples, text
from warmstart.heads.cells import Holds, Value

MANY = 50  # different values; beyond it they are classes only if they come again and again


@dataclass(frozen=True)
class LabelColumn:
    """What is known of the column of labels before its cells are counted."""

    name: str
    holds: Holds  # as a sample of the cells has it
    rows: int
    is_score: bool  # its name speaks of a quantity rather than of classes


@dataclass(frozen=True)
class Decision:
    """The kind, the classes in the order of their ids, the cell that stands for each, and one phrase."""

    kind: str
    classes: tuple[str, ...]
    values: tuple[Value, ...]
    reason: str


def named(kind: str, classes: Sequence[str]) -> Decision:
    """For a column whose type gives the class names, in the order of their ids."""
    shown = listed(classes)
    reason = text(
        f"{len(classes)} classes, named by the data set: {shown}", f"{len(classes)} 个类别 (数据集已给出名称): {shown}"
    )
    return Decision(kind, tuple(classes), tuple(range(len(classes))), reason)


def class_names(values: Sequence[Value]) -> tuple[str, ...]:
    """The class that each cell stands for: `1.0` for the class `1`."""
    return tuple(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value) for value in values)


def most_values(rows: int) -> int:
    """How many different values there may be at most if they are classes."""
    return max(MANY, rows // 2)


def filled(counts: Mapping[Value, int]) -> dict[Value, int]:
    """The counts of the values that are not blank."""
    return {value: number for value, number in counts.items() if not (isinstance(value, str) and not value.strip())}


def listed(classes: Sequence[str]) -> str:
    """The first classes, and how many more there are."""
    return examples(classes, most=6)


def as_asked() -> str:
    """What ends the phrase where the user named the kind."""
    return text(", as asked", " (由您指定)")


def no_labels(column: LabelColumn) -> UserError:
    """For a column that is empty."""
    return UserError(
        text(f"column {column.name!r} has no labels at all", f"{column.name!r} 列没有任何标签"),
        fix=text("give labels, or name another column with --label", "请补上标签, 或用 --label 指定其他列"),
    )


def only_marks(column: LabelColumn) -> UserError:
    """For a column in which every number says that there is no label."""
    return UserError(
        text(
            f"column {column.name!r} has no labels: all are -1 or -100", f"{column.name!r} 列没有标签: 全是 -1 或 -100"
        ),
        fix=text("give labels, or name another column with --label", "请补上标签, 或用 --label 指定其他列"),
    )


def too_many_values(column: LabelColumn, limit: int) -> NoReturn:
    """Raises UserError for a column that has more different values than classes can have."""
    not_a_label(
        column,
        text(
            f"has more than {limit:,} different values in {column.rows:,} rows",
            f"在 {column.rows:,} 行中有超过 {limit:,} 种取值",
        ),
    )


def not_a_label(column: LabelColumn, what: str) -> NoReturn:
    """Raises UserError for a column that is probably no label, for the reason `what`."""
    raise UserError(
        text(f"column {column.name!r} {what}: probably not a label", f"{column.name!r} 列{what}: 很可能不是标签"),
        fix=text(
            "name another column with --label; or if it is meant, say --kind classes or --kind number",
            "请用 --label 指定其他列; 若确实要用它, 请加 --kind classes 或 --kind number",
        ),
    )
