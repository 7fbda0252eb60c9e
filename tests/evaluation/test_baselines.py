"""The baselines learn what words can tell, in any script, and say so when they learn from less than all."""

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

from tests.heads.helpers import baselines, measure
from warmstart.errors import UserError
from warmstart.evaluation import baselines as limits
from warmstart.evaluation.tfidf import tfidf, unspaced

MANY = settings(max_examples=30, deadline=None)  # no deadline: the first example waits for imports
LOGISTIC = "TF-IDF + logistic regression"
RIDGE = "TF-IDF + ridge regression"
WORDS = ["red", "green", "blue", "cold", "warm", "a", "!", "🙂"]


def sentences(rows: int, seed: int, words: Sequence[str] = WORDS, between: str = " ") -> list[str]:
    generator = np.random.default_rng(seed)
    return [between.join(generator.choice(list(words), size=6)) for _ in range(rows)]


def has(texts: list[str], word: str) -> NDArray[np.int64]:
    return np.array([int(word in (list(one) if unspaced(texts) else one.split())) for one in texts])


@pytest.mark.parametrize("word", ["red", "a", "!", "🙂"])
def test_one_word_is_learnt(word: str) -> None:
    train, new = sentences(300, 0), sentences(100, 1)
    found = baselines("classes", train, has(train, word), new)[LOGISTIC]
    assert found.dtype == np.int64
    assert np.mean(found == has(new, word)) > 0.97


@pytest.mark.parametrize("letters", ["我你他好坏天地人", "ฉันเธอดีร้าย", "ぼくきみよい"])
def test_a_character_is_learnt_where_there_are_no_spaces(letters: str) -> None:
    train, new = (sentences(300, seed, letters, "") for seed in (0, 1))
    assert unspaced(train)
    found = baselines("classes", train, has(train, letters[3]), new)[LOGISTIC]
    assert np.mean(found == has(new, letters[3])) > 0.95


def test_which_texts_have_no_spaces() -> None:
    assert unspaced(["我用iPhone打电话"])
    assert not unspaced(["The word 你好 means hello, and nobody here speaks any Chinese."])
    assert not unspaced(["나는 학교에 갑니다"])  # Korean has spaces
    assert not unspaced(["123 !?", ""])
    assert unspaced(["hello"] * 100 + ["你好" * 500])  # it is letters that count, not texts


@MANY
@given(st.lists(st.text(max_size=8), min_size=1, max_size=6))
def test_any_text_has_features_unless_all_are_blank(texts: list[str]) -> None:
    if any(map(str.strip, texts)):
        known, new = tfidf([texts], [["", *texts]])
        assert known.shape[0] == len(texts)
        assert new.shape == (len(texts) + 1, known.shape[1])
        lengths = np.sqrt(np.asarray((known.multiply(known)).sum(axis=1)).ravel())
        np.testing.assert_allclose(lengths[[bool(one.strip()) for one in texts]], 1)
    else:
        with pytest.raises(UserError, match="blank"):
            tfidf([texts], [texts])


@MANY
@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_predictions_are_those_of_scikit_learns_own_pipeline(seed: int, classes: int) -> None:
    train, new = sentences(40, seed), sentences(20, seed + 1)
    labels = np.random.default_rng(seed).integers(classes, size=40)
    vectoriser = {"token_pattern": r"\w+|[^\w\s]", "ngram_range": (1, 2), "sublinear_tf": True}
    one = make_pipeline(TfidfVectorizer(**vectoriser), LogisticRegression(solver="newton-cg")).fit(train, labels)
    np.testing.assert_array_equal(baselines("classes", train, labels, new)[LOGISTIC], one.predict(new))
    two = make_pipeline(TfidfVectorizer(**vectoriser), Ridge()).fit(train, labels / 3)
    np.testing.assert_allclose(baselines("number", train, labels / 3, new)[RIDGE], two.predict(new), atol=1e-3)


def test_the_simplest_model_knows_only_the_labels() -> None:
    train, new = ["a", "b", "c", "d", "e"], ["f", "g"]
    classes = baselines("classes", train, np.array([2, 0, 2, 1, 2]), new)["most frequent class"]
    assert classes.tolist() == [2, 2]
    assert classes.dtype == np.int64
    numbers = baselines("number", train, np.array([1, 2, 3, 4, 10], dtype=np.float32), new)["mean"]
    assert numbers.tolist() == [4.0, 4.0]
    assert numbers.dtype == np.float64
    several = np.array([[1, 0], [1, 1], [1, 0], [0, 0], [0, 1]], dtype=np.float32)
    labels = baselines("labels", train, several, new)["most frequent labels"]
    assert labels.tolist() == [[1, 0], [1, 0]]
    assert labels.dtype == np.int64


