"""CSV and TSV, read strictly: every cell is the text that stands in the file, and no row is bent to fit."""

import csv
import itertools
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from warmstart.data.reading import quoting
from warmstart.data.reading.contents import encoding_name
from warmstart.errors import UserError, examples, text

ROWS, CHARACTERS = 10_000, 1 << 24  # a batch is written out at whichever comes first
LONGEST_CELL = 1 << 27  # characters; beyond it, an unclosed quote is likelier than a text
DELIMITERS = {",": ",", ";": ";", "\t": "\\t", "|": "|"}  # as they are typed


def default_delimiter(path: pathlib.Path) -> str:
    """A tab for .tsv and .tab, else a comma."""
    return "\t" if path.suffix.lower() in (".tsv", ".tab") else ","


def batches(path: pathlib.Path, encoding: str = "utf-8", delimiter: str | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a delimited file, every column a string, in batches that do not grow with the file.

    The format is RFC 4180's, with any one-character delimiter: quotes around a cell that holds a delimiter, a newline
    or a quote, the last one doubled. Raises UserError naming the line for anything else.
    """
    separator = "\t" if delimiter in ("\\t", "tab") else delimiter or default_delimiter(path)
    if len(separator) != 1 or separator in '"\r\n':
        raise UserError(
            text(f"a delimiter is one character, not {separator!r}", f"分隔符应为单个字符, 而不是 {separator!r}")
        )
    with opened(path, encoding) as lines:
        reader = csv.reader(lines, delimiter=separator, strict=True)
        begun = 1  # the line on which the row being read begins
        rows: list[list[str]] = []
        characters = 0
        blank = 0  # the first line of a run of blank ones
        try:
            names = next(reader, [])
            _check_header(path, encoding, separator, names)
            schema = pa.schema([(name, pa.string()) for name in names])
            width, any_row = len(names), False
            begun = reader.line_num + 1
            for row in reader:
                if len(row) != width or blank:
                    if row:
                        raise _misfit(path, names, row, begun, reader.line_num, separator, blank)
                    blank = blank or begun  # harmless at the end of the file, so wait for what follows
                    continue
                begun = reader.line_num + 1
                rows.append(row)
                characters += sum(map(len, row))
                if len(rows) == ROWS or characters > CHARACTERS:
                    yield _batch(rows, schema)
                    any_row, characters = True, 0
                    rows.clear()
        except csv.Error as error:
            with opened(path, encoding) as again:
                rest = itertools.islice(again, begun - 1, None)
                raise quoting.fault(path, rest, separator, begun, LONGEST_CELL, str(error)) from None
    if rows:
        yield _batch(rows, schema)
    elif not any_row:
        raise UserError(
            text(f"{path.name} has a header and no rows", f"{path.name} 只有表头, 没有数据行"),
            str(path),
            text("add rows, or give another file", "请添加数据行, 或换一个文件"),
        )


@contextmanager
def opened(path: pathlib.Path, encoding: str) -> Iterator[Iterator[str]]:
    """The file's lines with their ends as they are, a byte-order mark taken off, and room for long cells."""
    name = "utf-8-sig" if encoding_name(encoding) == "utf-8" else encoding
    limit = csv.field_size_limit(LONGEST_CELL)  # a setting of the whole process: put back below
    try:
        with path.open(encoding=name, newline="") as file:
            if file.read(1) != "\ufeff":  # such as utf-16-le keeps
                file.seek(0)
            yield file
    finally:
        csv.field_size_limit(limit)


def _batch(rows: list[list[str]], schema: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema=schema)


def _check_header(path: pathlib.Path, encoding: str, delimiter: str, names: list[str]) -> None:
    place = text(f"{path}, line 1", f"{path}, 第 1 行")
    if not names:
        raise UserError(
            text(
                f"{path.name} begins with a blank line where its header should be",
                f"{path.name} 的第一行应是表头, 却是空行",
            ),
            place,
            text("give the column names in the first line", "请在第一行写出列名"),
        )
    better = fitting(path, encoding) if len(names) == 1 else None
    if better:
        typed = _typed(better)
        raise UserError(
            text(
                f"with the delimiter {_typed(delimiter)} {path.name} has one column",
                f"用分隔符 {_typed(delimiter)} 读取时, {path.name} 只有一列",
            ),
            place,
            text(
                f"the delimiter seems to be {typed}: say --delimiter {typed}",
                f"分隔符似乎是 {typed}: 请加 --delimiter {typed}",
            ),
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        where = [str(i) for i, name in enumerate(names, 1) if name in repeated]
        raise UserError(
            text(
                f"the header names {examples(map(repr, repeated))} more than once",
                f"表头中 {examples(map(repr, repeated))} 重复出现",
            ),
            text(f"{place}, columns {examples(where)}", f"{place}, 第 {examples(where)} 列"),
            text("give every column a name of its own", "请给每一列取不同的名字"),
        )
    # The first column of a data frame's index has no name; anywhere else that is a slip, such as a trailing delimiter.
    if "" in names[1:]:
        column = names.index("", 1) + 1
        raise UserError(
            text(f"column {column} has no name", f"第 {column} 列没有名字"),
            place,
            text("name it, or remove the delimiter too many", "请给它命名, 或删去多余的分隔符"),
        )


def fitting(path: pathlib.Path, encoding: str, rows: int = 20) -> str | None:
    """The delimiter that cuts the header and the first rows into the same number of cells, two or more, if any does.

    Where several do, the one that makes most columns.
    """
    found: dict[str, int] = {}
    for delimiter in DELIMITERS:
        with opened(path, encoding) as lines:
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            try:
                widths = [len(row) for row, _ in zip(reader, range(rows), strict=False) if row]
            except csv.Error:
                continue
        if widths and widths[0] > 1 and len(set(widths)) == 1:
            found[delimiter] = widths[0]
    return max(found, key=lambda delimiter: found[delimiter]) if found else None


def _typed(delimiter: str) -> str:
    """The delimiter as it is typed on a command line."""
    return f"'{DELIMITERS.get(delimiter, delimiter)}'"


def _misfit(
    path: pathlib.Path, names: list[str], row: list[str], begun: int, ended: int, delimiter: str, blank: int
) -> UserError:
    """The error for a row that does not have the header's number of cells, or that follows a blank line."""
    if blank:
        return UserError(
            text(f"line {blank:,} is blank, and rows follow it", f"第 {blank:,} 行是空行, 其后还有数据"),
            text(f"{path}, line {blank:,}", f"{path}, 第 {blank:,} 行"),
            text(
                'delete it; an empty cell alone in its row is written ""',
                '请删除该行; 若整行只有一个空单元格, 请写作 ""',
            ),
        )
    lines = f"{begun:,}" if begun == ended else f"{begun:,}-{ended:,}"
    fix = text(
        f'put quotes around a cell that holds {_typed(delimiter)}: "like{delimiter} this"',
        f"若单元格内含有 {_typed(delimiter)}, 请给它加上双引号",
    )
    if len(row) == len(names) + 1 and row[-1] == "":
        fix = text(
            "the line ends with a delimiter that the header does not have: remove it",
            "该行末尾比表头多一个分隔符: 请删除",
        )
    elif len(row) < len(names):
        missing = ", ".join(names[len(row) :])
        fix = text(
            f"give the missing cells ({missing}); an empty one still needs its delimiter",
            f"请补全缺少的单元格 ({missing}); 空单元格也要有分隔符",
        )
    elif ended > begun:
        fix += text(
            "; or a quote on these lines is not closed where it should be", "; 也可能是这几行中的引号没有在该处闭合"
        )
    return UserError(
        text(
            f"a row has {len(row)} cells, the header {len(names)}",
            f"某一行有 {len(row)} 个单元格, 而表头有 {len(names)} 个",
        ),
        text(f"{path}, line {lines}", f"{path}, 第 {lines} 行"),
        fix,
    )
