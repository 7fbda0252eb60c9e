"""Whether a checkpoint knows the language of some texts: what its tokenizer makes of their words.

The bounds were measured with the two packaged checkpoints, on messages of programs in 90 languages (the .mo files of a
Linux system), on GLUE, source code and tweets. Words alone are counted, so that an emoji or a number tells nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from warmstart.batches.lengths import beginnings
from warmstart.table.scripts import WITHOUT_ALPHABET, is_latin, scripts, words

if TYPE_CHECKING:
    from datasets import Dataset

    from warmstart.table.task import Task

MOST_ROWS, MOST_CHARACTERS = 500, 1_000  # rows that are looked at, and of each text its beginning
UNKNOWN = 0.05  # share of unknown tokens: at most 0.02 in a language that is known, mostly above 0.1 in others
SPELT = 1.8  # characters a token: of an alphabet 1.9 to 4.5 where the language is known, 1.0 to 1.5 where it is spelt
IN_BYTES = 0.8  # the same without an alphabet: 1.3 to 1.8, and below 0.6 where characters are taken apart
ENGLISH = "the quick brown fox jumps over the lazy dog while everybody else is looking for something to eat"
SHORT = 3  # words: a text of fewer does not tell its language
# A text in Latin letters is not English if the English tokenizer makes so many tokens of a word (English 1.0 to 1.3,
# French 1.8, others more) of so few characters (English 3.7 to 4.5, French 3.0, others fewer), and if it has hardly any
# of the words that every English text has.
TOKENS_A_WORD, CHARACTERS_A_TOKEN, COMMON_SHARE = 1.5, 3.3, 0.1
COMMON = frozenset(
    "the of and to that with this are from not have but you they which were been would be it his she".split()
)


@dataclass(frozen=True)
class Languages:
    """Of rows spread evenly through a table. `scripts`: shares of the letters; `unknown_tokens` and
    `characters_a_token`: what a tokenizer makes of the words; `known`: whether its checkpoint has seen such words;
    `not_english`: the share of rows that are not English, where the English tokenizer was asked."""

    rows_counted: int
    scripts: Mapping[str, float]
    unknown_tokens: float
    characters_a_token: float
    known: bool
    not_english: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "scripts": dict(self.scripts)}


def sampled(rows: "Dataset", task: "Task") -> list[str]:
    """The beginnings of some rows' texts, those of a pair joined."""
    names = [name for name in (task.text, task.pair) if name is not None]
    texts, _ = beginnings(rows, names, MOST_CHARACTERS, MOST_ROWS) if len(rows) else ([[]], 0)
    return [" ".join(row) for row in zip(*texts, strict=True)]


def languages(texts: Sequence[str], tokenizer: Any, *, english: bool = False) -> Languages:
    """What is to be known of `texts` and of the checkpoint that `tokenizer` is of; `english`: it is the English one."""
    spelt = [words(text) for text in texts]
    tokens = _tokens(tokenizer, spelt)
    characters = [len(text) - text.count(" ") for text in spelt]
    unknown, rate = _unknown(tokenizer, tokens), sum(characters) / max(sum(map(len, tokens)), 1)
    shares = scripts(texts)
    return Languages(
        rows_counted=len(texts),
        scripts=shares,
        unknown_tokens=unknown,
        characters_a_token=rate,
        known=not shares or (unknown < UNKNOWN and not _takes_apart(tokenizer, shares, rate)),
        not_english=_not_english(texts, spelt, tokens) if english else None,
    )


def _tokens(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    return (
        list(tokenizer(texts, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]) if texts else []
    )


def _unknown(tokenizer: Any, tokens: list[list[int]]) -> float:
    unknown = sum(row.count(tokenizer.unk_token_id) for row in tokens)
    return unknown / max(sum(map(len, tokens)), 1)


def _takes_apart(tokenizer: Any, shares: Mapping[str, float], rate: float) -> bool:
    """Whether words are spelt letter by letter, or letters byte by byte, by a tokenizer that does so with no English
    word: one that has letters for tokens says nothing by it."""
    without = sum(share for name, share in shares.items() if name in WITHOUT_ALPHABET)
    if rate >= SPELT or (without > 0.5 and rate >= IN_BYTES):
        return False
    return len(ENGLISH.replace(" ", "")) / max(len(_tokens(tokenizer, [ENGLISH])[0]), 1) >= SPELT


def _not_english(texts: Sequence[str], spelt: list[str], tokens: list[list[int]]) -> float:
    """The share of rows, of those that have letters, that are in another script than Latin, or that the English
    tokenizer cuts as it cuts no English."""
    judged = [
        not is_latin(text) or _is_foreign(row.split(), len(ids))
        for text, row, ids in zip(texts, spelt, tokens, strict=True)
        if any(map(str.isalpha, row))
    ]
    return float(np.mean(judged)) if judged else 0.0


def _is_foreign(row: list[str], tokens: int) -> bool:
    if len(row) < SHORT or tokens < TOKENS_A_WORD * len(row):
        return False
    common = sum(word.lower() in COMMON for word in row)
    return sum(map(len, row)) <= CHARACTERS_A_TOKEN * tokens and common < COMMON_SHARE * len(row)
