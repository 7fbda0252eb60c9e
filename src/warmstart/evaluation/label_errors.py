"""Rows that are most worth a person's look, as plain data.

Likely label errors: confident learning (Northcutt et al. 2021, by `cleanlab`) estimates how many there are, from
probabilities by models that have not learnt from the row. Which they are, the rows' confidence says: the geometric mean
of the given label's probabilities by such models and, of a training row, in training, over the epochs (Swayamdipta et
al. 2020). Together they are better than each alone (benchmarks/review.py).
"""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from warmstart.errors import UserError
from warmstart.heads.decided import said
from warmstart.heads.head import Head
from warmstart.heads.losses import confidences, losses
from warmstart.messages import _
from warmstart.table.near import near
from warmstart.table.shingles import words

LABEL, DUPLICATE, MISTAKE = "label", "duplicate", "mistake"  # why a row is worth a look
UNLIKELY = 0.1  # the confidence in the given label under which a held-out row's mistake is a confident one
LEAST = 1e-3  # probability: no witness is surer than that
EITHER = 0.5  # of two copies of a text with different labels, one is wrong
HALF = 0.5  # of a row that it has not trained on at all, a model is wrong more often than the label is
SAME = 0.8  # Jaccard similarity from which on two texts should have one label
FEWEST = 10  # rows of a class: of fewer no model learns what it looks like

Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What is known of the rows of a split. `labels`: as a loss takes them; `logits`: float `[rows, outputs]` of models
    that have not learnt from the row, the best one first; `losses`: float `[epochs, rows]` of the row's own label in
    training, NaN where it was not seen, or None; `held_out`: whether the run has measured itself on these rows."""

    texts: Sequence[Sequence[str]]
    labels: Array
    logits: tuple[Array, ...]
    losses: Array | None = None
    held_out: bool = False


@dataclasses.dataclass(frozen=True)
class Suspect:
    """A row worth a look: its split and place in it, from 0. `score`: from 0 to 1, the more the likelier its label is
    wrong. `why`: of `LABEL`, `DUPLICATE`, `MISTAKE`."""

    split: str
    place: int
    given: str
    suggested: str
    why: tuple[str, ...]
    score: float


def suspects(head: Head, evidence: dict[str, Evidence], most: int) -> list[Suspect]:
    """The rows most worth a look, the likeliest errors first, at most `most`. Raises UserError without `cleanlab`."""
    why: dict[tuple[str, int], list[str]] = defaultdict(list)
    scores = {split: _score(head, each) for split, each in evidence.items()}
    for split, each in evidence.items():
        order = np.argsort(-scores[split], kind="stable")
        likely = order[: _how_many(head, each)]
        for place in likely[scores[split][likely] >= EITHER * (HALF if each.held_out else 1)].tolist():
            why[split, place].append(LABEL)
        if each.held_out:
            found = confidences(head.problem_type, losses(head.problem_type, each.logits[0], each.labels))
            for place in np.flatnonzero(found < UNLIKELY).tolist():
                why[split, place].append(MISTAKE)
    for group in _contradictions(head, evidence):
        for split, place in group:
            why[split, place].append(DUPLICATE)
            scores[split][place] = max(scores[split][place], EITHER)
    listed = [
        Suspect(
            split,
            place,
            said(head, evidence[split].labels[place]),
            said(head, _guess(head, evidence[split], place, doubted=reasons != [DUPLICATE])),
            tuple(reasons),
            round(float(scores[split][place]), 4),
        )
        for (split, place), reasons in why.items()
    ]
    return _chosen(listed, most)


def _confidence(head: Head, known: Evidence) -> Array:
    """float64 [rows]: how well the given labels fit."""
    kind = head.problem_type
    found = [confidences(kind, losses(kind, logits, known.labels)) for logits in known.logits]
    if known.losses is not None:
        seen = np.isfinite(known.losses)
        each = np.where(seen, confidences(kind, np.where(seen, known.losses, np.nan)), 0)
        times = seen.sum(axis=0)
        found.append(np.divide(each.sum(axis=0), times, out=found[0].copy(), where=times > 0))
    return np.asarray(np.exp(np.mean([np.log(np.maximum(one, LEAST)) for one in found], axis=0)))


def _guess(head: Head, known: Evidence, place: int, *, doubted: bool) -> Any:
    """What the label of a row would be; if that is `doubted` and rows have one class, the likeliest of the others."""
    logits = np.array(known.logits[0][place : place + 1], np.float64)
    if doubted and head.classes and head.dimensions == 1:
        logits[0, known.labels[place]] = -np.inf
    return head.decide(logits)[0]


def _score(head: Head, known: Evidence) -> Array:
    """float64 [rows], from 0 to 1: how likely the given labels are wrong."""
    found = 1 - _confidence(head, known)
    if head.classes and head.dimensions == 1:
        counts = head.class_counts(known.labels)
        if not known.held_out:
            found[counts[known.labels] < FEWEST] = 0
    return found * HALF if known.held_out else found


def _chosen(listed: list[Suspect], most: int) -> list[Suspect]:
    """At most so many, the likeliest errors first; each reason has a fifth of the places, if it has so many rows."""
    ordered = sorted(listed, key=lambda each: (-each.score, each.split, each.place))
    reserved = [each for why in (LABEL, DUPLICATE, MISTAKE) for each in _of(ordered, why)[: most // 5]]
    first = [*dict.fromkeys([*reserved, *ordered])][:most]
    return [each for each in ordered if each in {*first}]


def _of(listed: list[Suspect], why: str) -> list[Suspect]:
    return [each for each in listed if why in each.why]


def without_cleanlab() -> UserError:
    """What is told where the extra is not installed."""
    return UserError(
        _("warmstart review needs cleanlab, which is not installed"),
        where="warmstart review",
        fix='pip install "warmstart[review]"',
    )


def _how_many(head: Head, known: Evidence) -> int:
    """How many labels are likely to be wrong, by confident learning; of numbers, how many are three spreads off."""
    scores = head.probabilities(known.logits[0])
    if not head.classes:
        off = losses(head.problem_type, known.logits[0], known.labels)
        return int((off > 9 * np.median(off) / 0.4549).sum())  # 0.4549: the median of a squared normal error
    try:
        from cleanlab.filter import find_label_issues
        from cleanlab.multilabel_classification.filter import find_label_issues as find_in_several
    except ImportError as error:
        raise without_cleanlab() from error
    if head.dimensions == 2:
        named = [np.flatnonzero(row).tolist() for row in known.labels]
        return int(find_in_several(named, scores, n_jobs=1).sum())
    present = np.unique(known.labels)  # it wants each class to occur
    if len(present) < 2:
        return 0
    scores = scores[:, present] / np.maximum(scores[:, present].sum(axis=1, keepdims=True), 1e-12)
    return int(find_label_issues(np.searchsorted(present, known.labels), scores, n_jobs=1).sum())


def _contradictions(head: Head, evidence: dict[str, Evidence]) -> list[list[tuple[str, int]]]:
    """Groups of rows, by split and place, that say the same and have different labels."""
    if not head.one_label_a_text:
        return []
    rows = [(split, place) for split, each in evidence.items() for place in range(len(each.labels))]
    texts = [row for each in evidence.values() for row in each.texts]
    codes = np.concatenate([head.codes(each.labels) for each in evidence.values()])
    return [[rows[at] for at in group] for group in same(texts) if len({*codes[group].tolist()}) > 1]


def same(texts: Sequence[Sequence[str]]) -> list[list[int]]:
    """Groups of rows whose texts say the same: each is a near-duplicate of another one in its group."""
    from datasets import Dataset
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    table = Dataset.from_dict({str(number): list(column) for number, column in enumerate(zip(*texts, strict=True))})
    known: dict[str, int] = {}
    sides = [words([table], name, known) for name in table.column_names]
    filled = np.sum([side.counts for side in sides], axis=0) > 0  # of texts without a word nothing is the same
    rows = np.flatnonzero(filled)
    found = near([side.where(filled) for side in sides], np.zeros(len(rows), np.int64))
    alike = found.similarity >= SAME
    graph = coo_array(
        (np.ones(int(alike.sum())), (rows[found.first[alike]], rows[found.second[alike]])), (len(texts), len(texts))
    )
    _count, groups = connected_components(graph, directed=False)
    order = np.argsort(groups, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    return sorted(part.tolist() for part in parts if len(part) > 1)
