"""The verdict: better or not, which classes fail, and advice that follows its rules."""

import dataclasses
import json
import re
from typing import Any

import numpy as np
import pytest

from warmstart.evaluation.advice import SAID, Circumstances, advise
from warmstart.evaluation.classes import ClassScore, class_scores, failing
from warmstart.evaluation.verdict import Verdict, compare
from warmstart.heads.registry import head_of
from warmstart.messages import in_language
from warmstart.recipe import Recipe

CLASSES = head_of("classes")(("bad", "good"), ("bad", "good"))
NUMBER = head_of("number")()
TFIDF, CONSTANT = "TF-IDF + logistic regression", "most frequent class"


def judged(wrong: int, others: dict[str, int], rows: int = 200) -> Verdict:
    """A model that errs on so many of the first rows, and baselines that do so from the other end."""
    labels = np.arange(rows) % 2
    found = {"model": np.where(np.arange(rows) < wrong, 1 - labels, labels)}
    found |= {who: np.where(np.arange(rows)[::-1] < errors, 1 - labels, labels) for who, errors in others.items()}
    return compare(CLASSES, found, {who: CLASSES.measure(said, labels) for who, said in found.items()}, labels)


@pytest.mark.parametrize(
    ("wrong", "others", "outcome", "baseline"),
    [
        (10, {CONSTANT: 100, TFIDF: 60}, "better", TFIDF),
        (60, {CONSTANT: 100, TFIDF: 10}, "worse", TFIDF),
        (30, {CONSTANT: 100, TFIDF: 32}, "undecided", TFIDF),
        (60, {CONSTANT: 20, TFIDF: 90}, "worse", CONSTANT),  # the better baseline, whichever it is
        (10, {}, "alone", None),
    ],
)
def test_the_model_is_compared_with_the_best_baseline(
    wrong: int, others: dict[str, int], outcome: str, baseline: str | None
) -> None:
    found = judged(wrong, others)
    assert (found.outcome, found.baseline) == (outcome, baseline)
    line = found.first_line()
    assert f"{found.model:.3f}" in line
    assert ("NOT" in line) == (outcome in ("worse", "undecided"))
    assert baseline is None or baseline in line


def test_a_handful_of_rows_shows_nothing() -> None:
    assert judged(0, {TFIDF: 19}, rows=19).outcome == "undecided"
    assert judged(0, {TFIDF: 19}, rows=20).outcome == "better"


def test_of_an_error_less_is_better_and_undefined_baselines_are_left_out() -> None:
    labels = np.linspace(0, 1, 100)
    noise = np.random.default_rng(0).normal(size=100)
    found = {"model": labels + 0.1 * noise, "mean": np.full(100, 0.5)}
    scores = {who: NUMBER.measure(said, labels) for who, said in found.items()}
    assert compare(NUMBER, found, scores, labels).outcome == "better"
    stsb = head_of("number")(glue="stsb")  # its metric is a correlation, which a constant has none of
    scores = {who: stsb.measure(said, labels) for who, said in found.items()}
    assert compare(stsb, found, scores, labels).outcome == "alone"


def test_it_survives_json_and_is_said_in_either_language() -> None:
    found = dataclasses.replace(
        judged(60, {TFIDF: 10}), failing=(ClassScore("bad", 40, 10, 9, 5, "recall"),), advice=tuple(advise(run()))
    )
    again = Verdict.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    assert again.sentences() == found.to_dict()["sentences"]
    with in_language("zh"):
        chinese = again.sentences()
    assert len(chinese) == len(found.sentences())
    assert all(re.search("[\u4e00-\u9fff]", line) for line in chinese)


