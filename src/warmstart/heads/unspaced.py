"""Scripts that are written without spaces between words."""

# Letters of Thai, Lao, Tibetan, Burmese, Khmer, of kana and Chinese characters: a class of characters for `re` and RE2.
UNSPACED = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
