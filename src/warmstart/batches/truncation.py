"""Rows tokenised without reading on where a text is far longer than what is kept of it.

A cell of ten megabytes takes seconds, and a gigabyte of memory, to tokenise, and two such cells in a row never end: the
tokenizer pairs every piece that it cuts off the one with every piece of the other. Five hundred tokens are kept.
"""

import contextlib
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from warmstart.errors import UserError, first_line
from warmstart.messages import _

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LONG = 32  # characters for each token that is kept; rows of shorter texts are tokenised whole
WORDS = 4  # words for each token that is kept: more than enough, which is made sure of
BOUNDARY = re.compile("[ \u4e00-\u9fff]")  # what stands alone for BERT: the space, and most Chinese characters


def tokenized(tokenizer: "PreTrainedTokenizerBase", columns: Sequence[list[str]], max_length: int) -> Any:
    """What the tokenizer says of rows of one text or two, each column a list of texts, cut to `max_length` tokens.

    With one liberty: of two texts that are both far too long, the one of more characters counts as the longer, which
    keeps one token more where the number of tokens is odd. The tokenizer counts tokens for that, all of them.
    """
    rows = [row for row, texts in enumerate(zip(*columns, strict=True)) if max(map(len, texts)) > LONG * max_length]
    if rows and _stops_at_boundaries(tokenizer):
        columns = [list(column) for column in columns]
        for row in rows:
            texts = [column[row] for column in columns]
            for column, text in zip(columns, _shortened(tokenizer, texts, max_length), strict=True):
                column[row] = text
    with _told():
        return tokenizer(*columns, truncation=True, max_length=max_length, return_attention_mask=False)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """A tokenizer in Rust that gives up raises what passes every handler; a UserError does not."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UserError(
            _("the tokenizer gives up: {error}").format(error=first_line(error)),
            "--model",
            _("leave out the texts that it cannot take, or use another model"),
        ) from error


def _shortened(tokenizer: Any, texts: list[str], max_length: int) -> list[str]:
    """The texts of a row; those that are far too long up to a boundary, the longer one further, or whole where fewer
    than `max_length` tokens would be left, or no more than the other text has, which is not far too long."""
    longest = max(map(len, texts))
    far = [len(text) > LONG * max_length for text in texts]
    found = [
        _beginning(text, (2 if len(text) == longest else 1) * WORDS * max_length) if too_long else text
        for text, too_long in zip(texts, far, strict=True)
    ]
    counts = [len(ids) for ids in tokenizer(found, add_special_tokens=False, verbose=False)["input_ids"]]
    other = max((count for count, too_long in zip(counts, far, strict=True) if not too_long), default=0)
    return [
        short if count >= max(max_length, other + 1) else text
        for text, short, count in zip(texts, found, counts, strict=True)
    ]


def _stops_at_boundaries(tokenizer: Any) -> bool:
    """Whether the tokens before a boundary are the same whatever follows it, and the first tokens are those kept.

    Known of the tokenizers of BERT only, and of these only without added tokens that reach over a boundary.
    """
    if not tokenizer.is_fast or tokenizer.truncation_side != "right":
        return False
    normalizer, splitter = tokenizer.backend_tokenizer.normalizer, tokenizer.backend_tokenizer.pre_tokenizer
    return (
        (type(normalizer).__name__, type(splitter).__name__) == ("BertNormalizer", "BertPreTokenizer")
        and bool(normalizer.handle_chinese_chars)
        and not any(BOUNDARY.search(token) for token in tokenizer.get_added_vocab())
    )


def _beginning(text: str, words: int) -> str:
    last = next(itertools.islice(BOUNDARY.finditer(text), words, None), None)
    return text if last is None else text[: last.end()]