def test_several_labels_are_learnt_one_by_one() -> None:
    train, new = sentences(300, 0), sentences(100, 1)
    of = [
        np.stack([has(texts, "red"), has(texts, "blue"), np.ones(len(texts), dtype=int)], axis=1)
        for texts in (train, new)
    ]
    found = baselines("labels", train, of[0].astype(np.float32), new)[LOGISTIC]
    assert found.dtype == np.int64
    assert np.mean(found == of[1]) > 0.97  # the third label is on every row, so there is nothing to learn


def test_second_texts_and_their_likeness_are_seen() -> None:
    firsts, seconds = sentences(600, 0), sentences(600, 1)
    alike = np.random.default_rng(2).random(600) < 0.5
    seconds = [first if same else second for first, second, same in zip(firsts, seconds, alike, strict=True)]
    both: dict[str, Any] = {"pairs": seconds[:500], "eval_pairs": seconds[500:]}
    likeness = baselines("classes", firsts[:500], alike[:500].astype(int), firsts[500:], **both)[LOGISTIC]
    assert np.mean(likeness == alike[500:]) > 0.95
    red = has(seconds, "red")
    second = baselines("number", firsts[:500], red[:500], firsts[500:], **both)[RIDGE]
    assert np.mean((second > 0.5) == red[500:]) > 0.95


@pytest.mark.parametrize(
    ("limit", "value", "rows"),
    [("MOST_ROWS", 90, 90), ("MOST_TARGETS", 200, 100), ("MOST_CHARACTERS", 80 * 60, 80)],
)
def test_much_data_is_drawn_from_and_the_name_says_so(
    limit: str, value: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = [one.ljust(60, ".")[:60] for one in sentences(200, 0)]
    labels = has(train, "red")
    monkeypatch.setattr(limits, limit, value)
    found = baselines("classes", train, labels, train, seed=1)
    assert list(found) == ["most frequent class", f"{LOGISTIC} ({rows} of 200 rows)"]
    linear = found[f"{LOGISTIC} ({rows} of 200 rows)"]
    assert np.mean(linear == labels) > 0.8 > np.mean(found["most frequent class"] == labels)
    np.testing.assert_equal(baselines("classes", train, labels, train, seed=1), found)
    others = [baselines("classes", train, labels, train, seed=seed)[list(found)[1]] for seed in range(2, 6)]
    assert any((other != linear).any() for other in others)


def test_one_class_in_all_rows_is_predicted() -> None:
    found = baselines("classes", ["a", "b"], np.array([1, 1]), ["c"])
    assert {name: values.tolist() for name, values in found.items()} == {"most frequent class": [1], LOGISTIC: [1]}


@pytest.mark.parametrize(
    ("texts", "labels", "new", "pairs", "new_pairs", "said"),
    [
        (["a", "b"], [0], ["c"], None, None, r"\[2\], labels 1"),
        (["a"], [0], ["c"], ["a"], None, "second texts"),
        (["a"], [0], ["c"], ["a"], ["b", "c"], "do not go together"),
        ([], [], ["c"], None, None, "no rows"),
        (["a"], [0], [], None, None, "no rows"),
        (["", " "], [0, 1], ["c"], None, None, "blank"),
    ],
)
def test_what_nothing_can_be_learnt_from(
    texts: list[str], labels: list[int], new: list[str], pairs: list[str] | None, new_pairs: list[str] | None, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        baselines("classes", texts, np.array(labels), new, pairs=pairs, eval_pairs=new_pairs)


def test_mrpc(glue: pathlib.Path) -> None:
    train, new = (pq.read_table(next((glue / "mrpc").glob(f"{part}-*"))) for part in ("train", "validation"))
    found = baselines(
        "classes",
        train["sentence1"].to_pylist(),
        train["label"].to_numpy(),
        new["sentence1"].to_pylist(),
        pairs=train["sentence2"].to_pylist(),
        eval_pairs=new["sentence2"].to_pylist(),
    )
    scores = {name: measure("classes", values, new["label"].to_numpy(), glue="mrpc") for name, values in found.items()}
    assert scores["most frequent class"]["accuracy"] == pytest.approx(279 / 408)  # 279 pairs are paraphrases
    assert scores["most frequent class"]["f1"] == pytest.approx(2 * 279 / (279 + 408))
    assert 0.70 < scores[LOGISTIC]["accuracy"] < 0.76
