"""Cells that a spreadsheet would take for a formula, made text."""

from typing import Any

# What Excel, LibreOffice and Google Sheets take for the beginning of one (OWASP, CSV injection), full width included.
BEGIN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe(cell: Any) -> Any:
    """A text that begins as a formula does, with an apostrophe before it, which tells a spreadsheet that it is text.
    Numbers are no text; other cells are as they are."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(BEGIN) else cell
