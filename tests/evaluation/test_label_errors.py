"""Which rows are worth a look: planted errors come first, whatever the kind of task; what is clean is left alone."""

import numpy as np
import pytest

from warmstart.evaluation.label_errors import DUPLICATE, LABEL, MISTAKE, Evidence, Suspect, same, suspects
from warmstart.evaluation.paired import paired
from warmstart.heads.classes import Classes
from warmstart.heads.head import Head
from warmstart.heads.labels import Labels
from warmstart.heads.losses import losses
from warmstart.heads.number import Number
from warmstart.heads.out_of_fold import out_of_fold

pytest.importorskip("cleanlab")

HEADS: dict[str, Head] = {
    "two": Classes(("no", "yes"), ("no", "yes")),
    "five": Classes(tuple("abcde"), tuple("abcde")),
    "several": Labels(("x", "y", "z"), ("x", "y", "z")),
    "number": Number(),
}


def planted(head: Head, rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels with five in a hundred wrong, and which those are."""
    draw = np.random.default_rng(seed)
    true = draw.normal(size=(rows, max(head.outputs, 2)))
    clear = np.eye(head.outputs)[true[:, : head.outputs].argmax(1)] if head.classes and head.dimensions == 1 else true
    features = np.concatenate([clear * 3 + draw.normal(size=clear.shape) * 0.5, draw.normal(size=(rows, 6))], axis=1)
    wrong = np.zeros(rows, bool)
    wrong[draw.permutation(rows)[: rows // 20]] = True
    if head.dimensions == 2:
        labels = (true[:, : head.outputs] > 0).astype(np.float32)
        labels[wrong] = 1 - labels[wrong]
    elif head.classes:
        labels = true[:, : head.outputs].argmax(1)
        labels[wrong] = (labels[wrong] + 1 + draw.integers(head.outputs - 1, size=wrong.sum())) % head.outputs
    else:
        labels = true[:, 0].astype(np.float32)
        labels[wrong] += np.where(draw.random(wrong.sum()) < 0.5, -1, 1) * draw.uniform(2, 4, wrong.sum())
    return features, labels, wrong


def evidence(head: Head, rows: int = 600, seed: int = 0, held_out: bool = False) -> tuple[Evidence, np.ndarray]:
    features, labels, wrong = planted(head, rows, seed)
    logits = out_of_fold(head.problem_type, head.outputs, features, labels)
    texts = [(f"text {seed} {row}",) for row in range(rows)]
    seen = np.stack([losses(head.problem_type, logits * scale, labels) for scale in (0.5, 1)]).astype(np.float32)
    return Evidence(texts, labels, (logits,), None if held_out else seen, held_out), wrong


def precision(found: list[Suspect], wrong: dict[str, np.ndarray]) -> float:
    return float(np.mean([wrong[each.split][each.place] for each in found]))


@pytest.mark.parametrize("kind", list(HEADS))
def test_planted_errors_come_first(kind: str) -> None:
    head = HEADS[kind]
    train, wrong = evidence(head)
    held, also_wrong = evidence(head, 200, seed=1, held_out=True)
    found = suspects(head, {"train": train, "validation": held}, 30)
    assert len(found) >= 20
    assert precision(found[:20], {"train": wrong, "validation": also_wrong}) >= 0.8
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert all(0 <= each.score <= 1 for each in found)
    assert all(each.given != each.suggested for each in found[:5])
    assert {LABEL} <= {why for each in found for why in each.why} <= {LABEL, MISTAKE}


def test_a_surer_model_of_the_held_out_rows_does_not_push_them_forward() -> None:
    """It errs itself more often than the labels do. But its mistakes have their places in the list."""
    head = HEADS["two"]
    train, _wrong = evidence(head)
    held, _also = evidence(head, 600, seed=1, held_out=True)
    sure = Evidence(held.texts, held.labels, (held.logits[0] * 50,), None, True)
    listed = suspects(head, {"train": train, "validation": sure}, 20)
    assert {each.split for each in listed[:10]} == {"train"}
    assert sum(MISTAKE in each.why for each in listed) == 4
    assert len(listed) == 20


def test_rows_of_a_class_that_nobody_can_learn_are_not_suspected_for_it() -> None:
    head = HEADS["five"]
    features, labels, _wrong = planted(head, 400, 0)
    labels[labels == 4] = 3
    labels[:3] = 4
    logits = out_of_fold(head.problem_type, 5, features, labels)
    texts = [(f"text {row}",) for row in range(400)]
    found = suspects(head, {"train": Evidence(texts, labels, (logits,))}, 15)
    assert found
    assert not {0, 1, 2} & {each.place for each in found}


def test_copies_with_different_labels_are_found_and_those_with_the_same_are_not() -> None:
    head = HEADS["two"]
    labels = np.array([0, 1, 0, 0, 1])
    texts = [("Good film!",), ("good  film",), ("a book",), ("A book.",), ("other",)]
    logits = np.stack([-4.0 * (labels - 0.5), 4.0 * (labels - 0.5)], axis=1)
    found = suspects(head, {"train": Evidence(texts, labels, (logits,))}, 9)
    assert {each.place for each in found if DUPLICATE in each.why} == {0, 1}
    assert all(each.score >= 0.5 for each in found if DUPLICATE in each.why)


def test_people_may_give_the_same_text_two_scores() -> None:
    logits = np.zeros((40, 1))
    labels = np.linspace(-1, 1, 40).astype(np.float32)
    assert not suspects(HEADS["number"], {"train": Evidence([("same",)] * 40, labels, (logits,))}, 9)


def test_confident_mistakes_are_those_of_rows_that_were_held_out() -> None:
    head = HEADS["two"]
    labels = np.array([0, 1] * 20)
    logits = np.stack([4.0 - 8.0 * labels, np.zeros(40)], axis=1)
    logits[7] = (4, 0)  # its label is 1
    texts = [(str(row),) for row in range(40)]
    for held_out in (True, False):
        found = suspects(head, {"validation": Evidence(texts, labels, (logits,), None, held_out)}, 9)
        assert {each.place for each in found if MISTAKE in each.why} == ({7} if held_out else set())


def test_no_row_is_told_by_what_has_learnt_from_it() -> None:
    """Labels that nothing tells: a model that had learnt from them would."""
    draw = np.random.default_rng(0)
    features, labels = draw.normal(size=(200, 150)), draw.integers(2, size=200)
    logits = out_of_fold("single_label_classification", 2, features, labels)
    assert 0.35 < (logits.argmax(1) == labels).mean() < 0.65


def test_what_is_the_same() -> None:
    texts = [("Ａ  good, film",), ("a good film!",), ("a good filme",), ("很好。",), ("很好",), ("!",), ("?",)]
    assert same(texts) == [[0, 1], [3, 4]]
    long = "the old ferry leaves the harbour at noon and comes back in the evening with all of its guests on board"
    other = "nobody on the island could say when the next boat would come, or whether there was to be one"
    assert same([(long,), (other,), (long.replace("noon", "nine"),), (long + " again",)]) == [[0, 2, 3]]
    assert same([(long, other), (other, long), (long, other + "!")]) == [[0, 2]]


@pytest.mark.parametrize("kind", list(HEADS))
def test_a_model_beside_another_on_the_same_rows(kind: str) -> None:
    head = HEADS[kind]
    draw = np.random.default_rng(0)
    _features, labels, _wrong = planted(head, 300, 0)
    labels = labels.astype(head.dtype)
    noise = draw.random(300) < 0.3
    worse = labels.copy()
    worse[noise] = (1 - labels[noise]) if head.classes and len(head.classes) < 5 else np.roll(labels, 1, axis=0)[noise]
    found = paired(head, worse, labels, labels)
    assert paired(head, worse, worse, labels).gain == (0, 0, 0)
    sign = 1 if head.greater_is_better(found.metric) else -1
    value, low, high = found.gain
    assert low <= value <= high
    assert sign * low > 0 or sign * high > 0
    assert value == pytest.approx(found.after - found.before)
    back = paired(head, labels, worse, labels)
    assert back.gain[0] == pytest.approx(-value)
    if head.classes:
        assert (found.worse, back.better) == (0, 0)
        assert found.p is not None
        assert found.p < 1e-6
