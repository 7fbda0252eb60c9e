"""Lines of a file, as a user finds them in an editor."""

import pathlib

from warmstart.errors import MOST_EXAMPLES, text


def on_lines(path: pathlib.Path, *lines: int) -> str:
    """A place in a file, as a phrase: the first ten of the lines (from 1) and how many more there are."""
    shown = ", ".join(f"{line:,}" for line in lines[:MOST_EXAMPLES])
    more = len(lines) - MOST_EXAMPLES
    if more > 0:
        return text(f"{path}, lines {shown} and {more:,} more", f"{path}, 第 {shown} 行, 另有 {more:,} 行")
    return text(f"{path}, line{'s' if len(lines) > 1 else ''} {shown}", f"{path}, 第 {shown} 行")
