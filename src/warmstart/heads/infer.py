"""What is to be predicted: one class a row, several labels a row or a number; decided from the values of the label."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from warmstart.errors import UserError, examples, text
from warmstart.table import names
from warmstart.table.columns import DATE, NUMBER, Kind

TaskKind = Literal["classes", "labels", "number"]
Value = str | int | float | bool
MANY = 50  # different values; beyond it they are classes only if they come again and again
FEW = 20  # different whole numbers written as fractions (1.0); beyond it they are measurements


class Mixture(UserError):
    """Numbers and words in one column. `odd`: the cells of whichever are in fewer rows."""

    def __init__(self, problem: str, fix: str, odd: list[Value]) -> None:
        super().__init__(problem, fix=fix)
        self.odd = odd


@dataclass(frozen=True)
class Decision:
    """The kind, the classes in the order of their ids, the cell that stands for each, and one phrase."""

    kind: TaskKind
    classes: tuple[str, ...]
    values: tuple[Value, ...]
    reason: str


def of_names(classes: Sequence[str], is_list: bool) -> Decision:
    """For a column whose type gives the class names, in the order of their ids."""
    shown = _listed(classes)
    reason = text(
        f"{len(classes)} classes, named by the data set: {shown}", f"{len(classes)} 个类别 (数据集已给出名称): {shown}"
    )
    return Decision("labels" if is_list else "classes", tuple(classes), tuple(range(len(classes))), reason)


def of_scalars(
    name: str, kind: Kind, counts: Mapping[Value, int] | None, rows: int, wanted: TaskKind | None
) -> Decision:
    """For a column of one value a row. Raises UserError if it is probably no label, Mixture for numbers and words.

    Args:
        name: of the column.
        kind: what a sample of the cells says they are.
        counts: how often each value occurs, or None if there are more than `limit(rows, wanted)` values.
        rows: in the data set.
        wanted: the kind that the user asked for.
    """
    if wanted == "labels":
        raise UserError(
            text(f"column {name!r} has one value a row, not a list", f"{name!r} 列每行只有一个值, 不是列表"),
            fix=text(
                "give lists (JSONL or Parquet), or say --kind classes",
                "请给出列表 (JSONL 或 Parquet), 或用 --kind classes",
            ),
        )
    if counts is None:
        return _of_many(name, kind, rows, wanted)
    counts = {value: number for value, number in counts.items() if not (isinstance(value, str) and not value.strip())}
    if not counts:
        raise UserError(
            text(f"column {name!r} has no labels at all", f"{name!r} 列没有任何标签"),
            fix=text("give labels, or name another column with --label", "请补上标签, 或用 --label 指定其他列"),
        )
    numbers = [value for value in counts if is_number(value)]
    if wanted == "number":
        return _number(name, asked=True) if numbers else _no_number(name, counts)
    if 0 < len(numbers) < len(counts) and wanted is None:
        _refuse_mixture(name, counts)
    if len(numbers) == len(counts):
        return _of_numbers(name, kind, counts, rows, wanted)
    if wanted is None and all(DATE.fullmatch(str(value)) for value in counts):
        _refuse_label(name, text("holds dates", "是日期"))
    return _classes(sorted(counts, key=str), asked=wanted is not None)


def of_lists(name: str, counts: Counter[Any], lengths: Iterable[int], wanted: TaskKind | None) -> Decision:
    """For a column of lists: of class names or ids, or vectors of zeros and ones with a place for each class.

    Of vectors, `values` is empty: a place in the vector stands for a class, not a value.
    """
    if wanted in ("classes", "number"):
        raise UserError(
            text(f"column {name!r} holds lists", f"{name!r} 列是列表"),
            fix=text("leave out --kind, or say --kind labels", "请去掉 --kind, 或用 --kind labels"),
        )
    if not counts:
        raise UserError(
            text(f"column {name!r} has no labels at all", f"{name!r} 列没有任何标签"),
            fix=text("give labels, or name another column with --label", "请补上标签, 或用 --label 指定其他列"),
        )
    lengths = set(lengths)
    if len(lengths) == 1 and (places := next(iter(lengths))) > 1 and counts.keys() <= {0, 1}:
        reason = text(
            f"several labels a row: vectors of {places} zeros and ones", f"每行多个标签: 长度为 {places} 的 0/1 向量"
        )
        return Decision("labels", tuple(map(str, range(places))), (), reason)
    if any(isinstance(value, float) for value in counts):
        raise UserError(
            text(f"column {name!r} holds lists of fractions", f"{name!r} 列是小数列表"),
            fix=text("give names, whole numbers, or vectors of 0 and 1", "请给出名称、整数或 0/1 向量"),
        )
    decided = _classes(sorted(counts), asked=False)
    reason = text(f"several labels a row: {_listed(decided.classes)}", f"每行多个标签: {_listed(decided.classes)}")
    return Decision("labels", decided.classes, decided.values, reason)


def limit(rows: int, wanted: TaskKind | None) -> int:
    """How many different values there may be at most if they are classes."""
    return rows if wanted == "classes" else max(MANY, rows // 2)


def is_number(value: Value) -> bool:
    """Whether a cell is a number or text that says one."""
    if isinstance(value, str):
        return NUMBER.fullmatch(value.strip()) is not None
    return not isinstance(value, bool)


def _of_numbers(name: str, kind: Kind, counts: Mapping[Value, int], rows: int, wanted: TaskKind | None) -> Decision:
    unmarked, note = _without_marks(counts, wanted)
    if not unmarked:
        raise UserError(
            text(f"column {name!r} has no labels: all are -1 or -100", f"{name!r} 列没有标签: 全是 -1 或 -100"),
            fix=text("give labels, or name another column with --label", "请补上标签, 或用 --label 指定其他列"),
        )
    ordered = sorted(unmarked, key=lambda value: (float(value), str(value)))
    if wanted == "classes":
        return _classes(ordered, asked=True)
    amounts = [float(value) for value in ordered]
    is_whole = all(amount.is_integer() for amount in amounts)
    if not is_whole:
        return _number(name)
    if kind == "float" and len(ordered) > FEW:
        return _number(name)
    runs_on = amounts[0] in (0, 1) and amounts[-1] - amounts[0] == len(set(amounts)) - 1
    if len(ordered) > MANY and names.is_score(name) and not runs_on:
        return _number(name)
    decided = _classes(ordered, asked=False)
    return Decision(decided.kind, decided.classes, decided.values, decided.reason + _or_number() + note)


def _without_marks(counts: Mapping[Value, int], wanted: TaskKind | None) -> tuple[list[Value], str]:
    """The values less those that mark a missing label, and a phrase about -1, which may be either.

    -100 always marks one. -1 does beside 0, 1 ... n-1, as in GLUE's test splits; but where it is as common as a class
    is (sentiment written -1, 0, 1), and where the other numbers do not count from 0, it is a class.
    """
    values = [value for value in counts if float(value) != -100]
    others = sorted({float(value) for value in values} - {-1.0})
    minus = [value for value in values if float(value) == -1]
    if not minus or wanted == "classes" or others != [float(i) for i in range(len(others))] or len(others) < 2:
        return (values if others else []), ""
    if len(others) == 2 and sum(counts[value] for value in minus) >= 0.05 * sum(counts.values()):
        return values, text("; -1 is taken for a class", "; -1 被视为一个类别")
    kept = [value for value in values if value not in minus]
    return kept, text(
        "; -1 is taken for a missing label (--kind classes: for a class)",
        "; -1 被视为缺失标签 (--kind classes 可视为类别)",
    )


def _of_many(name: str, kind: Kind, rows: int, wanted: TaskKind | None) -> Decision:
    """More values than classes can have: a number, or no label."""
    if wanted == "number" or kind == "float" or (kind == "integer" and names.is_score(name)):
        return _number(name, asked=wanted is not None)
    return _refuse_label(
        name,
        text(
            f"has more than {limit(rows, wanted):,} different values in {rows:,} rows",
            f"在 {rows:,} 行中有超过 {limit(rows, wanted):,} 种取值",
        ),
    )


def _classes(values: Sequence[Value], asked: bool) -> Decision:
    classes = tuple(
        str(int(value)) if isinstance(value, float) and value.is_integer() else str(value) for value in values
    )
    reason = text(f"{len(classes)} classes: {_listed(classes)}", f"{len(classes)} 个类别: {_listed(classes)}")
    return Decision("classes", classes, tuple(values), reason + (_as_asked() if asked else ""))


def _number(name: str, asked: bool = False) -> Decision:
    reason = text(f"a number: {name!r} is a quantity", f"数值: {name!r} 表示数量")
    return Decision(
        "number",
        (),
        (),
        reason + (_as_asked() if asked else text(" (--kind classes: classes)", " (--kind classes: 视为类别)")),
    )


def _as_asked() -> str:
    return text(", as asked", " (由您指定)")


def _or_number() -> str:
    return text(" (--kind number: a number)", " (--kind number: 视为数值)")


def _listed(classes: Sequence[str]) -> str:
    return examples(classes, most=6)


def _no_number(name: str, counts: Mapping[Value, int]) -> Decision:
    listed = examples(map(repr, counts), most=3)
    raise UserError(
        text(f"column {name!r} holds no numbers: {listed}", f"{name!r} 列不是数字: {listed}"),
        fix=text(
            "name another column with --label, or say --kind classes", "请用 --label 指定其他列, 或用 --kind classes"
        ),
    )


def _refuse_mixture(name: str, counts: Mapping[Value, int]) -> None:
    words = sorted((value for value in counts if not is_number(value)), key=lambda value: (-counts[value], str(value)))
    digits = sorted((value for value in counts if is_number(value)), key=lambda value: (-counts[value], str(value)))
    some, others = examples(map(repr, digits), 3), examples(map(repr, words), 3)
    raise Mixture(
        text(
            f"column {name!r} mixes numbers ({some}) and words ({others})",
            f"{name!r} 列混有数字 ({some}) 与文字 ({others})",
        ),
        fix=text(
            "mend the rows, or if each is the name of a class say --kind classes",
            "请修正这些行; 若都是类别名称, 请加 --kind classes",
        ),
        odd=min(words, digits, key=lambda cells: sum(counts[cell] for cell in cells)),
    )


def _refuse_label(name: str, what: str) -> Decision:
    raise UserError(
        text(f"column {name!r} {what}: probably not a label", f"{name!r} 列{what}: 很可能不是标签"),
        fix=text(
            "name another column with --label; or if it is meant, say --kind classes or --kind number",
            "请用 --label 指定其他列; 若确实要用它, 请加 --kind classes 或 --kind number",
        ),
    )
