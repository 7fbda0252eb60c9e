"""Lines of a file, as a user finds them in an editor."""

import pathlib

from warmstart.errors import MOST_EXAMPLES
from warmstart.messages import _, ngettext


def on_lines(path: pathlib.Path, *lines: int) -> str:
    """A place in a file, as a phrase: the first ten of the lines (from 1) and how many more there are."""
    shown = ", ".join(f"{line:,}" for line in lines[:MOST_EXAMPLES])
    more = len(lines) - MOST_EXAMPLES
    if more > 0:
        return _("{path}, lines {shown} and {more:,} more").format(path=path, shown=shown, more=more)
    return ngettext("{path}, line {shown}", "{path}, lines {shown}", len(lines)).format(path=path, shown=shown)
