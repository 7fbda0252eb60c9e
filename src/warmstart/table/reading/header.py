"""The header of a delimited file: names, each of them once, and as many as there are columns."""

import pathlib

from warmstart.errors import UserError, examples, text
from warmstart.table.reading.dialect import fitting, typed
from warmstart.table.reading.lines import on_lines


def check_header(path: pathlib.Path, encoding: str, delimiter: str, names: list[str]) -> None:
    """Raises UserError for a blank line, a file cut with the wrong delimiter, names that repeat or are missing."""
    place = on_lines(path, 1)
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
        fits = typed(better)
        raise UserError(
            text(
                f"with the delimiter {typed(delimiter)} {path.name} has one column",
                f"用分隔符 {typed(delimiter)} 读取时, {path.name} 只有一列",
            ),
            place,
            text(
                f"the delimiter seems to be {fits}: say --delimiter {fits}",
                f"分隔符似乎是 {fits}: 请加 --delimiter {fits}",
            ),
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        where = [str(i) for i, name in enumerate(names, 1) if name in repeated]
        raise UserError(
            text(
                f"the header names {examples(map(repr, repeated))} more than once",
                f"表头中重复出现的列名: {examples(map(repr, repeated))}",
            ),
            text(f"{place}, columns {examples(where)}", f"{place}, 列号 {examples(where)}"),
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
