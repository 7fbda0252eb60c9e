"""In which scripts texts are written: Latin, Han, Cyrillic ... Unicode's names of characters say it."""

import functools
import unicodedata
from collections import Counter
from collections.abc import Sequence

# The first word of a letter's name in Unicode, where that is not what the script is called.
_CALLED = {"Cjk": "Han", "Modifier": "", "Ideographic": "Han"}
WITHOUT_ALPHABET = {"Han", "Hiragana", "Katakana", "Hangul", "Bopomofo", "Yi"}  # a character is a syllable or a word
FOREIGN = 0.5  # of a row's letters: from there on it is not written in Latin script


def scripts(texts: Sequence[str]) -> dict[str, float]:
    """The share of each script in the letters of `texts`, the largest first; empty where there are no letters."""
    letters: Counter[str] = Counter()
    for text in texts:
        letters.update(text)
    found: Counter[str] = Counter()
    for character, count in letters.items():
        if script := script_of(character):
            found[script] += count
    total = found.total()
    return {name: count / total for name, count in sorted(found.items(), key=lambda item: (-item[1], item[0]))}


@functools.lru_cache(maxsize=1 << 16)
def script_of(character: str) -> str:
    """The script of a letter, such as `Latin`; empty for any other character. A letter that is only a form of others,
    as in ｆｕｌｌ ｗｉｄｔｈ or 𝗯𝗼𝗹𝗱, is of their script."""
    plain = unicodedata.normalize("NFKC", character)[:1]
    if not plain or unicodedata.category(plain)[0] != "L":
        return ""
    first = unicodedata.name(plain, "").partition(" ")[0].partition("-")[0].title()
    return _CALLED.get(first, first)


def is_latin(text: str) -> bool:
    """Whether a text has letters of the Latin script, and not more of others."""
    if text.isascii():
        return any(map(str.isalpha, text))
    return scripts([text]).get("Latin", 0.0) > FOREIGN


def words(text: str) -> str:
    """The words of a text alone, a space between them: letters with their marks, no digits, signs or emoji."""
    return " ".join(text.translate(_SPACES).split())


class _Spaces(dict[int, str]):
    """For `str.translate`: what is no part of a word becomes a space."""

    def __missing__(self, number: int) -> str:
        character = chr(number)
        part = unicodedata.category(character)[0] in "LM" or character in "'’"
        part = part and not 0xFE00 <= number <= 0xFE0F  # which choose between a sign and its emoji
        self[number] = character if part else " "
        return self[number]


_SPACES = _Spaces()
