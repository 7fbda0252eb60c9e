"""Texts as TF-IDF features: words, or characters where words are not written apart."""

import re
from typing import Any

from warmstart.errors import UserError
from warmstart.heads.unspaced import UNSPACED
from warmstart.messages import _

MOST_FEATURES = 200_000  # per text; of those that occur, the most frequent
READ = 2_000  # characters of each text that are looked at: about what a model of 512 tokens sees
SAMPLE = 1_000  # texts that decide on words or characters

_UNSPACED = re.compile(f"[{UNSPACED}]")
_WORD = r"\w+|[^\w\s]"  # a punctuation mark or an emoji is a word too, and so is a single letter


def unspaced(texts: list[str]) -> bool:
    """Whether the texts are in a language written without spaces: if a quarter of the letters in `SAMPLE` of them are.

    A quarter, since one such letter says about as much as several of an alphabet: `我用iPhone打电话` is Chinese.
    """
    step = max(1, len(texts) // SAMPLE)
    sample = "".join(one[:READ] for one in texts[::step])
    return 4 * len(_UNSPACED.findall(sample)) > sum(map(str.isalpha, sample))


def tfidf(known: list[list[str]], new: list[list[str]], most_features: int = MOST_FEATURES) -> tuple[Any, Any]:
    """Features of the texts in `known`, which the vocabulary is learnt from, and of those in `new`: sparse float64.

    Both are lists of one or two columns of texts. With one, features are [rows, features]; with two, [rows, 2 *
    features + 1]: one vocabulary, learnt from both columns together, is applied to each, and the two stand side by side
    with their cosine. Features are single words and neighbouring two, or one to three neighbouring characters
    (`unspaced`). Raises UserError if all texts in `known` are blank.
    """
    from scipy import sparse

    known, new = ([[one[:READ] for one in column] for column in columns] for columns in (known, new))
    learnt = [one for column in known for one in column]
    if not any(map(str.strip, learnt)):
        raise UserError(_("all training texts are blank"))
    vectoriser = vectoriser_of(learnt, most_features).fit(learnt)

    def features(columns: list[list[str]]) -> Any:
        sides = [vectoriser.transform(column) for column in columns]
        if len(sides) == 2:  # no linear model can tell from the two alone whether they are alike; rows have length 1
            sides.append(sparse.csr_array(sides[0].multiply(sides[1]).sum(axis=1).reshape(-1, 1)))
        return sparse.hstack(sides, format="csr")

    return features(known), features(new)


def vectoriser_of(texts: list[str], most_features: int = MOST_FEATURES) -> Any:
    """What makes features of texts like these, not fitted yet: words and neighbouring two, or characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    by_character = unspaced(texts)
    return TfidfVectorizer(
        analyzer="char" if by_character else "word",
        token_pattern=None if by_character else _WORD,
        ngram_range=(1, 3) if by_character else (1, 2),
        sublinear_tf=True,  # 1 + log(count): a word said ten times does not say ten times as much
        max_features=most_features,
    )
