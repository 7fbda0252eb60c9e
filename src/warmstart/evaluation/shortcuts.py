"""What gives the label away without being what is to be learnt: a token, the length of a text, the order of the rows.

Words predict labels, and should. A mark that was left by how rows were collected predicts differently: nearly always
right, and in a good part of a class's rows. In SST-2 and in 17,000 Chinese reviews the words that are right 19 times
of 20 are in 3 % of a class's rows at most, and those that are right 99 times of 100 in 1.3 %.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from warmstart import visible
from warmstart.evaluation.tfidf import READ, vectoriser_of
from warmstart.messages import _
from warmstart.table.findings import Finding

MOST_ROWS = 20_000  # that are looked at, drawn at random
MOST_CHARACTERS = 4_000_000  # in all of them
SURE, COVERED = 0.95, 0.05  # a mark is right at least so often, in at least such a share of a class's rows
SURER, LESS = 0.99, 0.02  # or so
BOUND = 0.6  # and the exact lower bound of how often it is right, over all tokens together, closes so much of ...
CERTAIN = 0.99  # ... the way from the class's share to always, with this confidence
BINS = 32  # of lengths or places, each of which says its most frequent label
ALONE, PARTLY = 0.6, 0.25  # of the errors of the most frequent label so many are avoided by it alone
MOST_SHOWN = 5

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Token:
    """A token and the class that it gives away: in `rows` of the rows looked at, in `right` of them of that class.
    `covered`: the share of the class's rows that have it; `at_least`: the bound of how often it is right."""

    token: str
    label: str
    rows: int
    right: int
    covered: float
    at_least: float


@dataclass(frozen=True)
class Alone:
    """How often one number of a row tells its label, on rows that this was not learnt from: share, exact 95 % interval,
    and the share of the most frequent label. `gain`: the share of that one's errors that are avoided."""

    what: str
    accuracy: float
    low: float
    high: float
    base: float

    @property
    def gain(self) -> float:
        return (self.accuracy - self.base) / (1 - self.base) if self.base < 1 else 0.0

    @property
    def sure_gain(self) -> float:
        return (self.low - self.base) / (1 - self.base) if self.base < 1 else 0.0


@dataclass(frozen=True)
class Shortcuts:
    """What of a table gives labels away."""

    tokens: tuple[Token, ...]
    alone: tuple[Alone, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"tokens": [asdict(one) for one in self.tokens], "alone": [asdict(one) for one in self.alone]}


def drawn(lengths: npt.NDArray[np.int64], seed: int = 0) -> npt.NDArray[np.int64]:
    """The rows that are looked at, ascending: as many as the limits allow. `lengths`: characters of a row [rows]."""
    order = np.random.default_rng(seed).permutation(len(lengths))[:MOST_ROWS]
    return np.sort(order[np.cumsum(np.minimum(lengths[order], READ)) <= MOST_CHARACTERS])


def tokens(texts: list[str], row: Array, label: Array, names: tuple[str, ...]) -> list[Token]:
    """The tokens, words and pairs of them or up to three characters, that give a class away, most rows first.

    `row`, `label`: int64 [labels], the pairs of a row and a class that it has; `names`: of the classes.
    """
    from scipy import sparse
    from scipy.stats import beta

    texts = [text[:READ] for text in texts]
    if not any(map(str.strip, texts)) or not len(row):
        return []
    vectoriser = vectoriser_of(texts)
    there = vectoriser.fit_transform(texts) > 0
    has = sparse.csr_array((np.ones(len(row), np.int64), (row, label)), shape=(len(texts), len(names)))
    right = np.asarray((there.T.astype(np.int64) @ has).todense())  # [tokens, classes]
    rows = np.asarray(there.sum(axis=0)).reshape(-1, 1)
    of_class = np.asarray(has.sum(axis=0)).reshape(1, -1)
    share, covered = right / rows, right / np.maximum(of_class, 1)
    marks = ((share >= SURE) & (covered >= COVERED)) | ((share >= SURER) & (covered >= LESS))
    base = of_class / len(texts)
    token, of = np.nonzero(marks)
    level = (1 - CERTAIN) / max(int((rows > 1).sum()) * len(names), 1)  # Bonferroni
    least = beta.ppf(level, right[token, of], rows[token, 0] - right[token, of] + 1)
    good = least - base[0, of] >= BOUND * (1 - base[0, of])
    order = np.flatnonzero(good)[np.lexsort((token[good], -right[token[good], of[good]]))]
    said, found = vectoriser.get_feature_names_out(), []
    seen = np.zeros(len(texts), bool)
    columns = there.tocsc()
    for place in order.tolist():
        rows_of = columns.indices[columns.indptr[token[place]] : columns.indptr[token[place] + 1]]
        if seen[rows_of].mean() < 0.5:  # what stands beside a mark is no other mark
            seen[rows_of] = True
            name = names[of[place]]
            counts = int(rows[token[place], 0]), int(right[token[place], of[place]])
            share_of = counts[1] / int(of_class[0, of[place]])
            found.append(Token(str(said[token[place]]), name, *counts, share_of, float(least[place])))
    return found


