"""Errors for whole files, whoever finds them out."""

import pathlib

from warmstart.errors import UserError, text
from warmstart.table.reading.encodings import encoding_name
from warmstart.table.reading.lines import on_lines


def not_in(path: pathlib.Path, place: str, encoding: str, suggested: str | None) -> UserError:
    """The error for bytes that do not decode, with the encoding that they seem to be in."""
    fix = text("name the right encoding with --encoding", "请用 --encoding 指明正确的编码")
    if suggested:
        fix = text(
            f"it looks like {suggested}: say --encoding {suggested}, or save the file as UTF-8",
            f"看起来是 {suggested} 编码: 请加 --encoding {suggested}, 或把文件另存为 UTF-8",
        )
    return UserError(
        text(
            f"{path.name} is not in {encoding}: {place} does not decode",
            f"{path.name} 不是 {encoding} 编码, 无法解码: {place}",
        ),
        str(path),
        fix,
    )


def half_a_character(path: pathlib.Path, at: int, line: int, encoding: str) -> UserError:
    """The error for what is written where one character is taken for two; no other encoding reads it rightly."""
    fix = text("mend the line, or write the file again from its source", "请修正该行, 或从源数据重新生成文件")
    if encoding_name(encoding) != "utf-8":
        fix += text(f"; or it is not in {encoding}: see --encoding", f"; 或者它不是 {encoding} 编码: 参见 --encoding")
    return UserError(
        text(
            f"{path.name} holds half a character (a lone surrogate) at byte {at:,}",
            f"{path.name} 在第 {at:,} 字节处含有半个字符 (孤立代理项)",
        ),
        on_lines(path, line),
        fix,
    )


def empty(path: pathlib.Path) -> UserError:
    """The error for a file with nothing in it."""
    return UserError(
        text(f"{path.name} is empty", f"{path.name} 是空文件"), str(path), text("give another file", "请换一个文件")
    )


def changed(*paths: pathlib.Path) -> UserError:
    """The error for files that are not what they were a moment ago."""
    return UserError(
        text("a file changed while it was read", "文件在读取过程中被修改"),
        ", ".join(map(str, paths)),
        text("run again once it is complete", "请等文件写完后再运行"),
    )
