"""The one error a user meets, and the small tools that make it teach."""

import difflib
from collections.abc import Iterable

from warmstart import visible
from warmstart.messages import _, ngettext

MOST_EXAMPLES = 10
LONGEST_EXAMPLE = 500  # characters: a cell of a table may have millions
MOST_NAMES = 50


class UserError(Exception):
    """Something the user can mend: what is wrong, where, and how to mend it.

    The command line prints it without a traceback and exits with status 2. `problem`, `where` and `fix` are complete
    phrases in the user's language (see `messages`); cells in them are as they are, and `str` makes them `visible`.
    """

    def __init__(self, problem: str, where: str = "", fix: str = "") -> None:
        super().__init__(problem, where, fix)
        self.problem = problem
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        lines = [self.problem]
        if self.where:
            lines.append("  " + _("where") + f": {self.where}")
        if self.fix:
            lines.append("  " + _("fix") + f":   {self.fix}")
        return visible.lines("\n".join(lines))


class UserValueError(UserError, ValueError):
    """A UserError where `transformers` raises ValueError: code that expects the one has the other too."""


class UserNotImplementedError(UserError, NotImplementedError):
    """A UserError where `transformers` raises NotImplementedError."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` was probably meant to be, or None if none is near."""
    by_lower = {candidate.lower(): candidate for candidate in names}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A fix for a misspelt name: the nearest of `names` first, then all of them."""
    names = list(names)
    listed = examples(names, MOST_NAMES)
    near = nearest(name, names)
    if near is None:
        return _("use one of: {listed}").format(listed=listed)
    return _("did you mean {near!r}? There are: {listed}").format(near=near, listed=listed)


def examples(items: Iterable[object], most: int = MOST_EXAMPLES) -> str:
    """The first `most` items, comma-separated and none of them longer than `LONGEST_EXAMPLE`, then how many more."""
    items = list(items)
    shown = ", ".join(brief(str(item), LONGEST_EXAMPLE) for item in items[:most])
    rest = len(items) - most
    return shown if rest <= 0 else shown + _(" and {rest} more").format(rest=rest, total=len(items))


def number_of(rows: int) -> str:
    """`1 row`, `2 rows` ..."""
    return ngettext("{rows:,} row", "{rows:,} rows", rows).format(rows=rows)


def brief(text: str, most: int) -> str:
    """The text, or its first `most` characters with a mark that there are more."""
    return text if len(text) <= most else text[:most] + "…"


def first_line(error: BaseException) -> str:
    """What an error of somebody else's says, in one line; what it is, where it says nothing."""
    said = str(error).strip()
    return said.splitlines()[0] if said else type(error).__name__
