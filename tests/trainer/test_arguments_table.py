"""The document has every setting, with what becomes of it."""

from tests.settings import DOCUMENT, table, written


def test_the_documents_table_of_settings_is_the_codes() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert table() in text, "python -m tests.settings writes it"
    assert written(text) == text