def scored(counts: dict[str, tuple[int, int]]) -> list[ClassScore]:
    """Classes with (rows, of which are right); what is wrong is said to be the next class."""
    names = tuple(counts)
    head = head_of("classes")(names, names)
    labels = np.repeat(np.arange(len(names)), [rows for rows, _right in counts.values()])
    place = np.concatenate([np.arange(rows) for rows, _right in counts.values()])
    right = np.repeat([right for _rows, right in counts.values()], [rows for rows, _right in counts.values()])
    said = np.where(place < right, labels, (labels + 1) % len(names))
    return class_scores(head, said, labels, np.zeros(len(names), np.int64))


def test_a_class_far_below_the_others_fails_if_it_has_rows_enough() -> None:
    found = failing(scored({"a": (50, 10), "b": (50, 50), "c": (50, 48)}))  # what is a is said to be b
    assert [(each.name, each.fails) for each in found] == [("a", "recall"), ("b", "precision")]
    assert not failing(scored({"a": (8, 0), "b": (50, 50), "c": (50, 48)}))  # eight rows say nothing
    assert not failing(scored({"a": (50, 45), "b": (50, 48), "c": (50, 47)}))
    assert not failing(scored({"a": (50, 10), "b": (50, 11), "c": (50, 9)}))  # none is worse than the others


def test_class_scores_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import precision_recall_fscore_support

    draw = np.random.default_rng(0)
    labels, said = draw.integers(4, size=200), draw.integers(4, size=200)
    names = ("a", "b", "c", "d")
    scores = class_scores(head_of("classes")(names, names), said, labels, np.zeros(4, np.int64))
    precision, recall, f1, rows = precision_recall_fscore_support(labels, said)
    assert [each.precision[0] for each in scores] == pytest.approx(precision)
    assert [each.recall[0] for each in scores] == pytest.approx(recall)
    assert [each.f1 for each in scores] == pytest.approx(f1)
    assert [each.rows for each in scores] == rows.tolist()


def run(**changes: Any) -> Circumstances:
    """A run of which nothing is to be said, changed as asked."""
    plain = {
        "model": "m",
        "longer": "--epochs 6",
        "rows": 500,
        "undecided": False,
        "cut": 0.0,
        "length": 128,
        "longest": 512,
    }
    plain |= {"unknown": 0.0, "losses": [(1, 1.0), (2, 0.5), (3, 0.499)], "keeps_best": False, "certainties": []}
    return Circumstances(**{**plain, "failing": [], "median": 100.0, **changes})


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"unknown": 0.05}, "language"),
        ({"cut": 0.05}, "longer"),
        ({"cut": 0.05, "longest": 128}, "windows"),
        ({"losses": [(1, 1.0), (2, 0.98)]}, "more epochs"),
        ({"losses": [(1, 0.5), (2, 0.525)]}, "fewer epochs"),
        ({"failing": [("bad", 50)]}, "rows"),
        ({"certainties": [0.9] * 5 + [0.1] * 15}, "labels"),
        ({"undecided": True, "rows": 199}, "validation"),
    ],
)
def test_each_advice_follows_its_rule_to_the_border(changes: dict[str, Any], rule: str) -> None:
    assert [each.rule for each in advise(run(**changes))] == [rule]
    assert advise(run(**changes))[0].sentence() != advise(run(**changes))[0].because()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"unknown": 0.049},
        {"cut": 0.049},
        {"losses": [(1, 1.0), (2, 0.99)]},
        {"losses": [(1, 0.5), (2, 0.52)]},
        {"losses": [(1, 0.5), (2, 1.0)], "keeps_best": True},
        {"losses": [(1, 0.5)]},
        {"failing": [("bad", 51)]},
        {"certainties": [0.9] * 4},
        {"certainties": [0.9] * 5 + [0.1] * 16},
        {"undecided": True, "rows": 200},
    ],
)
def test_and_nothing_is_said_beyond_it(changes: dict[str, Any]) -> None:
    assert not advise(run(**changes))


def test_options_that_advice_names_exist() -> None:
    options = {name for said in SAID.values() for name in re.findall(r"--([a-z-]+)", said)}
    assert {name.replace("-", "_") for name in options} <= set(Recipe.model_fields)
    assert options
