"""Options that several commands have: how a table is read, and what is asked of it. The recipe has them too."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from warmstart.messages import N_, _


class _Description:
    """What an option means, in the language of whoever asks: cyclopts reads `description` when it shows help."""

    def __init__(self, english: str | None) -> None:
        self.english = english or ""

    @property
    def description(self) -> str:
        return _(self.english)


class Options(BaseModel):
    """Options of a command, which are frozen and have their help in the user's language."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def __pydantic_init_subclass__(cls, **given: Any) -> None:
        super().__pydantic_init_subclass__(**given)
        for field in cls.model_fields.values():
            others = [each for each in field.metadata if not isinstance(each, _Description)]  # of the class before
            field.metadata = [*others, _Description(field.description)]


class Reading(Options):
    """How a table is read, as `table.sources.load` takes it."""

    config: str | None = Field(
        None,
        description=N_("Configuration of a Hub data set (or write ID/CONFIG)."),
    )
    encoding: str = Field("utf-8", description=N_("Encoding of the text files."))
    delimiter: str | None = Field(
        None,
        description=N_("What separates columns, if the file name does not say."),
    )
    quoting: Literal["auto", "standard", "none"] = Field(
        "auto",
        description=N_(
            "Quotes in CSV and TSV: they enclose cells, and one that seems to join rows is an error (auto); they "
            "enclose cells (standard); they are text (none)."
        ),
    )
    header: bool = Field(
        True,
        description=N_(
            "Whether the first row of a CSV, TSV or Excel file has the column names; without they are column_1, "
            "column_2 ..."
        ),
    )
    sheet: str | None = Field(
        None,
        description=N_("The sheet of an Excel workbook; by default the first with rows."),
    )

    def reading(self) -> dict[str, Any]:
        """These alone, as arguments."""
        return self.model_dump(include={*Reading.model_fields})


class Question(Options):
    """What is asked of a table: which columns, and how labels are written. `infer_task` finds what is left open."""

    text: str | None = Field(None, description=N_("Column of the text."))
    pair: str | None = Field(None, description=N_("Column of the second text, if rows are pairs."))
    label: str | None = Field(
        None,
        description=N_("Column of the label; several columns of 0 and 1, with commas between: several labels a row."),
    )
    kind: str | None = Field(
        None,
        description=N_("One class a row (classes), several labels a row (labels), or a number to predict (number)."),
    )
    labels: Literal["merge", "keep"] | None = Field(
        None,
        description=N_(
            "Labels that look the same, such as pos and Pos: merge takes them as one, spelt as most rows have it; keep "
            "takes them as different."
        ),
    )
    label_separator: str | None = Field(
        None, min_length=1, description=N_("What separates the labels in a cell that has several of them, such as '|'.")
    )
    label_empty: Literal["missing", "none"] | None = Field(
        None,
        description=N_(
            "Where rows have several labels, an empty cell lacks its labels (missing, which is an error) or says that "
            "the row has none (none)."
        ),
    )
    decimal: Literal["point", "comma"] | None = Field(
        None, description=N_("What is before the decimals of numbers: 1,234.5 (point) or 1.234,5 (comma).")
    )


class Asked(Reading, Question):
    """Both, the columns first: a table from the file to its task."""
