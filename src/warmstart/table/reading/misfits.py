"""Rows of a delimited file that are not as long as its header: told, never bent to fit."""

import pathlib
from collections.abc import Sequence

from warmstart.errors import UserError, text
from warmstart.table.reading.dialect import typed
from warmstart.table.reading.lines import on_lines


def blank_line(path: pathlib.Path, line: int) -> UserError:
    """The error for a blank line that rows follow."""
    return UserError(
        text(f"line {line:,} is blank, and rows follow it", f"第 {line:,} 行是空行, 其后还有数据"),
        on_lines(path, line),
        text(
            'delete it; an empty cell alone in its row is written ""', '请删除该行; 若整行只有一个空单元格, 请写作 ""'
        ),
    )


def misfit(
    path: pathlib.Path, names: list[str], delimiter: str, row: list[str], ended: int, lines: Sequence[int]
) -> UserError:
    """The error for rows that begin on `lines` and do not have a cell for each of `names`.

    The first of them is `row`, which ends on line `ended`; what is advised is for it.
    """
    spans = len(lines) == 1 and ended > lines[0]
    return UserError(
        text(
            f"a row has {len(row)} cells, the header {len(names)}",
            f"某一行有 {len(row)} 个单元格, 而表头有 {len(names)} 个",
        ),
        text(f"{path}, line {lines[0]:,}-{ended:,}", f"{path}, 第 {lines[0]:,}-{ended:,} 行")
        if spans
        else on_lines(path, *lines),
        _fix(names, delimiter, row, ended > lines[0]),
    )


def _fix(names: list[str], delimiter: str, row: list[str], spans: bool) -> str:
    if len(row) == len(names) + 1 and row[-1] == "":
        return text(
            "the line ends with a delimiter that the header does not have: remove it",
            "该行末尾比表头多一个分隔符: 请删除",
        )
    if len(row) < len(names):
        missing = ", ".join(names[len(row) :])
        return text(
            f"give the missing cells ({missing}); an empty one still needs its delimiter",
            f"请补全缺少的单元格 ({missing}); 空单元格也要有分隔符",
        )
    fix = text(
        f'put quotes around a cell that holds {typed(delimiter)}: "like{delimiter} this"',
        f'若单元格内含有 {typed(delimiter)}, 请给它加上双引号: "例如{delimiter} 这样"',
    )
    if spans:
        fix += text(
            "; or a quote on these lines is not closed where it should be",
            "; 也可能是这几行中有引号没有在应有的位置闭合",
        )
    return fix
