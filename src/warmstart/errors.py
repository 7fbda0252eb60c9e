"""The one error a user meets, and the small tools that make it teach."""

import difflib
import locale
import os
from collections.abc import Iterable

MOST_EXAMPLES = 10


class UserError(Exception):
    """Something the user can mend: what is wrong, where, and how to mend it.

    The command line prints it without a traceback and exits with status 2. `problem`, `where` and `fix` are complete
    phrases in the user's language (see `text`).
    """

    def __init__(self, problem: str, where: str = "", fix: str = "") -> None:
        super().__init__(problem, where, fix)
        self.problem = problem
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        lines = [self.problem]
        if self.where:
            lines.append(f"  {text('where', '位置')}: {self.where}")
        if self.fix:
            lines.append(f"  {text('fix', '解决办法')}:   {self.fix}")
        return "\n".join(lines)


def language() -> str:
    """`"zh"` or `"en"`: `WARMSTART_LANG` if it is set, else the locale's language, else English."""
    wanted = os.environ.get("WARMSTART_LANG") or locale.getlocale()[0] or ""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        wanted = wanted if wanted and wanted != "C" else os.environ.get(name, "")
    return "zh" if wanted.lower().startswith(("zh", "chinese")) else "en"


def text(english: str, chinese: str) -> str:
    """The one of the two that the user reads. Both stand side by side in the code, so that neither is forgotten."""
    return chinese if language() == "zh" else english


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` was probably meant to be, or None if none is near."""
    by_lower = {candidate.lower(): candidate for candidate in names}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A fix for a misspelt name: the nearest of `names` first, then all of them."""
    names = list(names)
    listed = ", ".join(names)
    near = nearest(name, names)
    if near is None:
        return text(f"use one of: {listed}", f"可用的名称: {listed}")
    return text(f"did you mean {near!r}? There are: {listed}", f"是否想写 {near!r}? 可用的名称: {listed}")


def examples(items: Iterable[object], most: int = MOST_EXAMPLES) -> str:
    """The first `most` items, comma-separated, then how many more there are."""
    items = list(items)
    shown = ", ".join(str(item) for item in items[:most])
    rest = len(items) - most
    return shown if rest <= 0 else shown + text(f" and {rest} more", f" 等 {len(items)} 个")


def first_line(error: BaseException) -> str:
    """What an error of somebody else's says, in one line; what it is, where it says nothing."""
    said = str(error).strip()
    return said.splitlines()[0] if said else type(error).__name__
