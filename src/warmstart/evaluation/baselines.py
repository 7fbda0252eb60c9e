"""What simpler models reach on the same rows: a fine-tuned transformer has to beat them to be worth its cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warmstart.errors import UserError
from warmstart.evaluation.tfidf import MOST_FEATURES, READ, tfidf, unspaced
from warmstart.heads.head import Head
from warmstart.messages import _

Array = NDArray[Any]

# What the linear model learns from, at most; one minute or so on one core.
MOST_ROWS = 100_000
MOST_TARGETS = 10_000_000  # rows times classes
MOST_WEIGHTS = 20_000_000  # features times classes
MOST_CHARACTERS = 50_000_000  # in all texts, where features are words
MOST_UNSPACED = 4_000_000  # the same, where they are characters: there are more of those, and more different ones


def baselines(
    head: Head,
    texts: Sequence[str],
    labels: Array,
    eval_texts: Sequence[str],
    *,
    pairs: Sequence[str] | None = None,
    eval_pairs: Sequence[str] | None = None,
    seed: int = 0,
) -> dict[str, Array]:
    """Predictions for `eval_texts`, as `decide` gives them, of two models that learn from `texts` and `labels`.

    The first says the same of every row: `"most frequent class"`, the `"mean"` of a number, or the
    `"most frequent labels"`, those that more than half of the rows have. The second is linear in TF-IDF features:
    `"TF-IDF + logistic regression"`, one for each label where rows have several, or `"TF-IDF + ridge regression"` for a
    number, all with scikit-learn's default regularisation. From data above the limits of this file it learns from as
    many rows as fit, drawn by `seed`, and its name says so: `"TF-IDF + logistic regression (100,000 of 250,000 rows)"`.

    `pairs`, `eval_pairs`: the second text of each row, if rows have one. `labels`: as for `head.measure`, none missing.
    Raises UserError if lengths differ, or there are no rows to learn from or to predict.
    """
    labels = np.asarray(labels)
    known = [list(column) for column in (texts, pairs) if column is not None]
    new = [list(column) for column in (eval_texts, eval_pairs) if column is not None]
    _check_lengths(known, labels, new)
    linear, outputs = head.linear_name, head.targets(labels)
    rows = _drawn(known, outputs, seed)
    if len(rows) < len(labels):
        linear += f" ({len(rows):,} of {len(labels):,} rows)"
        known = [[column[row] for row in rows] for column in known]
    features, new_features = tfidf(known, new, min(MOST_FEATURES, MOST_WEIGHTS // outputs))
    return {
        head.constant_name: np.repeat(head.constant(labels)[None], len(new[0]), axis=0),
        linear: head.linear(features, labels[rows], new_features),
    }


def _check_lengths(known: list[list[str]], labels: Array, new: list[list[str]]) -> None:
    if len(known) != len(new) or len({len(labels), *map(len, known)}) > 1 or len({*map(len, new)}) > 1:
        rows, others = [len(column) for column in known], [len(column) for column in new]
        raise UserError(
            _("training texts {rows}, labels {labels} and evaluation texts {others} do not go together").format(
                rows=rows, labels=len(labels), others=others
            ),
            fix=_("give one text per label, and second texts for all rows or for none"),
        )
    if not len(labels) or not new[0]:
        raise UserError(
            _("there are no rows to learn from, or none to predict"),
            fix=_("give at least one row of each"),
        )


def _drawn(known: list[list[str]], outputs: int, seed: int) -> Array:
    """The rows that the linear model learns from, ascending: all, or as many as the limits allow, drawn by `seed`."""
    characters = np.array([sum(min(len(one), READ) for one in row) for row in zip(*known, strict=True)])
    most = min(MOST_ROWS, MOST_TARGETS // outputs)
    order = np.random.default_rng(seed).permutation(len(characters))
    fit = np.cumsum(characters[order]) <= (MOST_UNSPACED if unspaced(known[0]) else MOST_CHARACTERS)
    return np.sort(order[fit][:most])
