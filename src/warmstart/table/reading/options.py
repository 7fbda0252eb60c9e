"""How the user says that files are to be read."""

from dataclasses import dataclass
from typing import Literal, get_args

from warmstart.errors import UserError, did_you_mean
from warmstart.messages import _

Quoting = Literal["auto", "standard", "none"]


@dataclass(frozen=True)
class Options:
    """Each reader takes of these what it needs.

    `encoding`: of CSV, TSV and JSON. `delimiter`: of CSV and TSV, as it is typed; None: as the file says. `quoting`: of
    the same; "auto" and "standard" read quotes as RFC 4180 has them, and "auto" refuses one that seems to join rows;
    with "none" quotes are text. `header`: whether the first row of a CSV, TSV or sheet names the columns. `sheet`: of a
    workbook; None: the first with rows.
    """

    encoding: str = "utf-8"
    delimiter: str | None = None
    quoting: Quoting = "auto"
    header: bool = True
    sheet: str | None = None

    def __post_init__(self) -> None:
        known = get_args(Quoting)
        if self.quoting not in known:
            raise UserError(
                _("{option} cannot be {value!r}").format(option="--quoting", value=self.quoting),
                fix=did_you_mean(str(self.quoting), known),
            )
