"""Every setting of `TrainingArguments`, and what becomes of it, as a table for docs/trainer.md.

    python -m tests.settings        (writes it there)

tests/trainer/test_arguments_table.py fails while the document has another.
"""

import dataclasses
import pathlib

import transformers

from warmstart.messages import in_language
from warmstart.trainer.accepted import setting

DOCUMENT = pathlib.Path(__file__).resolve().parent.parent / "docs" / "trainer.md"
BEGIN, END = "<!-- settings: begin -->\n", "<!-- settings: end -->\n"


def table() -> str:
    """The settings in the order of the stock class. Those that are honoured share lines."""
    names = [field.name for field in dataclasses.fields(transformers.TrainingArguments) if field.init]
    with in_language("en"):
        answers = [setting(name) for name in names]
    honoured = ", ".join(f"`{each.name}`" for each in answers if each.answer == "honoured")
    rows = [f"| `{each.name}` | {each.answer} | {each.why} |\n" for each in answers if each.answer != "honoured"]
    return f"Honoured: {honoured}.\n\n| setting | answer | why, or what to do instead |\n|---|---|---|\n{''.join(rows)}"


def written(document: str) -> str:
    """The document with the table as it should be."""
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
