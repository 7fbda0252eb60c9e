"""JSON files as columns: read strictly, with the types that the file gives its values."""

import itertools
import pathlib
from collections.abc import Iterator
from typing import Any, NoReturn

import pyarrow as pa

from warmstart.data.reading import shapes
from warmstart.data.reading.rows import opened, refuse, refuse_json
from warmstart.errors import UserError, examples, text

ROWS = 1_000  # in a batch, as datasets writes them; many more dicts at once cost time, not just memory


def batches(path: pathlib.Path, encoding: str = "utf-8") -> Iterator[pa.RecordBatch]:
    """The rows of a JSON file with the types that the file gives them, in batches that do not grow with the file.

    The file is read twice: once for the type of every column, once for the rows. Whole numbers beside fractions become
    fractions; a null goes with anything. Raises UserError naming the line for what is not JSON, for a field that is
    missing or too many, and for any other mixture of types.
    """
    schema = _schema(path, encoding)
    with opened(path, encoding) as rows:
        while chunk := list(itertools.islice(rows, ROWS)):
            yield pa.record_batch(
                [_array(path, field, [(line, row[field.name]) for line, row in chunk]) for field in schema],
                schema=schema,
            )


def _schema(path: pathlib.Path, encoding: str) -> pa.Schema:
    fields: dict[str, shapes.Shape] = {}
    first = 0
    with opened(path, encoding) as rows:
        while chunk := list(itertools.islice(rows, ROWS)):
            if not first:
                first = chunk[0][0]
                if not chunk[0][1]:
                    refuse(path, first, text("the row has no fields", "该行没有任何字段"))
                fields = dict.fromkeys(chunk[0][1], shapes.NULL)
            for line, row in chunk:
                if row.keys() != fields.keys():
                    _refuse_fields(path, line, row, first, list(fields))
            for name, shape in fields.items():
                values = [row[name] for _, row in chunk]
                try:
                    fields[name] = shapes.merge(shape, shapes.of_all(values))
                except shapes.Mixture:
                    _refuse_mixture(path, encoding, name)
                except RecursionError as error:
                    refuse_json(path, chunk[0][0], error)
    if not first:
        raise UserError(
            text(f"{path.name} has no rows", f"{path.name} 没有数据行"),
            str(path),
            text("give another file", "请换一个文件"),
        )
    return pa.schema([(name, shapes.to_arrow(shape)) for name, shape in fields.items()])


def _array(path: pathlib.Path, field: pa.Field, numbered: list[tuple[int, Any]]) -> pa.Array:
    """One column as Arrow. What JSON can say and Arrow cannot is refused by line."""
    try:
        return pa.array([value for _, value in numbered], field.type)
    except (UnicodeEncodeError, pa.ArrowException, OverflowError):
        bad = []
        for line, value in numbered:
            try:
                pa.array([value], field.type)
            except UnicodeEncodeError:
                bad.append(line)
                problem = text(
                    f"{field.name!r} holds half a character (a lone surrogate)",
                    f"{field.name!r} 含有半个字符 (孤立代理项)",
                )
            except (pa.ArrowException, OverflowError):
                bad.append(line)
                problem = text(
                    f"{field.name!r} holds a number too large to keep exactly",
                    f"{field.name!r} 中的数字过大, 无法精确保存",
                )
        if not bad:
            raise
        raise UserError(
            problem,
            text(f"{path}, lines {examples(bad)}", f"{path}, 第 {examples(bad)} 行"),
            text("mend these rows", "请修正这些行"),
        ) from None


def _refuse_fields(path: pathlib.Path, line: int, row: dict[str, Any], first: int, names: list[str]) -> NoReturn:
    missing = [name for name in names if name not in row]
    if missing:
        problem = text(
            f"the field {examples(map(repr, missing))} is missing", f"缺少字段 {examples(map(repr, missing))}"
        )
    else:
        extra = [name for name in row if name not in names]
        problem = text(
            f"the field {examples(map(repr, extra))} is not in the first row (line {first})",
            f"字段 {examples(map(repr, extra))} 在首行 (第 {first} 行) 中没有",
        )
    raise UserError(
        problem,
        text(f"{path}, line {line:,}", f"{path}, 第 {line:,} 行"),
        text(
            "give every row the same fields; write null where there is no value",
            "请让每一行的字段相同; 没有值时写 null",
        ),
    )


def _refuse_mixture(path: pathlib.Path, encoding: str, name: str) -> NoReturn:
    """Name the first lines whose values do not go together, or the first whose list does not go together."""
    fix = text("write all of them in the same way", "请统一写法")
    seen, begun = shapes.NULL, 1
    with opened(path, encoding) as rows:
        for line, row in rows:
            try:
                shape = shapes.of(row[name])
            except shapes.Mixture:
                problem = text(f"{name!r} mixes types within a value", f"{name!r} 的同一个值中类型不一致")
                raise UserError(problem, text(f"{path}, line {line:,}", f"{path}, 第 {line:,} 行"), fix) from None
            try:
                merged = shapes.merge(seen, shape)
            except shapes.Mixture:
                one, other = shapes.describe(seen), shapes.describe(shape)
                where = text(
                    f"{path}, {one} on line {begun:,}, {other} on line {line:,}",
                    f"{path}, 第 {begun:,} 行是{one}, 第 {line:,} 行是{other}",
                )
                problem = text(f"{name!r} mixes types: {one} and {other}", f"{name!r} 的类型不一致: {one}与{other}")
                raise UserError(problem, where, fix) from None
            seen, begun = merged, begun if merged == seen else line
    raise UserError(text("the file changed while it was read", "文件在读取过程中被修改"), str(path))
