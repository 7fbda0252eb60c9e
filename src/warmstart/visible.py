"""Text of a table or a checkpoint is data where it is shown: it moves no cursor, and hides and turns no other text."""

import re

# Controls (ESC and the C1 ones among them), marks that cannot be seen, those that turn the direction of what follows,
# ends of lines that no editor shows, halves of characters. The joiners of Persian and Indic letters and of emoji are
# not among them: without them another text would be shown.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|&~])")


def lines(text: str) -> str:
    """The text with characters that cannot be seen as escapes, such as `\\x1b`; ends of lines and tabs stay."""
    return _HIDDEN.sub(_escaped, text)


def line(text: str) -> str:
    """The same on one line: its ends and tabs are escapes too."""
    return re.sub(r"[\n\t]", _escaped, lines(text))


def json_text(text: str) -> str:
    """JSON in which such characters are JSON's own escapes: the value is the same."""
    return re.sub(_HIDDEN, lambda found: f"\\u{ord(found[0]):04x}", text)


def markdown(text: str) -> str:
    """The text inside a line of Markdown: shown as it is there, and in HTML that is made from it."""
    return _MARKDOWN.sub(r"\\\1", line(text))


def code(text: str) -> str:
    """The text as code in Markdown, on one line: between more backticks than it has in a row."""
    text = line(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{fence}{space}{text}{space}{fence}"


def _escaped(found: "re.Match[str]") -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode()