def alone(what: str, numbers: Array, codes: Array, seed: int = 0) -> Alone | None:
    """How well one number of a row [rows] tells its label [rows]; None where there is nothing to tell.

    Half of the rows say which label each of `BINS` quantiles mostly has, the other half are asked, and the other way.
    """
    from scipy.stats import beta

    _unused, codes = np.unique(codes, return_inverse=True)
    count = len(codes)
    if count < 2 * BINS or codes.max() == 0:
        return None
    half = np.random.default_rng(seed).permutation(count) < count // 2
    right = 0
    for learnt in (half, ~half):
        edges = np.unique(np.quantile(numbers[learnt], np.linspace(0, 1, BINS + 1)[1:-1]))
        bins = np.searchsorted(edges, numbers, side="right")
        table = np.zeros((len(edges) + 1, int(codes.max()) + 1), np.int64)
        np.add.at(table, (bins[learnt], codes[learnt]), 1)
        right += int((table.argmax(axis=1)[bins[~learnt]] == codes[~learnt]).sum())
    low = float(beta.ppf(0.025, right, count - right + 1)) if right else 0.0
    high = float(beta.ppf(0.975, right + 1, count - right)) if right < count else 1.0
    return Alone(what, right / count, low, high, float(np.bincount(codes).max() / count))


def findings(found: Shortcuts, place: str, text: tuple[str, ...], label: tuple[str, ...]) -> Iterator[Finding]:
    """Warnings of what gives the label away, and notes of what tells a part of it."""
    for one in found.tokens[:MOST_SHOWN]:
        problem = _(
            "{token!r} gives the label away: {right:,} of the {rows:,} rows that have it are {name!r}, {covered:.0%} "
            "of that class (of chance in fewer than one table of 100)"
        ).format(token=visible.line(one.token), right=one.right, rows=one.rows, name=one.label, covered=one.covered)
        fix = _(
            "if it was left by how the rows were made, take it out of the texts; if it means the label, all is well"
        )
        yield Finding(place, (), text, problem, fix)
    for each in found.alone:
        if each.sure_gain < PARTLY:
            continue
        numbers = {"accuracy": each.accuracy, "low": each.low, "high": each.high, "base": each.base}
        if each.what == "length":
            problem = _(
                "the length of a text alone tells {accuracy:.1%} of the labels ({low:.1%} to {high:.1%}; the most "
                "frequent one {base:.1%})"
            ).format(**numbers)
            fix = _("see whether rows of each label were collected or cut in another way")
            yield Finding(place, (), text, problem, fix, "warning" if each.sure_gain >= ALONE else "note")
        elif each.what == "order":
            problem = _(
                "the order of the rows alone tells {accuracy:.1%} of the labels ({low:.1%} to {high:.1%}; the most "
                "frequent one {base:.1%})"
            ).format(**numbers)
            fix = _("nothing need be done: rows are shuffled, and held out at random")
            yield Finding(place, (), label, problem, fix, "note")
        else:
            problem = _(
                "the column {name!r} alone tells {accuracy:.1%} of the labels ({low:.1%} to {high:.1%}; the most "
                "frequent one {base:.1%})"
            ).format(name=each.what, **numbers)
            fix = _(
                "it is not read; if it stands for a source of rows, --group {name!r} keeps each on one side"
            ).format(name=each.what)
            yield Finding(place, (), (each.what,), problem, fix, "note", "--group")
