"""A finding: what is wrong with some rows of a split, and how to mend it."""

from dataclasses import dataclass

import numpy as np

from warmstart.data.tasks.columns import listed
from warmstart.errors import UserError, text


@dataclass(frozen=True)
class Finding:
    """Something that a user can mend."""

    split: str
    rows: tuple[int, ...]  # counted from 0; none where it is about no row
    column: str | None
    problem: str
    fix: str

    @property
    def where(self) -> str:
        """Split, rows and column as a phrase."""
        parts = [text(f"split {self.split!r}", f"数据划分 {self.split!r}")]
        if self.rows:
            parts.append(listed(np.array(self.rows)))
        if self.column is not None:
            parts.append(text(f"column {self.column!r}", f"{self.column!r} 列"))
        return ", ".join(parts)

    def __str__(self) -> str:
        return f"{self.problem} ({self.where}): {self.fix}"


def refuse(findings: list[Finding]) -> None:
    """Raises UserError with all findings, if there are any."""
    if len(findings) == 1:
        raise UserError(findings[0].problem, findings[0].where, findings[0].fix)
    if findings:
        lines = [f"  {number}. {finding}" for number, finding in enumerate(findings, 1)]
        first = text(f"{len(findings)} things are wrong with the rows:", f"数据中有 {len(findings)} 个问题:")
        raise UserError("\n".join([first, *lines]))
