"""Whether a checkpoint knows a language, by what its tokenizer makes of the words; and what is not English."""

from typing import Any

import pytest

from warmstart.batches import languages as module
from warmstart.batches.languages import languages
from warmstart.models.load import load_tokenizer

OTHERS = {
    "fr": [
        "Le service était impeccable et le personnel très accueillant",
        "Cette histoire m'a beaucoup ému malgré quelques longueurs",
        "Nous avons attendu presque une heure avant d'être servis",
        "Je ne recommande pas cet hôtel, la chambre sentait le tabac",
    ],
    "de": [
        "Das Zimmer war sauber, aber die Heizung funktionierte nicht richtig",
        "Leider hat die Lieferung viel länger gedauert als angekündigt",
        "Die Geschichte fesselt einen von der ersten bis zur letzten Seite",
    ],
    "vi": [
        "Phòng rất sạch sẽ nhưng nhân viên không thân thiện lắm",
        "Tôi đã đợi gần một tiếng đồng hồ mới được phục vụ",
        "Cuốn sách này thật sự đáng đọc và rất cảm động",
    ],
    "es": [
        "La habitación estaba limpia pero hacía demasiado ruido por la noche",
        "No volvería a comprar este producto",
    ],
    "tr": ["Oda çok temizdi ama kahvaltı yetersizdi", "Kitabın sonu beni hayal kırıklığına uğrattı"],
}
UNKNOWN = {
    "zh": ["房间很干净，但是服务员不热情", "等了四十分钟才上菜，味道也一般"],
    "ja": ["部屋はとても清潔でしたが、朝食は残念でした"],
    "ko": ["방은 깨끗했지만 직원이 불친절했어요"],
    "ru": ["Номер был чистый, но персонал оказался невежливым"],
    "ar": ["كانت الغرفة نظيفة لكن الخدمة سيئة"],
    "hi": ["कमरा साफ था लेकिन कर्मचारी अच्छे नहीं थे"],
    "th": ["ห้องพักสะอาดแต่พนักงานไม่สุภาพ"],
    "el": ["Το δωμάτιο ήταν καθαρό αλλά το προσωπικό αγενές"],
}
ENGLISH = {
    "reviews": ["a warm and funny film, if a little long", "the food was cold and nobody apologised for it"],
    "emoji": ["loved it 😂😂🔥❤️", "best day ever 🎉 thank you all 🙏🙏"],
    "code": ["def count(rows): return sum(len(row) for row in rows if row)", "for name in sorted(names): print(name)"],
    "tweets": ["@someone omg lol that was so good #blessed http://t.co/xYz12", "RT @news: rain again today smh"],
    "names of a foreign land": ["We met Schwarzenegger and Brzezinski at the Café Größenwahn in the afternoon"],
    "medicine": ["The patient received methotrexate and hydroxychloroquine for arthritis with pericarditis"],
    "numbers": ["12 34.5", "7"],
    "nothing": ["", " "],
    "no rows": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def english() -> Any:
    return load_tokenizer("all-MiniLM-L6-v2")


@pytest.mark.parametrize("what", ENGLISH)
def test_english_is_english_whatever_else_is_in_it(what: str, english: Any) -> None:
    found = languages(ENGLISH[what], english, english=True)
    assert found.known
    assert found.not_english == 0
    assert found.rows_counted == len(ENGLISH[what])


@pytest.mark.parametrize("language", [*OTHERS, *UNKNOWN])
def test_other_languages_are_not_english(language: str, english: Any) -> None:
    texts = {**OTHERS, **UNKNOWN}[language]
    found = languages(texts, english, english=True)
    assert found.not_english is not None
    assert found.not_english > 0.6
    assert not found.known or language in OTHERS  # of these it has the letters
    mixed = languages([*texts, *ENGLISH["reviews"] * 2 * len(texts)], english, english=True)
    assert mixed.not_english == pytest.approx(found.not_english / 5)


def trained(kind: str, texts: list[str]) -> Any:
    """A tokenizer of a kind, learnt from texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    if kind == "bytes":
        made = Tokenizer(models.BPE())
        made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(), decoders.ByteLevel()
        made.train_from_iterator(
            texts, trainers.BpeTrainer(vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
        )
        return PreTrainedTokenizerFast(tokenizer_object=made)
    letters = sorted({letter for text in texts for letter in text})
    vocabulary = {letter: number for number, letter in enumerate(["<unk>", *letters])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>")


def test_words_taken_apart_into_letters_or_bytes_are_not_known() -> None:
    learnt = trained("bytes", [module.ENGLISH] * 3)
    assert languages([module.ENGLISH], learnt).known
    for language, texts in UNKNOWN.items():
        assert not languages(texts, learnt).known, language


def test_a_tokenizer_of_single_letters_is_not_doubted_for_it() -> None:
    everything = [text for texts in UNKNOWN.values() for text in texts]
    single = trained("letters", [module.ENGLISH, *everything])
    for texts in UNKNOWN.values():
        found = languages(texts, single)
        assert found.characters_a_token < 1.1
        assert found.known
    assert not languages(["ձայն բարի"], single).known  # letters that it has not


def test_plain_values() -> None:
    learnt = trained("letters", ["ab"])
    assert languages(["ab ab", "xy"], learnt).to_dict() == {
        "rows_counted": 2,
        "scripts": {"Latin": 1.0},
        "unknown_tokens": pytest.approx(3 / 7),  # x, y and the space
        "characters_a_token": pytest.approx(6 / 7),
        "known": False,
        "not_english": None,
    }
