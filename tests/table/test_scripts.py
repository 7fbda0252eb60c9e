"""Scripts of texts, and the built-in Chinese reviews."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warmstart.table.sample import chinese
from warmstart.table.scripts import is_latin, scripts, words

WRITTEN = {
    "The film was fine": {"Latin"},
    "très élégant, e\u0301": {"Latin"},
    "Größe": {"Latin"},
    "rất đẹp": {"Latin"},
    "房间很干净": {"Han"},
    "とても良いホテル": {"Hiragana", "Katakana", "Han"},
    "아주 좋았다": {"Hangul"},
    "очень хорошая": {"Cyrillic"},
    "كتاب جيد": {"Arabic"},
    "ספר טוב": {"Hebrew"},
    "Πολύ καλό": {"Greek"},
    "बहुत अच्छा": {"Devanagari"},
    "ดีมาก": {"Thai"},
    "ძალიან": {"Georgian"},
    "ｆｕｌｌ 𝗯𝗼𝗹𝗱 ﬁne ª": {"Latin"},
    "㍿ ㌔": {"Han", "Katakana"},
    "12.5 % 😂 ❤️ → ² ①": set(),
    "": set(),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_letters_tell_the_script(text: str) -> None:
    assert scripts([text]).keys() == WRITTEN[text]
    assert is_latin(text) == (WRITTEN[text] == {"Latin"})


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=6))
def test_shares_are_shares(texts: list[str]) -> None:
    found = scripts(texts)
    assert not found or sum(found.values()) == pytest.approx(1)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert found == pytest.approx(scripts(["".join(texts)]))
    spelt = words("".join(texts))
    assert words(spelt) == spelt
    assert scripts([spelt]) == pytest.approx(found) or not spelt.isascii()


def test_words_are_letters_with_their_marks() -> None:
    assert words("It's 5 o’clock: बहुत अच्छा!! 😂❤️ e\u0301t\u0301") == "It's o’clock बहुत अच्छा e\u0301t\u0301"


# The Chinese reviews


def test_the_chinese_reviews_are_balanced_new_and_the_same_each_time() -> None:
    data = chinese.sample(3, 400, 80)
    texts = [text for split in data.values() for text in split["评论"]]
    assert len(set(texts)) == len(texts) == 480
    for split in data.values():
        assert sum(split["情感"]) * 2 == len(split)
    again, other = chinese.sample(3, 400, 80), chinese.sample(4, 400, 80)
    assert again["train"].to_dict() == data["train"].to_dict()
    assert other["train"].to_dict() != data["train"].to_dict()
    sides = {
        topic: {side for side in TOPIC if any(side in text for text in data["train"]["评论"])}
        for topic, TOPIC in chinese.TOPICS.items()
    }
    assert sum(not found for found in sides.values()) == 1  # a topic is held out


def test_who_counts_characters_is_right_in_half_of_the_reviews_that_praise_and_blame() -> None:
    from sklearn.linear_model import LogisticRegression

    from warmstart.evaluation.tfidf import tfidf

    data = chinese.sample(0, 800, 400)
    twins: dict[str, list[int]] = {}
    for text, label in zip(data["train"]["评论"], data["train"]["情感"], strict=True):
        twins.setdefault("".join(sorted(text)), []).append(label)
    assert sum(sorted(labels) == [0, 1] for labels in twins.values()) > 200
    hard = [
        any(word in text for word in ("虽然", "尽管", "就算", "但是", "然而")) for text in data["validation"]["评论"]
    ]
    known, new = tfidf([data["train"]["评论"][:]], [data["validation"]["评论"][:]])
    right = (
        LogisticRegression(max_iter=1000).fit(known, data["train"]["情感"]).predict(new) == data["validation"]["情感"]
    )
    assert 0.38 < right[hard].mean() < 0.62
