"""A finding: what is wrong with some rows of a split, and how to mend it."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from warmstart.errors import UserError
from warmstart.messages import _, ngettext
from warmstart.table.columns import listed

Severity = Literal["error", "warning", "note"]  # training stops at it, warns of it, or says nothing of it


@dataclass(frozen=True)
class Finding:
    """Something that a user can mend."""

    place: str  # file and split
    rows: tuple[int, ...]  # counted from 0; none where it is about no row
    columns: tuple[str, ...]
    problem: str
    fix: str
    severity: Severity = "warning"
    option: str = ""  # that settles it; without it the first that the fix names

    @classmethod
    def of(cls, error: UserError) -> "Finding":
        """What an error says, as a finding."""
        return cls(error.where, (), (), error.problem, error.fix, "error")

    @property
    def settled_by(self) -> str:
        """The option that settles it; empty where the rows themselves must be changed."""
        named = re.search(r"--[a-z][a-z-]*", self.fix)
        return self.option or (named[0] if named else "")

    @property
    def where(self) -> str:
        """File, split, rows and columns as a phrase."""
        parts = [self.place]
        if self.rows:
            parts.append(listed(np.array(self.rows)))
        if self.columns:
            names = ", ".join(map(repr, self.columns))
            parts.append(ngettext("column {names}", "columns {names}", len(self.columns)).format(names=names))
        return ", ".join(parts)

    def to_dict(self, *, stops_training: bool = False) -> dict[str, Any]:
        """Everything, as JSON can say it; rows are counted from 1, as in `where`."""
        return {
            "severity": "error" if stops_training else self.severity,
            "stops_training": stops_training,
            "problem": self.problem,
            "where": self.where,
            "fix": self.fix,
            "option": self.settled_by,
            "rows": [row + 1 for row in self.rows],
        }

    def __str__(self) -> str:
        return f"{self.problem} ({self.where}): {self.fix}"


def refuse(findings: list[Finding]) -> None:
    """Raises UserError with all findings, if there are any."""
    if len(findings) == 1:
        raise UserError(findings[0].problem, findings[0].where, findings[0].fix)
    if findings:
        lines = [f"  {number}. {finding}" for number, finding in enumerate(findings, 1)]
        first = _("{findings} things are wrong with the rows:").format(findings=len(findings))
        raise UserError("\n".join([first, *lines]))
